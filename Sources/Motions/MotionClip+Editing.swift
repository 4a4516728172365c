import Foundation
import Geometry

extension MotionClip {
  /// The clip at another frame rate [Hz]: turns along the shorter arc, moves in straight lines.
  ///
  /// The first frame stays where it is; the last frame of the result is the last that the clip
  /// still covers: `n = floor((T - 1) / rate * newRate) + 1`.
  public func resampled(to newRate: Double) throws(MotionError) -> MotionClip {
    guard newRate > 0, newRate.isFinite else {
      throw .invalidRequest(reason: "the frame rate \(newRate) Hz is not a positive number")
    }
    guard frameCount > 1, newRate != frameRate else {
      var copy = self
      copy.frameRate = newRate
      return copy
    }
    let step = frameRate / newRate
    // The tolerance keeps a last frame that rounding would lose.
    let count = Int((Double(frameCount - 1) / step + 1e-6).rounded(.down)) + 1
    var result = self
    result.frameRate = newRate
    result.rootTranslations = []
    result.rotations = []
    result.rootTranslations.reserveCapacity(count)
    result.rotations.reserveCapacity(count * Skeleton.jointCount)
    for index in 0..<count {
      result.append(of: self, atFrame: min(Double(index) * step, Double(frameCount - 1)))
    }
    return result
  }

  /// The clip played faster (above 1) or slower, with the frames it has.
  public func playedFaster(by factor: Double) throws(MotionError) -> MotionClip {
    guard factor > 0, factor.isFinite else {
      throw .invalidRequest(reason: "the speed factor \(factor) is not a positive number")
    }
    var copy = self
    copy.frameRate = frameRate * factor
    return copy
  }

  /// A stretch of the clip's frames.
  public func slice(_ frames: Range<Int>) throws(MotionError) -> MotionClip {
    guard frames.lowerBound >= 0, frames.upperBound <= frameCount, !frames.isEmpty else {
      throw .invalidRequest(
        reason: "frames \(frames.lowerBound)..<\(frames.upperBound) of clip '\(name)' were asked"
          + " for, which has frames 0..<\(frameCount)")
    }
    var copy = self
    copy.rootTranslations = Array(rootTranslations[frames])
    let first = frames.lowerBound * Skeleton.jointCount
    copy.rotations = Array(rotations[first..<frames.upperBound * Skeleton.jointCount])
    return copy
  }

  /// The clip turned about the vertical and moved on the ground so that its first frame faces
  /// along x and stands at x = y = 0.
  public func headingNormalized() -> MotionClip {
    guard let start = rootTranslations.first else { return self }
    let turn = Quaternion(angle: -heading(frame: 0), axis: .unitZ)
    var copy = self
    for frame in 0..<frameCount {
      let moved = rootTranslations[frame] - Vector3(start.x, start.y, 0)
      copy.rootTranslations[frame] = turn * moved
      let root = frame * Skeleton.jointCount
      copy.rotations[root] = (turn * rotations[root]).normalized
    }
    return copy
  }

  /// The direction that the pelvis faces in a frame, about the vertical from x [rad].
  public func heading(frame: Int) -> Double {
    let pelvis = rotations[frame * Skeleton.jointCount]
    let forward = pelvis * .unitZ
    let left = pelvis * .unitX
    // Someone who lies on the back faces up; then the left side still tells the heading.
    if forward.x * forward.x + forward.y * forward.y > 0.25 { return atan2(forward.y, forward.x) }
    return atan2(-left.x, left.y)
  }

  /// Appends what another clip shows between two of its frames.
  private mutating func append(of clip: MotionClip, atFrame position: Double) {
    let before = min(Int(position), clip.frameCount - 1)
    let after = min(before + 1, clip.frameCount - 1)
    let fraction = position - Double(before)
    let start = clip.rootTranslations[before]
    rootTranslations.append(start + (clip.rootTranslations[after] - start) * fraction)
    for joint in 0..<Skeleton.jointCount {
      let from = clip.rotations[before * Skeleton.jointCount + joint]
      let to = clip.rotations[after * Skeleton.jointCount + joint]
      rotations.append(fraction == 0 ? from : from.slerp(to: to, fraction: fraction))
    }
  }
}

extension Quaternion {
  /// Slerp along the shorter arc; Shoemake's formula, by one arc cosine instead of a logarithm.
  func slerp(to other: Quaternion, fraction: Double) -> Quaternion {
    var cosine = dot(other)
    let sign: Double = cosine < 0 ? -1 : 1
    cosine = abs(cosine)
    // Close together the chord is as good as the arc, and the quotient is not defined.
    var first = 1 - fraction
    var second = fraction
    if cosine < 1 - 1e-9 {
      let angle = acos(cosine)
      let sine = sin(angle)
      first = sin(first * angle) / sine
      second = sin(second * angle) / sine
    }
    second *= sign
    return Quaternion(
      w: w * first + other.w * second, x: x * first + other.x * second,
      y: y * first + other.y * second, z: z * first + other.z * second
    ).normalized
  }
}
