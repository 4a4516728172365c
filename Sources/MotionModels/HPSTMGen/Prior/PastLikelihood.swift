import Foundation
import HumanBody

/// The likelihood of observed frames under each mixture component.
///
/// The means and variances of each component at each frame are computed once and shared by all
/// continued motions.
struct PastLikelihood: Sendable {
  private static let width = Standardization.channels

  private let frames: Int
  /// The mean of a channel at a frame, [components, frames, 66].
  private let means: [Float]
  /// The variance of a channel at a frame, [components, frames, 66].
  private let variances: [Float]
  /// The variance of the change since the previous frame, [components, frames, 66].
  private let changes: [Float]

  init(_ prior: MotionPrior) {
    let (cosines, width) = (prior.cosines, Self.width)
    frames = cosines.frames
    means = cosines.states(of: prior.means)
    var (variances, changes) = ([Float](repeating: 1e-6, count: prior.means.count), [Float]())
    changes = variances
    for component in 0..<prior.components {
      for block in 0..<frames {
        let spectrum = Self.spectrum(prior, component, block)
        for frame in 0..<frames {
          let value = cosines.cosine(block, at: frame)
          let change = value - (frame > 0 ? cosines.cosine(block, at: frame - 1) : 0)
          let first = (component * frames + frame) * width
          for channel in 0..<width {
            variances[first + channel] += value * value * spectrum[channel]
            changes[first + channel] += change * change * spectrum[channel]
          }
        }
      }
    }
    (self.variances, self.changes) = (variances, changes)
  }

  /// The likelihood of observed frames relative to the best component, [components].
  ///
  /// Since neighbouring frames and joints are correlated, poses are weighted as if one frame in
  /// eight and one channel in four were independent, differences between frames one in two and one
  /// in four.
  func callAsFunction(_ past: ObservedFrames) -> [Float] {
    let size = frames * Self.width
    let scores = stride(from: 0, to: means.count, by: size).map { component -> Float in
      var score: Float = 0
      for at in 0..<(past.count * Self.width) {
        let off = past.state[at] - means[component + at]
        score -= Self.surprise(off, variance: variances[component + at]) / 32
        guard at >= Self.width else { continue }
        let change = off - (past.state[at - Self.width] - means[component + at - Self.width])
        score -= Self.surprise(change, variance: changes[component + at]) / 8
      }
      return score
    }
    let best = scores.max() ?? 0
    return scores.map { exp($0 - best) }
  }

  /// Minus the logarithm of a Gaussian's density, but for a constant.
  private static func surprise(_ off: Float, variance: Float) -> Float {
    0.5 * (off * off / variance + log(variance))
  }

  /// The variance of each channel along a cosine, [66].
  private static func spectrum(_ prior: MotionPrior, _ component: Int, _ block: Int) -> [Float] {
    var result = [Float](repeating: 0, count: width)
    let axes = prior.axes.matrix(component, ComponentAxes.part(ofCosine: block))
    for index in 0..<width {
      let variance = prior.variances[component * prior.size + block * width + index]
      let first = axes.startIndex + index * width
      for channel in 0..<width {
        result[channel] += axes[first + channel] * axes[first + channel] * variance
      }
    }
    return result
  }
}
