import Kinematics
public import Trajectories

/// Brings a robot from where it stands onto a trajectory, along it, and to rest.
///
/// A value that turns time, received bytes and an operator's wishes into bytes and events; it owns
/// no port and no clock. Nothing moves before everything was checked: the trajectory against the
/// robot's limits and the wiring when it is made, the device by its driver, the measured pose
/// against the limits. Each fault ends in the driver's stop in the same call.
public struct Session: Sendable {
  /// What it may do.
  public let options: SessionOptions
  /// The robot's limits, drawn in where its motors reach less far.
  public let limits: SafetyLimits
  /// From frame to frame [s].
  public let interval: Double
  /// The stage it is in.
  public internal(set) var phase = SessionPhase.identifying
  /// What was found so far; complete when it is finished.
  public internal(set) var report = SessionReport()

  let robot: RobotIdentity
  let task: SessionTask
  var driver: any RobotDriver
  /// The session's clock, which never goes back [s].
  var now = -Double.infinity
  var hasBegun = false
  var phaseBegan = 0.0
  var isIdentified = false
  var isEngaged = false
  var hasHeld = false
  var hasStopped = false
  var hasReleased = false
  /// Whether motors were told anything that may move them.
  var hasEngaged = false
  /// What goes wrong in a call, until it is dealt with.
  var fault: DriverFault?
  /// How it will have ended when the robot holds or has stopped.
  var ending = SessionEnding.completed
  var pose: Measurement?
  var stages: Stages?
  var motion: Motion?
  var monitor: FollowingMonitor
  /// What lets commands from outside pass.
  var gate: CommandGate
  /// What watches over the motors.
  var guards: Guards

  /// A session that may be begun.
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

  /// Begins to compare anew: only once the device is known is its lag.
  mutating func restartMonitor() {
    monitor = FollowingMonitor(
      limits: limits.coordinates.map { options.followingLimit(of: $0) },
      tolerated: options.followingReadBacks, expectedLag: driver.expectedLag)
    guards.stall = Self.guards(driver.wiring, limits, expectedLag: driver.expectedLag).stall
  }

  /// Whether it is over.
  public var isFinished: Bool { phase == .finished }

  /// When it wants to be advanced even if nothing happens [s]; nil when it is over.
  public var wakeTime: Double? {
    guard !isFinished else { return nil }
    guard hasBegun else { return -.infinity }
    var wake = driver.wakeTime ?? .infinity
    if let limit = phase.timeLimit { wake = min(wake, phaseBegan + limit) }
    if phase == .stopping { wake = min(wake, phaseBegan + Self.stopLinger) }
    if let restoring = guards.restoring { wake = min(wake, restoring + Self.torqueTime) }
    if phase.isMoving, let motion { wake = min(wake, motion.clock.nextDue) }
    return wake
  }

  /// When the next frame is due [s]; nil while none are sent.
  var nextFrame: Double? { phase.isMoving ? motion?.clock.nextDue : nil }

  /// How long before a frame nothing else should be begun any more [s].
  var frameGuardTime: Double { min(0.001, 0.1 * interval) }

  /// Goes on to `now`, with what arrived since and what the operator wants.
  public mutating func advance(
    to time: Double, received: [UInt8] = [], input: OperatorInput? = nil
  ) -> SessionOutput {
    var output = SessionOutput()
    guard !isFinished, time.isFinite else { return output }
    now = max(now, time)
    if !hasBegun { begin(&output) }
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
  /// How long a driver that has more to send is waited for after its stop [s].
  static let stopLinger = 2.5

  /// Advances the driver and notes what it found out.
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
      isIdentified = true
      output.events.append(.identified(device))
    case .measured(let measurement): note(measurement, &output)
    case .engaged: isEngaged = true
    case .held: hasHeld = true
    case .stopped: hasStopped = true
    case .released: hasReleased = true
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
    if motion == nil {
      pose = pose.map { $0.completed(by: measurement) } ?? measurement
    } else if phase.isMoving || phase == .ending {
      compare(measurement, &output)
    }
    watch(measurement, &output)
  }

  private mutating func compare(_ measurement: Measurement, _ output: inout SessionOutput) {
    motion?.lastFeedback = now
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

extension Measurement {
  /// The newer measurement, and where it says nothing the older one.
  fileprivate func completed(by newer: Measurement) -> Measurement {
    var result = newer
    for index in positions.indices where newer.positions[index] == nil {
      result.positions[index] = positions[index]
    }
    return result
  }
}

extension SessionOptions {
  /// How far a coordinate may be from its command [rad or m].
  fileprivate func followingLimit(of limit: SafetyLimits.Coordinate) -> Double {
    followingLimit * (limit.isAngular ? 1 : 0.1)
  }
}
