import Autodiff
import Learning

/// The Fréchet distance of two samples, each taken for a Gaussian:
/// |m − n|² + tr(C + D − 2 (C½ D C½)½).
///
/// Dowson and Landau (1982). Points are first projected onto the principal directions of a
/// reference, few enough for covariances of full rank.
struct FrechetDistance: Sendable {
  /// The mean of the reference.
  private let mean: [Double]
  /// The principal directions, one per row.
  private let directions: [Double]
  /// The number of principal directions.
  let dimension: Int
  /// The fraction of the reference's variance in these directions.
  let explained: Double

  /// The distance within the first `dimension` principal directions of a reference.
  init(reference: FeatureTable, dimension: Int) {
    let columns = reference.columns
    let (mean, covariance) = Moments.of(
      (0..<reference.rows).map { reference.row($0).map(Double.init) }, columns: columns)
    let eigen = SymmetricEigen(covariance, size: columns)
    let count = max(1, min(dimension, columns))
    let variances = eigen.values.map { max(0, $0) }
    self.mean = mean
    self.dimension = count
    directions = Array(eigen.vectors[..<(count * columns)])
    explained = variances[..<count].reduce(0, +) / max(1e-300, variances.reduce(0, +))
  }

  /// The coordinates of a table's points along the directions.
  private func coordinates(of table: FeatureTable) -> [[Double]] {
    (0..<table.rows).map { index in
      let row = Array(table.row(index))
      return (0..<dimension).map { direction in
        var sum = 0.0
        for column in row.indices {
          sum +=
            directions[direction * row.count + column] * (Double(row[column]) - mean[column])
        }
        return sum
      }
    }
  }

  /// The distance of two samples.
  func callAsFunction(_ x: FeatureTable, _ y: FeatureTable) -> Double {
    distance(coordinates(of: x), coordinates(of: y))
  }

  /// The distance with the standard error of a bootstrap over trials.
  func estimate(
    _ x: FeatureTable, _ y: FeatureTable, replicates: Int = 30, using random: inout RandomSource
  ) -> Estimate {
    let (left, right) = (coordinates(of: x), coordinates(of: y))
    let (leftTrials, rightTrials) = (rowsOfTrials(x), rowsOfTrials(y))
    var values: [Double] = []
    for _ in 0..<replicates {
      let a = drawn(left, leftTrials, using: &random)
      let b = drawn(right, rightTrials, using: &random)
      values.append(distance(a, b))
    }
    return Estimate(
      value: distance(left, right), standardError: Bootstrap.deviation(values))
  }

  private func rowsOfTrials(_ table: FeatureTable) -> [[Int]] {
    var places: [Int: Int] = [:]
    var rows: [[Int]] = []
    for (row, trial) in table.trials.enumerated() {
      if let place = places[trial] {
        rows[place].append(row)
      } else {
        places[trial] = rows.count
        rows.append([row])
      }
    }
    return rows
  }

  private func drawn(
    _ points: [[Double]], _ trials: [[Int]], using random: inout RandomSource
  ) -> [[Double]] {
    (0..<trials.count).flatMap { _ in
      trials[Int.random(in: 0..<trials.count, using: &random)].map { points[$0] }
    }
  }

  private func distance(_ x: [[Double]], _ y: [[Double]]) -> Double {
    let (meanX, covarianceX) = Moments.of(x, columns: dimension)
    let (meanY, covarianceY) = Moments.of(y, columns: dimension)
    return Moments.frechet(meanX, covarianceX, meanY, covarianceY)
  }
}

/// Means and covariances.
enum Moments {
  /// The mean and the unbiased covariance of some points.
  static func of(_ points: [[Double]], columns: Int) -> (mean: [Double], covariance: [Double]) {
    var mean = [Double](repeating: 0, count: columns)
    for point in points {
      for column in 0..<columns { mean[column] += point[column] / Double(points.count) }
    }
    var covariance = [Double](repeating: 0, count: columns * columns)
    var offset = mean
    covariance.withUnsafeMutableBufferPointer { sums in
      for point in points {
        for column in 0..<columns { offset[column] = point[column] - mean[column] }
        offset.withUnsafeBufferPointer { offset in
          for row in 0..<columns {
            for column in 0...row { sums[row * columns + column] += offset[row] * offset[column] }
          }
        }
      }
      let factor = 1 / Double(max(1, points.count - 1))
      for row in 0..<columns {
        for column in 0...row {
          sums[row * columns + column] *= factor
          sums[column * columns + row] = sums[row * columns + column]
        }
      }
    }
    return (mean, covariance)
  }

  /// The Fréchet distance of two Gaussians.
  static func frechet(
    _ meanX: [Double], _ covarianceX: [Double], _ meanY: [Double], _ covarianceY: [Double]
  ) -> Double {
    let size = meanX.count
    let root = SymmetricEigen(covarianceX, size: size).squareRoot
    let product = multiply(multiply(root, covarianceY, size), root, size)
    let cross = SymmetricEigen(product, size: size).values.reduce(0) {
      $0 + max(0, $1).squareRoot()
    }
    var result = -2 * cross
    for index in 0..<size {
      let d = meanX[index] - meanY[index]
      result += d * d + covarianceX[index * size + index] + covarianceY[index * size + index]
    }
    return result
  }

  private static func multiply(_ a: [Double], _ b: [Double], _ size: Int) -> [Double] {
    var result = [Double](repeating: 0, count: size * size)
    for row in 0..<size {
      for inner in 0..<size {
        let factor = a[row * size + inner]
        for column in 0..<size {
          result[row * size + column] += factor * b[inner * size + column]
        }
      }
    }
    return result
  }
}
