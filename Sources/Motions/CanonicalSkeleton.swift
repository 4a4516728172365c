public import Geometry

// Our own model of a human, from published anthropometry, as fractions of the stature H.
//
// Segment lengths: Drillis and Contini (1966) as tabulated by Winter, "Biomechanics and Motor
// Control of Human Movement": heights of ankle 0.039, knee 0.285, hip 0.530 and shoulder 0.818,
// upper arm 0.186, forearm 0.146, half biacromial width 0.129. Where the joints of the trunk lie
// between hip and shoulder is our own choice.
extension Skeleton {
  /// The canonical skeleton for a stature of 1.70 m.
  public static let canonical = canonical(stature: 1.70)

  /// The canonical skeleton for a stature [m].
  public static func canonical(stature: Double) -> Skeleton {
    Skeleton(restOffsets: fractionsOfStature.map { $0 * stature })
  }

  /// worldFromPelvis of a body at rest that faces along the world's x: left (x) becomes y, up (y)
  /// becomes z, forward (z) becomes x.
  public static let worldFromBodyAtRest = Quaternion(w: 0.5, x: 0.5, y: 0.5, z: 0.5)

  /// The length of a leg from hip to ankle, the mean of both [m].
  public var legLength: Double {
    (length(of: .leftKnee) + length(of: .leftAnkle) + length(of: .rightKnee)
      + length(of: .rightAnkle)) / 2
  }

  /// The length of an arm from shoulder to wrist, the mean of both [m].
  public var armLength: Double {
    (length(of: .leftElbow) + length(of: .leftWrist) + length(of: .rightElbow)
      + length(of: .rightWrist)) / 2
  }

  /// The stature estimated from the legs [m].
  ///
  /// Only the legs are used: recordings differ most in the trunk, and some lack bones there.
  public var stature: Double { legLength / Self.legFractionOfStature }

  /// The statures of people, from small children to more than anybody's [m].
  public static let statures = 0.5...2.6

  /// The height of the pelvis above the soles at rest, with the canonical ankle height [m].
  public var standingPelvisHeight: Double {
    let hips = (restOffset(of: .leftHip).y + restOffset(of: .rightHip).y) / 2
    return legLength - hips + Self.ankleFractionOfStature * stature
  }

  /// The position of a joint in its parent's frame at rest [m].
  public func restOffset(of joint: Joint) -> Vector3 { restOffsets[joint.rawValue] }

  /// The distance of a joint from its parent [m].
  public func length(of joint: Joint) -> Double { restOffsets[joint.rawValue].length }

  /// The leg length from hip to ankle as a fraction of the stature.
  static let legFractionOfStature = 0.491
  /// The ankle's height as a fraction of the stature.
  static let ankleFractionOfStature = 0.039

  /// Rest offsets for a stature of one, in the order of `Joint`.
  private static let fractionsOfStature: [Vector3] = [
    [0, 0, 0],  // pelvis
    [0.050, -0.053, 0], [-0.050, -0.053, 0],  // hips
    [0, 0.057, -0.008],  // spine1
    [0, -0.245, 0], [0, -0.245, 0],  // knees
    [0, 0.065, -0.002],  // spine2
    [0, -0.246, 0], [0, -0.246, 0],  // ankles
    [0, 0.036, 0.002],  // spine3
    [0, -0.027, 0.080], [0, -0.027, 0.080],  // feet (ball of the foot)
    [0, 0.119, -0.012],  // neck
    [0.045, 0.070, -0.004], [-0.045, 0.070, -0.004],  // collars
    [0, 0.057, 0.016],  // head
    [0.084, 0.007, -0.004], [-0.084, 0.007, -0.004],  // shoulders
    [0.186, 0, 0], [-0.186, 0, 0],  // elbows
    [0.146, 0, 0], [-0.146, 0, 0],  // wrists
  ]
}
