import Foundation
import Kinematics
import Trajectories

/// Plans moves from rest to rest with the trajectory compiler, at a share of the limits.
enum PlannedMove {
  /// The rate of a planned move's samples [Hz].
  private static let rate = 50.0
  /// The number of frames at rest at both ends, over which the spline converges to the pose.
  private static let rest = 16
  /// The largest distance of an end from its pose [rad or m]; it is below the resolution of any
  /// register.
  static let tolerance = 1e-5

  /// Returns a trajectory from one pose to another.
  ///
  /// `share` applies to velocity, acceleration and jerk limits. The move takes at least `least`
  /// seconds unless both poses are the same. It may start up to `startTolerance` from the pose, for
  /// a robot that stands slightly outside its limits.
  static func plan(
    from start: [Double], to end: [Double], within limits: SafetyLimits, share: Double,
    least: Double, name: String, startTolerance: Double = tolerance, robot: RobotIdentity
  ) throws(UnsafeMotion) -> SafeTrajectory {
    let scaled = try limits.scaled(by: share)
    let duration = duration(from: start, to: end, within: scaled, least: least)
    // A motion that would fill the memory is refused first.
    guard duration <= 3600 else {
      throw .motionInvalid(
        motion: name, reason: "it would take \(duration) s, expected at most an hour")
    }
    let frames = Int((duration * rate).rounded(.up))
    let hold = frames == 0 ? 0 : rest
    var positions: [Double] = []
    for frame in -hold...(frames + hold) {
      let share = smoothStep(frames == 0 ? 0 : Double(frame) / Double(frames))
      positions += zip(start, end).map {
        $0 == $1 || share == 0 ? $0 : share == 1 ? $1 : $0 + share * ($1 - $0)
      }
    }
    let motion = JointMotion(
      name: name, jointNames: limits.jointNames, frameRate: rate, positions: positions)
    let trajectory = try compile(motion, within: scaled, robot: robot)
    try check(trajectory, at: 0, start, within: startTolerance)
    try check(trajectory, at: trajectory.duration, end, within: tolerance)
    return trajectory
  }

  /// The duration of a smooth step that keeps all limits [s].
  ///
  /// The quintic 10u³ − 15u⁴ + 6u⁵ has greatest derivatives of 15/8, 10/√3 and 60.
  private static func duration(
    from start: [Double], to end: [Double], within limits: SafetyLimits, least: Double
  ) -> Double {
    var duration = 0.0
    for (joint, limit) in limits.coordinates.enumerated() {
      let distance = abs(end[joint] - start[joint])
      guard distance > 0 else { continue }
      let needed =
        [
          1.875 * distance / limit.velocity.value,
          (5.7736 * distance / limit.acceleration.value).squareRoot(),
          cbrt(60 * distance / limit.jerk.value),
        ].max() ?? 0
      // A margin for the difference between spline and polynomial.
      duration = max(duration, least, 1.05 * needed)
    }
    return duration
  }

  private static func smoothStep(_ u: Double) -> Double {
    guard u > 0 else { return 0 }
    guard u < 1 else { return 1 }
    return u * u * u * (10 + u * (6 * u - 15))
  }

  private static func check(
    _ trajectory: SafeTrajectory, at time: Double, _ pose: [Double], within tolerance: Double
  ) throws(UnsafeMotion) {
    let positions = trajectory.state(at: time).positions
    for (joint, limit) in trajectory.limits.coordinates.enumerated() {
      guard abs(positions[joint] - pose[joint]) <= tolerance else {
        throw .motionInvalid(
          motion: trajectory.name,
          reason: "joint '\(limit.name)', \(time) s: \(positions[joint]), expected \(pose[joint]), "
            + "which its limits do not allow")
      }
    }
  }
}

extension SafetyLimits {
  /// Returns limits with the same positions and a share of velocity, acceleration and jerk.
  func scaled(by share: Double) throws(UnsafeMotion) -> SafetyLimits {
    let scaled = coordinates.map { coordinate in
      var coordinate = coordinate
      coordinate.velocity.value *= share
      coordinate.acceleration.value *= share
      coordinate.jerk.value *= share
      return coordinate
    }
    return try SafetyLimits(coordinates: scaled, coupled: coupled)
  }
}
