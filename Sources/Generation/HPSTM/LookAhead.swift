/// What exactly observed frames say of the frames after them, under the Gaussian.
///
/// Given X_t the motion is Gaussian with the mean that Wiener's filter gives and a covariance P that
/// is left. Frames that are known exactly move the others by P(after, known) P(known, known)⁻¹ times
/// what the mean is off by at the known ones. P is taken to be one covariance over time for the
/// three channels of the root and one for all others, each the mean over its channels: then a past
/// costs one small system of equations, and the estimate goes on from it without a jump.
struct LookAhead: Sendable, Hashable {
  /// How many of the last observed frames count; older ones act through X_t.
  private static let reach = 24
  private static let groups = [0..<3, 3..<Standardization.channels]

  private let prior: GaussianPrior
  /// The share that the eigenvectors have of each group, [groups][frames, 66].
  private let shares: [[Float]]

  init(_ prior: GaussianPrior) {
    self.prior = prior
    shares = Self.groups.map { prior.shares(of: $0) }
  }

  /// Sets a window's observed frames to what they are and moves those after them.
  ///
  /// - Parameters:
  ///   - clean: E[X₁ | X_t] of windows, [.., frames, 66], standardised.
  ///   - range: Where the window lies in it.
  ///   - past: What was observed.
  ///   - time: t
  func correct(
    _ clean: inout [Float], _ range: Range<Int>, after past: ObservedFrames, time: Float
  ) {
    let width = Standardization.channels
    let (frames, count) = (prior.frames, min(past.count, prior.frames))
    let known = (count - min(Self.reach, count))..<count
    let remaining = prior.remaining(time: time)
    for (group, channels) in Self.groups.enumerated() {
      let covariance = covariance(
        with: known, spectrum: spectrum(remaining, shares[group]), from: known.lowerBound)
      let rows = frames - known.lowerBound
      var off = known.map { frame in
        channels.map { channel in
          let at = frame * width + channel
          return Double(past.state[at] - clean[range.lowerBound + at])
        }
      }
      Self.solve(covariance, rows: rows, for: &off)
      for frame in count..<frames {
        for (index, weights) in off.enumerated() {
          let factor = covariance[index * rows + frame - known.lowerBound]
          let first = range.lowerBound + frame * width + channels.lowerBound
          for column in weights.indices { clean[first + column] += factor * Float(weights[column]) }
        }
      }
    }
    for at in 0..<(count * width) { clean[range.lowerBound + at] = past.state[at] }
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
        let factor = spectrum[block] * prior.cosine(block, at: frame)
        for row in 0..<rows {
          result[index * rows + row] += factor * prior.cosine(block, at: first + row)
        }
      }
    }
    return result
  }

  /// Replaces each column b of `values` by the x of A x = b, where A is the covariance's square part
  /// with a little on its diagonal (Cholesky).
  private static func solve(_ covariance: [Float], rows: Int, for values: inout [[Double]]) {
    let size = values.count
    let trace = (0..<size).reduce(0.0) { $0 + Double(covariance[$1 * rows + $1]) }
    let least = 1e-5 * trace / Double(size) + 1e-12
    var factor = [Double](repeating: 0, count: size * size)
    for row in 0..<size {
      for column in 0...row {
        var sum = Double(covariance[row * rows + column]) + (row == column ? least : 0)
        for k in 0..<column { sum -= factor[row * size + k] * factor[column * size + k] }
        factor[row * size + column] =
          row == column ? max(sum, least * 0.1).squareRoot() : sum / factor[column * size + column]
      }
    }
    func eliminate(_ row: Int, _ other: Int, _ weight: Double) {
      for column in values[row].indices { values[row][column] -= weight * values[other][column] }
    }
    for row in 0..<size {
      for other in 0..<row { eliminate(row, other, factor[row * size + other]) }
      for column in values[row].indices { values[row][column] /= factor[row * size + row] }
    }
    for row in (0..<size).reversed() {
      for other in (row + 1)..<size { eliminate(row, other, factor[other * size + row]) }
      for column in values[row].indices { values[row][column] /= factor[row * size + row] }
    }
  }
}
