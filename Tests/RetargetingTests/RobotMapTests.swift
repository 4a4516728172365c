import Foundation
import Geometry
import Kinematics
import Morphology
import Motions
import TestSupport
import Testing

@testable import Retargeting

@Suite("Maps of the reference robots", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
struct ReferenceRobotMapTests {
  /// Robots whose front nothing shows, which are refused with the two candidates.
  private static let open = ["darwin_op/darwin.urdf"]

  @Test("All rows of the sheet are there")
  func rows() {
    #expect(ExpectedRobot.all.count == 42)
  }

  @Test("Nothing is silently wrong, and a robot is right or refused", arguments: ExpectedRobot.all)
  func sheet(row: ExpectedRobot) throws {
    let map = RobotMap(of: try Robot(urdf: row.path))
    let verdict = row.judge(map)
    #expect(verdict.silent.isEmpty)
    guard Self.open.contains(row.file) else {
      #expect(verdict.isRight, "\(verdict)")
      return
    }
    #expect(map.refusal?.contains("--front +x") == true)
    let stated = row.judge(RobotMap(of: try Robot(urdf: row.path), front: .plusX))
    #expect(stated.silent.isEmpty && stated.missing.isEmpty)
  }

  @Test("A map takes less than a second", arguments: ExpectedRobot.all)
  func speed(row: ExpectedRobot) throws {
    let robot = try Robot(urdf: row.path)
    let time = ContinuousClock().measure { _ = RobotMap(of: robot) }
    #expect(time < .seconds(1))
  }

  @Test(
    "Names, zeros, the base's frame, the order, the size and shapes change nothing",
    arguments: ExpectedRobot.all.filter { !open.contains($0.file) })
  func invariance(row: ExpectedRobot) throws {
    let tree = HingedTree(try Robot(urdf: row.path))
    let expected = RobotMap(of: tree)
    for seed in 0..<20 as Range<UInt64> {
      var variation = MechanismVariation(seed: 17 + 7919 * seed)
      let map = RobotMap(of: variation.vary(tree, extents: seed % 2 == 0))
      // Without shapes and masses the front may be open: then it is refused.
      if map.refusal != nil {
        #expect(
          expected.refusal != nil || seed % 2 == 1 && map.refusal?.contains("--front") == true)
        continue
      }
      #expect(expected.refusal == nil)
      compare(map, expected, variation)
    }
  }

  private func compare(_ map: RobotMap, _ expected: RobotMap, _ variation: MechanismVariation) {
    #expect(map.slots.map(\.name) == expected.slots.map(\.name))
    for (found, slot) in zip(map.slots, expected.slots) {
      #expect(found.joints.map { variation.originals[$0] } == slot.joints)
      #expect(found.link.flatMap { variation.originals[$0] } == slot.link)
      #expect(found.positiveFlexes == slot.positiveFlexes || found.doubt != nil, "\(slot.name)")
    }
    guard let forward = expected.forward, let found = map.forward else { return }
    #expect((variation.turn * forward).dot(found) > 0.7)
  }

  @Test("Names that call left right raise a doubt at every limb and decide nothing")
  func swappedNames() throws {
    let url = try SharedData.url("data/robots/unitree_g1_29dof/g1_29dof.urdf")
    let text = try String(contentsOf: url, encoding: .utf8)
      .replacingOccurrences(of: "left", with: "LEFT").replacingOccurrences(
        of: "right", with: "left"
      )
      .replacingOccurrences(of: "LEFT", with: "right")
    let path = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).urdf").path
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(atPath: path) }
    let map = RobotMap(of: try Robot(urdf: path))
    #expect(map.facing == "+x")
    #expect(map["left_knee"]?.joints == ["right_knee_joint"])
    #expect(map["left_knee"]?.doubt?.contains("names") == true)
    #expect(map.doubts.contains { $0.contains("call right what is left") })
  }
}

@Suite("Upper bodies", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
struct UpperBodyMapTests {
  @Test("Arms on a chest that is bolted down follow a person's, and nothing else is asked of them")
  func arms() throws {
    let robot = try Robot(
      urdf: SharedData.url("data/robots/unitree_g1_dual_arm/g1_dual_arm.urdf").path)
    let mapping = try RobotMap(of: robot).foundMapping(of: robot)
    let joints: Set<Skeleton.Joint> = [
      .leftShoulder, .rightShoulder, .leftElbow, .rightElbow, .leftWrist, .rightWrist,
    ]
    #expect(Set(mapping.points.map(\.joint)) == joints && mapping.bones.count == 4)
    let retargeter = try InverseKinematicsRetargeter(robot: robot, mapping: mapping)
    let verdict = MappingVerdict(retargeter)
    #expect(verdict.meanDistance < 0.02, "\(verdict.meanDistance)")
    // A person with the forearms forward, upper arms down: elbows below shoulders, hands before them.
    var pose = [Quaternion](repeating: .identity, count: Skeleton.jointCount)
    for (shoulder, elbow, side) in [(16, 18, 1.0), (17, 19, -1)] {
      pose[shoulder] = Quaternion(angle: -side * .pi / 2, axis: .unitZ)
      pose[elbow] = Quaternion(angle: -side * .pi / 2, axis: .unitY)
    }
    var batch = PoseBatch(count: 1, targets: retargeter.targets)
    batch.set(0, to: pose[...])
    var solver = PoseSolver(retargeter.problem)
    let answer = solver.solve(
      retargeter.goal(batch), starts: [PoseAnswer(configuration: retargeter.problem.rest)])
    let links = robot.worldFromLinks(answer.configuration)
    func place(_ link: String) throws -> Vector3 {
      links[try robot.linkIndex(named: link)].translation
    }
    for side in ["left", "right"] {
      let shoulder = try place("\(side)_shoulder_roll_link")
      let (elbow, wrist) = try (place("\(side)_elbow_link"), place("\(side)_wrist_pitch_link"))
      #expect(elbow.z < shoulder.z - 0.15, "\(side)")
      #expect(wrist.x > elbow.x + 0.1 && abs(wrist.z - elbow.z) < 0.08, "\(side)")
      #expect((wrist.y > 0) == (side == "left"))
    }
  }
}

@Suite("Maps of robots")
struct RobotMapTests {
  @Test("The mapping that is written for the G1 is read, and ties the same links and signs")
  func mapping() throws {
    let robot = try Subjects.robot("unitree_g1")
    let text = try RobotMap(of: robot).mapping(robot: "unitree_g1")
    let found = try Mapping(parsing: text, path: "found")
    let hand = try Mapping.shipped(for: "unitree_g1")
    #expect(
      Set(found.points.map { "\($0.joint) \($0.link)" })
        == Set(hand.points.map { "\($0.joint) \($0.link)" }))
    #expect(found.bones.count == hand.bones.count)
    func lines(_ mapping: Mapping) -> Set<String> {
      Set(
        mapping.directMaps.map { "\($0.joint) \($0.axis) \($0.factor) \($0.target) \($0.weight)" })
    }
    #expect(lines(found) == lines(hand))
    #expect(found.isSymmetric)
    _ = try HumanTargets(mapping: found, robot: robot)
  }

  @Test("The OP3's mapping is what 'map' writes, below what its file says of itself")
  func shippedAsFound() throws {
    let robot = try Subjects.robot("robotis_op3")
    let found = try RobotMap(of: robot).mapping(robot: "robotis_op3")
    let shipped = try Mapping.shipped(for: "robotis_op3").text
    #expect(shipped.hasSuffix(found))
    #expect(shipped.dropLast(found.count).split(separator: "\n").allSatisfy { $0.hasPrefix("#") })
  }

  @Test(
    "What is no person is refused and said",
    arguments: [
      (4, 3, "quadruped"), (2, 1, "wheels"), (5, 2, "hand"), (1, 1, "no arm"), (0, 0, "moves"),
    ])
  func refused(limbs: Int, joints: Int, word: String) {
    var machine = Machine()
    for limb in 0..<limbs {
      let side = limb % 2 == 0 ? 1.0 : -1.0
      machine.add(
        at: [0.3 - 0.2 * Double(limb / 2), 0.1 * side, 0],
        axes: Array([Vector3.unitX, .unitY, .unitY].suffix(joints)), length: 0.2)
    }
    let map = RobotMap(of: machine.tree)
    #expect(map.refusal?.contains(word) == true, "\(map.refusal ?? "mapped")")
  }

  @Test("Two robots in one file are refused")
  func twoRobots() throws {
    let one = HingedTree(try Subjects.robot("unitree_g1"))
    var tree = HingedTree(
      bodies: [.init(frames: [.init(name: "world", bodyFromFrame: .identity)], hingeAbove: nil)],
      hinges: [])
    for index in 0..<2 {
      let (bodies, hinges) = (tree.bodies.count, tree.hinges.count)
      tree.hinges.append(
        .init(
          name: "slide\(index)", turns: false, parent: 0, child: bodies,
          parentFromChild: Pose(translation: [0, 2 * Double(index), 0]), axis: .unitX, range: 0...1)
      )
      for (place, body) in one.bodies.enumerated() {
        var body = body
        body.hingeAbove = place == 0 ? hinges : body.hingeAbove.map { $0 + hinges + 1 }
        tree.bodies.append(body)
      }
      tree.hinges += one.hinges.map { hinge in
        var hinge = hinge
        (hinge.parent, hinge.child) = (hinge.parent + bodies, hinge.child + bodies)
        return hinge
      }
    }
    #expect(RobotMap(of: tree).refusal?.contains("two robots") == true)
  }

  @Test(
    "Names speak of sides",
    arguments: [
      ("left_knee", 1), ("RLEG_KNEE", -1), ("leftHipYaw", 1), ("r_hip", -1), ("LHipPitch", 1),
      ("J00_HIP_PITCH_L", 1), ("wheel", 0), ("lower_roll", 0),
    ])
  func names(name: String, side: Int) {
    #expect(Names.side(of: name) == side)
  }
}

/// A machine of limbs on one body.
private struct Machine {
  var tree = HingedTree(
    bodies: [.init(frames: [.init(name: "base", bodyFromFrame: .identity)], hingeAbove: nil)],
    hinges: [])

  /// A limb of hinges with these axes, each a length below the one before.
  mutating func add(at place: Vector3, axes: [Vector3], length: Double) {
    var parent = 0
    for (index, axis) in axes.enumerated() {
      let child = tree.bodies.count
      tree.hinges.append(
        .init(
          name: "j\(child)", turns: true, parent: parent, child: child,
          parentFromChild: Pose(translation: index == 0 ? place : [0, 0, -length]), axis: axis,
          range: -1...1))
      tree.bodies.append(
        .init(
          frames: [.init(name: "b\(child)", bodyFromFrame: .identity)],
          hingeAbove: tree.hinges.count - 1))
      parent = child
    }
  }
}
