import Autodiff
import Foundation
import Learning

/// The kinds that windows are sorted into before training, by where people are and how much moves.
///
/// Lloyd's k-means on the slow coordinates and on the logarithms of how much moves at each speed.
struct MotionKinds: Sendable {
  /// The most kinds that are told apart.
  static let count = 64
  /// Cosines whose coordinates count: what takes longer than a quarter of a second.
  private static let slow = 8
  /// The cosines that are taken together as one speed.
  private static let bands = [1..<3, 3..<6, 6..<10, 10..<16, 16..<32, 32..<64]
  /// How much a factor e in the amount of motion weighs beside slow coordinates of deviation one.
  private static let weight: Float = 3
  private static let rounds = 15

  private let basis: SpectralBasis
  /// The variance of each coordinate over all windows, [frames, 66].
  private let usual: [Float]
  private let scale: Float
  /// The middle of each kind, [kinds, features].
  private var centres: [Float] = []

  /// The kinds of standardised windows, [windows, frames, 66], with their labels, and the prior that
  /// is measured on them.
  static func measure(
    _ states: [Float], labels: [Int?], labelCount: Int, frames: Int, seed: UInt64
  ) -> (kinds: MotionKinds, prior: MotionPrior) {
    let basis = SpectralBasis(frames: frames, measuring: states)
    let coordinates = basis.coordinates(of: states)
    var kinds = MotionKinds(basis, coordinates)
    let members = kinds.settle(kinds.features(of: coordinates), seed: seed)
    return (kinds, kinds.prior(coordinates, members, labels, labelCount))
  }

  /// The kind of each standardised window, [windows, frames, 66].
  func kinds(of states: [Float]) -> [Int] {
    nearest(to: features(of: basis.coordinates(of: states)))
  }

  private init(_ basis: SpectralBasis, _ coordinates: [Float]) {
    self.basis = basis
    let size = basis.size
    var sums = [Double](repeating: 0, count: size)
    for (index, value) in coordinates.enumerated() { sums[index % size] += Double(value * value) }
    let windows = Double(max(1, coordinates.count / size))
    usual = sums.map { Float($0 / windows) }
    let slow = usual.prefix(min(Self.slow, basis.frames) * Standardization.channels)
    scale = 1 / max(1e-6, slow.reduce(0, +) / Float(slow.count)).squareRoot()
  }

  private var slowCount: Int { min(Self.slow, basis.frames) * Standardization.channels }
  private var featureCount: Int { slowCount + Self.bands.count }

  private func features(of coordinates: [Float]) -> [Float] {
    let (size, width) = (basis.size, Standardization.channels)
    return stride(from: 0, to: coordinates.count, by: size).flatMap { start in
      let slow = (0..<slowCount).map { coordinates[start + $0] * scale }
      let amounts = Self.bands.map { band -> Float in
        let band = band.clamped(to: 0..<basis.frames)
        var sum: Float = 0
        for index in (band.lowerBound * width)..<(band.upperBound * width) {
          sum += coordinates[start + index] * coordinates[start + index] / (usual[index] + 1e-6)
        }
        return Self.weight * log(sum / Float(max(1, band.count * width)) + 1e-3)
      }
      return slow + amounts
    }
  }

  private mutating func settle(_ features: [Float], seed: UInt64) -> [Int] {
    let count = featureCount
    let windows = features.count / count
    var random = RandomSource(seed: seed, stream: 0x6b69_6e64)
    let chosen = Array(0..<windows).shuffled(using: &random).prefix(Self.count)
    centres = chosen.flatMap { features[($0 * count)..<(($0 + 1) * count)] }
    var members = nearest(to: features)
    for _ in 1..<Self.rounds {
      var sums = [Float](repeating: 0, count: centres.count)
      var sizes = [Float](repeating: 0, count: chosen.count)
      for (window, kind) in members.enumerated() {
        sizes[kind] += 1
        for index in 0..<count { sums[kind * count + index] += features[window * count + index] }
      }
      for kind in sizes.indices where sizes[kind] > 0 {
        for index in 0..<count {
          centres[kind * count + index] = sums[kind * count + index] / sizes[kind]
        }
      }
      members = nearest(to: features)
    }
    return members
  }

  /// The kind whose centre is nearest to each point.
  private func nearest(to features: [Float]) -> [Int] {
    let count = featureCount
    let (points, kinds) = (features.count / count, centres.count / count)
    var products = [Float](repeating: 0, count: points * kinds)
    features.withUnsafeBufferPointer { features in
      centres.withUnsafeBufferPointer { centres in
        products.withUnsafeMutableBufferPointer { products in
          guard let a = features.baseAddress, let b = centres.baseAddress,
            let c = products.baseAddress
          else { return }
          BLAS.multiply(
            a, stride: count, transposed: false, b, stride: count, transposed: true, into: c,
            stride: kinds, rows: points, columns: kinds, inner: count, beta: 0)
        }
      }
    }
    let squares = (0..<kinds).map { kind in
      centres[(kind * count)..<((kind + 1) * count)].reduce(Float(0)) { $0 + $1 * $1 }
    }
    return (0..<points).map { point in
      var (best, least) = (0, Float.infinity)
      for kind in 0..<kinds {
        let distance = squares[kind] - 2 * products[point * kinds + kind]
        if distance < least { (best, least) = (kind, distance) }
      }
      return best
    }
  }

  /// Means and variances of each kind.
  ///
  /// A kind of few windows says little: its mean is drawn to zero as if three windows more were
  /// there, its variances to the usual ones, scaled to what the kind moves at each speed, as if ten
  /// more were.
  private func prior(
    _ coordinates: [Float], _ members: [Int], _ labels: [Int?], _ labelCount: Int
  ) -> MotionPrior {
    let (size, width) = (basis.size, Standardization.channels)
    let kinds = centres.count / featureCount
    var counts = [Float](repeating: 0, count: kinds * (labelCount + 1))
    var sums = [Double](repeating: 0, count: kinds * size)
    for (window, kind) in members.enumerated() {
      counts[kind * (labelCount + 1) + labelCount] += 1
      if let label = labels[window] { counts[kind * (labelCount + 1) + label] += 1 }
      for index in 0..<size {
        sums[kind * size + index] += Double(coordinates[window * size + index])
      }
    }
    let sizes = (0..<kinds).map { Double(counts[$0 * (labelCount + 1) + labelCount]) }
    let means = sums.indices.map { Float(sums[$0] / (sizes[$0 / size] + 3)) }
    var squares = [Double](repeating: 0, count: kinds * size)
    for (window, kind) in members.enumerated() {
      for index in 0..<size {
        let off = coordinates[window * size + index] - means[kind * size + index]
        squares[kind * size + index] += Double(off * off)
      }
    }
    var variances = [Float](repeating: 0, count: kinds * size)
    for kind in 0..<kinds {
      for block in 0..<basis.frames {
        let range = (block * width)..<((block + 1) * width)
        let all = range.reduce(1e-9) { $0 + Double(usual[$1]) }
        let own = range.reduce(0) { $0 + squares[kind * size + $1] } / max(1, sizes[kind])
        for index in range {
          let expected = Double(usual[index]) * own / all
          variances[kind * size + index] = Float(
            (squares[kind * size + index] + 10 * expected) / (sizes[kind] + 10))
        }
      }
    }
    return MotionPrior(basis: basis, means: means, variances: variances, counts: counts)
  }
}
