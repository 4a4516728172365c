import Kinematics

/// Computes the control points nearest to a motion under all limits.
///
/// Joints under no coupled limit are solved eight at a time, joints that a coupled limit ties
/// together as one group. Where a joint's limits are small against what rounding leaves at the
/// asked rate, the program is solved at a rate 2ᵏ times lower and its curve is refined (see
/// `Refinement`): what is minimised is then the sum of squares at every 2ᵏ-th sample, from the
/// motion smoothed to that rate. Solutions lie strictly inside the limits: bounds are tightened by
/// a relative `margin` and by the rounding error. A solution whose optimality is not proven to
/// `acceptedGap`, or that had to be blended with a constant, is computed again at a lower rate, and
/// rejected if that does not help.
struct LimitProgram {
  /// The relative margin by which bounds are tightened.
  static let margin = 1e-9
  /// The proven distance to the optimum that is aimed at, as a share of the objective.
  static let tolerance = 1e-5
  /// The proven distance to the optimum that is accepted, as a share of the objective.
  static let acceptedGap = 1e-2
  /// Blends of the optimum towards a constant, tried in this order.
  static let shares = [1.0, 1 - 1e-12, 1 - 1e-9, 1 - 1e-6, leastShare]
  /// The least share of the optimum in a blend.
  static let leastShare = 0.999
  /// The number of further halvings of the rate when a solution is not accepted.
  static let retries = 6

  /// Samples [sample, joint] that the curve should pass.
  let reference: [Double]
  /// The limits.
  let limits: SafetyLimits
  /// Seconds between samples.
  let period: Double

  var joints: Int { limits.coordinates.count }
  var samples: Int { reference.count / joints }

  /// Control points [sample + 2, joint].
  func solve() throws(UnsafeMotion) -> [Double] {
    guard samples >= 4 else { return try solveConstant() }
    var points = [Double](repeating: 0, count: (samples + 2) * joints)
    let groups = coupledGroups()
    let grouped = Set(groups.flatMap(\.joints))
    try solveSeparately((0..<joints).filter { !grouped.contains($0) }, into: &points)
    for group in groups { try solve(group, into: &points) }
    return points
  }

  /// Control points [sample + 2, joint] of a curve that begins and ends at the reference's own speed,
  /// as far as the limits allow.
  func solveMovingEnds() throws(UnsafeMotion) -> [Double] {
    let ends = MovingEnds(
      reference,
      limits.coordinates.map {
        MovingEnds.Rates(
          velocity: $0.velocity.value, acceleration: $0.acceleration.value, jerk: $0.jerk.value)
      }, period: period)
    let longer = LimitProgram(reference: ends.reference, limits: limits, period: period)
    return Array(
      try longer.solve()[(ends.count * joints)..<((ends.count + samples + 2) * joints)])
  }

  /// With fewer than four samples the resting ends meet, and the curve is a constant.
  private func solveConstant() throws(UnsafeMotion) -> [Double] {
    let mean = (0..<joints).map { joint in
      (0..<samples).reduce(0) { $0 + reference[$1 * joints + joint] } / Double(samples)
    }
    let longer = LimitProgram(
      reference: Array([[Double]](repeating: mean, count: 4).joined()), limits: limits,
      period: period)
    let row = try longer.solve()[2 * joints..<3 * joints]
    return Array([ArraySlice](repeating: row, count: samples + 2).joined())
  }

  func summary(of joint: Int) -> JointRange.Summary {
    var (summary, sum) = (JointRange.Summary(), 0.0)
    for sample in 0..<samples {
      let value = reference[sample * joints + joint]
      summary.least = min(summary.least, value)
      summary.greatest = max(summary.greatest, value)
      sum += value
    }
    summary.mean = sum / Double(samples)
    return summary
  }

  func range(of joint: Int, isCoupled: Bool) throws(UnsafeMotion) -> JointRange {
    let range = JointRange(
      limits.coordinates[joint], summary(of: joint), period: period, samples: samples,
      isCoupled: isCoupled)
    guard range.isConstant || !range.isLost else {
      throw .rateTooHigh(joint: limits.coordinates[joint].name, rate: 1 / period)
    }
    return range
  }
}

extension Array {
  /// The elements in order, `size` at a time.
  func chunks(of size: Int) -> [[Element]] {
    stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
  }
}
