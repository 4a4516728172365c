import Autodiff
import Geometry
import HumanBody

/// Conditions the prior's estimate on exactly observed frames, and on where these lead.
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
  private static let groups = PastForecast.groups

  private let prior: MotionPrior
  private let forecast: PastForecast?
  /// The share that the axes of a component have of each group, [components][groups][parts][66].
  private let shares: [[[[Float]]]]

  init(_ prior: MotionPrior, forecast: PastForecast? = nil) {
    self.prior = prior
    self.forecast = forecast
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
    let led = past.flatMap { forecast?($0.state, within: prior.frames - $0.count) }
    let found = Self.groups.indices.map { group in
      let spectrum = spectrum(remaining, shares[component][group])
      guard let past else { return prior.cosines.variances(of: spectrum) }
      return move(&clean, range, group, spectrum, after: past, led)
    }
    if let past {
      for (at, value) in past.state.enumerated() { clean[range.lowerBound + at] = value }
    }
    let deviations = found.map { $0.map { max(0, $0).squareRoot() } }
    return (deviations[0], deviations[1])
  }

  /// Updates the frames after the observed ones; returns the remaining variance of each frame.
  private func move(
    _ clean: inout [Float], _ range: Range<Int>, _ group: Int, _ spectrum: [Float],
    after past: ObservedFrames, _ led: PastForecast.Forecast?
  ) -> [Float] {
    let (width, channels) = (Standardization.channels, Self.groups[group])
    let (frames, count) = (prior.frames, past.count)
    let first = count - min(Self.reach, count)
    let ahead = led?.ahead.map { count - 1 + $0 } ?? []
    let known = Array(first..<count) + ahead
    let covariance = covariance(with: known, spectrum: spectrum, from: first)
    let rows = frames - first
    let factor = Self.factor(
      covariance, of: known.map { $0 - first }, stride: rows, errors: led?.errors[group] ?? [])
    // One column for each channel.
    let off = factor.solved(
      channels.flatMap { channel in
        known.map { frame -> Double in
          let estimate = clean[range.lowerBound + frame * width + channel]
          guard frame >= count, let led, let row = ahead.firstIndex(of: frame) else {
            return Double(past.state[frame * width + channel] - estimate)
          }
          return Double(led.places[row * width + channel] - estimate)
        }
      })
    var variances = prior.cosines.variances(of: spectrum)
    for frame in 0..<count { variances[frame] = 0 }
    for frame in count..<frames {
      let weights = known.indices.map { covariance[$0 * rows + frame - first] }
      for (row, weight) in weights.enumerated() {
        let at = range.lowerBound + frame * width + channels.lowerBound
        for column in channels.indices {
          let amount = off[(column - channels.lowerBound) * known.count + row]
          clean[at + column - channels.lowerBound] += weight * Float(amount)
        }
      }
      variances[frame] -= Float(factor.squaredLength(of: weights.map(Double.init)))
    }
    return variances
  }

  /// The factor of the known frames' covariance, whose rows lie `stride` apart, to whose last frames
  /// errors are added.
  private static func factor(
    _ covariance: [Float], of known: [Int], stride: Int, errors: [Double]
  ) -> CholeskyFactor {
    let size = known.count
    let uncertain = Int(Double(errors.count).squareRoot().rounded())
    let exact = size - uncertain
    let matrix = (0..<(size * size)).map { at -> Double in
      let (row, column) = (at / size, at % size)
      let own = Double(covariance[row * stride + known[column]])
      guard row >= exact, column >= exact else { return own }
      return own + errors[(row - exact) * uncertain + column - exact]
    }
    let trace = (0..<exact).reduce(0.0) { $0 + matrix[$1 * size + $1] }
    return CholeskyFactor(
      regularizing: matrix, size: size, least: 1e-5 * trace / Double(max(1, exact)) + 1e-12)
  }

  /// The variance of each cosine, [frames].
  private func spectrum(_ remaining: [Float], _ shares: [[Float]]) -> [Float] {
    let width = Standardization.channels
    return (0..<prior.frames).map { block in
      let shares = shares[ComponentAxes.part(ofCosine: block)]
      return (0..<width).reduce(Float(0)) { $0 + shares[$1] * remaining[block * width + $1] }
    }
  }

  /// The covariance of each known frame with all frames from the first known one on, [known, frames - first].
  private func covariance(with known: [Int], spectrum: [Float], from first: Int) -> [Float] {
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
