package import Geometry

/// Wahba's problem: the rotation that aligns vectors with others in the weighted least-squares
/// sense (Wahba, "A Least Squares Estimate of Satellite Attitude", 1965).
///
/// Horn, "Closed-form solution of absolute orientation using unit quaternions" (1987): the
/// quaternion is the eigenvector of the largest eigenvalue of a symmetric matrix, here found by
/// Newton's method on its characteristic polynomial, as Theobald (2005) does.
package enum WahbaProblem {
  /// The rotation R that minimises Σ w |R a - b|²; `fallback` where it is not unique.
  package static func rotation(
    _ from: [SIMD3<Float>], onto to: [SIMD3<Float>], weights: [Float]? = nil,
    fallback: RotationMatrix = .identity
  ) -> RotationMatrix {
    // Columns of Σ w b aᵀ, and an upper bound of the eigenvalue.
    var (cx, cy, cz) = (SIMD3<Double>.zero, SIMD3<Double>.zero, SIMD3<Double>.zero)
    var bound = 0.0
    for index in from.indices {
      let weight = Double(weights?[index] ?? 1)
      let (a, b) = (SIMD3<Double>(from[index]), SIMD3<Double>(to[index]) * weight)
      cx += b * a.x
      cy += b * a.y
      cz += b * a.z
      bound += 0.5 * ((a * a).sum() * weight + (b * b).sum() / max(weight, 1e-30))
    }
    guard let q = rotation(correlation: (cx, cy, cz), bound: bound) else { return fallback }
    return RotationMatrix(FloatQuaternion(q))
  }

  /// The best rotation for a correlation matrix; nil where it is not unique.
  ///
  /// - Parameters:
  ///   - correlation: The columns of Σ w b aᵀ.
  ///   - bound: Not below half the sum of w (|a|² + |b|²), which no eigenvalue exceeds.
  package static func rotation(
    correlation: (SIMD3<Double>, SIMD3<Double>, SIMD3<Double>), bound: Double
  ) -> Quaternion? {
    guard bound > 1e-18, bound.isFinite else { return nil }
    let n = Symmetric4(
      columns: correlation.0 / bound, correlation.1 / bound, correlation.2 / bound)
    return n.vector(ofEigenvalue: n.largestEigenvalue).map {
      Quaternion(w: $0.x, x: $0.y, y: $0.z, z: $0.w)
    }
  }
}

/// Horn's matrix of a correlation of vectors.
private struct Symmetric4 {
  /// The rows; the trace is zero.
  let rows: (SIMD4<Double>, SIMD4<Double>, SIMD4<Double>, SIMD4<Double>)
  /// The determinant of the correlation, and the sum of its squares.
  let determinant: Double
  let squares: Double

  /// From the columns of Σ b aᵀ.
  init(columns x: SIMD3<Double>, _ y: SIMD3<Double>, _ z: SIMD3<Double>) {
    rows = (
      [x.x + y.y + z.z, y.z - z.y, z.x - x.z, x.y - y.x],
      [y.z - z.y, x.x - y.y - z.z, x.y + y.x, x.z + z.x],
      [z.x - x.z, x.y + y.x, y.y - x.x - z.z, y.z + z.y],
      [x.y - y.x, x.z + z.x, y.z + z.y, z.z - x.x - y.y]
    )
    determinant =
      x.x * (y.y * z.z - y.z * z.y) - y.x * (x.y * z.z - x.z * z.y) + z.x * (x.y * y.z - x.z * y.y)
    squares = (x * x).sum() + (y * y).sum() + (z * z).sum()
  }

  /// Of the polynomial λ⁴ - 2 s λ² - 8 d λ + det N, from above.
  var largestEigenvalue: Double {
    let constant = Self.determinant(rows.0, rows.1, rows.2, rows.3)
    // No eigenvalue is above one after the division by the bound.
    var value = 1.0
    for _ in 0..<60 {
      let square = value * value
      let polynomial =
        square * square - 2 * squares * square - 8 * determinant * value + constant
      let slope = 4 * square * value - 4 * squares * value - 8 * determinant
      guard abs(slope) > 1e-300 else { break }
      let step = polynomial / slope
      value -= step
      if abs(step) <= 1e-15 * abs(value) { break }
    }
    return value
  }

  /// The unit eigenvector, from the cofactors of N - λ; nil where there is more than one.
  func vector(ofEigenvalue value: Double) -> SIMD4<Double>? {
    var (a, b, c, d) = rows
    a.x -= value
    b.y -= value
    c.z -= value
    d.w -= value
    // The cofactors of each row in turn, up to their sign; the longest is the most exact.
    var best = Self.cross(b, c, d)
    var largest = (best * best).sum()
    for cofactors in [Self.cross(a, c, d), Self.cross(a, b, d), Self.cross(a, b, c)] {
      let norm = (cofactors * cofactors).sum()
      if norm > largest { (best, largest) = (cofactors, norm) }
    }
    guard largest > 1e-24 else { return nil }
    return best / largest.squareRoot()
  }

  /// The vector at a right angle to three others.
  private static func cross(
    _ a: SIMD4<Double>, _ b: SIMD4<Double>, _ c: SIMD4<Double>
  ) -> SIMD4<Double> {
    let (xy, xz, xw) = (minor(b, c, 0, 1), minor(b, c, 0, 2), minor(b, c, 0, 3))
    let (yz, yw, zw) = (minor(b, c, 1, 2), minor(b, c, 1, 3), minor(b, c, 2, 3))
    return [
      a.y * zw - a.z * yw + a.w * yz, -(a.x * zw - a.z * xw + a.w * xz),
      a.x * yw - a.y * xw + a.w * xy, -(a.x * yz - a.y * xz + a.z * xy),
    ]
  }

  @inline(__always)
  private static func minor(
    _ p: SIMD4<Double>, _ q: SIMD4<Double>, _ i: Int, _ j: Int
  ) -> Double {
    p[i] * q[j] - p[j] * q[i]
  }

  private static func determinant(
    _ a: SIMD4<Double>, _ b: SIMD4<Double>, _ c: SIMD4<Double>, _ d: SIMD4<Double>
  ) -> Double {
    // Products of two-by-two minors of the upper and the lower rows (Laplace).
    minor(a, b, 0, 1) * minor(c, d, 2, 3) - minor(a, b, 0, 2) * minor(c, d, 1, 3)
      + minor(a, b, 0, 3) * minor(c, d, 1, 2) + minor(a, b, 1, 2) * minor(c, d, 0, 3)
      - minor(a, b, 1, 3) * minor(c, d, 0, 2) + minor(a, b, 2, 3) * minor(c, d, 0, 1)
  }
}
