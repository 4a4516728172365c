public import Geometry

/// A human skeleton: the 22 body joints of SMPL's topology with full 3-D rest offsets.
///
/// Body frame at rest (T-pose): x to the body's left, y up, z forward, metres. At rest every
/// joint's frame is aligned with the body frame. (The world is z up, x forward, y left; see
/// `Skeleton.worldFromBodyAtRest`.)
public struct Skeleton: Sendable, Hashable {
  /// The joints in SMPL's order; a joint comes after its parent.
  public enum Joint: Int, CaseIterable, Sendable, Hashable {
    case pelvis, leftHip, rightHip, spine1, leftKnee, rightKnee, spine2, leftAnkle, rightAnkle
    case spine3, leftFoot, rightFoot, neck, leftCollar, rightCollar, head, leftShoulder
    case rightShoulder, leftElbow, rightElbow, leftWrist, rightWrist
  }

  /// The number of joints.
  public static let jointCount = 22

  /// The index of each joint's parent; -1 for the pelvis.
  public static let parents = [
    -1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19,
  ]

  /// The position of each joint in its parent's frame at rest [m]; zero for the pelvis.
  public var restOffsets: [Vector3]

  /// A skeleton with these rest offsets [m], one for each joint.
  public init(restOffsets: [Vector3]) {
    precondition(
      restOffsets.count == Self.jointCount,
      "a skeleton has \(Self.jointCount) rest offsets, not \(restOffsets.count)")
    self.restOffsets = restOffsets
  }
}
