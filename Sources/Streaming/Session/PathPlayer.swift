import Kinematics
import Trajectories

/// Goes along a trajectory at a rate that may change: pause, slow down, stop, resume.
///
/// With path time s and rate ṡ, joint velocities are q'·ṡ and accelerations q''·ṡ² + q'·s̈. Since
/// the trajectory keeps |q'| ≤ V and |q''| ≤ A, so does every constant rate of at most 1: s̈ = 0 is
/// always allowed. In each step s̈ is constant, and it is chosen nearest to the wish inside the
/// interval in which no joint's acceleration exceeds A anywhere in the step. Positions stay on the
/// path, hence inside all limits on positions, the coupled ones included.
struct PathPlayer: Sendable {
  /// How hard the rate may be changed.
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

  /// What is gone along.
  let trajectory: SafeTrajectory
  /// Where on the path [s].
  private(set) var pathTime = 0.0
  /// The rate ṡ, 0 to 1.
  private(set) var rate = 0.0
  /// The rate that is wished for, 0 to 1.
  var target: Double {
    didSet { target = Self.clamped(target) }
  }
  /// How hard the rate is changed to reach it.
  var urgency = Urgency.gentle

  /// A player at rest at the start.
  init(_ trajectory: SafeTrajectory, target: Double) {
    self.trajectory = trajectory
    self.target = Self.clamped(target)
  }

  /// Whether the end is reached.
  var isAtEnd: Bool { pathTime >= trajectory.duration }

  /// Whether nothing moves: at the end, or at rate zero.
  var isAtRest: Bool { rate == 0 || isAtEnd }

  /// Where the robot is to be.
  var state: State {
    let state = trajectory.state(at: pathTime)
    let rate = isAtEnd ? 0 : rate
    return State(positions: state.positions, velocities: state.velocities.map { $0 * rate })
  }

  /// Goes on by one frame.
  mutating func step(_ interval: Double) {
    let bounds = changeBounds(interval)
    let change = min(max(wish(interval), bounds.lower), bounds.upper)
    let next = min(max(0, rate + change * interval), 1)
    // The mean of both rates is exact, since s̈ is constant.
    pathTime = min(pathTime + (rate + next) / 2 * interval, trajectory.duration)
    rate = next
  }

  /// The robot has stood still for a while at the present point: from here on from rest.
  mutating func startFromRest() { rate = 0 }

  /// NaN becomes zero.
  private static func clamped(_ rate: Double) -> Double {
    rate > 0 ? min(rate, 1) : 0
  }

  /// The change of rate that is wished for [1/s].
  private func wish(_ interval: Double) -> Double {
    let difference = target - rate
    let greatest = urgency.greatestChange
    switch urgency {
    case .urgent: return min(max(difference / interval, -greatest), greatest)
    case .gentle:
      // Tapers off over a tenth of a second, so that the change ends softly, if not in the limit.
      let taper = abs(difference) < 0.01 ? interval : max(0.1, interval)
      return min(max(difference / taper, -greatest), greatest)
    }
  }

  /// Between which changes of rate [1/s] no joint leaves its acceleration limit in the next step;
  /// zero is always among them.
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
      // Not the last digits of the limit, for who differentiates the set-points.
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
