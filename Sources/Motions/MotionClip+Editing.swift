import Foundation
import Geometry

extension MotionClip {
  /// The range of valid frame rates [Hz].
  static let rates = 0.01...100_000.0
  /// The largest number of frames of a clip: four and a half hours at 120 Hz, 1.4 GB.
  static let largestFrameCount = 2_000_000

  /// Throws if a frame rate [Hz] is outside the valid range.
  static func check(rate: Double) throws(MotionError) {
    guard rates.contains(rate) else {
      throw .invalidRequest(
        reason: "the frame rate \(rate) Hz is not between 0.01 and 100000 Hz")
    }
  }

  /// Throws if a motion has too many frames.
  static func check(frameCount: Int, path: String) throws(MotionError) {
    guard frameCount <= largestFrameCount else {
      throw .malformed(
        path: path, reason: "it has more than \(largestFrameCount) frames; cut it into parts")
    }
  }

  /// The clip at another frame rate [Hz]: slerp for rotations, linear interpolation for the root.
  ///
  /// The first frame is kept; the last frame of the result is the last within the clip's duration:
  /// `n = floor((T - 1) / rate * newRate) + 1`. With `endsTogether` it is the last frame that is kept, and
  /// the beginning that is cut.
  public func resampled(
    to newRate: Double, endsTogether: Bool = false
  ) throws(MotionError) -> MotionClip {
    try Self.check(rate: newRate)
    guard frameCount > 1, newRate != frameRate else {
      var copy = self
      copy.frameRate = newRate
      return copy
    }
    let step = frameRate / newRate
    // The tolerance keeps a last frame that rounding would lose.
    let last = (Double(frameCount - 1) / step + 1e-6).rounded(.down)
    guard last < Double(Self.largestFrameCount) else {
      throw .invalidRequest(
        reason: "the frame rate \(newRate) Hz would make more than \(Self.largestFrameCount)"
          + " frames of '\(name)'")
    }
    let count = Int(last) + 1
    var result = self
    result.frameRate = newRate
    result.rootTranslations = []
    result.rotations = []
    result.rootTranslations.reserveCapacity(count)
    result.rotations.reserveCapacity(count * Skeleton.jointCount)
    let start = endsTogether ? max(0, Double(frameCount - 1) - Double(count - 1) * step) : 0
    for index in 0..<count {
      result.append(of: self, atFrame: min(start + Double(index) * step, Double(frameCount - 1)))
    }
    return result
  }

  /// The clip played faster (factor above 1) or slower, with the same frames.
  public func playedFaster(by factor: Double) throws(MotionError) -> MotionClip {
    guard factor > 0, factor.isFinite else {
      throw .invalidRequest(reason: "the speed factor \(factor) is not a positive number")
    }
    try Self.check(rate: frameRate * factor)
    var copy = self
    copy.frameRate = frameRate * factor
    return copy
  }

  /// A range of the clip's frames.
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

  /// The clip rotated about the vertical and translated horizontally so that its first frame faces
  /// along x at x = y = 0.
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
    let facing = SkeletonHeading.direction(forward: pelvis * .unitZ, left: pelvis * .unitX)
    return atan2(facing.y, facing.x)
  }

  /// Appends the interpolation between two frames of another clip.
  private mutating func append(of clip: MotionClip, atFrame position: Double) {
    let before = min(Int(position), clip.frameCount - 1)
    let after = min(before + 1, clip.frameCount - 1)
    let fraction = position - Double(before)
    let start = clip.rootTranslations[before]
    rootTranslations.append(start + (clip.rootTranslations[after] - start) * fraction)
    for joint in 0..<Skeleton.jointCount {
      let from = clip.rotations[before * Skeleton.jointCount + joint]
      let to = clip.rotations[after * Skeleton.jointCount + joint]
      rotations.append(fraction == 0 ? from : from.interpolated(to: to, fraction: fraction))
    }
  }
}
