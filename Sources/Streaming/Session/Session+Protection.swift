import Kinematics
import Trajectories

// Protects the motors while they move and hold: stalls and heat.
extension Session {
  /// The monitors of a session's motors.
  struct Guards: Sendable {
    /// Detects joints that press against something.
    var stall: StallDetector
    /// The trend of each motor's temperature.
    var heat: [HeatTrend]
    /// When the last warning about each motor's heat was given [s].
    var warned: [Double]
    /// The torque with which a robot at rest holds.
    var rest = RestTorque.full
    /// The last read position of each joint [rad or m].
    var latest: [Double?] = []
  }

  /// The time between two warnings about a motor's heat [s].
  private static let warningPeriod = 60.0

  /// Monitors without any observations.
  static func guards(
    _ wiring: Wiring, _ limits: SafetyLimits, expectedLag: Double
  ) -> Guards {
    let count = wiring.motors.count
    return Guards(
      stall: StallDetector(
        wiring.protection.stall, caps: (0..<count).map { wiring.torqueCap(ofMotor: $0) ?? 1 },
        isAngular: limits.coordinates.map(\.isAngular), expectedLag: expectedLag),
      heat: Array(repeating: HeatTrend(), count: count),
      warned: Array(repeating: -.infinity, count: count))
  }

  /// Checks a measurement for stalls, heat and sinking joints.
  mutating func watch(_ measurement: Measurement, _ output: inout SessionOutput) {
    keepLatest(measurement)
    watchHeat(measurement, &output)
    watchStall(measurement)
    watchSinking(measurement, &output)
  }

  private mutating func keepLatest(_ measurement: Measurement) {
    if guards.latest.count != measurement.positions.count {
      guards.latest = measurement.positions
    }
    for (joint, position) in measurement.positions.enumerated() where position != nil {
      guards.latest[joint] = position
    }
  }

  // MARK: - Stalls

  private mutating func watchStall(_ measurement: Measurement) {
    guard phase.isMoving || phase == .ending || phase == .resting else { return }
    let share = guards.rest.lowered?.share ?? 1
    guard let stall = guards.stall.examine(measurement, torqueShare: share), fault == nil else {
      return
    }
    let limit = limits.coordinates[stall.joint]
    let thresholds = driver.wiring.protection.stall
    let cap = driver.wiring.torqueCap(ofMotor: stall.joint) ?? 1
    fault = DriverFault(
      .stall,
      "joint '\(limit.name)' presses against something: \(Self.percent(stall.load)) of its greatest "
        + "current or load, \(limit.text(stall.error)) from where it was told to be, for "
        + "\((stall.duration * 100).rounded() / 100) s, expected less than "
        + "\(Self.percent(thresholds.load * cap * share)), or "
        + "\(limit.text(guards.stall.errors[stall.joint])), or \(thresholds.time) s")
  }

  /// A share in a sentence: "40 %".
  static func percent(_ share: Double) -> String { "\((share * 1000).rounded() / 10) %" }

  // MARK: - Heat

  private mutating func watchHeat(_ measurement: Measurement, _ output: inout SessionOutput) {
    guard state.hasEngaged, phase != .stopping else { return }
    let rules = driver.wiring.protection.heat
    for (motor, reading) in measurement.temperatures.enumerated() {
      guard let temperature = reading, guards.heat.indices.contains(motor),
        guards.heat[motor].add(temperature, at: measurement.time)
      else { continue }
      let alarms = driver.alarmTemperatures
      guard alarms.indices.contains(motor), let alarm = alarms[motor],
        let left = guards.heat[motor].timeLeft(until: alarm), let slope = guards.heat[motor].slope,
        left <= rules.warn
      else { continue }
      let text =
        "the motor of joint '\(limits.coordinates[motor].name)' has \(temperature) °C and rises by "
        + "\((slope * 600).rounded() / 10) °C a minute: \(alarm) °C, where it is stopped, in "
        + "\(left.rounded()) s"
      if left <= rules.stop {
        return cool(DriverFault(.temperature, text), &output)
      }
      guard now - guards.warned[motor] >= Self.warningPeriod else { continue }
      guards.warned[motor] = now
      output.events.append(.warning(text))
    }
  }

  /// Brings the robot to rest along the path, for which there is still time before it is too hot.
  private mutating func cool(_ reason: DriverFault, _ output: inout SessionOutput) {
    switch state {
    case .moving(var motion):
      guard motion.ending == nil, motion.reason == nil else { return }
      output.events.append(.warning("\(reason.description); the robot comes to rest"))
      motion.reason = .fault(reason)
      motion.stopRequested = motion.stopRequested ?? now
      self.motion = motion
      updateTarget()
    case .ending(let completion), .resting(let completion):
      if completion.ending == .completed { state.completion?.ending = .fault(reason) }
    default: fault = fault ?? reason
    }
  }
}
