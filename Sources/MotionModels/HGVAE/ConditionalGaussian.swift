import Autodiff

/// The most likely missing samples of a node, given those that were seen, under a Gaussian whose
/// cosine coefficients are independent.
struct ConditionalGaussian {
  /// The matrix of the transform, [coefficient, sample].
  let transform: CosineTransform

  /// The solution d of P_MM d = g, where P = Dᵀ diag(1/v) D is the precision of samples and M are
  /// the missing ones.
  ///
  /// - Parameters:
  ///   - gradient: the gradient of the log-density at the missing samples
  ///   - missing: the missing samples in ascending order
  ///   - variances: the variances v of the coefficients, all above zero
  func step(_ gradient: [Double], missing: [Int], variances: [Double]) -> [Double] {
    let (count, n) = (missing.count, transform.count)
    var rows = [Double](repeating: 0, count: count * n)
    for (row, sample) in missing.enumerated() {
      for k in 0..<n {
        rows[row * n + k] = Double(transform.matrix[k * n + sample]) / variances[k].squareRoot()
      }
    }
    var matrix = [Double](repeating: 0, count: count * count)
    for i in 0..<count {
      for j in 0...i {
        var sum = 0.0
        for k in 0..<n { sum += rows[i * n + k] * rows[j * n + k] }
        matrix[i * count + j] = sum
      }
    }
    return Self.solve(&matrix, gradient, count)
  }

  /// Solves a positive definite system by Cholesky's method; the lower triangle is overwritten.
  private static func solve(_ a: inout [Double], _ b: [Double], _ n: Int) -> [Double] {
    var x = b
    for i in 0..<n {
      for j in 0..<i {
        var sum = a[i * n + j]
        for k in 0..<j { sum -= a[i * n + k] * a[j * n + k] }
        a[i * n + j] = sum / a[j * n + j]
      }
      var sum = a[i * n + i]
      for k in 0..<i { sum -= a[i * n + k] * a[i * n + k] }
      a[i * n + i] = max(sum, 1e-12).squareRoot()
      for k in 0..<i { x[i] -= a[i * n + k] * x[k] }
      x[i] /= a[i * n + i]
    }
    for i in stride(from: n - 1, through: 0, by: -1) {
      for k in (i + 1)..<max(n, i + 1) { x[i] -= a[k * n + i] * x[k] }
      x[i] /= a[i * n + i]
    }
    return x
  }
}
