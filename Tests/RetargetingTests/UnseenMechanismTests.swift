import Geometry
import Morphology
import Testing

@testable import Retargeting

/// What robots outside of the reference sheet have that those in it do not.
@Suite("Maps of mechanisms that were never in the sheet")
struct UnseenMechanismTests {
  @Test("Three fingers are no legs, alone and at the end of an arm")
  func fingers() {
    var hand = Mechanism()
    hand.addFingers(to: "base", at: .zero)
    #expect(hand.map.refusal?.contains("hand") == true, "\(hand.map.refusal ?? "mapped")")
    var arm = Mechanism()
    let wrist = arm.addArm(to: "base")
    arm.addFingers(to: wrist, at: [0, 0, -0.1])
    let map = arm.map
    #expect(map.kind == "arm", "\(map.refusal ?? map.kind)")
    #expect(map["left_elbow"]?.joints == ["elbow"])
    #expect(map["left_hand"]?.link == wrist)
  }

  @Test("Two arms of six joints on a lift are arms")
  func liftedArms() {
    var robot = Mechanism()
    let lift = robot.add("lift", to: "base", at: [0, 0, 0.3], .unitZ, 0...0.8, slides: true)
    for (side, y) in [("left", 0.3), ("right", -0.3)] {
      let pan = robot.add("\(side)_1", to: lift, at: [0, y, 0.06], .unitZ, -2.9...3.1)
      let shoulder = robot.add("\(side)_2", to: pan, at: [0.02, 0, 0.04], .unitY, 0...3.6)
      let elbow = robot.add("\(side)_3", to: shoulder, at: [-0.264, 0, 0], .unitY, -3.1...0)
      let flex = robot.add("\(side)_4", to: elbow, at: [0.245, 0, 0.056], .unitY, -1.5...1.5)
      let yaw = robot.add("\(side)_5", to: flex, at: [0.068, 0, 0.08], .unitZ, -1.5...1.5)
      robot.add("\(side)_6", to: yaw, at: [0.029, 0, -0.08], .unitX, -1.5...1.5)
    }
    let map = RobotMap(of: robot.tree, front: .plusX)
    #expect(map.kind == "upperBody", "\(map.refusal ?? map.kind)")
    #expect(map["left_elbow"]?.joints == ["left_3"])
    #expect(map["left_forearm"]?.joints == ["left_4", "left_5", "left_6"])
  }

  @Test(
    "An elbow is not the joint that twists the upper arm, though its axis passes far from the shoulder"
  )
  func offsetShoulder() {
    var robot = Mechanism()
    let one = robot.add("j0", to: "base", at: [0, 0, 0.08], .unitZ, -3...3)
    let two = robot.add("j1", to: one, at: [0.081, 0.05, 0.237], .unitY, -3.8...2.3)
    let three = robot.add("j2", to: two, at: [0.14, 0.142, 0], .unitX, -3...3)
    let four = robot.add("j3", to: three, at: [0.26, -0.042, 0], .unitY, -3...3)
    let five = robot.add("j4", to: four, at: [0.125, -0.127, 0], .unitX, -3...3)
    let six = robot.add("j5", to: five, at: [0.275, 0.031, 0], .unitY, -3...3)
    robot.add("j6", to: six, at: [0.11, 0.105, 0], .unitX, -4.7...4.7)
    #expect(robot.map["left_shoulder"]?.joints == ["j0", "j1", "j2"])
    #expect(robot.map["left_elbow"]?.joints == ["j3"])
  }

  @Test(
    "A jaw beside the axis that twists the hand is no wrist, a joint on that axis is one",
    arguments: [(0.02, 0.02, 2), (0, 0.02, 3), (0.02, 0.2, 3)])
  func jaw(beside: Double, mass: Double, count: Int) {
    var robot = Mechanism()
    let pan = robot.add("pan", to: "base", at: [0, 0, 0.05], .unitZ, -2...2)
    let lift = robot.add("lift", to: pan, at: [0, 0.03, 0.05], .unitX, 0...3.5)
    let elbow = robot.add("elbow", to: lift, at: [0, 0.03, 0.113], .unitX, -3.1...0)
    let flex = robot.add("flex", to: elbow, at: [0, 0.135, 0], .unitX, -2.5...1.2)
    let roll = robot.add("roll", to: flex, at: [0, 0.06, 0], .unitY, -3...3, mass: 0.09)
    robot.add("jaw", to: roll, at: [-beside, 0.024, 0], .unitZ, -0.2...2, mass: mass)
    #expect(robot.map["left_forearm"]?.joints == Array(["flex", "roll", "jaw"].prefix(count)))
  }

  @Test("A neck ends at the head: a camera that tilts on it and its antennas are left alone")
  func ornaments() {
    for antennas in [false, true] {
      var robot = Mechanism()
      robot.addPerson()
      let pan = robot.add("neck_yaw", to: "chest", at: [0, 0, 0.3], .unitZ, -1...1, mass: 0.2)
      let head = robot.add("neck_pitch", to: pan, at: [0, 0, 0.05], .unitY, -0.5...0.5, mass: 2)
      if antennas {
        robot.add("a", to: head, at: [0, 0.05, 0.1], .unitZ, -2...2, mass: 2)
        robot.add("b", to: head, at: [0, -0.05, 0.1], .unitZ, -2...2, mass: 2)
      } else {
        robot.add("camera", to: head, at: [0.06, 0, 0.08], .unitY, -0.5...0.5, mass: 0.1)
      }
      #expect(robot.map["neck"]?.joints == ["neck_yaw", "neck_pitch"])
      #expect(robot.map["head"]?.link == head)
    }
  }

  @Test(
    "Arms are on the side of their legs, wherever the middle of the waist's range is",
    arguments: [-1.0...1, -4.4...1.24, -1.24...4.4, -1.3...4.4])
  func turnedWaist(range: ClosedRange<Double>) {
    var robot = Mechanism()
    robot.addPerson(waist: range)
    let map = robot.map
    #expect(map.facing == "+x")
    #expect(map["left_knee"]?.joints == ["left_knee"])
    #expect(map["left_elbow"]?.joints == ["left_elbow"])
  }

  @Test("Arms whose names call the other side left raise a doubt, though the legs' confirm it")
  func armNames() {
    var robot = Mechanism()
    robot.addPerson()
    #expect(!robot.map.doubts.contains { $0.contains("names") })
    for index in robot.tree.hinges.indices
    where robot.tree.hinges[index].name.hasSuffix("ist")
      || ["pitch", "roll", "elbow"].contains(
        String(robot.tree.hinges[index].name.split(separator: "_").last ?? ""))
        && robot.tree.hinges[index].parent > 12
    {
      let name = robot.tree.hinges[index].name
      robot.tree.hinges[index].name =
        name.hasPrefix("left") ? "right" + name.dropFirst(4) : "left" + name.dropFirst(5)
    }
    #expect(robot.map.doubts.contains { $0.contains("names") })
  }

  @Test("A waist with the stumps of two legs is no arm")
  func stumps() {
    var robot = Mechanism()
    let yaw = robot.add("waist_yaw", to: "base", at: .zero, .unitZ, -1.5...1.5)
    let roll = robot.add("waist_roll", to: yaw, at: [0, 0, -0.02], .unitX, -0.5...0.5)
    for (name, y) in [("left_hip", 0.05), ("right_hip", -0.05)] {
      let hip = robot.add(name, to: roll, at: [0, y, -0.05], .unitY, -1.5...1.5)
      robot.frame(of: hip, at: [0, 0, -0.3])
    }
    #expect(robot.map.refusal?.contains("'left_hip', 'right_hip'") == true)
  }

  @Test(
    "Limbs that end in a wheel are refused, whichever way they bend, and those in a hinge are not")
  func wheels() {
    for (isWheel, offset) in [(true, 0.0), (false, -0.1)] {
      var robot = Mechanism()
      for (side, y) in [("left", 0.1), ("right", -0.1)] {
        let hip = robot.add("\(side)_hip", to: "base", at: [0, y, 0], .unitY, -1.2...1.2)
        let knee = robot.add("\(side)_knee", to: hip, at: [0, 0, -0.15], .unitY, -2.5...2.5)
        let wheel = robot.add("\(side)_end", to: knee, at: [0, 0, -0.15], .unitY, nil, mass: 0.1)
        robot.move(centerOf: wheel, to: [0, 0, offset])
      }
      #expect(robot.map.refusal?.contains("wheels") == isWheel, "\(robot.map.refusal ?? "")")
    }
  }

  @Test("An arm on a base that turns, drives and lifts is found, and only the lift carries it")
  func mobileBase() {
    var robot = Mechanism()
    let turn = robot.add("turn", to: "base", at: .zero, .unitZ, nil)
    let drive = robot.add("drive", to: turn, at: .zero, .unitX, nil, slides: true)
    let lift = robot.add("lift", to: drive, at: [0, 0, 0.4], .unitZ, 0...0.4, slides: true)
    robot.addArm(to: lift)
    let map = robot.map
    #expect(map["left_elbow"]?.joints == ["elbow"], "\(map.refusal ?? "mapped")")
    #expect(map["waist"]?.joints == ["lift"])
    #expect(map.leftAlone == ["turn", "drive"])
  }

  @Test("Axes that all meet in one point are no arm")
  func ball() {
    var robot = Mechanism()
    let one = robot.add("z", to: "base", at: .zero, .unitZ, -3...3)
    let two = robot.add("y", to: one, at: .zero, .unitY, -1...1)
    let three = robot.add("x", to: two, at: .zero, .unitX, -1...1)
    robot.frame(of: three, at: [0, 0, 0.5])
    #expect(robot.map.refusal?.contains("no upper arm") == true, "\(robot.map.refusal ?? "mapped")")
  }

  @Test("A single limb whose joints are named as a leg's is doubted, an arm's is not")
  func legNames() {
    var robot = Mechanism()
    robot.addArm(to: "base")
    #expect(!robot.map.doubts.contains { $0.contains("leg") })
    for index in robot.tree.hinges.indices {
      robot.tree.hinges[index].name =
        ["hip_yaw", "hip_roll", "knee", "ankle_pitch", "ankle_roll"][index]
    }
    #expect(robot.map.doubts.contains { $0.contains("'knee'") && $0.contains("speak of a leg") })
  }

  @Test("Legs that point sideways in the middle of their ranges show little of what is up")
  func spreadLegs() throws {
    var robot = Mechanism()
    robot.addLegs(roll: -0.3...3.2)
    robot.move(centerOf: "base", to: [0, 0, 0.3])
    let map = RobotMap(of: robot.tree, front: .plusX)
    let up = try #require(map.up)
    #expect(up.z > 0.8, "\(up)")
  }
}
