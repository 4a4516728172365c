public import Geometry

/// Random poses within human joint ranges, for training without motion data.
public enum RandomPose {
  /// The distribution of poses.
  public enum Spread: Sendable, CaseIterable {
    /// Every angle uniform over its range.
    case uniform
    /// Around the relaxed posture, with a random extent for each limb.
    case natural
    /// One of the two, at random for each limb.
    case mixed
  }

  /// One pose of 22 rotations.
  ///
  /// The first is worldFromPelvis of a body that faces along x, the others are parentFromJoint.
  /// The same generator gives the same pose.
  public static func sample(
    using generator: inout some RandomNumberGenerator, spread: Spread = .mixed,
    ranges: HumanJointRanges = .adult
  ) -> [Quaternion] {
    var pose = [Quaternion](repeating: .identity, count: Skeleton.jointCount)
    pose[0] = Skeleton.worldFromBodyAtRest
    for limb in limbs {
      let isUniform: Bool
      switch spread {
      case .uniform: isUniform = true
      case .natural: isUniform = false
      case .mixed: isUniform = unit(&generator) < 0.5
      }
      // The extent for this limb, from 0 to its whole range.
      let reach = isUniform ? 1 : unit(&generator)
      for joint in limb {
        let range = ranges[joint]
        var angles = Vector3.zero
        for axis in 0..<3 {
          let width = range.upper[axis] - range.lower[axis]
          let even = range.lower[axis] + width * unit(&generator)
          let relaxed = range.relaxed[axis]
          angles[axis] = isUniform ? even : relaxed + (even - relaxed) * reach * unit(&generator)
        }
        pose[joint.rawValue] = range.rotation(angles)
      }
    }
    return pose
  }

  /// Joints that move together.
  private static let limbs: [[Skeleton.Joint]] = [
    [.leftHip, .leftKnee, .leftAnkle, .leftFoot], [.rightHip, .rightKnee, .rightAnkle, .rightFoot],
    [.spine1, .spine2, .spine3, .neck, .head],
    [.leftCollar, .leftShoulder, .leftElbow, .leftWrist],
    [.rightCollar, .rightShoulder, .rightElbow, .rightWrist],
  ]

  /// A number in 0..<1 from the upper 53 bits, the same on every version of Swift.
  private static func unit(_ generator: inout some RandomNumberGenerator) -> Double {
    Double(generator.next() >> 11) * 0x1p-53
  }
}
