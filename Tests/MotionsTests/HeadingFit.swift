import Foundation
import Geometry

@testable import Motions

/// The turn about the vertical and the shift that bring one clip onto another.
///
/// Where a person stands and looks is free in most files; everything else is not.
struct HeadingFit {
  let yaw: Quaternion
  let shift: Vector3

  /// Brings `other` onto `clip`, by the joints relative to the pelvis in some frames.
  init(_ other: MotionClip, onto clip: MotionClip, frames: [Int]) {
    var (c, s) = (0.0, 0.0)
    for frame in frames {
      let (p, q) = (clip.jointPositions(frame: frame), other.jointPositions(frame: frame))
      for joint in p.indices {
        let (a, b) = (p[joint] - p[0], q[joint] - q[0])
        c += a.x * b.x + a.y * b.y
        s += b.x * a.y - b.y * a.x
      }
    }
    yaw = Quaternion(angle: atan2(s, c), axis: .unitZ)
    shift = clip.rootTranslations[0] - yaw * other.rootTranslations[0]
  }

  func callAsFunction(_ place: Vector3) -> Vector3 { yaw * place + shift }
}
