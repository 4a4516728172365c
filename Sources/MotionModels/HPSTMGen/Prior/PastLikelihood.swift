import Foundation
import HumanBody

/// The likelihood of observed frames under each mixture component.
///
/// The means and variances of each component at each frame are computed once and shared by all
/// continued motions.
///
/// Since neighbouring frames and joints are correlated, poses are weighted as if one frame in
/// eight and one channel in four were independent, differences between frames one in two and one
/// in four.
struct PastLikelihood: Sendable {
  private static let width = Standardization.channels
  private static let weights: (pose: Float, change: Float) = (1 / 32, 1 / 8)

  private let components: Int
  private let frames: Int
  /// The mean of a channel at a frame, and the weight of a squared difference from it,
  /// [components, frames, 66].
  private let poses: (means: [Float], weights: [Float])
  /// The same of the change since the previous frame.
  private let changes: (means: [Float], weights: [Float])
  /// What narrow components lose, of the first frames, [components, frames].
  private let widths: [Float]

  init(_ prior: MotionPrior) {
    let (cosines, width) = (prior.cosines, Self.width)
    (components, frames) = (prior.components, cosines.frames)
    let means = cosines.states(of: prior.means)
    var poses = [Float](repeating: 1e-6, count: means.count)
    var changes = poses
    var widths: [Float] = []
    for component in 0..<components {
      for block in 0..<frames {
        let spectrum = Self.spectrum(prior, component, block)
        for frame in 0..<frames {
          let value = cosines.cosine(block, at: frame)
          let change = value - (frame > 0 ? cosines.cosine(block, at: frame - 1) : 0)
          let first = (component * frames + frame) * width
          for channel in 0..<width {
            poses[first + channel] += value * value * spectrum[channel]
            changes[first + channel] += change * change * spectrum[channel]
          }
        }
      }
      var lost: Float = 0
      for frame in 0..<frames {
        for at
          in ((component * frames + frame) * width)..<((component * frames + frame + 1) * width)
        {
          lost += 0.5 * Self.weights.pose * log(poses[at])
          poses[at] = 0.5 * Self.weights.pose / poses[at]
          // The first frame has none before it.
          lost += frame > 0 ? 0.5 * Self.weights.change * log(changes[at]) : 0
          changes[at] = frame > 0 ? 0.5 * Self.weights.change / changes[at] : 0
        }
        widths.append(lost)
      }
    }
    self.poses = (means, poses)
    self.changes = (Self.changes(in: means, frames: frames), changes)
    self.widths = widths
  }

  /// The likelihood of observed frames relative to the best component, [components].
  func callAsFunction(_ past: ObservedFrames) -> [Float] {
    let changes = Self.changes(in: past.state, frames: past.count)
    let scores = (0..<components).map { component in
      let first = component * frames * Self.width
      return -Self.distance(past.state, self.poses, from: first)
        - Self.distance(changes, self.changes, from: first)
        - widths[component * frames + past.count - 1]
    }
    let best = scores.max() ?? 0
    return scores.map { exp($0 - best) }
  }

  /// The changes since the previous frame in windows, [.., frames, 66]; zero in the first.
  private static func changes(in states: [Float], frames: Int) -> [Float] {
    states.indices.map { at in
      at / width % frames == 0 ? 0 : states[at] - states[at - width]
    }
  }

  /// The weighted squares of the differences of values from means that begin at `first`.
  private static func distance(
    _ values: [Float], _ expected: (means: [Float], weights: [Float]), from first: Int
  ) -> Float {
    values.withUnsafeBytes { values in
      expected.means.withUnsafeBytes { means in
        expected.weights.withUnsafeBytes { weights in
          func wide(_ numbers: UnsafeRawBufferPointer, _ at: Int) -> SIMD16<Float> {
            numbers.loadUnaligned(fromByteOffset: 4 * at, as: SIMD16<Float>.self)
          }
          func single(_ numbers: UnsafeRawBufferPointer, _ at: Int) -> Float {
            numbers.loadUnaligned(fromByteOffset: 4 * at, as: Float.self)
          }
          let count = values.count / 4
          let whole = count - count % 16
          var sum = SIMD16<Float>.zero
          for at in stride(from: 0, to: whole, by: 16) {
            let off = wide(values, at) - wide(means, first + at)
            sum += off * off * wide(weights, first + at)
          }
          return (whole..<count).reduce(sum.sum()) { sum, at in
            let off = single(values, at) - single(means, first + at)
            return sum + off * off * single(weights, first + at)
          }
        }
      }
    }
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
