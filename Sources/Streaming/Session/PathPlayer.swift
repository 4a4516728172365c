import Kinematics
import Trajectories

/// Moves along a trajectory at a variable rate: pause, slow down, stop, resume.
///
/// With path time s and rate ṡ, joint velocities are q'·ṡ and accelerations q''·ṡ² + q'·s̈. Since
/// the trajectory keeps |q'| ≤ V and |q''| ≤ A, so does every constant rate of at most 1: s̈ = 0 is
/// always allowed. In each step s̈ is constant; it is the value nearest to the wanted one inside
/// the
/// interval in which no joint's acceleration exceeds A anywhere in the step. Positions stay on the
/// path, hence inside all limits on positions, the coupled ones included.
struct PathPlayer: Sendable {
  /// How fast the rate may change.
  enum Urgency: Sendable {
    /// For pauses and changes of speed.
    case gentle
    /// For stops: as the acceleration limits allow.
    case urgent

    /// The greatest |s̈| [1/s]: from full rate to rest in half a second, or in a tenth.
    var greatestChange: Double {
      switch self {
      case .gentle: 2
      case .urgent: 10
      }
    }
  }

  /// A state on the path.
  struct State: Sendable {
    /// Positions [rad or m].
    var positions: [Double]
    /// Velocities, the rate included [rad/s or m/s].
    var velocities: [Double]
  }

  /// The trajectory to follow.
  let trajectory: SafeTrajectory
  /// The time on the path [s].
  private(set) var pathTime = 0.0
  /// The rate ṡ, 0 to 1.
  private(set) var rate = 0.0
  /// The rate that is wanted, 0 to 1.
  var target: Double {
    didSet { target = Self.clamped(target) }
  }
  /// How fast the rate changes to reach the target.
  var urgency = Urgency.gentle

  /// Creates a player at rest at the start.
  init(_ trajectory: SafeTrajectory, target: Double) {
    self.trajectory = trajectory
    self.target = Self.clamped(target)
  }

  /// Whether the end is reached.
  var isAtEnd: Bool { pathTime >= trajectory.duration }

  /// Whether the robot is at rest: at the end, or at rate zero.
  var isAtRest: Bool { rate == 0 || isAtEnd }

  /// The commanded state.
  var state: State {
    let state = trajectory.state(at: pathTime)
    let rate = isAtEnd ? 0 : rate
    return State(positions: state.positions, velocities: state.velocities.map { $0 * rate })
  }

  /// Advances by one frame.
  mutating func step(_ interval: Double) {
    let bounds = changeBounds(interval)
    let change = min(max(wish(interval), bounds.lower), bounds.upper)
    let next = min(max(0, rate + change * interval), 1)
    // The mean of both rates is exact, since s̈ is constant.
    pathTime = min(pathTime + (rate + next) / 2 * interval, trajectory.duration)
    rate = next
  }

  /// Continues from rest at the present point, for a robot that has stood still there.
  mutating func startFromRest() { rate = 0 }

  /// Clamps a rate to 0...1; NaN becomes zero.
  private static func clamped(_ rate: Double) -> Double {
    rate > 0 ? min(rate, 1) : 0
  }

  /// The wanted change of the rate [1/s].
  private func wish(_ interval: Double) -> Double {
    let difference = target - rate
    let greatest = urgency.greatestChange
    switch urgency {
    case .urgent: return min(max(difference / interval, -greatest), greatest)
    case .gentle:
      // The change tapers off over a tenth of a second, so that it ends softly.
      let taper = abs(difference) < 0.01 ? interval : max(0.1, interval)
      return min(max(difference / taper, -greatest), greatest)
    }
  }

  /// The range of changes of the rate [1/s] that keeps every joint's acceleration limit in the next
  /// step; it includes zero.
  ///
  /// For s̈ < 0 the rate only falls, so that ṡ² ≤ the present one's square; for s̈ > 0 it stays below
  /// the square of the wished one, or of what the greatest change leads to.
  private func changeBounds(_ interval: Double) -> (lower: Double, upper: Double) {
    let greatest = urgency.greatestChange
    guard rate > 0 || target > 0 else { return (0, 0) }
    let fastest = min(max(rate, target), rate + greatest * interval)
    let (slow, fast) = (rate * rate, fastest * fastest)
    let reach = pathTime + fastest * interval
    var (lower, upper) = (-greatest, greatest)
    for (joint, limit) in trajectory.limits.coordinates.enumerated() {
      // A margin for the rounding errors of differentiated set-points.
      let allowed = limit.acceleration.value * (1 - 1e-9)
      guard allowed < .infinity else { continue }
      let range = CurveRange(of: joint, in: trajectory, from: pathTime, to: reach)
      let (up, down) = (max(0, range.bend.greatest), max(0, -range.bend.least))
      let (forward, backward) = (max(0, range.slope.greatest), max(0, -range.slope.least))
      func share(_ left: Double, _ slope: Double) -> Double {
        slope > 0 ? max(0, left) / slope : .infinity
      }
      lower = max(
        lower, -share(allowed - up * slow, backward), -share(allowed - down * slow, forward))
      upper = min(
        upper, share(allowed - up * fast, forward), share(allowed - down * fast, backward))
    }
    return (min(lower, 0), max(upper, 0))
  }
}
