import Geometry
import Kinematics

/// Checks that a base's path keeps limits everywhere, from its control points, and on a finer grid.
///
/// The velocity and the acceleration of a place are weighted means of differences of control points.
/// With dⱼ the turns between rotations, the angular velocity is at most the largest |dⱼ| / T, and the
/// angular acceleration at most S (1 + 0.6 D) / T², where D is the largest |dⱼ| and S the largest
/// |dⱼ₊₁ − dⱼ|: S (1 + 0.27 D) for the turns' own change, in frames that turn by at most 5/6 of a
/// step, and 0.26 S D for the products of neighbours. This holds for D up to 1 rad; more is refused.
struct BaseVerifier {
  let limits: BaseLimits
  let period: Double
  /// Whether the curve must be at rest at both ends.
  var atRest = true

  /// The name of a base among joints.
  static let name = "base"
  /// The largest turn between control points for which the bound holds [rad].
  private static let greatestStep = 1.0

  typealias Violation = TrajectoryVerifier.Violation
  typealias Use = TrajectoryVerifier.Use

  /// The use of each limit on a grid of `refinement` instants a period.
  func verify(_ curve: BaseCurve) throws(Violation) -> [Use] {
    if let violation = placeViolation(curve.places) ?? turnViolation(curve.rotations)
      ?? (atRest ? restViolation(curve) : nil)
    {
      throw violation
    }
    return try checkedGrid(curve)
  }

  /// Where places break a limit.
  func placeViolation(_ places: [Vector3]) -> Violation? {
    for index in places.indices {
      guard places[index].isFinite else {
        return violation(.baseSpeed, index, .nan, limits.speed.value)
      }
      guard index > 0 else { continue }
      let velocity = (places[index] - places[index - 1]) / period
      guard velocity.length <= limits.speed.value else {
        return violation(.baseSpeed, index, velocity.length, limits.speed.value)
      }
      guard index > 1 else { continue }
      let before = (places[index - 1] - places[index - 2]) / period
      let acceleration = ((velocity - before) / period).length
      guard acceleration <= limits.acceleration.value else {
        return violation(.baseAcceleration, index, acceleration, limits.acceleration.value)
      }
    }
    return nil
  }

  /// Where rotations break a limit.
  func turnViolation(_ rotations: [Quaternion]) -> Violation? {
    let steps = zip(rotations, rotations.dropFirst()).map { BaseCurve.step($0, $1) }
    for (index, step) in steps.enumerated() {
      let rate = step.length / period
      let allowed = min(limits.turningRate.value, Self.greatestStep / period)
      guard rate <= allowed else { return violation(.baseTurning, index + 1, rate, allowed) }
    }
    for (index, bound) in turningAccelerations(rotations).enumerated() {
      guard bound <= limits.turningAcceleration.value else {
        return violation(
          .baseTurningAcceleration, index + 1, bound, limits.turningAcceleration.value)
      }
    }
    return nil
  }

  /// The bound of the angular acceleration about each inner control point [rad/s²].
  func turningAccelerations(_ rotations: [Quaternion]) -> [Double] {
    let steps = zip(rotations, rotations.dropFirst()).map { BaseCurve.step($0, $1) }
    let lengths = steps.map(\.length)
    return steps.indices.dropFirst().map { index in
      // The turns of the two pieces that this change belongs to.
      let largest = lengths[max(0, index - 2)...min(index + 1, steps.count - 1)].max() ?? 0
      return (steps[index] - steps[index - 1]).length * (1 + 0.6 * largest) / (period * period)
    }
  }

  private func restViolation(_ curve: BaseCurve) -> Violation? {
    let count = curve.places.count
    for end in [0, count - 3] {
      for index in [end, end + 1] {
        guard curve.places[index] == curve.places[index + 1] else {
          let speed = (curve.places[index + 1] - curve.places[index]).length / period
          return violation(.baseSpeed, index, speed, 0)
        }
        guard curve.rotations[index] == curve.rotations[index + 1] else {
          let rate =
            BaseCurve.step(curve.rotations[index], curve.rotations[index + 1]).length / period
          return violation(.baseTurning, index, rate, 0)
        }
      }
    }
    return nil
  }

  private func violation(
    _ quantity: TrajectoryVerifier.Quantity, _ point: Int, _ found: Double, _ allowed: Double
  ) -> Violation {
    Violation(
      name: Self.name, quantity: quantity, time: max(0, Double(point - 1) * period), found: found,
      allowed: allowed)
  }

  // MARK: - The curve

  /// The greatest use of each limit on the grid; of the angular acceleration by its bound.
  private func checkedGrid(_ curve: BaseCurve) throws(Violation) -> [Use] {
    let quantities: [(TrajectoryVerifier.Quantity, Double)] = [
      (.baseSpeed, limits.speed.value), (.baseAcceleration, limits.acceleration.value),
      (.baseTurning, limits.turningRate.value),
    ]
    var uses = quantities.map { quantity, allowed in
      Use(name: Self.name, quantity: quantity, time: 0, found: 0, allowed: allowed, share: 0)
    }
    let steps = max(0, curve.sampleCount - 1) * TrajectoryVerifier.refinement
    for step in 0...steps {
      let time = Double(step) * period / Double(TrajectoryVerifier.refinement)
      let (velocity, acceleration) = derivatives(of: curve.places, step)
      let found = [
        velocity.length, acceleration.length, curve.angularVelocity(at: time).length,
      ]
      for (index, value) in found.enumerated() {
        guard value <= uses[index].allowed else {
          throw Violation(
            name: Self.name, quantity: uses[index].quantity, time: time, found: value,
            allowed: uses[index].allowed)
        }
        let share = uses[index].allowed > 0 && value > 0 ? value / uses[index].allowed : 0
        guard share > uses[index].share else { continue }
        (uses[index].found, uses[index].time, uses[index].share) = (value, time, share)
      }
    }
    return uses + [turningAccelerationUse(curve.rotations)]
  }

  /// Velocity and acceleration of a place, as means of differences of control points.
  private func derivatives(
    of places: [Vector3], _ step: Int
  ) -> (velocity: Vector3, acceleration: Vector3) {
    guard places.count > 3 else { return (.zero, .zero) }
    let piece = min(step / TrajectoryVerifier.refinement, places.count - 4)
    let u =
      Double(step - piece * TrajectoryVerifier.refinement) / Double(TrajectoryVerifier.refinement)
    let d = (0..<3).map { (places[piece + $0 + 1] - places[piece + $0]) / period }
    let (a, b) = ((d[1] - d[0]) / period, (d[2] - d[1]) / period)
    let velocity =
      ((1 - u) * (1 - u) / 2) * d[0] + (0.5 + u * (1 - u)) * d[1] + (u * u / 2) * d[2]
    return (velocity, (1 - u) * a + u * b)
  }

  private func turningAccelerationUse(_ rotations: [Quaternion]) -> Use {
    let allowed = limits.turningAcceleration.value
    var use = Use(
      name: Self.name, quantity: .baseTurningAcceleration, time: 0, found: 0, allowed: allowed,
      share: 0)
    for (index, bound) in turningAccelerations(rotations).enumerated() where bound > use.found {
      (use.found, use.share) = (bound, bound / allowed)
      use.time = max(0, Double(index) * period)
    }
    return use
  }
}
