import Autodiff
import Foundation
import HumanBody
import Learning

/// The mixture components that windows are clustered into before training.
///
/// Lloyd's k-means on the slow coordinates (posture and path) and on the logarithms of the amount
/// of motion at each speed.
struct MotionMixture: Sendable {
  /// The number of slow cosines used, with half periods above a quarter of a second.
  private static let slow = 8
  /// The groups of cosines that count as one speed.
  private static let bands = [1..<3, 3..<6, 6..<10, 10..<16, 16..<32, 32..<64]
  /// The weight of a factor e in the amount of motion, relative to standardised slow coordinates.
  private static let weight: Float = 3
  private static let rounds = 15

  private let basis: SpectralBasis
  /// The variance of each coordinate over all windows, [frames, 66].
  private let usual: [Float]
  private let scale: Float
  /// The centre of each component, [components, features].
  private var centres: [Float] = []

  /// Clusters standardised windows, [windows, frames, 66], with their labels, into at most so many
  /// components, and estimates the prior from these; with the component of each window.
  static func measure(
    _ states: [Float], labels: [Int?], labelCount: Int, frames: Int, components wanted: Int,
    seed: UInt64
  ) -> (components: MotionMixture, prior: MotionPrior, members: [Int]) {
    let basis = SpectralBasis(frames: frames, measuring: states)
    let coordinates = basis.coordinates(of: states)
    var components = MotionMixture(basis, coordinates)
    let members = components.cluster(
      components.features(of: coordinates), into: wanted, seed: seed)
    return (components, components.prior(coordinates, members, labels, labelCount), members)
  }

  /// The component of each standardised window, [windows, frames, 66].
  func components(of states: [Float]) -> [Int] {
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

  private mutating func cluster(
    _ features: [Float], into wanted: Int, seed: UInt64
  ) -> [Int] {
    let count = featureCount
    let windows = features.count / count
    var random = RandomSource(seed: seed, stream: 0x6b69_6e64)
    let chosen = Array(0..<windows).shuffled(using: &random).prefix(wanted)
    centres = chosen.flatMap { features[($0 * count)..<(($0 + 1) * count)] }
    var members = nearest(to: features)
    for _ in 1..<Self.rounds {
      var sums = [Float](repeating: 0, count: centres.count)
      var sizes = [Float](repeating: 0, count: chosen.count)
      for (window, component) in members.enumerated() {
        sizes[component] += 1
        for index in 0..<count {
          sums[component * count + index] += features[window * count + index]
        }
      }
      for component in sizes.indices where sizes[component] > 0 {
        for index in 0..<count {
          centres[component * count + index] = sums[component * count + index] / sizes[component]
        }
      }
      members = nearest(to: features)
    }
    return members
  }

  /// The component whose centre is nearest to each point.
  private func nearest(to features: [Float]) -> [Int] {
    let count = featureCount
    let (points, components) = (features.count / count, centres.count / count)
    var products = [Float](repeating: 0, count: points * components)
    features.withUnsafeBufferPointer { features in
      centres.withUnsafeBufferPointer { centres in
        products.withUnsafeMutableBufferPointer { products in
          guard let a = features.baseAddress, let b = centres.baseAddress,
            let c = products.baseAddress
          else { return }
          BLAS.multiply(
            a, stride: count, transposed: false, b, stride: count, transposed: true, into: c,
            stride: components, rows: points, columns: components, inner: count, beta: 0)
        }
      }
    }
    let squares = (0..<components).map { component in
      centres[(component * count)..<((component + 1) * count)].reduce(Float(0)) { $0 + $1 * $1 }
    }
    return (0..<points).map { point in
      var (best, least) = (0, Float.infinity)
      for component in 0..<components {
        let distance = squares[component] - 2 * products[point * components + component]
        if distance < least { (best, least) = (component, distance) }
      }
      return best
    }
  }

  /// Means and variances of each component.
  ///
  /// Estimates are regularised for components with few windows: the mean is shrunk to zero with the
  /// weight of three windows, and the variances to the overall ones, scaled to the component's
  /// motion at each speed, with the weight of ten.
  private func prior(
    _ coordinates: [Float], _ members: [Int], _ labels: [Int?], _ labelCount: Int
  ) -> MotionPrior {
    let (size, width) = (basis.size, Standardization.channels)
    let components = centres.count / featureCount
    var counts = [Float](repeating: 0, count: components * (labelCount + 1))
    var sums = [Double](repeating: 0, count: components * size)
    for (window, component) in members.enumerated() {
      counts[component * (labelCount + 1) + labelCount] += 1
      if let label = labels[window] { counts[component * (labelCount + 1) + label] += 1 }
      for index in 0..<size {
        sums[component * size + index] += Double(coordinates[window * size + index])
      }
    }
    let sizes = (0..<components).map { Double(counts[$0 * (labelCount + 1) + labelCount]) }
    let means = sums.indices.map { Float(sums[$0] / (sizes[$0 / size] + 3)) }
    var squares = [Double](repeating: 0, count: components * size)
    for (window, component) in members.enumerated() {
      for index in 0..<size {
        let off = coordinates[window * size + index] - means[component * size + index]
        squares[component * size + index] += Double(off * off)
      }
    }
    var variances = [Float](repeating: 0, count: components * size)
    for component in 0..<components {
      for block in 0..<basis.frames {
        let range = (block * width)..<((block + 1) * width)
        let all = range.reduce(1e-9) { $0 + Double(usual[$1]) }
        let own = range.reduce(0) { $0 + squares[component * size + $1] } / max(1, sizes[component])
        for index in range {
          let expected = Double(usual[index]) * own / all
          variances[component * size + index] = Float(
            (squares[component * size + index] + 10 * expected) / (sizes[component] + 10))
        }
      }
    }
    return MotionPrior(basis: basis, means: means, variances: variances, counts: counts)
  }
}
