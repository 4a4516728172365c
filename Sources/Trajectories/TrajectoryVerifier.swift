import Files
import Kinematics

/// Checks that a uniform cubic B-spline keeps all limits, independently of the compiler.
///
/// Two checks, and both must pass. *Control points*: a B-spline lies in the convex hull of its
/// control points, and its derivatives in those of their differences, so that bounds on these hold
/// everywhere. *Curve*: the curve itself is evaluated on a finer grid from the basis functions of
/// the Cox–de Boor recursion. There is no tolerance, and NaN fails.
public enum TrajectoryVerifier {
  /// A limited quantity.
  public enum Quantity: String, Sendable, Hashable, CaseIterable {
    case position, velocity, acceleration, jerk
    /// A coupled limit's sum of positions.
    case coupled
    /// The speed of a floating base [m/s].
    case baseSpeed = "base_speed"
    /// The acceleration of a floating base [m/s²].
    case baseAcceleration = "base_acceleration"
    /// The angular velocity of a floating base [rad/s].
    case baseTurning = "base_turning"
    /// The angular acceleration of a floating base [rad/s²], by the bound that is proven for it.
    case baseTurningAcceleration = "base_turning_acceleration"

    /// Whether it is of a floating base and not of joints.
    public var isOfBase: Bool { rawValue.hasPrefix("base") }

    /// The words for people.
    public var label: String { rawValue.replacing("_", with: " ") }
  }

  /// A violated limit: which, where, and by which value.
  public struct Violation: Error, Equatable, Sendable, CustomStringConvertible {
    /// The joint's name, or the coupled limit's.
    public var name: String
    /// The quantity beyond its limit.
    public var quantity: Quantity
    /// The time [s].
    public var time: Double
    /// The value, in the unit of the quantity.
    public var found: Double
    /// The violated bound, in the same unit.
    public var allowed: Double

    /// The sentence for the user.
    public var description: String {
      let what = quantity == .coupled ? "coupled limit" : "joint"
      let whose = quantity.isOfBase ? "" : "\(what) '\(name.printable)', "
      let place = "\(whose)\(time) s: \(quantity.label) \(found)"
      guard found.isFinite else { return "\(place) is not a number that can be checked" }
      return "\(place) is \(found > allowed ? "above" : "below") its limit of \(allowed)"
    }
  }

  /// The greatest use of one limit.
  public struct Use: Sendable, Hashable {
    /// The joint's name, or the coupled limit's.
    public var name: String
    /// The quantity.
    public var quantity: Quantity
    /// The time of the value [s].
    public var time: Double
    /// The value nearest to its limit, in the unit of the quantity.
    public var found: Double
    /// The limit.
    public var allowed: Double
    /// The share of the allowed range, measured from its middle: 1 is at the limit.
    public var share: Double
  }

  /// The report on a verified trajectory.
  public struct Report: Sendable, Hashable {
    /// The greatest use of each limit of each joint, and of each coupled limit, on the fine grid.
    public var uses: [Use]
    /// The number of instants evaluated.
    public var instants: Int

    /// The greatest use of all limits of one quantity.
    public func greatestUse(of quantity: Quantity) -> Use? {
      uses.filter { $0.quantity == quantity }.max { $0.share < $1.share }
    }
  }

  /// The number of instants evaluated in each period.
  public static let refinement = 20

  /// Verifies control points [point, joint]; the clock starts at zero at the first sample.
  ///
  /// - Parameters:
  ///   - controlPoints: Of the joints, [point, joint].
  ///   - base: The path of a floating base, with as many control points; nil for none.
  ///   - period: The time between samples [s].
  ///   - limits: The limits.
  ///   - atRest: Whether the curves must be at rest at both ends.
  public static func verify(
    controlPoints: [Double], base: BaseCurve? = nil, period: Double, limits: SafetyLimits,
    atRest: Bool = true
  ) throws(Violation) -> Report {
    let joints = limits.coordinates.count
    guard period > 0, period.isFinite else {
      throw Violation(
        name: "all", quantity: .velocity, time: 0, found: .nan, allowed: period)
    }
    precondition(
      joints > 0 && controlPoints.count.isMultiple(of: joints) && controlPoints.count >= 3 * joints,
      "\(controlPoints.count) control points of \(joints) joints")
    try checkDifferences(controlPoints, period, limits)
    if atRest { try checkRest(controlPoints, period, limits) }
    var report = try checkCurve(controlPoints, period, limits)
    if let base {
      report.uses += try BaseVerifier(limits: limits.base, period: period, atRest: atRest)
        .verify(base)
    }
    return report
  }
}

// MARK: - Control points

extension TrajectoryVerifier {
  private static func checkDifferences(
    _ points: [Double], _ period: Double, _ limits: SafetyLimits
  ) throws(Violation) {
    let joints = limits.coordinates.count
    let count = points.count / joints
    for (j, limit) in limits.coordinates.enumerated() {
      func at(_ i: Int) -> Double { points[i * joints + j] }
      for i in 0..<count {
        let time = min(max(0, Double(i - 1) * period), Double(count - 3) * period)
        func check(_ value: Double, _ bound: Double, _ quantity: Quantity) throws(Violation) {
          guard -bound <= value, value <= bound else {
            throw Violation(
              name: limit.name, quantity: quantity, time: time, found: value,
              allowed: value < 0 ? -bound : bound)
          }
        }
        guard limit.lower.value <= at(i), at(i) <= limit.upper.value, at(i).isFinite else {
          throw Violation(
            name: limit.name, quantity: .position, time: time, found: at(i),
            allowed: at(i) < limit.lower.value ? limit.lower.value : limit.upper.value)
        }
        guard i > 0 else { continue }
        let slope = (at(i) - at(i - 1)) / period
        try check(slope, limit.velocity.value, .velocity)
        guard i > 1 else { continue }
        let before = (at(i - 1) - at(i - 2)) / period
        let bend = (slope - before) / period
        try check(bend, limit.acceleration.value, .acceleration)
        guard i > 2 else { continue }
        let bendBefore = (before - (at(i - 2) - at(i - 3)) / period) / period
        try check((bend - bendBefore) / period, limit.jerk.value, .jerk)
      }
    }
    for limit in limits.coupled {
      for i in 0..<count {
        let sum = limit.terms.reduce(0) { $0 + $1.factor * points[i * joints + $1.coordinate] }
        try check(sum, limit, time: max(0, Double(i - 1) * period))
      }
    }
  }

  /// At rest the three control points of an end are equal.
  private static func checkRest(
    _ points: [Double], _ period: Double, _ limits: SafetyLimits
  ) throws(Violation) {
    let joints = limits.coordinates.count
    let last = points.count / joints - 3
    for (j, limit) in limits.coordinates.enumerated() {
      func at(_ i: Int) -> Double { points[i * joints + j] }
      for end in [0, last] where at(end) != at(end + 1) || at(end + 1) != at(end + 2) {
        throw Violation(
          name: limit.name, quantity: .velocity, time: Double(end) * period,
          found: max(abs(at(end + 1) - at(end)), abs(at(end + 2) - at(end + 1))) / period,
          allowed: 0)
      }
    }
  }

  private static func check(
    _ sum: Double, _ limit: CoupledLimit, time: Double
  ) throws(Violation) {
    guard limit.lower <= sum, sum <= limit.upper, sum.isFinite else {
      throw Violation(
        name: limit.name, quantity: .coupled, time: time, found: sum,
        allowed: sum < limit.lower ? limit.lower : limit.upper)
    }
  }
}

// MARK: - The curve

/// The weights of four neighbouring control points in the curve and its derivatives.
private struct Basis {
  var weights: [[Double]]

  /// By the Cox–de Boor recursion on integer knots, `u` of the way along a piece [0, 1].
  init(at u: Double, period: Double) {
    // values[d][i]: the B-spline of degree d whose support begins at knot −d + i, at u.
    var values: [[Double]] = [[1]]
    for degree in 1...3 {
      let lower = values[degree - 1]
      values.append(
        (0...degree).map { i in
          let start = Double(i - degree)
          let left = i > 0 ? (u - start) / Double(degree) * lower[i - 1] : 0
          let right = i < degree ? (start + Double(degree) + 1 - u) / Double(degree) * lower[i] : 0
          return left + right
        })
    }
    // The derivative of a B-spline is the difference of two of the degree below.
    weights = [values[3]]
    for order in 1...3 {
      var row = values[3 - order]
      for _ in 0..<order {
        row = (0...row.count).map { i in
          ((i > 0 ? row[i - 1] : 0) - (i < row.count ? row[i] : 0)) / period
        }
      }
      weights.append(row)
    }
  }
}

extension TrajectoryVerifier {
  private static func checkCurve(
    _ points: [Double], _ period: Double, _ limits: SafetyLimits
  ) throws(Violation) -> Report {
    let joints = limits.coordinates.count
    let pieces = points.count / joints - 3
    // At the end of the last piece as well; a curve of one sample is a point.
    let shares = (0...refinement).map { Double($0) / Double(refinement) }
    let bases = shares.map { Basis(at: $0, period: period) }
    var uses: [Use] = []
    for (j, limit) in limits.coordinates.enumerated() {
      let bounds = [
        (Quantity.position, limit.lower.value, limit.upper.value),
        (.velocity, -limit.velocity.value, limit.velocity.value),
        (.acceleration, -limit.acceleration.value, limit.acceleration.value),
        (.jerk, -limit.jerk.value, limit.jerk.value),
      ]
      let values = stride(from: j, to: points.count, by: joints).map { points[$0] }
      for (order, (quantity, lower, upper)) in bounds.enumerated() {
        uses.append(
          try greatestUse(
            of: values, bases.map { $0.weights[order] }, shares, pieces, period,
            Bound(name: limit.name, quantity: quantity, lower: lower, upper: upper)))
      }
    }
    for limit in limits.coupled {
      let sums = (0..<points.count / joints).map { i in
        limit.terms.reduce(0) { $0 + $1.factor * points[i * joints + $1.coordinate] }
      }
      uses.append(
        try greatestUse(
          of: sums, bases.map { $0.weights[0] }, shares, pieces, period,
          Bound(name: limit.name, quantity: .coupled, lower: limit.lower, upper: limit.upper)))
    }
    return Report(uses: uses, instants: max(1, pieces * refinement + 1))
  }

  private struct Bound {
    var name: String
    var quantity: Quantity
    var lower: Double
    var upper: Double
  }

  private static func greatestUse(
    of values: [Double], _ weights: [[Double]], _ shares: [Double], _ pieces: Int,
    _ period: Double, _ bound: Bound
  ) throws(Violation) -> Use {
    var (least, greatest) = (Double.infinity, -Double.infinity)
    var (leastAt, greatestAt) = (0.0, 0.0)
    let flat = weights.flatMap(\.self)
    let base = bound.quantity == .position || bound.quantity == .coupled ? 1.0 : 0.0
    if pieces == 0 {
      // One sample: all control points are equal, and so is the curve.
      (least, greatest) =
        bound.quantity == .position || bound.quantity == .coupled
        ? (values[0], values[0]) : (0, 0)
    }
    for piece in 0..<max(0, pieces) {
      let (c0, c1, c2, c3) = (
        values[piece], values[piece + 1], values[piece + 2], values[piece + 3]
      )
      for s in shares.indices {
        let w = 4 * s
        // The weights sum to one or, of a derivative, to zero; so a constant stays what it is.
        let value =
          base * c1 + (flat[w] * (c0 - c1) + flat[w + 2] * (c2 - c1) + flat[w + 3] * (c3 - c1))
        guard bound.lower <= value, value <= bound.upper else {
          throw Violation(
            name: bound.name, quantity: bound.quantity,
            time: (Double(piece) + shares[s]) * period, found: value,
            allowed: value < bound.lower ? bound.lower : bound.upper)
        }
        if value < least { (least, leastAt) = (value, (Double(piece) + shares[s]) * period) }
        if value > greatest {
          (greatest, greatestAt) = (value, (Double(piece) + shares[s]) * period)
        }
      }
    }
    return use(bound, least, leastAt, greatest, greatestAt)
  }

  private static func use(
    _ bound: Bound, _ least: Double, _ leastAt: Double, _ greatest: Double, _ greatestAt: Double
  ) -> Use {
    let half = (bound.upper - bound.lower) / 2
    let middle = bound.lower + half
    func share(_ value: Double) -> Double {
      guard half.isFinite else { return 0 }
      return half > 0 ? abs(value - middle) / half : 1
    }
    let atTop = share(greatest) >= share(least)
    return Use(
      name: bound.name, quantity: bound.quantity, time: atTop ? greatestAt : leastAt,
      found: atTop ? greatest : least, allowed: atTop ? bound.upper : bound.lower,
      share: atTop ? share(greatest) : share(least))
  }
}
