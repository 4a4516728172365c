import Kinematics

/// One joint's bounds as the limit program uses them: finite, symmetric, and drawn in.
struct JointRange {
  /// The middle of the range of positions.
  let middle: Double
  /// The position nearest to the reference's mean, for a joint that must stand still.
  let constant: Double
  /// The greatest magnitudes of the differences of orders 0…3, positions relative to `middle`.
  let bounds: [Double]

  /// The bounds of a joint whose reference lies between `least` and `greatest`.
  init(
    _ limits: SafetyLimits.Coordinate, least: Double, greatest: Double, mean: Double,
    period: Double
  ) {
    let (lower, upper) = (limits.lower.value, limits.upper.value)
    let from = min(max(least, lower), upper)
    let to = min(max(greatest, lower), upper)
    // Bounds further away than this never bind, and would cost digits (or be infinite).
    let beyond = 10 * (1 + (to - from))
    let (low, high) = (max(lower, from - beyond), min(upper, to + beyond))
    let size = max(abs(low), abs(high))
    let rounding = 16 * size.ulp
    let half = (high - low) / 2
    middle = min(max(low + half, lower), upper)
    constant = min(max(mean, lower), upper)
    let products = [
      half, limits.velocity.value * period, limits.acceleration.value * period * period,
      limits.jerk.value * period * period * period,
    ]
    bounds = products.map {
      min($0, 16 * (half + 1)) * (1 - LimitProgram.margin) - rounding
    }
  }

  /// Whether nothing but standing still is left.
  var isConstant: Bool { !(bounds.min() ?? 0 > 0) }

  /// Whether a control point and the differences that end there are within bounds.
  @inline(__always)
  func allows(_ c: Double, _ c1: Double, _ c2: Double, _ c3: Double, at i: Int) -> Bool {
    // Half of the margin is left for the rounding of these very differences.
    let slack = 1 + LimitProgram.margin / 2
    guard abs(c - middle) <= bounds[0] * slack else { return false }
    if i >= 1 { guard abs(c - c1) <= bounds[1] * slack else { return false } }
    if i >= 2 { guard abs((c - c1) - (c1 - c2)) <= bounds[2] * slack else { return false } }
    guard i >= 3 else { return true }
    return abs((c - c3) - 3 * (c1 - c2)) <= bounds[3] * slack
  }
}
