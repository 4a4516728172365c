import Autodiff
import Foundation
import HumanBody
import Synchronization

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
    var poses = Self.variances(prior, cosines.squares)
    var changes = Self.variances(prior, cosines.squaredChanges)
    var widths: [Float] = []
    for component in 0..<components {
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

  /// The variance of each channel at each frame, [components, frames, 66], by the squares of the cosines
  /// there or of their changes, [frames, cosines].
  private static func variances(_ prior: MotionPrior, _ squares: [Float]) -> [Float] {
    let frames = prior.frames
    var spectrum = [Float](repeating: 0, count: prior.size)
    var result = [Float](repeating: 1e-6, count: prior.variances.count)
    for component in 0..<prior.components {
      prior.axes.spread(prior.variances, into: &spectrum, frames: frames, component: component)
      result.withUnsafeMutableBufferPointer { result in
        guard let first = result.baseAddress else { return }
        BLAS.multiply(
          squares, stride: frames, transposed: false, spectrum, stride: width, transposed: false,
          into: first + component * prior.size, stride: width, rows: frames, columns: width,
          inner: frames, beta: 1)
      }
    }
    return result
  }
}

/// The likelihood of a generator's prior, found when it is first asked for and kept: only motions that go on
/// from frames need it, and to find it takes as long as to sample a motion.
final class PastLikelihoodOnDemand: Sendable {
  private let prior: MotionPrior
  private let known = Mutex<PastLikelihood?>(nil)

  init(_ prior: MotionPrior) { self.prior = prior }

  var value: PastLikelihood {
    known.withLock { known in
      let value = known ?? PastLikelihood(prior)
      known = value
      return value
    }
  }
}
