import Kinematics
import Testing
import Trajectories

/// Differentiates emitted set-points, by nothing but differences.
struct Differences {
  /// Positions of each frame, from rest before the first to rest after the last.
  let frames: [[Double]]
  let interval: Double

  init(_ frames: [[Double]], interval: Double) {
    guard let first = frames.first, let last = frames.last else { preconditionFailure() }
    self.frames = [first, first] + frames + [last, last]
    self.interval = interval
  }

  /// The greatest use of the limits of speed and of acceleration, 1 at the limit, of all joints.
  func use(of limits: SafetyLimits) -> (speed: Double, acceleration: Double) {
    var (speed, acceleration) = (0.0, 0.0)
    for index in 1..<frames.count {
      for (joint, limit) in limits.coordinates.enumerated() {
        let change = frames[index][joint] - frames[index - 1][joint]
        speed = max(speed, abs(change) / interval / limit.velocity.value)
        guard index > 1 else { continue }
        let before = frames[index - 1][joint] - frames[index - 2][joint]
        let bend = abs(change - before) / (interval * interval)
        acceleration = max(acceleration, bend / limit.acceleration.value)
      }
    }
    return (speed, acceleration)
  }

  /// Whether all are inside the limits of position.
  func isInside(_ limits: SafetyLimits) -> Bool {
    frames.allSatisfy { frame in
      zip(frame, limits.coordinates).allSatisfy {
        $1.lower.value <= $0 && $0 <= $1.upper.value
      }
    }
  }
}

/// What rounding can do to a second difference, as a share of the limit: some ulp of a position,
/// divided by the square of the interval.
let roundingOfDifferences = 1e-8
