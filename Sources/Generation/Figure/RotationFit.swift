/// The rotation that lays some vectors onto others.
enum RotationFit {
  /// The rotation R with the least sum of |R a - b|² (Horn, "Closed-form solution of absolute
  /// orientation using unit quaternions", 1987).
  static func turn(_ from: [SIMD3<Float>], onto to: [SIMD3<Float>]) -> Axes {
    var s = [Double](repeating: 0, count: 9)
    for (a, b) in zip(from, to) {
      for row in 0..<3 {
        for column in 0..<3 { s[3 * row + column] += Double(a[row]) * Double(b[column]) }
      }
    }
    let n: [Double] = [
      s[0] + s[4] + s[8], s[5] - s[7], s[6] - s[2], s[1] - s[3],
      s[5] - s[7], s[0] - s[4] - s[8], s[1] + s[3], s[6] + s[2],
      s[6] - s[2], s[1] + s[3], s[4] - s[0] - s[8], s[5] + s[7],
      s[1] - s[3], s[6] + s[2], s[5] + s[7], s[8] - s[0] - s[4],
    ]
    let best = SymmetricEigen(n, size: 4).vector(0)
    let q = SIMD4(Float(best[0]), Float(best[1]), Float(best[2]), Float(best[3]))
    let norm = (q * q).sum().squareRoot()
    return norm > 0.5 ? Axes(q / norm) : .identity
  }

  /// The rotation with the least weighted sum of squares, found in small turns from a guess that
  /// is not far off.
  ///
  /// Müller, Bender, Chentanez and Macklin, "A robust method to extract the rotational part of
  /// deformations" (2016).
  static func turn(
    _ from: [SIMD3<Float>], onto to: [SIMD3<Float>], weights: [Float], from guess: Axes
  ) -> Axes {
    var matrix = Axes(x: .zero, y: .zero, z: .zero)
    for index in from.indices {
      let (a, b) = (from[index], to[index] * weights[index])
      matrix.x += b * a.x
      matrix.y += b * a.y
      matrix.z += b * a.z
    }
    var axes = guess
    for _ in 0..<60 {
      let torque =
        axes.x.crossed(matrix.x) + axes.y.crossed(matrix.y) + axes.z.crossed(matrix.z)
      let hold =
        abs(axes.x.dotted(matrix.x) + axes.y.dotted(matrix.y) + axes.z.dotted(matrix.z)) + 1e-12
      let turn = torque / hold
      let size = turn.squared
      guard size > 1e-13, size.isFinite else { break }
      // The quaternion of a turn by atan of the vector: close enough, and it converges.
      let q = SIMD4(1, turn.x / 2, turn.y / 2, turn.z / 2)
      axes = Axes(q / (q * q).sum().squareRoot()) * axes
    }
    // Rounding of many turns.
    return Axes(alongX: axes.x, nearY: axes.y) ?? guess
  }
}
