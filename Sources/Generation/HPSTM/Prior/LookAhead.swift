/// What exactly observed frames say of the frames after them, under the prior.
///
/// Given X_t and its kind the motion is Gaussian with the mean that Wiener's filter gives and a
/// covariance P that is left. Frames that are known exactly move the others by
/// P(after, known) P(known, known)⁻¹ times what the mean is off by at the known ones. P is taken to
/// be one covariance over time for the three channels of the root and one for all others, each the
/// mean over its channels: then a past costs one small system of equations, and the estimate goes
/// on from it without a jump.
struct LookAhead: Sendable, Hashable {
  /// How many of the last observed frames count; older ones act through X_t.
  private static let reach = 24
  private static let groups = [0..<3, 3..<Standardization.channels]

  private let prior: MotionPrior
  /// The share that the eigenvectors have of each group, [groups][frames, 66].
  private let shares: [[Float]]

  init(_ prior: MotionPrior) {
    self.prior = prior
    shares = Self.groups.map { prior.basis.shares(of: $0) }
  }

  /// What is left open of one group of channels, the square root of the mean variance, [frames].
  typealias Deviations = (root: [Float], joints: [Float])

  /// Sets a window's observed frames to what they are, moves those after them, and says how far off
  /// the estimate is likely to be.
  ///
  /// - Parameters:
  ///   - clean: E[X₁ | X_t] of windows, [.., frames, 66], standardised.
  ///   - range: Where the window lies in it.
  ///   - past: What was observed, if anything.
  ///   - time: t
  ///   - kind: The kind of the window.
  func correct(
    _ clean: inout [Float], _ range: Range<Int>, after past: ObservedFrames?, time: Float, kind: Int
  ) -> Deviations {
    let remaining = prior.remaining(time: time, kind: kind)
    let found = Self.groups.indices.map { group in
      let spectrum = spectrum(remaining, shares[group])
      guard let past else { return prior.basis.variances(of: spectrum) }
      return move(&clean, range, Self.groups[group], spectrum, after: past)
    }
    if let past {
      for (at, value) in past.state.enumerated() { clean[range.lowerBound + at] = value }
    }
    let deviations = found.map { $0.map { max(0, $0).squareRoot() } }
    return (deviations[0], deviations[1])
  }

  /// Moves the frames after the observed ones, and says what variance is left in each frame.
  private func move(
    _ clean: inout [Float], _ range: Range<Int>, _ channels: Range<Int>, _ spectrum: [Float],
    after past: ObservedFrames
  ) -> [Float] {
    let width = Standardization.channels
    let (frames, count) = (prior.frames, past.count)
    let known = (count - min(Self.reach, count))..<count
    let covariance = covariance(with: known, spectrum: spectrum, from: known.lowerBound)
    let rows = frames - known.lowerBound
    let factor = CholeskyFactor(covariance, stride: rows, size: known.count)
    var off = known.map { frame in
      channels.map { channel in
        let at = frame * width + channel
        return Double(past.state[at] - clean[range.lowerBound + at])
      }
    }
    factor.solve(&off)
    var variances = prior.basis.variances(of: spectrum)
    for frame in 0..<count { variances[frame] = 0 }
    for frame in count..<frames {
      let weights = known.indices.map {
        covariance[($0 - known.lowerBound) * rows + frame - known.lowerBound]
      }
      for (weight, amounts) in zip(weights, off) {
        let first = range.lowerBound + frame * width + channels.lowerBound
        for column in amounts.indices { clean[first + column] += weight * Float(amounts[column]) }
      }
      variances[frame] -= Float(factor.squaredLength(of: weights.map(Double.init)))
    }
    return variances
  }

  /// The variance of each cosine, [frames].
  private func spectrum(_ remaining: [Float], _ shares: [Float]) -> [Float] {
    let width = Standardization.channels
    return (0..<prior.frames).map { block in
      (0..<width).reduce(Float(0)) {
        $0 + shares[block * width + $1] * remaining[block * width + $1]
      }
    }
  }

  /// The covariance of each known frame with itself and all later ones, [known, frames - first].
  private func covariance(with known: Range<Int>, spectrum: [Float], from first: Int) -> [Float] {
    let rows = prior.frames - first
    var result = [Float](repeating: 0, count: known.count * rows)
    for (index, frame) in known.enumerated() {
      for block in spectrum.indices {
        let factor = spectrum[block] * prior.basis.cosine(block, at: frame)
        for row in 0..<rows {
          result[index * rows + row] += factor * prior.basis.cosine(block, at: first + row)
        }
      }
    }
    return result
  }
}

/// L of A = L Lᵀ for a covariance with a little added on its diagonal.
private struct CholeskyFactor {
  private let size: Int
  private var factor: [Double]

  init(_ covariance: [Float], stride: Int, size: Int) {
    self.size = size
    factor = [Double](repeating: 0, count: size * size)
    let trace = (0..<size).reduce(0.0) { $0 + Double(covariance[$1 * stride + $1]) }
    let least = 1e-5 * trace / Double(size) + 1e-12
    for row in 0..<size {
      for column in 0...row {
        var sum = Double(covariance[row * stride + column]) + (row == column ? least : 0)
        for k in 0..<column { sum -= factor[row * size + k] * factor[column * size + k] }
        factor[row * size + column] =
          row == column ? max(sum, 0.1 * least).squareRoot() : sum / factor[column * size + column]
      }
    }
  }

  /// Replaces each column b of `values` by the x of A x = b.
  func solve(_ values: inout [[Double]]) {
    func eliminate(_ row: Int, _ other: Int, _ weight: Double) {
      for column in values[row].indices { values[row][column] -= weight * values[other][column] }
    }
    func divide(_ row: Int) {
      for column in values[row].indices { values[row][column] /= factor[row * size + row] }
    }
    for row in 0..<size {
      for other in 0..<row { eliminate(row, other, factor[row * size + other]) }
      divide(row)
    }
    for row in (0..<size).reversed() {
      for other in (row + 1)..<size { eliminate(row, other, factor[other * size + row]) }
      divide(row)
    }
  }

  /// The number bᵀ A⁻¹ b.
  func squaredLength(of b: [Double]) -> Double {
    var x = b
    var sum = 0.0
    for row in 0..<size {
      for other in 0..<row { x[row] -= factor[row * size + other] * x[other] }
      x[row] /= factor[row * size + row]
      sum += x[row] * x[row]
    }
    return sum
  }
}
