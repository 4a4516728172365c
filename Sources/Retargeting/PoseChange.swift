import Geometry
import Learning
import Motions

/// The mirror image of a pose and small changes to it.
enum PoseChange {
  /// The mirror image: left and right exchanged; the pelvis's own rotation is not changed.
  static func mirrored(_ pose: [Quaternion]) -> [Quaternion] {
    var result = pose
    for joint in Skeleton.Joint.allCases.dropFirst() {
      result[joint.rawValue] = MotionClip.mirroredJoint(pose[joint.mirrored.rawValue])
    }
    return result
  }

  /// Each joint turned a little more, by a rotation vector of so much a coordinate [rad]; also
  /// the length of all these vectors together [rad].
  static func perturbed(
    _ pose: [Quaternion], deviation: Double, using random: inout RandomSource
  ) -> (pose: [Quaternion], length: Double) {
    var result = pose
    var square = 0.0
    for joint in 1..<Skeleton.jointCount {
      let turn: Vector3 =
        deviation * [Double(random.normal()), Double(random.normal()), Double(random.normal())]
      square += turn.squaredLength
      result[joint] = (pose[joint] * Quaternion(rotationVector: turn)).normalized
    }
    return (result, square.squareRoot())
  }
}
