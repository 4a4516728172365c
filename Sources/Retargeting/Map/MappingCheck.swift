import Geometry
public import Kinematics
import Motions

/// What is wrong with a mapping, held against what is found in the robot's own file.
public struct MappingCheck: Sendable {
  /// What is wrong, one sentence each: sides exchanged, signs that turn the wrong way, points that are
  /// never reached.
  public private(set) var errors: [String] = []
  /// What differs from what is found and may be meant so.
  public private(set) var notes: [String] = []
  /// What inverse kinematics makes of it.
  public let verdict: MappingVerdict

  /// A distance from its target beyond this part of the longest limb is never reached.
  private static let unreached = 0.15

  /// Checks a mapping of a robot.
  ///
  /// - Parameters:
  ///   - mapping: The mapping.
  ///   - robot: The robot.
  ///   - front: The axis of the base along which it looks, where the user states it.
  /// - Throws: `RetargetingError.mapping` where it names links or joints that the robot does not have.
  public init(
    _ mapping: Mapping, of robot: Robot, front: BaseAxis? = nil
  ) throws(RetargetingError) {
    let retargeter = try InverseKinematicsRetargeter(robot: robot, mapping: mapping)
    verdict = MappingVerdict(retargeter)
    let map = RobotMap(of: robot, front: front)
    var options = ArmFit.Options()
    options.side = mapping.origin.joint == .leftShoulder ? .left : .right
    options.front = front
    guard map.refusal == nil, let found = try? map.foundMapping(of: robot, options: options) else {
      notes.append(
        "nothing to hold it against: 'map' finds no person in the robot"
          + (map.refusal.map { " (\($0))" } ?? ""))
      return
    }
    compare(mapping, found)
    unreachable()
  }

  private mutating func compare(_ mapping: Mapping, _ found: Mapping) {
    for point in mapping.points {
      guard let other = found.points.first(where: { $0.joint == point.joint }),
        other.link != point.link
      else { continue }
      let opposite = found.points.first { $0.link == point.link }
      if let opposite, opposite.joint == point.joint.mirrored, point.joint.mirrored != point.joint {
        errors.append(
          "\(point.joint.name) is tied to '\(point.link)', which is on the other side: "
            + "'\(other.link)' is on this one")
      } else {
        notes.append(
          "\(point.joint.name) is tied to '\(point.link)', and 'map' finds '\(other.link)'")
      }
    }
    for direct in mapping.directMaps {
      guard let other = found.directMaps.first(where: { $0.target == direct.target }) else {
        continue
      }
      if other.joint != direct.joint, other.joint == direct.joint.mirrored {
        errors.append(
          "'\(direct.target)' follows \(direct.joint.name), and is on the side of \(other.joint.name)"
        )
      } else if other.joint == direct.joint,
        direct.axis.dot(other.axis) * direct.factor * other.factor < -0.5
      {
        errors.append(
          "'\(direct.target)' turns the wrong way: by its axis, a positive twist of "
            + "\(direct.joint.name) about \(Self.text(other.axis)) is a "
            + "\(other.factor > 0 ? "positive" : "negative") position")
      }
    }
  }

  private static func text(_ axis: Vector3) -> String {
    "[\(axis.x), \(axis.y), \(axis.z)]"
  }

  /// Parts that are far from their targets.
  private mutating func unreachable() {
    for part in verdict.parts where part.distance > Self.unreached * verdict.reach {
      errors.append(
        "the \(part.name) are not reached: \(Int((1000 * part.distance).rounded())) mm from their "
          + "targets on average")
    }
  }
}
