import Autodiff
import Foundation
import HumanBody
import Learning
import Motions

/// The mixture components that windows are clustered into before training.
///
/// Lloyd's k-means on the slow cosines (posture and path), on the logarithms of the amount of motion of
/// each limb at three speeds, and on the label: of windows that are otherwise alike, those of other
/// actions differ in what these features do not see.
struct MotionMixture: Sendable {
  /// The number of slow cosines used, with half periods above a quarter of a second.
  private static let slow = 8
  /// The groups of cosines that count as one speed.
  private static let bands = [1..<4, 4..<10, 10..<24]
  /// The joints of a limb; the pelvis alone is the path.
  private static let limbs: [[Skeleton.Joint]] = [
    [.pelvis], [.leftHip, .leftKnee, .leftAnkle, .leftFoot],
    [.rightHip, .rightKnee, .rightAnkle, .rightFoot], [.spine1, .spine2, .spine3, .neck, .head],
    [.leftCollar, .leftShoulder, .leftElbow, .leftWrist],
    [.rightCollar, .rightShoulder, .rightElbow, .rightWrist],
  ]
  /// The weight of a factor e in the amount of motion, relative to standardised slow cosines.
  private static let weight: Float = 3
  /// The weight of a label, relative to standardised slow cosines; windows without one are between all.
  private static let labelWeight: Float = 8
  private static let rounds = 15
  /// The fewest windows of a component, by the mean of all.
  private static let smallest = 1.0 / 6

  private let cosines: WindowCosines
  private let labelCount: Int
  /// The mean square of each cosine and channel over all windows, [frames, 66].
  private let usual: [Float]
  private let scale: Float
  /// The mean amount of motion of each limb at each speed, [bands, limbs].
  private var amounts: [Float] = []
  /// The centre of each component, [components, features].
  private var centres: [Float] = []

  /// Clusters standardised windows, [windows, frames, 66], with their labels, into at most so many
  /// components, and estimates the prior from these; with the component of each window.
  static func measure(
    _ states: [Float], labels: [Int?], labelCount: Int, frames: Int, components wanted: Int,
    seed: UInt64
  ) -> (components: MotionMixture, prior: MotionPrior, members: [Int]) {
    let cosines = WindowCosines(frames: frames)
    let spectra = cosines.spectra(of: states)
    var components = MotionMixture(cosines, spectra, labelCount)
    let features = components.features(of: spectra, labels: labels)
    let members = components.joined(
      components.cluster(features, into: wanted, seed: seed), of: features)
    let prior = components.prior(spectra, members, labels)
    return (components, prior, members)
  }

  /// The component of each standardised window, [windows, frames, 66], with its label.
  func components(of states: [Float], labels: [Int?]) -> [Int] {
    nearest(to: features(of: cosines.spectra(of: states), labels: labels))
  }

  private init(_ cosines: WindowCosines, _ spectra: [Float], _ labelCount: Int) {
    self.cosines = cosines
    self.labelCount = labelCount
    let size = cosines.size
    var sums = [Double](repeating: 0, count: size)
    for (index, value) in spectra.enumerated() { sums[index % size] += Double(value * value) }
    let windows = Double(max(1, spectra.count / size))
    usual = sums.map { Float($0 / windows) }
    let slow = usual.prefix(min(Self.slow, cosines.frames) * Standardization.channels)
    scale = 1 / max(1e-6, slow.reduce(0, +) / Float(slow.count)).squareRoot()
    amounts = amounts(of: usual[...])
  }

  private var slowCount: Int { min(Self.slow, cosines.frames) * Standardization.channels }
  private var featureCount: Int { slowCount + Self.bands.count * Self.limbs.count + labelCount }

  /// The squares of each limb's cosines at each speed, added up, from the squares of one window's.
  private func amounts(of squares: ArraySlice<Float>) -> [Float] {
    let width = Standardization.channels
    return Self.bands.flatMap { band in
      Self.limbs.map { joints in
        var sum: Float = 0
        for cosine in band.clamped(to: 0..<cosines.frames) {
          for joint in joints {
            let at = squares.startIndex + cosine * width + 3 * joint.rawValue
            sum += squares[at] + squares[at + 1] + squares[at + 2]
          }
        }
        return sum
      }
    }
  }

  private func features(of spectra: [Float], labels: [Int?]) -> [Float] {
    let size = cosines.size
    var result: [Float] = []
    result.reserveCapacity(labels.count * featureCount)
    for (start, label) in zip(stride(from: 0, to: spectra.count, by: size), labels) {
      let window = spectra[start..<(start + size)]
      result += window.prefix(slowCount).map { $0 * scale }
      let squares = window.map { $0 * $0 }
      result += zip(amounts(of: squares[...]), amounts).map { own, mean in
        Self.weight * log(own / max(mean, 1e-9) + 1e-3)
      }
      var ownLabel = [Float](repeating: 0, count: labelCount)
      if let label { ownLabel[label] = Self.labelWeight }
      result += ownLabel
    }
    return result
  }

  /// The components of windows without those that have hardly any: their windows join the nearest others.
  private mutating func joined(_ members: [Int], of features: [Float]) -> [Int] {
    let components = centres.count / featureCount
    var sizes = [Int](repeating: 0, count: components)
    for component in members { sizes[component] += 1 }
    let least = Self.smallest * Double(members.count) / Double(max(1, components))
    let kept = sizes.indices.filter { Double(sizes[$0]) >= least }
    guard kept.count < components else { return members }
    centres = kept.flatMap { centres[($0 * featureCount)..<(($0 + 1) * featureCount)] }
    return nearest(to: features)
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

  /// Means, axes and variances of each component.
  ///
  /// Estimates are regularised for components with few windows: the mean is shrunk to zero with the
  /// weight of one window, axes are those of the component's covariance and of all windows' with the
  /// weight of ten, and variances are drawn to those of the axes, scaled to the component's motion
  /// along each cosine, with the weight of ten: few windows fit axes that were found from them too well.
  private func prior(
    _ spectra: [Float], _ members: [Int], _ labels: [Int?]
  ) -> MotionPrior {
    let components = centres.count / featureCount
    var counts = [Float](repeating: 0, count: components * (labelCount + 1))
    var windows = [[Int]](repeating: [], count: components)
    for (window, component) in members.enumerated() {
      counts[component * (labelCount + 1) + labelCount] += 1
      if let label = labels[window] { counts[component * (labelCount + 1) + label] += 1 }
      windows[component].append(window)
    }
    let common = (0..<ComponentAxes.parts).map { commonCovariance(spectra, part: $0) }
    var (means, axes, variances): ([Float], [Float], [Float]) = ([], [], [])
    for own in windows {
      let gaussian = gaussian(spectra, of: own, common: common)
      means += gaussian.mean
      axes += gaussian.axes
      variances += gaussian.variances
    }
    return MotionPrior(
      cosines: cosines, axes: ComponentAxes(matrices: axes), means: means, variances: variances,
      counts: counts)
  }

  private func gaussian(_ spectra: [Float], of windows: [Int], common: [[Double]])
    -> (mean: [Float], axes: [Float], variances: [Float])
  {
    let (size, width) = (cosines.size, Standardization.channels)
    let count = Float(windows.count)
    var mean = [Float](repeating: 0, count: size)
    for index in 0..<(MotionPrior.meanCount(frames: cosines.frames) * width) {
      mean[index] = windows.reduce(Float(0)) { $0 + spectra[$1 * size + index] } / (count + 1)
    }
    let off = windows.flatMap { window in
      (0..<size).map { spectra[window * size + $0] - mean[$0] }
    }
    // Of no windows everything is as in all of them.
    let amounts = (0..<cosines.frames).map { cosine -> Float in
      let range = (cosine * width)..<((cosine + 1) * width)
      guard !windows.isEmpty else { return range.reduce(1e-8) { $0 + usual[$1] / Float(width) } }
      var sum: Float = 0
      for window in windows.indices {
        for index in range { sum += off[window * size + index] * off[window * size + index] }
      }
      return max(1e-8, sum / (count * Float(width)))
    }
    var axes: [Float] = []
    var variances = [Float](repeating: 0, count: size)
    for part in 0..<ComponentAxes.parts {
      let range = ComponentAxes.cosines(of: part, frames: cosines.frames)
      var covariance = self.covariance(off, cosines: range, amounts: amounts)
      for index in covariance.indices {
        covariance[index] = (covariance[index] + 10 * common[part][index]) / Double(count + 10)
      }
      let eigen = SymmetricEigen(covariance, size: width)
      let directions = eigen.vectors.map { Float($0) }
      let values = eigen.values.map { max(1e-6, Float($0)) }
      let middle = values.reduce(0, +) / Float(width)
      axes += directions
      for cosine in range {
        for axis in 0..<width {
          var sum: Float = 0
          for window in windows.indices {
            let first = window * size + cosine * width
            var along: Float = 0
            for channel in 0..<width {
              along += directions[axis * width + channel] * off[first + channel]
            }
            sum += along * along
          }
          variances[cosine * width + axis] =
            (sum + 10 * amounts[cosine] * values[axis] / middle) / (count + 10)
        }
      }
    }
    return (mean, axes, variances)
  }

  /// The sum over windows of the mean over cosines of their covariances, each cosine by its amount.
  private func covariance(_ off: [Float], cosines range: Range<Int>, amounts: [Float]) -> [Double] {
    let (size, width) = (cosines.size, Standardization.channels)
    var sum = [Float](repeating: 0, count: width * width)
    guard !range.isEmpty, !off.isEmpty else { return sum.map(Double.init) }
    let rows = stride(from: 0, to: off.count, by: size).flatMap { start in
      range.flatMap { cosine -> [Float] in
        let scale = 1 / (amounts[cosine] * Float(range.count)).squareRoot()
        let first = start + cosine * width
        return off[first..<(first + width)].map { $0 * scale }
      }
    }
    rows.withUnsafeBufferPointer { rows in
      sum.withUnsafeMutableBufferPointer { sum in
        guard let from = rows.baseAddress, let to = sum.baseAddress else { return }
        BLAS.multiply(
          from, stride: width, transposed: true, from, stride: width, transposed: false, into: to,
          stride: width, rows: width, columns: width, inner: rows.count / width, beta: 0)
      }
    }
    return sum.map(Double.init)
  }

  /// The covariance of all windows, of the first thousands if there are more, scaled to a mean variance
  /// of 1.
  private func commonCovariance(_ spectra: [Float], part: Int) -> [Double] {
    let width = Standardization.channels
    let amounts = (0..<cosines.frames).map { cosine in
      max(1e-8, usual[(cosine * width)..<((cosine + 1) * width)].reduce(0, +) / Float(width))
    }
    let few = Array(spectra.prefix(4000 * cosines.size))
    let sum = covariance(
      few, cosines: ComponentAxes.cosines(of: part, frames: cosines.frames), amounts: amounts)
    let trace = (0..<width).reduce(1e-9) { $0 + sum[$1 * width + $1] }
    return sum.map { $0 * Double(width) / trace }
  }
}
