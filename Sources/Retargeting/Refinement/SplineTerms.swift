import Geometry
import Kinematics

/// What is asked of control points themselves: smoothness, and limits as the limit program has them.
struct SplineTerms: Sendable {
  /// The limits of a coordinate that is solved for; infinite where there are none.
  struct Bounds: Sendable {
    var lower: Double, upper: Double
    /// Of the first, second and third derivative.
    var rates: [Double]
  }

  let bounds: [Bounds]
  /// Of speed, acceleration, turning rate and turning acceleration of the base.
  let base: [Double]
  /// The time between frames [s].
  let period: Double
  /// The weights of squared accelerations: of joints [1/(rad/s²)²], of the base's place [1/(m/s²)²]
  /// and of its turn [1/(rad/s²)²].
  let smoothness: (joints: Double, places: Double, turns: Double)
  /// The weight of what is beyond a limit, as if control points were moved by it [1/rad²].
  var weight: Double

  /// The terms of a robot's limits.
  ///
  /// - Parameters:
  ///   - robot: The robot.
  ///   - problem: Which coordinates are solved for.
  ///   - period: The time between frames [s].
  ///   - smoothness: See `smoothness`.
  ///   - weight: See `weight`.
  init(
    _ robot: Robot, _ problem: PoseProblem, period: Double,
    smoothness: (joints: Double, places: Double, turns: Double), weight: Double
  ) {
    let limits = robot.foldedLimits
    bounds = problem.active.map { coordinate in
      let limit = limits[coordinate]
      return Bounds(
        lower: problem.lower[coordinate], upper: problem.upper[coordinate],
        rates: [limit.velocity, limit.acceleration, limit.jerk].map { $0?.value ?? .infinity })
    }
    base = robot.baseLimits.values
    (self.period, self.smoothness, self.weight) = (period, smoothness, weight)
  }

  /// How near to a limit a refined motion may come, so that rounding and what the limit program does at
  /// the ends have room.
  static let share = 0.98
  /// The differences of control points that are derivatives times powers of the period.
  private static let differences: [[Double]] = [[-1, 1], [1, -2, 1], [-1, 3, -3, 1]]

  /// Adds the squares that the unknowns of a window are in.
  func add(to equations: inout WindowEquations, _ spline: MotionSpline) {
    let last = spline.count - 1
    let first = max(0, equations.range.lowerBound + spline.first - WindowEquations.reach)
    let end = min(last, equations.range.upperBound + spline.first + WindowEquations.reach)
    let turns = steps(first..<min(end + 2, last), spline)
    for control in first...end {
      addPositions(control, to: &equations, spline)
      for order in 1...3 where control + order <= last {
        addJoints(control, order, to: &equations, spline)
      }
      guard spline.hasBase else { continue }
      for order in 1...2 where control + order <= last {
        addBase(control, order, turns: turns, to: &equations, spline)
      }
    }
  }

  private func addPositions(
    _ control: Int, to equations: inout WindowEquations, _ spline: MotionSpline
  ) {
    // Tied control points are one.
    guard spline.free.contains(control) else { return }
    var excess = [Double](repeating: 0, count: spline.joints)
    var weights = excess
    for joint in 0..<spline.joints {
      let c = spline.controls[control * spline.joints + joint]
      excess[joint] = c - min(max(c, bounds[joint].lower), bounds[joint].upper)
      if excess[joint] != 0 { weights[joint] = weight }
    }
    equations.add(excess, weights: weights, first: 0, from: control, factors: [1], spline)
  }

  private func addJoints(
    _ control: Int, _ order: Int, to equations: inout WindowEquations, _ spline: MotionSpline
  ) {
    let joints = spline.joints
    let factors = Self.differences[order - 1]
    let unit = Self.power(period, order)
    var values = [Double](repeating: 0, count: joints)
    for (offset, factor) in factors.enumerated() {
      let start = (control + offset) * joints
      for joint in 0..<joints { values[joint] += factor * spline.controls[start + joint] }
    }
    if order == 2 {
      let own = smoothness.joints / (unit * unit)
      equations.add(
        values, weights: [Double](repeating: own, count: joints), first: 0, from: control,
        factors: factors, spline)
    }
    var weights = [Double](repeating: 0, count: joints)
    var isBeyond = false
    for joint in 0..<joints {
      let limit = Self.share * bounds[joint].rates[order - 1] * unit
      let excess = values[joint] - min(max(values[joint], -limit), limit)
      values[joint] = excess
      guard excess != 0 else { continue }
      isBeyond = true
      weights[joint] = weight
    }
    if isBeyond {
      equations.add(
        values, weights: weights, first: 0, from: control, factors: factors, spline)
    }
  }

  /// The base's turns from some control points to the next ones, and what is to be kept of them.
  private struct Turns {
    var first: Int
    var steps: [Vector3]
    var lengths: [Double]

    /// How much smaller than its bound the change of the turn after a control point has to stay, as the
    /// verifier's bound of the turning acceleration grows with the turns about it.
    func reserve(_ control: Int) -> Double {
      let index = control - first
      let near = max(0, index - 1)...min(index + 2, lengths.count - 1)
      return 1 + 0.6 * (lengths[near].max() ?? 0)
    }
  }

  private func steps(_ controls: Range<Int>, _ spline: MotionSpline) -> Turns {
    guard spline.hasBase else { return Turns(first: 0, steps: [], lengths: []) }
    let steps = controls.map { MotionSpline.turn(spline.turns[$0], spline.turns[$0 + 1]) }
    return Turns(first: controls.lowerBound, steps: steps, lengths: steps.map(\.length))
  }

  private func addBase(
    _ control: Int, _ order: Int, turns: Turns, to equations: inout WindowEquations,
    _ spline: MotionSpline
  ) {
    let factors = Self.differences[order - 1]
    let unit = Self.power(period, order)
    var place = Vector3.zero
    for (offset, factor) in factors.enumerated() {
      place += factor * spline.places[control + offset]
    }
    let index = control - turns.first
    let turn = order == 2 ? turns.steps[index + 1] - turns.steps[index] : turns.steps[index]
    let turning = base[1 + order] / (order == 2 ? turns.reserve(control) : 1)
    let quantities = [
      (turn, spline.joints, smoothness.turns, turning, 1.0),
      (place, spline.joints + 3, smoothness.places, base[order - 1], 10.0),
    ]
    for (value, column, smooth, limit, scale) in quantities {
      if order == 2 {
        let own = smooth / (unit * unit)
        equations.add(
          [value.x, value.y, value.z], weights: [own, own, own], first: column, from: control,
          factors: factors, spline)
      }
      let excess = value.length - Self.share * limit * unit
      guard excess > 0, let direction = value.normalized else { continue }
      equations.add(
        excess, along: direction, weight: scale * weight, first: column, from: control,
        factors: factors, spline)
    }
  }

  private static func power(_ value: Double, _ exponent: Int) -> Double {
    (0..<exponent).reduce(1) { product, _ in product * value }
  }
}
