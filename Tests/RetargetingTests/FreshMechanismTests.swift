import Files
import Foundation
import Geometry
import Kinematics
import Morphology
import Testing

@testable import Retargeting

/// What a second set of robots outside of the reference sheet has that those before do not.
@Suite("Maps of mechanisms that were never seen before")
struct FreshMechanismTests {
  @Test("Arms that end at the elbow are arms, however short what is above it is")
  func armsWithoutWrists() {
    var robot = Mechanism()
    robot.addLegs(roll: -0.5...0.5)
    let chest = robot.add("chest", to: "base", at: [0, 0, 0.1], .unitZ, -1...1)
    for (side, y) in [("left", 0.2), ("right", -0.2)] {
      let pitch = robot.add("\(side)_pitch", to: chest, at: [0, y, 0.3], .unitY, -2...2)
      let roll = robot.add("\(side)_roll", to: pitch, at: .zero, .unitX, -1...1)
      let yaw = robot.add("\(side)_yaw", to: roll, at: [0, 0, -0.1], .unitZ, -1...1)
      let elbow = robot.add("\(side)_elbow", to: yaw, at: [0, 0, -0.09], .unitY, -2.2...0.1)
      robot.frame(of: elbow, at: [0, 0, -0.2])
    }
    let map = robot.map
    #expect(map.kind == "person", "\(map.refusal ?? map.kind)")
    #expect(map["left_elbow"]?.joints == ["left_elbow"])
  }

  @Test("A neck ends where the eyes begin")
  func eyes() {
    var robot = Mechanism()
    robot.addPerson()
    var head = robot.add("neck_yaw", to: "chest", at: [0, 0, 0.3], .unitZ, -1...1, mass: 1)
    for (name, axis) in [("neck_pitch", Vector3.unitY), ("head_pitch", .unitY), ("roll", .unitX)] {
      head = robot.add(name, to: head, at: [0, 0, 0.05], axis, -0.5...0.5, mass: 1)
    }
    for (side, y) in [("left", 0.04), ("right", -0.04)] {
      let eye = robot.add(
        "\(side)_eye", to: head, at: [0.05, y, 0.08], .unitZ, -0.5...0.5, mass: 0.1)
      robot.add("\(side)_lid", to: eye, at: [0.01, 0, 0], .unitY, -0.5...0.5, mass: 0.1)
    }
    #expect(robot.map["neck"]?.joints == ["neck_yaw", "neck_pitch", "head_pitch", "roll"])
    #expect(robot.map["head"]?.link == head)
  }

  @Test("What leaves a body on wheels is no legs", arguments: [true, false])
  func wheels(hasWheels: Bool) {
    var robot = Mechanism()
    for (side, y) in [("left", 0.2), ("right", -0.2)] {
      let pan = robot.add("\(side)_pan", to: "base", at: [0, y, 0.6], .unitZ, -1.9...1.9)
      let lift = robot.add("\(side)_lift", to: pan, at: [0.03, 0, 0.05], .unitY, -1.7...1.7)
      let elbow = robot.add("\(side)_elbow", to: lift, at: [0.03, 0, 0.113], .unitY, -0.2...3.1)
      let flex = robot.add("\(side)_flex", to: elbow, at: [0.135, 0, 0], .unitY, -1.6...1.6)
      robot.add("\(side)_roll", to: flex, at: [0.06, 0, 0], .unitX, -2.8...2.8)
    }
    for (name, place) in [("one", Vector3(0.2, 0, 0)), ("two", [-0.1, 0.2, 0])] where hasWheels {
      robot.add(name, to: "base", at: place, .unitY, nil, mass: 0.1)
    }
    let map = RobotMap(of: robot.tree, front: .plusX)
    #expect(map.kind == (hasWheels ? "upperBody" : "legs"), "\(map.refusal ?? map.kind)")
  }

  @Test("What reaches by sliding is refused for that")
  func telescope() {
    var robot = Mechanism()
    for (name, y) in [("wheel_1", 0.2), ("wheel_2", -0.2)] {
      robot.add(name, to: "base", at: [0, y, 0], .unitY, nil)
    }
    var last = robot.add("lift", to: "base", at: [0, 0, 0.1], .unitZ, 0...1, slides: true)
    for index in 0..<3 {
      last = robot.add("stage_\(index)", to: last, at: [0, 0.01, 0], .unitY, 0...0.1, slides: true)
    }
    robot.add("wrist", to: last, at: [0, 0.08, 0], .unitZ, -1.7...4)
    #expect(robot.map.refusal?.contains("'lift', 'stage_0'") == true, "\(robot.map.refusal ?? "")")
  }

  @Test("A long thumb beside short fingers is no arm")
  func thumb() {
    var robot = Mechanism()
    let palm = robot.add("palm", to: "base", at: [-0.09, 0.02, 0], [0.84, -0.54, 0], 0...1.4)
    let turn = robot.add("thumb_0", to: palm, at: [0.04, -0.05, 0], .unitX, -1.2...0)
    let bend = robot.add("thumb_1", to: turn, at: [0.022, 0, 0.004], .unitY, 0...1.5)
    robot.add("thumb_2", to: bend, at: [0.02, 0, 0], .unitY, 0...1)
    for (name, y) in [("index", -0.01), ("middle", 0.01), ("little", 0.03)] {
      let one = robot.add("\(name)_1", to: "base", at: [0.015, y, 0], .unitY, 0...1.6)
      robot.add("\(name)_2", to: one, at: [0.03, 0, 0], .unitY, 0...1.8)
    }
    #expect(robot.map.refusal?.contains("hand") == true, "\(robot.map.refusal ?? "mapped")")
  }

  @Test("A platform on struts is no arm, though one strut carries it")
  func platform() {
    var robot = Mechanism()
    let body = robot.add("yaw", to: "base", at: [0, 0, 0.03], .unitZ, -2.8...2.8)
    for index in 0..<6 {
      let turn = Quaternion(angle: Double(index) * .pi / 3, axis: .unitZ)
      var last = robot.add(
        "motor_\(index)", to: body, at: turn * [0.04, 0, 0.04], turn * .unitX, -0.8...1.4)
      for (name, axis) in [("x", Vector3.unitX), ("y", .unitY), ("z", .unitZ)] {
        last = robot.add(
          "\(name)_\(index)", to: last, at: name == "x" ? turn * [0, 0.04, 0.01] : .zero, axis,
          -3...3)
      }
      guard index == 5 else { continue }
      for (name, axis) in [("x", Vector3.unitX), ("y", .unitY), ("z", .unitZ)] {
        last = robot.add(
          "top_\(name)", to: last, at: name == "x" ? [0, 0, 0.085] : .zero, axis, -3...3)
      }
    }
    #expect(robot.map.refusal?.contains("alike limbs") == true, "\(robot.map.refusal ?? "mapped")")
  }

  @Test(
    "A hinge that moves the shoulder as a clavicle does is above it; a long bone is the upper arm",
    arguments: [(0.115, true), (0.3, false)])
  func clavicle(length: Double, isClavicle: Bool) {
    var robot = Mechanism()
    let one = robot.add("j0", to: "base", at: [0, 0, 0.3], .unitZ, -2...1.5)
    let two = robot.add("j1", to: one, at: .zero, .unitY, -3...3)
    let three = robot.add("j2", to: two, at: [0, length, 0], .unitX, -1.9...1.9)
    let four = robot.add("j3", to: three, at: [0, 0.1, 0], .unitY, -3...3)
    let five = robot.add("j4", to: four, at: [0, 0.235, 0], .unitX, -2.2...0.1)
    let six = robot.add("j5", to: five, at: [0, 0.124, 0], .unitY, -3...3)
    let seven = robot.add("j6", to: six, at: [0, 0.145, 0], .unitX, -2...2)
    robot.add("j7", to: seven, at: [0, 0.046, 0], .unitZ, -2...2)
    #expect(robot.map["left_elbow"]?.joints == [isClavicle ? "j4" : "j2"])
  }

  @Test("Joints that write a free base are no shoulder")
  func freeBase() {
    var robot = Mechanism()
    var last = "base"
    for (name, axis) in [("x", Vector3.unitX), ("y", .unitY), ("z", .unitZ)] {
      last = robot.add(
        "move_\(name)", to: last, at: .zero, axis, -1000...1000, slides: true, mass: 4)
    }
    for (name, axis) in [("x", Vector3.unitX), ("y", .unitY), ("z", .unitZ)] {
      last = robot.add("turn_\(name)", to: last, at: .zero, axis, nil, mass: 4)
    }
    robot.addArm(to: last)
    #expect(robot.map["left_shoulder"]?.joints == ["pitch", "roll"])
    #expect(robot.map["left_elbow"]?.joints == ["elbow"])
    #expect(robot.map["waist"] == nil)
  }

  @Test("Rods that cannot move are no wrist", arguments: [true, false])
  func heldRods(isFirst: Bool) {
    var robot = Mechanism()
    let pitch = robot.add("pitch", to: "base", at: [0, 0, 0.3], .unitY, -2...2)
    let roll = robot.add("roll", to: pitch, at: .zero, .unitX, -1...1)
    let elbow = robot.add("elbow", to: roll, at: [0, 0, -0.3], .unitY, -2.2...0.1)
    let twist = robot.add("twist", to: elbow, at: [0, 0, -0.1], .unitZ, -1...1)
    func addRod() {
      let rod = robot.add("rod", to: twist, at: [0.03, 0, 0], .unitX, nil)
      robot.tree.hinges[robot.tree.hinges.count - 1].isHeld = true
      robot.add("rod_end", to: rod, at: [0, 0, -0.2], .unitY, nil)
      robot.tree.hinges[robot.tree.hinges.count - 1].isHeld = true
    }
    if isFirst { addRod() }
    let yaw = robot.add("yaw", to: twist, at: .zero, .unitX, -1...1)
    robot.add("bend", to: yaw, at: [0, 0, -0.02], .unitY, -1...1)
    if !isFirst { addRod() }
    #expect(robot.map["left_forearm"]?.joints == ["twist", "yaw", "bend"])
  }

  @Test("A joint whose limits are one number is held, another is not")
  func noWidth() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).yaml").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try AtomicFile.write(
      "joint_limits:\n  waist_yaw_joint: {lower: 0.1, upper: 0.1}\n", to: path)
    let tree = HingedTree(try Robot.named("unitree_g1", limits: path))
    #expect(tree.hinges.filter(\.isHeld).map(\.name) == ["waist_yaw_joint"])
  }

  @Test("Two trunks with legs and arms on one body are two robots")
  func twoOnOneBody() {
    var robot = Mechanism()
    for x in [0.0, 2.0] {
      robot.addLegs(roll: -0.5...0.5, at: [x, 0, 0], "\(Int(x))_")
      let chest = robot.add("\(Int(x))_chest", to: "base", at: [x, 0, 0.1], .unitZ, -1...1)
      robot.addArm(to: chest, at: [0, 0.2, 0.3], "\(Int(x))_left_")
      robot.addArm(to: chest, at: [0, -0.2, 0.3], "\(Int(x))_right_")
    }
    #expect(robot.map.refusal?.contains("two robots") == true, "\(robot.map.refusal ?? "mapped")")
  }
}
