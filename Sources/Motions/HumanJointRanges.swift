import Foundation
public import Geometry

/// The joint ranges of a healthy adult, about the canonical skeleton's axes.
///
/// Three angles a joint, composed so that they mean what anatomy means. Arms and trunk: `Ry Rz Rx`
/// (forward or back, up or down, twist about the bone). Legs: `Rx Rz Ry` (flexion, abduction, twist
/// about the bone). Ranges rounded from goniometry as taught (AAOS, Kapandji); those of the right
/// side are the mirror image of the left side's.
public struct HumanJointRanges: Sendable {
  /// The order in which a joint's angles apply.
  public enum Order: Sendable {
    /// `Ry Rz Rx`.
    case yzx
    /// `Rx Rz Ry`.
    case xzy
  }

  /// The ranges of one joint.
  public struct Range: Sendable {
    /// The smallest angles about x, y, z [rad].
    public var lower: Vector3
    /// The largest angles about x, y, z [rad].
    public var upper: Vector3
    /// The angles of the relaxed posture [rad].
    public var relaxed: Vector3
    /// The order in which the angles apply.
    public var order: Order

    /// The rotation of three angles [rad].
    public func rotation(_ angles: Vector3) -> Quaternion {
      let x = Quaternion(angle: angles.x, axis: .unitX)
      let y = Quaternion(angle: angles.y, axis: .unitY)
      let z = Quaternion(angle: angles.z, axis: .unitZ)
      return order == .yzx ? y * z * x : x * z * y
    }

    /// The three angles [rad] of a rotation.
    public func angles(of rotation: Quaternion) -> Vector3 {
      let (x, y, z) = rotation.normalized.columns
      switch order {
      case .yzx: return [atan2(-z.y, y.y), atan2(-x.z, x.x), atan2(x.y, hypot(x.x, x.z))]
      case .xzy: return [atan2(y.z, y.y), atan2(z.x, x.x), atan2(-y.x, hypot(y.y, y.z))]
      }
    }

    /// Whether a rotation is within the range, with a tolerance [rad].
    public func contains(_ rotation: Quaternion, tolerance: Double = 1e-9) -> Bool {
      let angles = angles(of: rotation)
      return (0..<3).allSatisfy { axis in
        lower[axis] - tolerance <= angles[axis] && angles[axis] <= upper[axis] + tolerance
      }
    }

    /// The range of the joint on the other side.
    var mirrored: Range {
      let sign: Vector3 = [1, -1, -1]
      let a = lower * sign
      let b = upper * sign
      return Range(
        lower: pointwiseMin(a, b), upper: pointwiseMax(a, b), relaxed: relaxed * sign, order: order)
    }
  }

  /// The ranges, 22 in the order of `Skeleton.Joint`; the pelvis has none.
  public var ranges: [Range]

  /// Ranges of an adult.
  public static let adult = HumanJointRanges(
    ranges: Skeleton.Joint.allCases.map { joint in
      leftAndMiddle[joint] ?? leftAndMiddle[joint.mirrored]?.mirrored ?? still
    })

  /// The range of a joint.
  public subscript(joint: Skeleton.Joint) -> Range { ranges[joint.rawValue] }

  private static let still = Range(lower: .zero, upper: .zero, relaxed: .zero, order: .yzx)

  /// Degrees, x, y, z.
  private static func range(
    _ x: ClosedRange<Double>, _ y: ClosedRange<Double>, _ z: ClosedRange<Double>,
    relaxed: Vector3 = .zero, _ order: Order
  ) -> Range {
    let degree = Double.pi / 180
    return Range(
      lower: [x.lowerBound, y.lowerBound, z.lowerBound] * degree,
      upper: [x.upperBound, y.upperBound, z.upperBound] * degree, relaxed: relaxed * degree,
      order: order)
  }

  private static let leftAndMiddle: [Skeleton.Joint: Range] = [
    .spine1: range(-12...28, -12...12, -12...12, .yzx),
    .spine2: range(-12...25, -15...15, -12...12, .yzx),
    .spine3: range(-10...15, -15...15, -10...10, .yzx),
    .neck: range(-25...30, -40...40, -20...20, .yzx),
    .head: range(-25...25, -35...35, -18...18, .yzx),
    // Flexion forward is negative about x, abduction positive about z, toes outwards positive.
    .leftHip: range(-120...25, -35...45, -22...45, relaxed: [-6, 4, 1], .xzy),
    .leftKnee: range(0...140, -5...5, -3...3, relaxed: [12, 0, 0], .xzy),
    // Toes down is positive.
    .leftAnkle: range(-22...45, -15...15, -20...20, relaxed: [-6, 0, 0], .xzy),
    .leftFoot: range(-45...20, 0...0, 0...0, .xzy),
    .leftCollar: range(-5...5, -20...15, -8...25, .yzx),
    // From the T-pose: forward is negative about y, down negative about z, palm up negative about
    // x.
    .leftShoulder: range(-80...70, -125...40, -92...88, relaxed: [0, -10, -74], .yzx),
    .leftElbow: range(-8...8, -145...0, -2...2, relaxed: [0, -25, 0], .yzx),
    .leftWrist: range(-75...75, -25...25, -65...65, .yzx),
  ]
}
