import Foundation
import Trajectories

/// What V3 can follow, measured on the vendor's firmware 3.2.0 at 20 frames a second.
struct UArmMarlinRule: Sendable {
  /// The greatest speed of one motor [degrees/s].
  static let motorSpeed = 80.0
  /// The greatest speed along the three-motor vector [degrees/s]: the planner may have but one block
  /// behind the present one, and what cannot brake within it brakes at the end of each.
  static func vectorSpeed(frame: Double) -> Double {
    min(115, (0.96 * 2 * UArmMarlin.acceleration * frame).rounded(.down))
  }
  /// The greatest change of a motor's speed between two frames [degrees/s].
  static let jump = 0.95 * UArmMarlin.jump

  let wiring: Wiring
  let kinematics: UArmKinematics

  /// Why the arm cannot follow a trajectory, with the speed at which it could; nil where it can.
  func refusal(of trajectory: SafeTrajectory, speed: Double, interval: Double) -> String? {
    // Frames that are too short are taken together, see `UArmMarlin`.
    let frame = interval * max(1, (UArmMarlin.leastTime / interval).rounded(.up))
    let step = frame * speed
    var before: UArmKinematics.Angles?
    var velocity = SIMD3<Double>.zero
    var share = 1.0
    var worst = ""
    var time = 0.0
    while time <= trajectory.duration + step {
      guard let pose = angles(trajectory.state(at: min(time, trajectory.duration)).positions)
      else { return nil }
      if let reason = kinematics.refusal(pose) {
        return "'\(trajectory.name)' at \(fixed(time, 2) ?? "?") s: \(reason)"
      }
      if let before {
        let next = pose.difference(before) / frame
        let (found, what) = Self.share(next, next - velocity, Self.vectorSpeed(frame: frame))
        if found < share {
          (share, worst) = (found, "at \(fixed(time, 2) ?? "?") s \(what)")
        }
        velocity = next
      }
      before = pose
      time += step
    }
    guard share < 1 else { return nil }
    let possible = max(0.01, (99 * share * speed).rounded(.down) / 100)
    return
      "a uArm with firmware V3 cannot follow '\(trajectory.name)' at speed \(speed): \(worst); "
      + "it could with --speed \(fixed(possible, 2) ?? "?")"
  }

  /// The share of its speed at which a step could be followed, and what is too much.
  private static func share(
    _ velocity: SIMD3<Double>, _ change: SIMD3<Double>, _ vectorSpeed: Double
  ) -> (Double, String) {
    let motor = max(abs(velocity.x), abs(velocity.y), abs(velocity.z))
    let vector = (velocity * velocity).sum().squareRoot()
    // Base and left count together.
    let pair = (change.x * change.x + change.y * change.y).squareRoot()
    let changed = max(pair, abs(change.z))
    let found = [
      (
        motorSpeed / motor,
        "a motor turns with \(fixed(motor, 0) ?? "?")°/s, expected \(motorSpeed)"
      ),
      (
        vectorSpeed / vector,
        "the three motors together turn with \(fixed(vector, 0) ?? "?")°/s, expected \(vectorSpeed)"
      ),
      (
        (jump / changed).squareRoot(),
        "a speed changes by \(fixed(changed, 0) ?? "?")°/s from frame to frame, expected \(jump)"
      ),
    ]
    return found.min { $0.0 < $1.0 } ?? (1, "")
  }

  private func angles(_ positions: [Double]) -> UArmKinematics.Angles? {
    func raw(_ id: Int) -> Double? {
      guard let place = wiring.motors.firstIndex(where: { $0.id == id }),
        positions.indices.contains(place)
      else { return nil }
      return wiring.motors[place].raw(positions[place])
    }
    guard let base = raw(0), let left = raw(1), let right = raw(2) else { return nil }
    return UArmKinematics.Angles(base: base, left: left, right: right)
  }
}

extension UArmDriver {
  /// What V3 cannot follow is refused before anything moves.
  func refusal(
    of trajectory: SafeTrajectory, speed: Double, interval: Double
  ) -> String? {
    guard model == .proV3 else { return nil }
    return UArmMarlinRule(wiring: wiring, kinematics: kinematics)
      .refusal(of: trajectory, speed: speed, interval: interval)
  }
}
