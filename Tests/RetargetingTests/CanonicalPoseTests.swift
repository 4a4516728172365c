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
    return found
  }

  /// Robots that do not, by name: the distance [mm] and the angle [degrees] that they keep within, rounded up by
  /// a third or more.
  ///
  /// Limits are in the way of iCub's shoulders, of NAO's, which rise by 76°, of the simple humanoid, and of the
  /// elbows of JVRC-1 and Poppy, which do not become straight. PM01's arm has axes that are 4° beside each
  /// other, and DARwIn-OP's front is open. XBot ("robot") stands at rest on the line from where its hip's axes are
  /// nearest to each other, 13 cm below the point of its hip that `StraightLimb` chooses.
  private static let known: [String: (millimetres: Double, degrees: Double)] = [
    "robot": (1.7, 0.6), "serial_pm01_edu": (3, 2), "icub": (8, 5), "icub_reduced": (8, 5),
    "jvrc1": (3, 1.5), "nao_v40": (18, 18), "nao_v50": (18, 18), "poppy_humanoid": (5, 3),
    "simple_humanoid": (250, 90), "darwin": (12, 18),
  ]

  @Test(
    "Points within 1 mm and limbs within 0.01 rad, but for robots that are listed with their figures",
    arguments: ExpectedRobot.all.filter { $0.kind == "humanoid" })
  func neutral(row: ExpectedRobot) throws {
    let found = try #require(try Self.neutral(row), "no mapping")
    let name = URL(filePath: row.file).deletingPathExtension().lastPathComponent
    let allowed = Self.known[name] ?? (1, 0.01 * 180 / .pi)
    #expect(
      1000 * found.distance.value < allowed.millimetres, "\(found.distance) of \(row.file)")
    #expect(found.angle.value * 180 / .pi < allowed.degrees, "\(found.angle) of \(row.file)")
  }
}
