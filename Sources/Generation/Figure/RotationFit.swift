import Foundation

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
    let q = largestEigenvector(n)
    return Axes([Float(q[0]), Float(q[1]), Float(q[2]), Float(q[3])])
  }

  /// The eigenvector of the largest eigenvalue of a symmetric 4 by 4 matrix, by Jacobi's turns.
  private static func largestEigenvector(_ matrix: [Double]) -> [Double] {
    var a = matrix
    var v: [Double] = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]
    let scale = a.reduce(0) { max($0, abs($1)) }
    guard scale > 0, scale.isFinite else { return [1, 0, 0, 0] }
    for _ in 0..<30 {
      var rest = 0.0
      for p in 0..<3 {
        for q in (p + 1)..<4 {
          let apq = a[4 * p + q]
          rest = max(rest, abs(apq))
          guard abs(apq) > 1e-14 * scale else { continue }
          let theta = (a[5 * q] - a[5 * p]) / (2 * apq)
          let t = (theta < 0 ? -1 : 1) / (abs(theta) + (theta * theta + 1).squareRoot())
          let c = 1 / (t * t + 1).squareRoot()
          let s = t * c
          for k in 0..<4 {
            let (kp, kq) = (a[4 * k + p], a[4 * k + q])
            (a[4 * k + p], a[4 * k + q]) = (c * kp - s * kq, s * kp + c * kq)
          }
          for k in 0..<4 {
            let (pk, qk) = (a[4 * p + k], a[4 * q + k])
            (a[4 * p + k], a[4 * q + k]) = (c * pk - s * qk, s * pk + c * qk)
            let (vp, vq) = (v[4 * k + p], v[4 * k + q])
            (v[4 * k + p], v[4 * k + q]) = (c * vp - s * vq, s * vp + c * vq)
          }
        }
      }
      if rest <= 1e-13 * scale { break }
    }
    let best = (0..<4).max { a[5 * $0] < a[5 * $1] } ?? 0
    return (0..<4).map { v[4 * $0 + best] }
  }
}
