import Kinematics
import Trajectories

/// Brakes each joint by itself at its acceleration limit, for a path that cannot be stopped on.
///
/// No position limit is passed: the trajectory continues to rest within the limit and with at most
/// this acceleration, so braking with all of it stops no later. A joint without an acceleration
/// limit brakes in a fifth of a second and is clamped to its range. The argument does not hold for
/// sums of joints, so these are checked along the whole way; if one would be violated, there is no
/// brake and the robot stays on its path.
struct JointBrake: Sendable {
  private let start: PathPlayer.State
  private let times: [Double]
  private let limits: SafetyLimits

  /// How long a joint without an acceleration limit takes [s].
  private static let freeTime = 0.2

  /// Creates a brake from a state; nil if a coupled limit would be violated on the way.
  init?(from state: PathPlayer.State, within limits: SafetyLimits, interval: Double) {
    start = state
    self.limits = limits
    times = zip(state.velocities, limits.coordinates).map { velocity, limit in
      limit.acceleration.value < .infinity
        ? abs(velocity) / (limit.acceleration.value * (1 - 1e-9)) : Self.freeTime
    }
    guard limits.coupled.isEmpty || holdsCoupled(interval) else { return nil }
  }

  /// The time until all joints stand still [s].
  var duration: Double { times.max() ?? 0 }

  /// The state at a time since braking began [s].
  func state(at time: Double) -> PathPlayer.State {
    var state = start
    for joint in times.indices {
      let (velocity, whole) = (start.velocities[joint], times[joint])
      let elapsed = min(max(0, time), whole)
      let left = whole > 0 ? 1 - elapsed / whole : 0
      state.velocities[joint] = velocity * left
      state.positions[joint] += velocity * elapsed * (1 + left) / 2
      let limit = limits.coordinates[joint]
      state.positions[joint] = min(
        max(state.positions[joint], limit.lower.value), limit.upper.value)
    }
    return state
  }

  private func holdsCoupled(_ interval: Double) -> Bool {
    let frames = Int((duration / interval).rounded(.up))
    return (0...max(0, frames)).allSatisfy { frame in
      let positions = state(at: Double(frame) * interval).positions
      return limits.coupled.allSatisfy {
        $0.lower <= $0.sum(positions) && $0.sum(positions) <= $0.upper
      }
    }
  }
}

extension CoupledLimit {
  /// The sum that is limited [rad or m].
  func sum(_ positions: [Double]) -> Double {
    terms.reduce(0) { $0 + $1.factor * positions[$1.coordinate] }
  }
}
