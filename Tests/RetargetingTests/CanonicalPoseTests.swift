import Foundation
import Geometry
import Kinematics
import Motions
import TestSupport
import Testing

@testable import Retargeting

/// The neutral human, who stands upright with straight legs and straight arms out to the sides.
@Suite(
  "The neutral human gives the canonical configuration",
  .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
struct CanonicalPoseTests {
  /// What the neutral human is answered by.
  struct Neutral {
    /// The greatest distance of a weighted point from its target [m], and whose.
    var distance = (value: 0.0, name: "")
    /// The greatest angle between a limb and the human's [rad], and whose.
    var angle = (value: 0.0, name: "")
    /// The greatest difference of a joint of legs and waist from the rest posture [rad], and which.
    var joint = (value: 0.0, name: "")
    /// The base's turn [rad] and shift [m].
    var turn = 0.0, shift = 0.0
  }

  static func neutral(_ row: ExpectedRobot) throws -> Neutral? {
    let robot = try Robot(urdf: row.path)
    var map = RobotMap(of: robot)
    if map.refusal != nil { map = RobotMap(of: robot, front: .plusX) }
    guard let mapping = try? map.foundMapping(of: robot) else { return nil }
    let retargeter = try InverseKinematicsRetargeter(robot: robot, mapping: mapping)
    var batch = PoseBatch(count: 1, targets: retargeter.targets)
    batch.set(0, to: [Quaternion](repeating: .identity, count: Skeleton.jointCount)[...])
    let goal = retargeter.goal(batch)
    var solver = PoseSolver(retargeter.problem)
    let answer = solver.solve(goal, starts: retargeter.starts, isFirstPreferred: true)
    var found = Neutral()
    let weighted = retargeter.targets.weightedPoints.map { mapping.points[$0] }
    let places = solver.positions(of: answer)
    for (index, point) in weighted.enumerated() {
      let distance = (places[index] - goal.positions[index]).length
      if distance > found.distance.value { found.distance = (distance, point.joint.name) }
    }
    for bone in mapping.bones {
      let (from, to) = (mapping.points[bone.from].joint, mapping.points[bone.to].joint)
      guard let a = weighted.firstIndex(where: { $0.joint == from }),
        let b = weighted.firstIndex(where: { $0.joint == to }),
        let line = (places[b] - places[a]).normalized,
        let wanted = (goal.positions[b] - goal.positions[a]).normalized
      else { continue }
      let angle = atan2(line.cross(wanted).length, line.dot(wanted))
      if angle > found.angle.value { found.angle = (angle, "\(from.name)-\(to.name)") }
    }
    let rest = try mapping.restConfiguration(of: robot)
    let slots = map.slots.filter { slot in
      ["hip", "knee", "ankle", "waist"].contains { slot.name.hasSuffix($0) }
    }
    for name in slots.flatMap(\.joints) {
      guard let index = try? robot.coordinateIndex(named: name) else { continue }
      let difference = abs(answer.configuration[index] - rest[index])
      if difference > found.joint.value { found.joint = (difference, name) }
    }
    found.turn = answer.base.rotation.angle
    found.shift = answer.base.translation.length
    return found
  }

  @Test("Within 1 mm and 0.01 rad", arguments: ExpectedRobot.all.filter { $0.kind == "humanoid" })
  func neutral(row: ExpectedRobot) throws {
    guard let found = try Self.neutral(row) else {
      Issue.record("\(row.file): no mapping")
      return
    }
    func text(_ value: Double) -> String { String(format: "%.4f", value) }
    print(
      "NEUTRAL \(row.file): point \(text(1000 * found.distance.value)) mm \(found.distance.name), line "
        + "\(text(found.angle.value)) \(found.angle.name), joint \(text(found.joint.value)) "
        + "\(found.joint.name), base \(text(found.turn)) rad \(text(1000 * found.shift)) mm")
    #expect(found.distance.value < 0.001)
    #expect(found.angle.value < 0.01)
    #expect(found.joint.value < 0.01)
  }
}
