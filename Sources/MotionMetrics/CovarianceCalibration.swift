/// Calibration of predicted covariances.
public enum CovarianceCalibration {
  /// The 90 % quantile of the chi-square distribution with three degrees of freedom.
  public static let ninetyPercent = 6.251_389

  /// The share of true positions within the ellipsoids of the predicted covariances, 0...1.
  ///
  /// - Parameters:
  ///   - track: predicted positions [n, 3], metres
  ///   - truth: true positions [n, 3], metres; rows that are not finite are left out
  ///   - factors: Cholesky factors L of covariances L Lᵀ, [n, 6] as 11, 21, 22, 31, 32, 33, metres
  ///   - quantile: the square of the ellipsoids' radius in standard deviations
  public static func share(
    _ track: [Float], _ truth: [Float], factors: [Float], quantile: Double = ninetyPercent
  ) -> Double {
    precondition(
      track.count == truth.count && factors.count == 2 * track.count,
      "\(track.count) and \(truth.count) coordinates with \(factors.count) numbers of factors")
    var (within, counted) = (0, 0)
    for point in 0..<(track.count / 3) {
      let d = (0..<3).map { Double(truth[3 * point + $0]) - Double(track[3 * point + $0]) }
      guard d.allSatisfy(\.isFinite) else { continue }
      counted += 1
      let l = (0..<6).map { Double(factors[6 * point + $0]) }
      let x = d[0] / l[0]
      let y = (d[1] - l[1] * x) / l[2]
      let z = (d[2] - l[3] * x - l[4] * y) / l[5]
      if x * x + y * y + z * z <= quantile { within += 1 }
    }
    return counted == 0 ? 0 : Double(within) / Double(counted)
  }
}
