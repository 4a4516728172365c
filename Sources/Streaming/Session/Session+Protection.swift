import Kinematics
import Trajectories

// What keeps motors from harm while they move and hold: stalls, heat, torque at rest.
extension Session {
  /// What a session watches.
  struct Guards: Sendable {
    /// Joints that press against something.
    var stall: StallDetector
    /// Where each motor's temperature goes.
    var heat: [HeatTrend]
    /// When each motor's heat was last worth a word [s].
    var warned: [Double]
    /// The torque with which the robot holds.
    var resting = Resting()
    /// Since when the limits of the motors' torque are being restored [s].
    var restoring: Double?
  }

  /// The torque with which a robot holds that stands still.
  struct Resting: Sendable {
    /// Since when it stands [s].
    var since: Double?
    /// When its torque was lowered [s].
    var lowered: Double?
    /// The share of the caps that is left.
    var share = 1.0
    /// Where the joints stood then [rad or m].
    var pose: [Double?] = []
    /// Since when it is being raised again, before the motion goes on [s].
    var raising: Double?
    /// Whether it sank: the torque is not lowered again.
    var isGivenUp = false
    /// Where each joint was read last [rad or m].
    var latest: [Double?] = []
  }

  /// How far a joint may sink under the lowered torque [rad]; for lengths a tenth of it [m].
  private static let sinking = 1.5 * Double.pi / 180
  /// How long a robot is watched after its torque was lowered, before it is left alone [s].
  static let restWatch = 2.0
  /// How long limits may take to be written and read back [s].
  static let torqueTime = 1.0
  /// From one warning of a motor's heat to the next [s].
  private static let warningPeriod = 60.0

  /// Watches that have seen nothing yet.
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

  /// Looks at a read-back.
  mutating func watch(_ measurement: Measurement, _ output: inout SessionOutput) {
    keepLatest(measurement)
    watchHeat(measurement, &output)
    watchStall(measurement)
    watchSinking(measurement, &output)
  }

  private mutating func keepLatest(_ measurement: Measurement) {
    if guards.resting.latest.count != measurement.positions.count {
      guards.resting.latest = measurement.positions
    }
    for (joint, position) in measurement.positions.enumerated() where position != nil {
      guards.resting.latest[joint] = position
    }
  }

  // MARK: - Stalls

  private mutating func watchStall(_ measurement: Measurement) {
    guard motion != nil, phase.isMoving || phase == .ending || phase == .resting else { return }
    let share = guards.resting.lowered == nil ? 1 : guards.resting.share
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
    guard hasEngaged, phase != .stopping else { return }
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

  /// There is still time to come to rest along the path, and to hold.
  private mutating func cool(_ reason: DriverFault, _ output: inout SessionOutput) {
    switch phase {
    case .softStart, .streaming, .returning, .parking:
      guard let motion, !motion.isOver, motion.reason == nil else { return }
      output.events.append(.warning("\(reason.description); the robot comes to rest"))
      self.motion?.reason = .fault(reason)
      self.motion?.stopRequested = motion.stopRequested ?? now
      updateTarget()
    case .ending, .resting: if case .completed = ending { ending = .fault(reason) }
    default: fault = fault ?? reason
    }
  }

  // MARK: - Torque at rest

  /// The rule for holding, if there is one.
  private var restRule: Wiring.Protection.Rest? {
    let wired = driver.wiring.protection.rest
    guard driver.torqueLimits?.level != nil, !guards.resting.isGivenUp else { return nil }
    guard let after = options.restAfter else { return wired }
    return Wiring.Protection.Rest(after: after, share: wired?.share ?? 0.5)
  }

  /// Before a frame: lowers the torque of a robot that has been paused for long, and sees to it that
  /// it is raised before the motion goes on.
  mutating func watchPause(_ output: inout SessionOutput) {
    guard let motion else { return }
    if let began = guards.resting.raising {
      if driver.torqueLimits?.isSettled ?? true {
        guards.resting.raising = nil
        updateTarget()
      } else if now - began > Self.torqueTime {
        guards.resting.raising = nil
        fault =
          fault
          ?? DriverFault(
            .deviceError,
            "the torque that was lowered at rest was not raised again in \(Self.torqueTime) s")
      }
      return
    }
    guard motion.isPaused, motion.player.isAtRest, motion.stopRequested == nil,
      let rule = restRule
    else {
      guards.resting.since = nil
      return
    }
    let began = guards.resting.since ?? now
    guards.resting.since = began
    if guards.resting.lowered == nil, now - began >= rule.after { lower(rule, &output) }
  }

  /// Before a paused motion goes on.
  mutating func raiseTorque(_ output: inout SessionOutput) {
    guard guards.resting.lowered != nil else { return }
    guards.resting.lowered = nil
    guards.resting.since = nil
    guards.resting.raising = now
    driver.limitTorque(to: .share(1))
  }

  private mutating func lower(_ rule: Wiring.Protection.Rest, _ output: inout SessionOutput) {
    guards.resting.lowered = now
    guards.resting.share = rule.share
    guards.resting.pose = guards.resting.latest
    driver.limitTorque(to: .share(rule.share))
    output.events.append(
      .warning(
        "at rest for \(rule.after) s: the \(driver.torqueLimits?.register ?? "torque limit") of all "
          + "motors is lowered to \(Self.percent(rule.share)) of its cap"))
    call(nil, &output)
  }

  private mutating func watchSinking(
    _ measurement: Measurement, _ output: inout SessionOutput
  ) {
    guard guards.resting.lowered != nil else { return }
    for (joint, position) in measurement.positions.enumerated() {
      guard let position, guards.resting.pose.indices.contains(joint),
        let stood = guards.resting.pose[joint]
      else { continue }
      let limit = limits.coordinates[joint]
      guard !(abs(position - stood) <= Self.sinking * (limit.isAngular ? 1 : 0.1)) else { continue }
      guards.resting.lowered = nil
      guards.resting.isGivenUp = true
      driver.limitTorque(to: .share(1))
      output.events.append(
        .warning(
          "joint '\(limit.name)' gave way by \(limit.text(abs(position - stood))) under the lowered "
            + "torque, which is raised again and not lowered any more"))
      return
    }
  }

  // MARK: - The end

  /// The robot holds: what is left to do before it is left alone.
  mutating func afterHeld(_ output: inout SessionOutput) -> Bool {
    // Lowered already, and nothing has moved since: so it is left.
    if guards.resting.lowered != nil { return finish(&output) }
    guard restRule != nil, ending == .completed else { return restoreTorque(&output) }
    guards.resting.since = now
    enter(.resting, &output)
    return true
  }

  /// The robot stands at the end, and its torque is to be lowered.
  mutating func rest(_ output: inout SessionOutput) -> Bool {
    guard let rule = restRule, ending == .completed else {
      return guards.resting.lowered == nil ? restoreTorque(&output) : finish(&output)
    }
    guard let lowered = guards.resting.lowered else {
      if now - (guards.resting.since ?? now) >= rule.after { lower(rule, &output) }
      return false
    }
    guard now - lowered >= Self.restWatch, driver.torqueLimits?.isSettled ?? true else {
      return false
    }
    return finish(&output)
  }

  /// Limits as they were found, where the motors still answer.
  private mutating func restoreTorque(_ output: inout SessionOutput) -> Bool {
    guard let limits = driver.torqueLimits, !limits.changes.isEmpty || !limits.isSettled else {
      return finish(&output)
    }
    guard let began = guards.restoring else {
      guards.restoring = now
      driver.limitTorque(to: .found)
      call(nil, &output)
      return false
    }
    guard limits.isSettled || now - began >= Self.torqueTime else { return false }
    return finish(&output)
  }
}
