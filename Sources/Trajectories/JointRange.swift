import Kinematics

/// One joint's bounds as the limit program uses them: finite, symmetric, and drawn in.
struct JointRange {
  /// The middle of the range of positions.
  let middle: Double
  /// The position nearest to the reference's mean, for a joint that must stand still.
  let constant: Double
  /// The greatest magnitudes of the differences of orders 0…3, positions relative to `middle`, for
  /// the solver.
  private(set) var bounds: [Double]
  /// Whether nothing but standing still is left.
  private(set) var isConstant: Bool
  /// Whether nothing but `constant` is left.
  let isPoint: Bool
  /// Whether rounding at this rate leaves less than half of some limit.
  let isLost: Bool
  /// How many times the period is to be doubled before solving.
  let level: Int
  /// The same as `bounds` for control points that are rounded already.
  private let allowed: [Double]

  /// The least share of a joint's reach that the finest differences must be.
  static let resolution = 1e-6
  /// The fewest pieces that a coarser program may have.
  static let fewestPieces = 16

  /// A joint's reference in short.
  struct Summary {
    var least = Double.infinity
    var greatest = -Double.infinity
    var mean = 0.0
  }

  /// The bounds of a joint for a trajectory of this many samples.
  init(
    _ limits: SafetyLimits.Coordinate, _ summary: Summary, period: Double, samples: Int,
    isCoupled: Bool
  ) {
    let (lower, upper) = (limits.lower.value, limits.upper.value)
    let from = min(max(summary.least, lower), upper)
    let to = min(max(summary.greatest, lower), upper)
    // Not the limit itself, where there is room, for who evaluates the curve in another way.
    let inward = min(16 * max(abs(from), abs(to)).ulp, (upper - lower) / 2)
    constant = min(max(summary.mean, lower + inward), upper - inward)
    // What can be moved from rest to rest within the trajectory's time.
    let time = Double(max(1, samples - 1)) * period
    let reach =
      1.000001
      * min(
        limits.velocity.value * time, limits.acceleration.value * time * time / 4,
        limits.jerk.value * time * time * time / 32)
    // Bounds further away than this never bind, and would cost digits (or be infinite). An
    // optimum away from its position limits has the reference's mean.
    let beyond = 10 * ((isCoupled ? 1 : 0) + (to - from))
    var (low, high) = (max(lower, from - beyond), min(upper, to + beyond))
    if !isCoupled { (low, high) = (max(low, constant - reach), min(high, constant + reach)) }
    let half = (high - low) / 2
    middle = min(max(low + half, lower), upper)
    let size = max(abs(low), abs(high))
    let scale = min(half, reach)
    let products = [
      half, limits.velocity.value * period, limits.acceleration.value * period * period,
      limits.jerk.value * period * period * period,
    ]
    let clipped = products.map { min($0, 16 * half) }
    // Rounded points make third differences wrong by 4 ulp; the verifier's own arithmetic comes to
    // some ulp of the first differences.
    let checking = 16 * Double.ulpOfOne * min(clipped[1], 2 * half)
    let bounds = clipped.map { $0 * (1 - LimitProgram.margin) - 6 * size.ulp - checking }
    allowed = clipped.map { $0 * (1 - LimitProgram.margin / 2) - checking }
    isPoint = !(half > 1024 * size.ulp)
    // An uncoupled joint whose reference lies wholly beyond a limit is best off at that limit.
    let immobile = isCoupled ? Self.resolution * half : 1e-9 * (to - from)
    isConstant = !(scale > immobile && scale > 1024 * size.ulp)
    isLost = zip(bounds, clipped).contains { !($0 > 0.5 * $1) }
    self.bounds = bounds
    level = Self.level(clipped, scale: scale, pieces: samples - 1)
  }

  /// The least number of doublings that leaves differences large enough.
  private static func level(_ bounds: [Double], scale: Double, pieces: Int) -> Int {
    var (level, factor) = (0, 1.0)
    while min(bounds[1] * factor, bounds[2] * factor * factor, bounds[3] * factor * factor * factor)
      < resolution * scale, pieces >> (level + 1) >= fewestPieces
    {
      (level, factor) = (level + 1, 2 * factor)
    }
    return level
  }

  /// The same range for a joint that is let move as far as can be solved for.
  var loosened: JointRange {
    var range = self
    guard isConstant, !isPoint else { return range }
    range.isConstant = false
    range.bounds = bounds.map { max($0, Self.resolution * bounds[0]) }
    return range
  }

  /// The solver's bound of a difference when the period is doubled `level` times.
  func bound(_ order: Int, level: Int) -> Double {
    let bound = bounds[order] * Double(sign: .plus, exponent: order * level, significand: 1)
    // Differences cannot be larger than this, and huge bounds cost digits.
    return min(bound, 16 * bounds[0])
  }

  /// Whether a control point and the differences that end there are within bounds.
  @inline(__always)
  func allows(_ c: Double, _ c1: Double, _ c2: Double, _ c3: Double, at i: Int) -> Bool {
    guard abs(c - middle) <= allowed[0] else { return false }
    if i >= 1 { guard abs(c - c1) <= allowed[1] else { return false } }
    if i >= 2 { guard abs((c - c1) - (c1 - c2)) <= allowed[2] else { return false } }
    guard i >= 3 else { return true }
    return abs(((c - c1) - (c1 - c2)) - ((c1 - c2) - (c2 - c3))) <= allowed[3]
  }
}
