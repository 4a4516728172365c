import Geometry
import Kinematics
import Motions

/// How a robot with a rigid trunk leans with its base.
///
/// The base turns by the smallest rotation that brings the line from the middle of the robot's hips to the
/// middle of its shoulders, as it is at rest, into the direction that the targets ask for. The middle of the
/// hips stays at its target.
struct BaseLean: Sendable {
  private let hips: [Int]
  private let shoulders: [Int]
  /// The middle of the hips at rest, in the base frame [m].
  private let hipsAtRest: Vector3
  /// The direction from the hips to the shoulders at rest, in the base frame.
  private let lineAtRest: Vector3

  /// Nil where the mapping has no rigid trunk, or not both hips and both shoulders.
  ///
  /// - Parameters:
  ///   - mapping: The mapping.
  ///   - places: The places of the mapping's points at rest, in the base frame [m].
  init?(_ mapping: Mapping, places: [Vector3]) {
    guard mapping.hasRigidTrunk else { return nil }
    func points(_ joints: [Skeleton.Joint]) -> [Int] {
      mapping.points.indices.filter { joints.contains(mapping.points[$0].joint) }
    }
    hips = points([.leftHip, .rightHip])
    shoulders = points([.leftShoulder, .rightShoulder])
    guard hips.count == 2, shoulders.count == 2 else { return nil }
    hipsAtRest = (places[hips[0]] + places[hips[1]]) / 2
    let line = (places[shoulders[0]] + places[shoulders[1]]) / 2 - hipsAtRest
    guard let line = line.normalized else { return nil }
    lineAtRest = line
  }

  /// The pose of the base, seen from where the person's pelvis puts it.
  ///
  /// - Parameter targets: The targets of all points there [m].
  func base(_ targets: UnsafeMutableBufferPointer<Vector3>) -> Pose {
    let middle = (targets[hips[0]] + targets[hips[1]]) / 2
    let line = (targets[shoulders[0]] + targets[shoulders[1]]) / 2 - middle
    guard let line = line.normalized else { return .identity }
    let turn = Quaternion(turning: lineAtRest, into: line)
    return Pose(rotation: turn, translation: middle - turn * hipsAtRest)
  }
}
