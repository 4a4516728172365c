/// Eigenvalues and eigenvectors of a symmetric matrix, the largest first, by Jacobi's rotations.
///
/// Slow for large matrices (some seconds at 500 rows) and as exact as numbers get.
struct SymmetricEigen {
  /// The number of rows.
  let size: Int
  /// The eigenvalues, falling.
  let values: [Double]
  /// The unit eigenvectors, one a row, in the order of the values.
  let vectors: [Double]

  /// Solves for a matrix given row by row; of each pair of mirrored entries the mean is taken.
  init(_ matrix: [Double], size: Int) {
    precondition(matrix.count == size * size, "\(matrix.count) numbers for \(size) rows")
    var a = (0..<(size * size)).map { 0.5 * (matrix[$0] + matrix[$0 % size * size + $0 / size]) }
    var v = [Double](repeating: 0, count: size * size)
    for row in 0..<size { v[row * size + row] = 1 }
    let scale = a.reduce(0) { $0 + $1 * $1 }
    a.withUnsafeMutableBufferPointer { a in
      v.withUnsafeMutableBufferPointer { v in
        for _ in 0..<60 where Self.offDiagonal(a, size) > 1e-26 * scale {
          Self.sweep(a, v, size, threshold: 1e-32 * scale / Double(size * size))
        }
      }
    }
    let order = (0..<size).sorted { a[$0 * size + $0] > a[$1 * size + $1] }
    self.size = size
    values = order.map { a[$0 * size + $0] }
    vectors = order.flatMap { v[($0 * size)..<(($0 + 1) * size)] }
  }

  /// An eigenvector.
  func vector(_ index: Int) -> [Double] { Array(vectors[(index * size)..<((index + 1) * size)]) }

  /// The symmetric matrix with the same vectors and the square roots of the values; values below
  /// zero count as zero.
  var squareRoot: [Double] {
    var result = [Double](repeating: 0, count: size * size)
    for index in 0..<size {
      let root = max(0, values[index]).squareRoot()
      for row in 0..<size {
        let factor = root * vectors[index * size + row]
        for column in 0..<size {
          result[row * size + column] += factor * vectors[index * size + column]
        }
      }
    }
    return result
  }

  private static func offDiagonal(_ a: UnsafeMutableBufferPointer<Double>, _ n: Int) -> Double {
    var sum = 0.0
    for row in 0..<n {
      for column in 0..<n where column != row { sum += a[row * n + column] * a[row * n + column] }
    }
    return sum
  }

  private static func sweep(
    _ a: UnsafeMutableBufferPointer<Double>, _ v: UnsafeMutableBufferPointer<Double>, _ n: Int,
    threshold: Double
  ) {
    for p in 0..<n {
      for q in (p + 1)..<max(n, p + 1) where a[p * n + q] * a[p * n + q] > threshold {
        let theta = (a[q * n + q] - a[p * n + p]) / (2 * a[p * n + q])
        let t = (theta < 0 ? -1 : 1) / (abs(theta) + (theta * theta + 1).squareRoot())
        let c = 1 / (t * t + 1).squareRoot()
        let s = t * c
        for k in 0..<n {
          let (left, right) = (a[k * n + p], a[k * n + q])
          a[k * n + p] = c * left - s * right
          a[k * n + q] = s * left + c * right
        }
        turn(a, p * n, q * n, n, c, s)
        turn(v, p * n, q * n, n, c, s)
      }
    }
  }

  private static func turn(
    _ a: UnsafeMutableBufferPointer<Double>, _ p: Int, _ q: Int, _ n: Int, _ c: Double, _ s: Double
  ) {
    for k in 0..<n {
      let (upper, lower) = (a[p + k], a[q + k])
      a[p + k] = c * upper - s * lower
      a[q + k] = s * upper + c * lower
    }
  }
}
