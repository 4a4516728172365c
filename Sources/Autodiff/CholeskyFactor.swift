internal import CBLAS

/// L of A = L Lᵀ for a symmetric positive definite matrix, by LAPACK's `dpotrf`.
package struct CholeskyFactor {
  /// The number of rows.
  package let size: Int
  /// The factor, column-major; the upper triangle is not read.
  private var factor: [Double]

  /// Factors a matrix given row by row, of which the lower triangle is read; nil if it is not
  /// positive definite or has an element that is not finite.
  package init?(_ matrix: [Double], size: Int) {
    precondition(matrix.count == size * size, "\(matrix.count) numbers for \(size) rows")
    self.size = size
    factor = (0..<(size * size)).map { at in
      let (column, row) = (at / size, at % size)
      return row >= column ? matrix[row * size + column] : 0
    }
    guard size == 0 || (factor.allSatisfy(\.isFinite) && motionc_dpotrf(Int32(size), &factor) == 0)
    else { return nil }
  }

  /// Factors a covariance with a small value added to the diagonal, increased until it suffices,
  /// since rounding can make the smallest eigenvalues negative.
  ///
  /// - Parameters:
  ///   - matrix: Row by row, of finite numbers.
  ///   - size: The number of rows.
  ///   - least: The first value added to the diagonal, above zero.
  package init(regularizing matrix: [Double], size: Int, least: Double) {
    var added = least
    while true {
      var sum = matrix
      for row in 0..<size { sum[row * size + row] += added }
      if let found = CholeskyFactor(sum, size: size) {
        self = found
        return
      }
      precondition(added.isFinite && added < 1e300, "the matrix holds a number that is not finite")
      added *= 10
    }
  }

  /// x of A x = b; for several columns one after another.
  package func solved(_ b: [Double]) -> [Double] {
    var x = b
    guard size > 0 else { return x }
    precondition(b.count.isMultiple(of: size), "\(b.count) numbers for \(size) rows")
    _ = motionc_dpotrs(Int32(size), Int32(b.count / size), factor, &x)
    return x
  }

  /// The number bᵀ A⁻¹ b.
  package func squaredLength(of b: [Double]) -> Double {
    var x = b
    guard size > 0 else { return 0 }
    _ = motionc_dtrtrs(Int32(size), 1, factor, &x)
    return x.reduce(0) { $0 + $1 * $1 }
  }
}
