import Kinematics
public import Trajectories

/// Moves a robot from its measured pose to a trajectory, along it, and to rest.
///
/// A session is a value that turns time, received bytes and the operator's input into bytes and
/// events; it owns no port and no clock. Nothing moves before everything is checked: the trajectory
/// against the robot's limits and wiring when the session is created, the device by its driver, and
/// the measured pose against the limits. Every fault makes the driver stop in the same call.
public struct Session: Sendable {
  /// The options of the session.
  public let options: SessionOptions
  /// The robot's limits, narrowed to the range of its motors.
  public let limits: SafetyLimits
  /// The time between two frames [s].
  public let interval: Double
  /// The report so far; it is complete when the session is finished.
  public internal(set) var report = SessionReport()

  let robot: RobotIdentity
  let task: SessionTask
  var driver: any RobotDriver
  /// The session's clock, which never goes back [s].
  var now = -Double.infinity
  /// What the session is doing.
  var state = State.idle
  /// When the present phase began [s].
  var phaseBegan = 0.0
  /// A fault of the present call that has not been handled yet.
  var fault: DriverFault?
  /// The rate along the trajectory that the operator wants; nil before the first frame.
  var speed: Double?
  /// Compares measured positions with commands.
  var monitor: FollowingMonitor
  /// Checks commands from outside against the limits.
  var gate: CommandGate
  /// Monitors the motors' load, heat and torque.
  var guards: Guards

  /// Creates a session, after checking the task against limits and wiring.
  public init(
    _ task: SessionTask, limits: SafetyLimits, robot: RobotIdentity, driver: any RobotDriver,
    options: SessionOptions
  ) throws(SessionRefusal) {
    let check = SessionCheck(
      limits: limits, robot: robot, wiring: driver.wiring, options: options)
    let narrowed = try check.narrowed()
    gate = CommandGate(narrowed, driver.wiring.protection.commands)
    self.task = try check.checked(task, &gate)
    self.limits = narrowed
    if case .play(let trajectory) = task { report.ignoresBase = trajectory.root != nil }
    self.robot = robot
    self.driver = driver
    self.options = options
    let rate = options.rate ?? driver.wiring.rate ?? driver.preferredRate
    interval = 1 / min(max(1, rate), 1000)
    monitor = FollowingMonitor(
      limits: limits.coordinates.map { options.followingLimit(of: $0) },
      tolerated: options.followingReadBacks, expectedLag: driver.expectedLag)
    guards = Self.guards(driver.wiring, limits, expectedLag: driver.expectedLag)
  }

  /// Restarts the monitors with the expected lag of the identified device.
  mutating func restartMonitor() {
    monitor = FollowingMonitor(
      limits: limits.coordinates.map { options.followingLimit(of: $0) },
      tolerated: options.followingReadBacks, expectedLag: driver.expectedLag)
    guards.stall = Self.guards(driver.wiring, limits, expectedLag: driver.expectedLag).stall
  }

  /// The phase of the session.
  public var phase: SessionPhase { state.phase }

  /// Whether the session is over.
  public var isFinished: Bool { phase == .finished }

  /// The motion while frames are sent; nil otherwise.
  var motion: Motion? {
    get { state.motion }
    set { state.motion = newValue }
  }

  /// When the session must be advanced even if nothing is received [s]; nil when it is over.
  public var wakeTime: Double? {
    guard !isFinished else { return nil }
    if case .idle = state { return -.infinity }
    var wake = driver.wakeTime ?? .infinity
    if let limit = phase.timeLimit { wake = min(wake, phaseBegan + limit) }
    if phase == .stopping { wake = min(wake, phaseBegan + Self.stopLinger) }
    if let restoring = state.completion?.restoring { wake = min(wake, restoring + Self.torqueTime) }
    if let motion { wake = min(wake, motion.clock.nextDue) }
    return wake
  }

  /// When the next frame is due [s]; nil while none are sent.
  var nextFrame: Double? { motion?.clock.nextDue }

  /// The time before a frame in which nothing else should be started [s].
  var frameGuardTime: Double { min(0.001, 0.1 * interval) }

  /// Advances the session to a time, with the bytes received since and the operator's input.
  public mutating func advance(
    to time: Double, received: [UInt8] = [], input: OperatorInput? = nil
  ) -> SessionOutput {
    var output = SessionOutput()
    guard !isFinished, time.isFinite else { return output }
    now = max(now, time)
    if case .idle = state { begin(&output) }
    if !received.isEmpty || (driver.wakeTime.map { $0 <= now } ?? false) {
      call(nil, received: received, &output)
    }
    if let input { take(input, &output) }
    proceed(&output)
    return output
  }
}

// MARK: - The driver

extension Session {
  /// How long the session waits after a stop for a driver that has more to send [s].
  static let stopLinger = 2.5

  /// Advances the driver and notes its events.
  mutating func call(
    _ order: DriverOrder?, received: [UInt8] = [], _ output: inout SessionOutput
  ) {
    let result = driver.advance(to: now, received: received, order: order)
    output.append(result)
    for event in result.events { note(event, &output) }
  }

  private mutating func note(_ event: DriverEvent, _ output: inout SessionOutput) {
    switch event {
    case .identified(let device):
      state.identification?.isIdentified = true
      output.events.append(.identified(device))
    case .measured(let measurement): note(measurement, &output)
    case .engaged: state.engagement?.isEngaged = true
    case .held: state.completion?.hasHeld = true
    case .stopped:
      if case .stopping(let ending, _) = state { state = .stopping(ending, hasStopped: true) }
    case .released: if case .releasing = state { state = .releasing(hasReleased: true) }
    case .gauge(let gauge): output.events.append(.gauge(gauge))
    case .warning(let text): output.events.append(.warning(text))
    case .fault(let found):
      if fault == nil, phase != .stopping {
        fault = found
      } else {
        output.events.append(.warning("afterwards: \(found.description)"))
      }
    }
  }

  private mutating func note(_ measurement: Measurement, _ output: inout SessionOutput) {
    guard measurement.positions.count == limits.coordinates.count else {
      fault =
        fault
        ?? DriverFault(
          .protocolBroken,
          "a read-back has \(measurement.positions.count) joints, expected "
            + "\(limits.coordinates.count)")
      return
    }
    output.events.append(.measured(measurement))
    for case let temperature? in measurement.temperatures {
      report.greatestTemperature = max(report.greatestTemperature ?? temperature, temperature)
    }
    for case let voltage? in measurement.voltages {
      report.leastVoltage = min(report.leastVoltage ?? voltage, voltage)
    }
    state.measured(measurement)
    if phase.isMoving || phase == .ending { compare(measurement, &output) }
    watch(measurement, &output)
  }

  private mutating func compare(_ measurement: Measurement, _ output: inout SessionOutput) {
    let time = now
    motion?.lastFeedback = time
    let excess = monitor.compare(measurement.positions, at: measurement.time)
    output.events.append(.following(monitor.lastError, lag: monitor.lag))
    guard let excess else { return }
    let limit = limits.coordinates[excess.joint]
    let allowed = options.followingLimit(of: limit)
    fault =
      fault
      ?? DriverFault(
        .position,
        "joint '\(limit.name)' is \(limit.text(excess.error)) from where it was told to be "
          + "\((monitor.lag * 1000).rounded()) ms earlier, in \(options.followingReadBacks) "
          + "read-backs, expected at most \(limit.text(allowed))")
  }
}

extension SessionOptions {
  /// How far a coordinate may be from its command [rad or m].
  fileprivate func followingLimit(of limit: SafetyLimits.Coordinate) -> Double {
    followingLimit * (limit.isAngular ? 1 : 0.1)
  }
}
