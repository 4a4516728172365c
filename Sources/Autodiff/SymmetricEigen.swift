internal import CBLAS

/// Eigenvalues and eigenvectors of a symmetric matrix, the largest first, by LAPACK's `dsyev`.
package struct SymmetricEigen {
  /// The number of rows.
  package let size: Int
  /// The eigenvalues, falling; not numbers where the matrix holds one that is not finite.
  package let values: [Double]
  /// The unit eigenvectors, one a row, in the order of the values; their signs are LAPACK's.
  package let vectors: [Double]

  /// Solves for a matrix given row by row; of each pair of mirrored entries the mean is taken.
  package init(_ matrix: [Double], size: Int) {
    precondition(matrix.count == size * size, "\(matrix.count) numbers for \(size) rows")
    var a = (0..<(size * size)).map { 0.5 * (matrix[$0] + matrix[$0 % size * size + $0 / size]) }
    var rising = [Double](repeating: .nan, count: size)
    self.size = size
    guard size > 0, a.allSatisfy(\.isFinite), motionc_dsyev(Int32(size), &a, &rising) == 0 else {
      values = rising
      vectors = [Double](repeating: .nan, count: size * size)
      return
    }
    // LAPACK has a vector a column, by columns: a row each in this order.
    values = rising.reversed()
    vectors = (0..<size).reversed().flatMap { a[($0 * size)..<(($0 + 1) * size)] }
  }

  /// An eigenvector.
  package func vector(_ index: Int) -> [Double] {
    Array(vectors[(index * size)..<((index + 1) * size)])
  }

  /// The symmetric matrix with the same vectors and the square roots of the values; values below
  /// zero count as zero.
  package var squareRoot: [Double] {
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
}
