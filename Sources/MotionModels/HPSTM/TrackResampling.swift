import Files
import Foundation
import Geometry
public import Motions

extension Smoother {
  /// The relative difference of frame rates below which a track is not resampled.
  private static let closeRates = 0.75...1.25
  /// The lowest rate that shows how somebody moves, and with which no small file becomes hours [Hz].
  private static let lowestRate = 1.0

  /// Smooths a track of any frame rate; the result has the track's own frames.
  ///
  /// The track is resampled to the model's rate if necessary, and the motion back again.
  ///
  /// - Parameters:
  ///   - track: The track.
  ///   - model: What fills in missing joints first; nil, and that is left to the smoother.
  public func smoothAtAnyRate(
    _ track: JointTrack, filledBy model: HGVAE? = nil
  ) throws(GenerationError) -> Result {
    guard track.frameRate > 0, track.frameRate.isFinite else {
      throw .request("the frame rate of '\(track.name)' is \(track.frameRate) Hz")
    }
    guard track.frameRate >= Self.lowestRate else {
      throw .request(
        "the frame rate of '\(track.name.printable)' is \(track.frameRate) Hz, expected at least "
          + "\(Self.lowestRate) Hz; give the true one with --rate (are its times in milliseconds?)")
    }
    guard track.frameCount > 0, !Self.closeRates.contains(track.frameRate / frameRate) else {
      return try smooth(track, filledBy: model)
    }
    // Before frames are averaged: means of left and right are neither.
    let (mended, swaps) = track.withoutSideSwaps()
    let filled = mended.filled(by: model)
    let even = filled.track.resampled(to: frameRate)
    guard Self.confidences(of: even).contains(where: { $0 > 0 }) else {
      throw .request("in the track '\(track.name.printable)' all joints are missing in all frames")
    }
    let result = smoothUnmended(even)
    let frames = track.frameCount
    var clip = result.clip
    do {
      // One more frame than needed, so that none is lost to rounding.
      clip = try clip.resampled(to: track.frameRate).slice(0..<frames)
    } catch {
      throw .request("'\(track.name)' cannot be brought back to its frame rate: \(error)")
    }
    let width = 6 * Skeleton.jointCount
    let covariances = result.covariances.map { covariances in
      let last = covariances.count / width - 1
      return (0..<frames).flatMap { frame in
        let near = Int((Double(frame) * frameRate / track.frameRate).rounded())
        let from = min(near, last) * width
        return covariances[from..<(from + width)]
      }
    }
    let gaps = result.gaps.compactMap { gap -> BridgedGap? in
      func frame(_ bound: Int) -> Int {
        min(Int((Double(bound) * track.frameRate / frameRate).rounded(.up)), frames)
      }
      var gap = gap
      gap.frames = frame(gap.frames.lowerBound)..<frame(gap.frames.upperBound)
      return gap.frames.isEmpty ? nil : gap
    }
    return Result(
      clip: clip,
      positions: clip.jointPositions().flatMap { [Float($0.x), Float($0.y), Float($0.z)] },
      covariances: covariances, swaps: swaps, gaps: gaps, filled: filled.count)
  }
}

extension JointTrack {
  /// The track at another rate [Hz], at least as long: linear interpolation when upsampling, the value of a line through
  /// neighbouring frames when downsampling.
  ///
  /// A mean would lag where frames lie on one side alone, as at both ends: by 4 cm in a run.
  func resampled(to rate: Double) -> JointTrack {
    guard frameCount > 0 else {
      return JointTrack(name: name, frameRate: rate, positions: [], confidences: [])
    }
    let joints = Skeleton.jointCount
    let step = frameRate / rate
    let count = Int((Double(frameCount - 1) / step).rounded(.up)) + 2
    var places: [Vector3] = []
    var confidenceSums: [Float] = []
    places.reserveCapacity(count * joints)
    confidenceSums.reserveCapacity(count * joints)
    // A triangle as wide as a frame of the slower of the two rates; at the ends it stands half as far inside, and is
    // wider, since what goes beyond its middle needs more frames.
    let reach = max(1, step)
    let end = Double(frameCount - 1)
    let inside = min(reach, end) / 2
    for frame in 0..<count {
      let time = Double(frame) * step
      let centre = min(max(time, inside), end - inside)
      let width = centre == time ? reach : 1.5 * reach
      let first = max(0, Int((centre - width).rounded(.up)))
      let last = min(frameCount - 1, Int((centre + width).rounded(.down)))
      for joint in 0..<joints {
        var line = WeightedLine()
        var confidence = 0.0
        for source in first...max(first, last) {
          let at = source * joints + joint
          let share = 1 - abs(Double(source) - centre) / width
          guard share > 0, confidences[at] > 0, positions[at].isFinite else { continue }
          line.add(positions[at], at: Double(source) - time, weight: share)
          confidence += Double(confidences[at]) * share
        }
        // In a gap nobody knows where the joint is; behind the last frame it goes on for less than a frame.
        let isSeen = time < end + step && line.reaches(min(max(time, 0), end) - time)
        places.append(isSeen ? line.value(beyond: reach) : Vector3(repeating: .nan))
        confidenceSums.append(isSeen ? Float(confidence / line.weight) : 0)
      }
    }
    var track = JointTrack(
      name: name, frameRate: rate, positions: places, confidences: confidenceSums)
    track.stature = stature
    return track
  }
}

/// A line through weighted places, as its value at 0.
private struct WeightedLine {
  /// The sum of the weights.
  private(set) var weight = 0.0
  private var (first, last) = (Double.infinity, -Double.infinity)
  private var (time, square) = (0.0, 0.0)
  private var (place, product) = (Vector3.zero, Vector3.zero)

  mutating func add(_ place: Vector3, at time: Double, weight: Double) {
    self.weight += weight
    self.time += weight * time
    square += weight * time * time
    self.place += place * weight
    product += place * (weight * time)
    (first, last) = (min(first, time), max(last, time))
  }

  /// Whether a time lies between the places, or within half a frame of one.
  func reaches(_ time: Double) -> Bool { first - 0.5 <= time && time <= last + 0.5 }

  /// The line's value at 0; the mean where all places are of one time, and where 0 lies outside of their times, and
  /// these span less than `span`: noise of two frames beside each other says nothing about what is beyond them.
  func value(beyond span: Double) -> Vector3 {
    let (middle, mean) = (time / weight, place / weight)
    let spread = square / weight - middle * middle
    guard spread > 1e-9, first <= 0 && 0 <= last || last - first >= span else { return mean }
    return mean - (product / weight - mean * middle) * (middle / spread)
  }
}
