import Foundation

/// The driver of a uArm: Swift Pro with either firmware, Swift or Metal.
///
/// The driver finds out which firmware a Swift Pro has. The V4 firmwares were run unchanged on an
/// emulated board to find out what the driver may rely on (Docs/streaming.md); nothing was tested
/// on hardware.
struct UArmDriver: RobotDriver {
  /// The options of the driver.
  struct Options: Sendable, Hashable {
    /// How V4 is streamed to.
    enum Policy: Sendable, Hashable {
      /// Smoothly, with some frames ahead in the planner.
      case live
      /// With at most two unanswered commands; the arm stops after every second one.
      case exact
    }

    /// How V4 is streamed to.
    var policy = Policy.live
    /// The number of frames ahead in the planner of a V4.
    var lead = 4
    /// The acceleration of the motors of a V4 [degrees/s²]; nil to leave it unchanged.
    ///
    /// It is stored in EEPROM, so it is written only if `$$` lists another value. 800 is the
    /// factory value and four times that of our trajectories: the firmware then changes speed
    /// between blocks in an eighth of a frame, and the mean acceleration of the motors is that of
    /// the trajectory (measured at 800: 201 for a limit of 200; at 200: 0.3 s late and up to 0.5°
    /// off the path).
    var acceleration: Double? = 800
    /// Whether the status line of a V4 may be set to include the planner's fill level (`$10=12`),
    /// which is stored in EEPROM; otherwise the level is used only if it is already included.
    var mayWriteStatusMask = false
    /// How far a motor may be from its path before the stream ends [degrees].
    var deviationLimit = 8.0

    /// Creates default options.
    init() {}
  }

  /// What the driver is doing.
  enum Phase: Sendable {
    case closed
    case booting(until: Double, quietUntil: Double)
    case script(UArmScript)
    case identified
    /// V3: settings for the stream are written.
    case preparing
    case engaged
    case following
    case finishing(UArmFinishing)
    case held
    case stopping(UArmStopping)
    case stopped
    case released
    case failed
  }

  /// The execution models, each with its own state.
  enum Execution: Sendable {
    case live(UArmLive)
    case stopAndWait(StopAndWait)
    case marlin(UArmMarlin)
  }

  /// The motors and their units.
  let wiring: Wiring
  /// The options of the driver.
  let options: Options
  var phase = Phase.closed
  var now = 0.0
  var output = DriverOutput()
  var parser = UArmParser()
  var link = UArmLink()
  var poll = UArmPolling()
  /// What the arm says about itself.
  var identity: UArmIdentity
  /// What was read from the arm.
  var readings = UArmReadings()
  /// Whether the motors were released, so that they must be attached before they move.
  var isReleased = false
  /// How frames are sent to this model; nil before the arm is engaged and after a stop.
  var execution: Execution?
  /// The frames that were sent.
  var stream = UArmStream()
  /// V3: the line that restores what was stored in the arm; nil if there is nothing to restore.
  var storing: String?

  /// Creates a driver for a wiring with motors 0 base, 1 left, 2 right and optionally 3 wrist.
  init(wiring: Wiring, options: Options = Options()) {
    self.wiring = wiring
    self.options = options
    identity = UArmIdentity(for: wiring.device)
    link.dialect = wiring.device == .uarmMetal ? .positions : .letters
  }

  /// The model that answers; nil until it is identified.
  var model: UArmModel? {
    get { identity.model }
    set { identity.model = newValue }
  }

  var kinematics: UArmKinematics {
    get { identity.kinematics }
    set { identity.kinematics = newValue }
  }

  /// The end of the stream; nil in other phases, in which setting it has no effect.
  var finishing: UArmFinishing? {
    get { if case .finishing(let finishing) = phase { finishing } else { nil } }
    set { if case .finishing = phase, let newValue { phase = .finishing(newValue) } }
  }

  /// 20 Hz, the rate of the vendor's ROS node.
  var preferredRate: Double { 20 }

  /// The delay of the planner, or the duration of a move.
  var expectedLag: Double {
    switch execution {
    case .live(let live): live.wantedLag
    case .stopAndWait: 0.1
    case .marlin(let marlin): marlin.lag
    case nil:
      wiring.device == .uarmSwiftPro
        ? UArmLive.lag(lead: options.lead, interval: 1 / preferredRate) : 0.1
    }
  }

  /// The wrist, if it cannot be measured.
  ///
  /// A V4 reports the commanded angle of its wrist. A V3 has a potentiometer, which may not be
  /// connected.
  var motorsWithoutSensor: Set<Int> {
    model == .proV4 || (model == .proV3 && identity.wristHasNoSensor)
      ? Set([place(3)].compactMap { $0 }) : []
  }

  /// The next line, poll, time-out or wrist command.
  var wakeTime: Double? {
    var times: [Double] = []
    if let time = link.wakeTime { times.append(time) }
    switch phase {
    case .booting(let until, let quiet): times.append(min(until, quiet))
    case .script(let script): times.append(script.deadline)
    case .engaged, .following, .finishing, .held:
      times.append(poll.next)
      if let time = probeTime { times.append(time) }
    case .stopping(let stopping): times.append(stopping.next)
    default: break
    }
    if let marlin, let due = marlin.wakeTime(after: now) { times.append(due) }
    if case .live(let live) = execution, let due = live.wakeTime(after: now) { times.append(due) }
    return times.min()
  }

  /// Advances the driver; see `RobotDriver`.
  mutating func advance(
    to now: Double, received: [UInt8], order: DriverOrder?
  ) -> DriverOutput {
    output = DriverOutput()
    self.now = now
    for reply in parser.replies(received) { handle(reply) }
    if let order { carryOut(order) }
    letTimePass()
    if case .live(var live) = execution, isStreaming {
      live.turnWrist(now, &link)
      execution = .live(live)
    }
    takeMarlinBytes()
    output.bytes += link.take(now)
    if mayMove, link.isAcknowledged, !link.isParsed, poll.pending == nil {
      probe()
      output.bytes += link.take(now)
    }
    defer { output = DriverOutput() }
    return output
  }

  /// Whether a stream is under way.
  var isStreaming: Bool {
    switch phase {
    case .following, .finishing: true
    default: false
    }
  }

  /// Whether the driver may have made the arm move, so that a fault must stop it.
  var mayMove: Bool {
    switch phase {
    case .engaged, .following, .finishing, .held: true
    default: false
    }
  }

  private mutating func carryOut(_ order: DriverOrder) {
    switch order {
    case .identify: beginIdentifying()  // A uArm's supply has no switch on its line.
    case .engage:
      guard case .identified = phase else { return refuse("engage", "identify") }
      begin(.engaging)
    case .measure: measure()
    case .follow(let point): follow(point)
    case .finish: finish()
    case .stop: stop()
    case .release: release()
    }
  }

  mutating func refuse(_ order: String, _ before: String) {
    fail(
      .deviceError, "the uArm was asked to \(order) before it was ready: expected \(before) first")
  }

  mutating func warn(_ text: String) { output.events.append(.warning(text)) }

  /// Reports a fault and, if the arm may move, stops it at once.
  mutating func fail(_ kind: DriverFault.Kind, _ text: String) {
    switch phase {
    case .failed, .stopping, .stopped: return
    default: break
    }
    output.events.append(.fault(DriverFault(kind, text)))
    guard !mayMove else { return stop() }
    phase = .failed
    link.clear()
  }

  // MARK: - Motors

  /// The index of a motor in the wiring.
  func place(_ id: Int) -> Int? { wiring.motors.firstIndex { $0.id == id } }

  /// The three motor angles of joint positions.
  func angles(of positions: [Double]) -> UArmKinematics.Angles? {
    guard let base = place(0), let left = place(1), let right = place(2),
      positions.indices.contains(max(base, left, right))
    else { return nil }
    return UArmKinematics.Angles(
      base: wiring.motors[base].raw(positions[base]),
      left: wiring.motors[left].raw(positions[left]),
      right: wiring.motors[right].raw(positions[right]))
  }

  func wrist(of positions: [Double]) -> Double? {
    place(3).map { wiring.motors[$0].raw(positions[$0]) }
  }

  /// Joint positions of motor angles, in the wiring's order.
  func positions(_ angles: UArmKinematics.Angles, wrist: Double?) -> [Double?] {
    wiring.motors.map { motor in
      switch motor.id {
      case 0: motor.position(angles.base)
      case 1: motor.position(angles.left)
      case 2: motor.position(angles.right)
      case 3: wrist.map(motor.position)
      default: nil
      }
    }
  }

  /// Reports measured angles.
  mutating func report(_ angles: UArmKinematics.Angles, wrist: Double?) {
    output.events.append(
      .measured(Measurement(time: now, positions: positions(angles, wrist: wrist))))
  }
}
