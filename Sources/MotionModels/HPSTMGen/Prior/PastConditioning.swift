import Autodiff
import Geometry
import HumanBody

/// Conditions the prior's estimate on exactly observed frames.
///
/// Given X_t and its component the motion is Gaussian with the mean of the Wiener filter and a
/// posterior covariance P. Exactly known frames change the others by
/// P(after, known) P(known, known)⁻¹ times the error of the mean at the known ones (Gaussian
/// conditioning). P is approximated by one covariance over time for the three channels of the root
/// and one for all others, each averaged over its channels: then a past costs one small linear
/// system, and the estimate continues it without a jump.
struct PastConditioning: Sendable, Hashable {
  /// The number of last observed frames used; older ones act through X_t only.
  private static let reach = 24
  private static let groups = [0..<3, 3..<Standardization.channels]

  private let prior: MotionPrior
  /// The share that the axes of a component have of each group, [components][groups][parts][66].
  private let shares: [[[[Float]]]]

  init(_ prior: MotionPrior) {
    self.prior = prior
    shares = (0..<prior.components).map { component in
      Self.groups.map { channels in
        (0..<ComponentAxes.parts).map {
          prior.axes.shares(of: channels, component: component, part: $0)
        }
      }
    }
  }

  /// The remaining standard deviation of a group of channels, [frames].
  typealias Deviations = (root: [Float], joints: [Float])

  /// Sets a window's observed frames, updates those after them, and returns the expected error of
  /// the estimate.
  ///
  /// - Parameters:
  ///   - clean: E[X₁ | X_t] of windows, [.., frames, 66], standardised.
  ///   - range: Where the window lies in it.
  ///   - past: The observed frames; nil for none.
  ///   - time: t
  ///   - component: The component of the window.
  func correct(
    _ clean: inout [Float], _ range: Range<Int>, after past: ObservedFrames?, time: Float,
    component: Int
  ) -> Deviations {
    let remaining = prior.remaining(time: time, component: component)
    let found = Self.groups.indices.map { group in
      let spectrum = spectrum(remaining, shares[component][group])
      guard let past else { return prior.cosines.variances(of: spectrum) }
      return move(&clean, range, Self.groups[group], spectrum, after: past)
    }
    if let past {
      for (at, value) in past.state.enumerated() { clean[range.lowerBound + at] = value }
    }
    let deviations = found.map { $0.map { max(0, $0).squareRoot() } }
    return (deviations[0], deviations[1])
  }

  /// Updates the frames after the observed ones; returns the remaining variance of each frame.
  private func move(
    _ clean: inout [Float], _ range: Range<Int>, _ channels: Range<Int>, _ spectrum: [Float],
    after past: ObservedFrames
  ) -> [Float] {
    let width = Standardization.channels
    let (frames, count) = (prior.frames, past.count)
    let known = (count - min(Self.reach, count))..<count
    let covariance = covariance(with: known, spectrum: spectrum, from: known.lowerBound)
    let rows = frames - known.lowerBound
    let factor = Self.factor(covariance, stride: rows, size: known.count)
    // One column for each channel.
    let off = factor.solved(
      channels.flatMap { channel in
        known.map { frame in
          let at = frame * width + channel
          return Double(past.state[at] - clean[range.lowerBound + at])
        }
      })
    var variances = prior.cosines.variances(of: spectrum)
    for frame in 0..<count { variances[frame] = 0 }
    for frame in count..<frames {
      let weights = known.indices.map {
        covariance[($0 - known.lowerBound) * rows + frame - known.lowerBound]
      }
      for (row, weight) in weights.enumerated() {
        let first = range.lowerBound + frame * width + channels.lowerBound
        for column in channels.indices {
          let amount = off[(column - channels.lowerBound) * known.count + row]
          clean[first + column - channels.lowerBound] += weight * Float(amount)
        }
      }
      variances[frame] -= Float(factor.squaredLength(of: weights.map(Double.init)))
    }
    return variances
  }

  /// The factor of the known frames' covariance, whose rows lie `stride` apart.
  private static func factor(_ covariance: [Float], stride: Int, size: Int) -> CholeskyFactor {
    let matrix = (0..<(size * size)).map { at in
      Double(covariance[at / size * stride + at % size])
    }
    let trace = (0..<size).reduce(0.0) { $0 + matrix[$1 * size + $1] }
    return CholeskyFactor(
      regularizing: matrix, size: size, least: 1e-5 * trace / Double(size) + 1e-12)
  }

  /// The variance of each cosine, [frames].
  private func spectrum(_ remaining: [Float], _ shares: [[Float]]) -> [Float] {
    let width = Standardization.channels
    return (0..<prior.frames).map { block in
      let shares = shares[ComponentAxes.part(ofCosine: block)]
      return (0..<width).reduce(Float(0)) { $0 + shares[$1] * remaining[block * width + $1] }
    }
  }

  /// The covariance of each known frame with itself and all later ones, [known, frames - first].
  private func covariance(with known: Range<Int>, spectrum: [Float], from first: Int) -> [Float] {
    let rows = prior.frames - first
    var result = [Float](repeating: 0, count: known.count * rows)
    for (index, frame) in known.enumerated() {
      for block in spectrum.indices {
        let factor = spectrum[block] * prior.cosines.cosine(block, at: frame)
        for row in 0..<rows {
          result[index * rows + row] += factor * prior.cosines.cosine(block, at: first + row)
        }
      }
    }
    return result
  }
}
