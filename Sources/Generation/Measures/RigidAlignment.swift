/// The turn and shift that lay points onto others best, in the sense of least squares.
///
/// Horn, "Closed-form solution of absolute orientation using unit quaternions" (1987): the turn is
/// the eigenvector of a symmetric 4 × 4 matrix, so that it is never a reflection.
enum RigidAlignment {
  /// The points [n, 3] laid onto as many targets.
  static func aligned(_ points: [Float], to targets: [Float]) -> [Float] {
    let count = points.count / 3
    guard count > 0 else { return points }
    let (from, to) = (centre(points), centre(targets))
    var products = [Double](repeating: 0, count: 9)
    for point in 0..<count {
      for row in 0..<3 {
        let a = Double(points[3 * point + row]) - from[row]
        for column in 0..<3 {
          products[3 * row + column] += a * (Double(targets[3 * point + column]) - to[column])
        }
      }
    }
    let turn = rotation(products)
    return (0..<points.count).map { index in
      let (point, row) = (index / 3, index % 3)
      var sum = to[row]
      for column in 0..<3 {
        sum += turn[3 * row + column] * (Double(points[3 * point + column]) - from[column])
      }
      return Float(sum)
    }
  }

  private static func centre(_ points: [Float]) -> [Double] {
    var sum = [0.0, 0, 0]
    for index in points.indices { sum[index % 3] += Double(points[index]) }
    return sum.map { $0 / Double(points.count / 3) }
  }

  /// The rotation matrix, row by row, for the sums of products of points and targets.
  private static func rotation(_ s: [Double]) -> [Double] {
    let (xx, xy, xz, yx, yy, yz) = (s[0], s[1], s[2], s[3], s[4], s[5])
    let (zx, zy, zz) = (s[6], s[7], s[8])
    let matrix: [Double] = [
      xx + yy + zz, yz - zy, zx - xz, xy - yx,
      yz - zy, xx - yy - zz, xy + yx, zx + xz,
      zx - xz, xy + yx, yy - xx - zz, yz + zy,
      xy - yx, zx + xz, yz + zy, zz - xx - yy,
    ]
    let q = SymmetricEigen(matrix, size: 4).vector(0)
    let (w, x, y, z) = (q[0], q[1], q[2], q[3])
    return [
      1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y),
      2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
      2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y),
    ]
  }
}
