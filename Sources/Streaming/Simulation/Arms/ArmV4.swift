/// The V4 firmware: one main loop that parses, carries out, prints and prepares motion, one thing after
/// another, each with the time that it takes; an interrupt that catches five bytes; motors that
/// work off what was prepared.
///
/// Costs and orders are those of the vendor's images, measured on an emulated board. Where commands
/// keep the loop longer than the prepared motion lasts, the motors stand at once.
struct ArmV4: Sendable {
  /// grbl's states.
  enum State: String, Sendable {
    case idle = "Idle"
    case run = "Run"
    case hold = "Hold"
    case alarm = "Alarm"
  }

  /// What the loop is busy with.
  enum Job: Sendable {
    case query(ArmV4Line)
    case synchronous(ArmV4Line)
    case report
  }

  /// How long one look at everything lasts [s].
  static let tick = 0.00025

  let version: SimulatedUArm.Version
  let timing: ArmTiming
  var slots = ArmV4Slots()
  var state = State.idle
  private var buffer = ArmV4LineBuffer()

  /// The command under way, and how much of its time is left while nothing moves [s].
  var job: Job?
  var jobLength = 0.0
  var jobLeft = 0.0
  /// What the sensors said in its course.
  var counts: SIMD3<Double>?
  /// Time that the loop owes for what it did in between [s].
  var debt = 0.0
  /// Blocks that found no room.
  var stalled: [(target: SIMD3<Double>, speed: Double)] = []
  /// Whether the step interrupt runs, and whether it has just stopped by itself.
  var motorsRun = false
  private var cycleStop = false

  /// When a status was asked for.
  private var statusWanted: Double?
  private var wantsHold = false
  private var wantsResume = false
  /// The interrupt waits for room in the transmit ring, for ever.
  private(set) var isHung = false
  /// 0x18: until when nothing is heard, and texts that come then.
  private(set) var deafUntil = -Double.infinity
  var announcements: [(time: Double, text: String, isInterrupt: Bool)] = []

  /// While the beeper sounds, replies to G and M wait; while a delay runs, G and M do.
  var busyUntil = -Double.infinity
  var delayUntil = -Double.infinity
  /// Where `?` counts from: base, left, right [degrees].
  var origin: SIMD3<Double>
  var mode = 0
  var pumpRuns = false
  var gripperHolds = false
  var isWristAttached = true
  /// What `P2206 N3` says before the wrist was commanded [degrees].
  var wristDuty = 89.1
  var reportInterval = 0.0
  var nextReport = Double.infinity
  var reportsMotionEnd = false
  var hasMoved = false
  /// What G-code remembers.
  var modal = ArmV4Modal()
  /// Bits of `$10`.
  var statusMask = 3
  /// `M204 A`, units of 80 degrees/s².
  var accelerationUnits = 10.0
  /// Whether `$C` is on.
  var checks = false

  var eepromWriteCount = 0
  private(set) var standstillCount = 0
  private(set) var fullTime = 0.0

  init(_ version: SimulatedUArm.Version, at pose: SIMD3<Double>) {
    self.version = version
    timing = ArmTiming(version)
    origin = pose
  }

  /// Whether the next reply will be the one that belongs to the next command.
  var isAligned: Bool { slots.isAligned }

  // MARK: - Time

  /// One tick that ends at `now`.
  mutating func step(_ now: Double, _ serial: inout ArmSerial, _ body: inout ArmBody) {
    while let (byte, time) = serial.nextTimedArrival(by: now) {
      receive(byte, at: time, &serial, &body)
    }
    announce(now, &serial)
    let load = motorsRun ? body.planner.queue.interruptLoad : 0
    if motorsRun, !body.advance(Self.tick) {
      motorsRun = false
      cycleStop = true
    }
    body.meter.look(body.planner.position + body.offset, at: now)
    guard !isHung, now >= deafUntil else { return }
    if body.planner.isFull { fullTime += Self.tick }
    var budget = Self.tick * (1 - load)
    while budget > 0, serial.hasPrinted() {
      guard work(now, &budget, &serial, &body) else { break }
    }
  }

  /// Something of what the loop has to do; false if there is nothing more now.
  private mutating func work(
    _ now: Double, _ budget: inout Double, _ serial: inout ArmSerial, _ body: inout ArmBody
  ) -> Bool {
    if debt > 0 {
      let paid = min(debt, budget)
      debt -= paid
      budget -= paid
      return true
    }
    if !stalled.isEmpty {
      attend(now, &serial, &body)
      startCycle(&body)
      guard !body.planner.isFull else { return false }
      fillPlanner(&body)
      return true
    }
    guard let current = job else { return begin(now, &serial, &body) }
    let share = min(jobLeft, budget)
    jobLeft -= share
    budget -= share
    if counts == nil, jobLeft <= unread * jobLength {
      counts = body.sensorCounts
      // A move looks after the motion under way before it goes into the planner.
      if isMove { attend(now, &serial, &body) }
    }
    guard jobLeft <= 1e-9 else { return true }
    job = nil
    complete(current, now, &serial, &body)
    startCycle(&body)
    return true
  }

  /// A new round of the loop.
  private mutating func begin(
    _ now: Double, _ serial: inout ArmSerial, _ body: inout ArmBody
  ) -> Bool {
    attend(now, &serial, &body)
    answerWaiting(now, &serial)
    if debt > 0 || !serial.hasPrinted() { return debt > 0 }
    if now >= nextReport {
      nextReport = now + reportInterval + 0.0006
      start(.report, timing.allAngles + timing.toolPoint + 0.001)
      return true
    }
    if let text = readLine(&serial) { take(text, now, &serial, body) }
    if job == nil, now >= delayUntil, let line = slots.nextToExecute {
      start(.synchronous(line), cost(line, body))
    }
    guard job == nil else { return true }
    startCycle(&body)
    return false
  }

  /// How much of a command is left when the base's sensor is read, or a move has been converted.
  private var unread: Double {
    if isMove { return 0.2 }
    return jobLength < timing.allAngles / 2 ? 0.6 : 0.28
  }

  private var isMove: Bool {
    if case .synchronous(let line) = job { return line.letter == "G" }
    return false
  }

  mutating func start(_ next: Job, _ time: Double) {
    job = next
    jobLength = time
    jobLeft = time
    counts = nil
  }

  // MARK: - Motion

  /// Looks after what interrupts have flagged and prepares motion, as between any two commands.
  private mutating func attend(
    _ now: Double, _ serial: inout ArmSerial, _ body: inout ArmBody
  ) {
    // The loop turns faster than a tick: a line that ended just before `?` comes first.
    if let asked = statusWanted, asked < now - Self.tick { showStatus(&serial, body) }
    if cycleStop {
      cycleStop = false
      if state == .run {
        state = .idle
        if body.planner.isIdle { standstillCount += 1 }
      } else if state == .hold {
        body.planner.startOver()
      }
    }
    if wantsHold {
      wantsHold = false
      if state == .run || state == .idle {
        state = .hold
        body.planner.hold()
      }
    }
    if wantsResume {
      wantsResume = false
      if state == .hold, !motorsRun {
        state = .idle
        body.planner.resume()
        startCycle(&body)
      }
    }
    prepare(&body)
  }

  private mutating func prepare(_ body: inout ArmBody) {
    guard state == .run || (state == .hold && motorsRun) else { return }
    while body.planner.prepareSegment() { debt += timing.segment }
    if state == .run, !motorsRun, !body.planner.queue.isEmpty { motorsRun = true }
  }

  /// Motion starts where nothing moves and blocks wait.
  private mutating func startCycle(_ body: inout ArmBody) {
    guard state == .idle, !cycleStop, !motorsRun,
      !body.planner.blocks.isEmpty || !body.planner.queue.isEmpty
    else { return }
    state = .run
    prepare(&body)
  }

  private mutating func fillPlanner(_ body: inout ArmBody) {
    while let next = stalled.first, !body.planner.isFull {
      body.planner.add(target: next.target, speed: next.speed)
      stalled.removeFirst()
    }
    if stalled.isEmpty { slots.finish("ok") }
  }

  // MARK: - The interrupt

  private mutating func receive(
    _ byte: UInt8, at time: Double, _ serial: inout ArmSerial, _ body: inout ArmBody
  ) {
    guard time >= deafUntil else { return serial.drop() }
    switch byte {
    case 0x21:
      wantsHold = true
      if version.isLatest, !serial.interruptPrints("ok @9 V0\n") { isHung = true }
    case 0x7E:
      wantsResume = true
      if version.isLatest, !serial.interruptPrints("ok\n") { isHung = true }
    case 0x3F: statusWanted = statusWanted ?? time
    case 0x40: wantsHold = true
    case 0x18: reset(time, text: timing.alarm.text, &serial, &body)
    default:
      debt += timing.reception
      serial.store(byte)
    }
  }

  /// 0x18, and `S1100`, which raises an alarm on every version; 4.10.0 announces it at once.
  mutating func reset(
    _ now: Double, text delay: Double, _ serial: inout ArmSerial, _ body: inout ArmBody
  ) {
    isHung = false
    wantsHold = false
    wantsResume = false
    statusWanted = nil
    let wasMoving = motorsRun
    motorsRun = false
    cycleStop = false
    serial.emptyRing()
    buffer.clear()
    if !stalled.isEmpty {
      stalled.removeAll()
      slots.finish("ok")
    }
    if version.isLatest, delay > 0 {
      body.resynchronise()
      origin = body.planner.position
      state = .idle
      deafUntil = now + timing.resync
      announcements.append((deafUntil, "ok\n", true))
      return
    }
    body.planner.reset(to: body.planner.position)
    if state == .alarm {
      announcements.append((now, Self.lockText, false))
    } else if wasMoving {
      state = .alarm
      deafUntil = now + delay + timing.alarm.ready - timing.alarm.text
      announcements.append((now + delay, "ALARM: Abort during cycle\r\n", false))
      announcements.append((deafUntil, Self.lockText, false))
    } else {
      state = .idle
    }
  }

  private static let lockText = "['$H'|'$X' to unlock]\r\n"

  private mutating func announce(_ now: Double, _ serial: inout ArmSerial) {
    while let first = announcements.first, first.time <= now {
      if !first.isInterrupt || !serial.interruptPrints(first.text) { serial.print(first.text) }
      announcements.removeFirst()
    }
  }

  // MARK: - Text

  /// The rest of a line that has come; a line that is too long is refused at its eightieth character.
  private mutating func readLine(_ serial: inout ArmSerial) -> [UInt8]? {
    while let byte = serial.read() {
      switch buffer.take(byte) {
      case .none: continue
      case .line(let text): return text
      case .tooLong: serial.print("error: E23\n\r\n")
      }
    }
    return nil
  }

  /// Replies to G and M leave only when the machine is idle, all together.
  private mutating func answerWaiting(_ now: Double, _ serial: inout ArmSerial) {
    guard state == .idle, !motorsRun, now >= busyUntil else { return }
    for text in slots.takeFinished() { serial.print(text) }
    if hasMoved {
      hasMoved = false
      if reportsMotionEnd { serial.print("@9 V0\n") }
    }
  }

  mutating func showStatus(_ serial: inout ArmSerial, _ body: ArmBody) {
    guard statusWanted != nil else { return }
    statusWanted = nil
    debt += 0.0003
    // Whole steps, none of them a negative nothing.
    let steps = ((body.planner.position - origin) * 80).rounded(.towardZero) + SIMD3()
    let units = steps / 6400
    let figures = "\(decimals(units.y, 3)),\(decimals(units.z, 3)),\(decimals(units.x, 3))"
    var text = "<\(state.rawValue)"
    if statusMask & 1 != 0 { text += ",MPos:\(figures)" }
    if statusMask & 2 != 0 { text += ",WPos:\(figures)" }
    if statusMask & 4 != 0 { text += ",Buf:\(body.planner.blocks.count)" }
    if statusMask & 8 != 0 { text += ",RX:\(serial.ringCount)" }
    serial.print(text + ">\r\n")
  }

  /// `!` and `~` that come as commands.
  mutating func hold() { wantsHold = true }
  mutating func resume() { wantsResume = true }
}
