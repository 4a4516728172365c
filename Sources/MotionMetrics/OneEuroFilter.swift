import Foundation
public import Learning

/// The One-Euro filter: a low-pass filter whose cutoff rises with speed.
///
/// Casiez, Roussel and Vogel, "1€ filter: a simple speed-based low-pass filter for noisy input in
/// interactive systems" (2012); each coordinate for itself, looking back only.
public struct OneEuroFilter: Sendable, Hashable {
  /// The cutoff at rest [Hz].
  public var minimumCutoff: Double
  /// How much the cutoff rises with speed [Hz per m/s].
  public var speedFactor: Double
  /// The cutoff of the speed [Hz].
  public var speedCutoff: Double

  /// Creates a filter with these cutoffs.
  public init(minimumCutoff: Double = 1, speedFactor: Double = 0, speedCutoff: Double = 1) {
    precondition(
      minimumCutoff > 0 && speedFactor >= 0 && speedCutoff > 0,
      "no filter has the cutoffs \(minimumCutoff), \(speedFactor), \(speedCutoff)")
    self.minimumCutoff = minimumCutoff
    self.speedFactor = speedFactor
    self.speedCutoff = speedCutoff
  }

  /// Filters a track [frames, channels], each channel independently.
  public func filtered(_ track: [Float], channels: Int, frameRate: Double) -> [Float] {
    var result = track
    let speedShare = share(speedCutoff, frameRate)
    for channel in 0..<channels {
      guard channel < track.count else { break }
      var value = Double(track[channel])
      var last = value
      var speed = 0.0
      for index in stride(from: channel + channels, to: track.count, by: channels) {
        let raw = Double(track[index])
        speed += speedShare * ((raw - last) * frameRate - speed)
        last = raw
        value += share(minimumCutoff + speedFactor * abs(speed), frameRate) * (raw - value)
        result[index] = Float(value)
      }
    }
    return result
  }

  /// The smoothing factor for a cutoff [Hz].
  private func share(_ cutoff: Double, _ frameRate: Double) -> Double {
    1 / (1 + frameRate / (2 * Double.pi * cutoff))
  }

  /// The filter with the least mean error of positions on some tracks whose truth is known.
  ///
  /// Half of the trials are drawn from the whole range (cutoffs of 0.1 to 50 Hz, factors of 0.01
  /// to 50 Hz per m/s, all on logarithmic scales), the others near the best found so far.
  public static func tuned(
    on tracks: [(noisy: [Float], truth: [Float])], channels: Int, frameRate: Double,
    trials: Int = 64, using random: inout RandomSource
  ) -> OneEuroFilter {
    var best = OneEuroFilter()
    var least = best.error(on: tracks, channels, frameRate)
    for trial in 0..<trials {
      var candidate = best
      if 2 * trial < trials {
        candidate.minimumCutoff = logarithmic(0.1, 50, &random)
        candidate.speedFactor = logarithmic(0.01, 50, &random)
        candidate.speedCutoff = logarithmic(0.1, 50, &random)
      } else {
        candidate.minimumCutoff *= exp(0.3 * Double(random.normal()))
        candidate.speedFactor *= exp(0.3 * Double(random.normal()))
        candidate.speedCutoff *= exp(0.3 * Double(random.normal()))
      }
      let error = candidate.error(on: tracks, channels, frameRate)
      if error < least { (best, least) = (candidate, error) }
    }
    return best
  }

  private static func logarithmic(
    _ lower: Double, _ upper: Double, _ random: inout RandomSource
  ) -> Double {
    lower * pow(upper / lower, Double(random.uniform()))
  }

  private func error(
    on tracks: [(noisy: [Float], truth: [Float])], _ channels: Int, _ frameRate: Double
  ) -> Double {
    var (sum, count) = (0.0, 0)
    for (noisy, truth) in tracks {
      let found = filtered(noisy, channels: channels, frameRate: frameRate)
      sum += TrackErrors.position(found, truth) * Double(truth.count)
      count += truth.count
    }
    return sum / Double(max(1, count))
  }
}
