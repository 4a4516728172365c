import Geometry
import Kinematics
import Trajectories

/// How fast the base moves and turns.
enum BaseMeasure {
  /// The rate at which a controller asks for the base [Hz].
  private static let controlRate = 200.0

  static func group(_ subject: ReportSubject) -> FigureGroup {
    var group = FigureGroup("base", "the base")
    let trajectory = subject.trajectory
    guard trajectory.root != nil else {
      group.absence =
        subject.robot.hasFloatingBase
        ? "the file holds no motion of the base: nothing is known of it"
        : "the base is bolted down: it does not move"
      return group
    }
    guard trajectory.sampleCount >= 3 else {
      group.absence = "fewer than three samples: speeds and accelerations are not measured"
      return group
    }
    let own = differences(trajectory, step: trajectory.period)
    let ends = [0, trajectory.duration - instant].map { speeds(trajectory, from: $0) }
    group.figures = [
      Figure("speed_max", "largest speed", own.speed, "m/s"),
      Figure("acceleration_max", "largest acceleration", own.acceleration, "m/s²"),
      Figure("turning_max", "largest turning rate", own.turning, "rad/s"),
      Figure(
        "turning_acceleration_max", "largest turning acceleration", own.turningAcceleration,
        "rad/s²"
      ),
      Figure("start_speed", "speed at the start", ends[0].speed, "m/s"),
      Figure("end_speed", "speed at the end", ends[1].speed, "m/s"),
      Figure("start_turning", "turning rate at the start", ends[0].turning, "rad/s"),
      Figure("end_turning", "turning rate at the end", ends[1].turning, "rad/s"),
    ]
    // The same curve asked for more often shows whether it is smooth between its samples.
    if trajectory.period > 1.01 / controlRate {
      let fine = differences(trajectory, step: 1 / controlRate)
      group.figures.append(
        Figure(
          "acceleration_200hz", "largest acceleration, asked for at 200 Hz", fine.acceleration,
          "m/s²"))
    }
    group.notes.append(
      "differences from one sample to the next, at the file's rate; at both ends the curve's own")
    return group
  }

  struct Found {
    var (speed, acceleration, turning, turningAcceleration) = (Peak(), Peak(), Peak(), Peak())
  }

  /// So short a time that a base at rest is slower than 1 mm/s at the end of it [s].
  private static let instant = 1e-5

  /// How fast the curve goes and turns within an instant [m/s, rad/s].
  private static func speeds(
    _ trajectory: SafeTrajectory, from time: Double
  ) -> (speed: Double, turning: Double) {
    guard let before = trajectory.rootPose(at: time),
      let now = trajectory.rootPose(at: time + instant)
    else { return (0, 0) }
    return (
      (now.translation - before.translation).length / instant,
      SafeTrajectory.turn(before, now).length / instant
    )
  }

  static func differences(_ trajectory: SafeTrajectory, step: Double) -> Found {
    var found = Found()
    let count = Int(trajectory.duration / step + 1e-6)
    var last: (velocity: Vector3, turning: Vector3)?
    guard var before = trajectory.rootPose(at: 0) else { return found }
    for index in 1..<max(1, count + 1) {
      let time = Double(index) * step
      guard let now = trajectory.rootPose(at: time) else { break }
      let velocity = (now.translation - before.translation) / step
      let turning = SafeTrajectory.turn(before, now) / step
      found.speed.take(velocity.length, at: time)
      found.turning.take(turning.length, at: time)
      if let last {
        found.acceleration.take((velocity - last.velocity).length / step, at: time - step)
        found.turningAcceleration.take((turning - last.turning).length / step, at: time - step)
      }
      last = (velocity, turning)
      before = now
    }
    return found
  }
}
