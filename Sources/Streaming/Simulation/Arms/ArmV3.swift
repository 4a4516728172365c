/// The V3 firmware's main loop (3.2.0, based on Marlin): four buffered lines that all commands
/// share, moves cut into segments, a planner of three blocks, `ok` when the last segment is queued.
struct ArmV3: Sendable {
  /// How long after its start the firmware looks at lines, and says that the motors have power [s].
  static let firstLine = 1.6
  static let firstEvent = 2.567
  /// What the receive ring holds [bytes].
  static let ringSize = 63

  var planner: ArmMarlinPlanner
  /// Where the arm was when steps began to be counted: base, left, right [degrees].
  private var origin: SIMD3<Double>
  /// Where the firmware believes the tool to be at the end of all moves [mm].
  var tool: SIMD3<Double>
  private(set) var lines: [ArmMarlinLine] = []
  private var buffer: [UInt8] = []
  private var isComment = false
  private var lastNumber = 0
  var busyUntil = -Double.infinity
  /// What is printed when the loop is free again.
  private var answer = ""
  /// Points of the move under way that are not in the planner yet, and the speed to them.
  private var segments: [(target: SIMD3<Double>, speed: Double)] = []
  private var feed = 1500.0
  var reportInterval = 0.0
  var nextReport = Double.infinity
  var reportsEnd = false
  private var wasMoving = false
  var mode = 0
  private var started: Double?
  private var saysPower = true
  /// What is stored: acceleration and jumps, by their place.
  var stored: [Int: Double] = [1070: 200, 1090: 5, 1100: 5]

  init(at pose: SIMD3<Double>, _ geometry: ArmGeometry) {
    planner = ArmMarlinPlanner(at: pose)
    origin = pose
    tool = geometry.tip(pose)
  }

  /// Has been running for long: nothing of its start is seen any more.
  mutating func hasStarted() {
    started = -.infinity
    saysPower = false
  }

  /// What survives a reset: the EEPROM.
  mutating func remember(_ old: ArmV3) {
    stored = old.stored
    planner.acceleration = stored[1070] ?? 200
    planner.jump = (stored[1090] ?? 5, stored[1100] ?? 5)
  }

  /// One millisecond that ends at `now`.
  mutating func step(_ now: Double, _ serial: inout ArmSerial, _ body: inout ArmBody) {
    while let byte = serial.nextArrival(by: now) { serial.store(byte) }
    move(now, &serial, &body)
    let begun = started ?? now
    started = begun
    if saysPower, now >= begun + Self.firstEvent {
      saysPower = false
      serial.print("@5 V\(body.hasPower ? 1 : 0)\r\n")
    }
    guard now >= begun + Self.firstLine else { return }
    report(now, &serial, body)
    guard serial.printing.isEmpty, now >= busyUntil else { return }
    read(now, &serial, &body)
    if !segments.isEmpty { return fill(now, &body) }
    if !answer.isEmpty {
      serial.print(answer)
      answer = ""
      return drop()
    }
    guard let line = lines.first else { return }
    execute(line, now, &serial, &body)
  }

  private mutating func move(_ now: Double, _ serial: inout ArmSerial, _ body: inout ArmBody) {
    if !planner.isIdle, !body.planner.isStuck {
      planner.step()
      if body.hasPower { body.planner.reset(to: planner.position) }
    }
    if wasMoving, planner.isIdle, reportsEnd { serial.print("@9 V0\r\n") }
    wasMoving = !planner.isIdle
  }

  private mutating func report(_ now: Double, _ serial: inout ArmSerial, _ body: ArmBody) {
    guard now >= nextReport else { return }
    nextReport = now + reportInterval
    let tip = body.geometry.tip(body.encoders)
    serial.print(
      "@3 X\(decimals(tip.x, 2)) Y\(decimals(tip.y, 2)) Z\(decimals(tip.z, 2)) "
        + "R\(decimals(body.wrist, 2))\r\n")
  }

  // MARK: - Lines

  private mutating func read(_ now: Double, _ serial: inout ArmSerial, _ body: inout ArmBody) {
    while lines.count < 4, let byte = serial.read() {
      guard byte == 10 || byte == 13 else {
        if byte == UInt8(ascii: ";") { isComment = true }
        if !isComment, buffer.count < 95 { buffer.append(byte) }
        continue
      }
      isComment = false
      guard !buffer.isEmpty else { continue }
      let text = buffer
      buffer.removeAll()
      take(text, now, &serial, &body)
    }
  }

  private mutating func take(
    _ text: [UInt8], _ now: Double, _ serial: inout ArmSerial, _ body: inout ArmBody
  ) {
    let isBeginning = String(decoding: text, as: UTF8.self).hasPrefix("M110")
    switch ArmMarlinLine.count(text, after: lastNumber) {
    case (_, .refused(let reason, let asks)?) where !isBeginning:
      serial.print("Error:\(reason), Last Line: \(lastNumber)\n")
      if asks { serial.print("Resend: \(lastNumber + 1)\nok\n") }
      return
    case (let number?, nil): lastNumber = number
    default: break
    }
    // The quick stop is looked at on reception, if the queue has room; a number would hide it.
    if text.elementsEqual("M410".utf8) { stopQuickly(now, body) }
    lines.append(ArmMarlinLine(text))
  }

  private mutating func drop() { if !lines.isEmpty { lines.removeFirst() } }

  /// The motors stop at once, and steps from the start are taken for angles and millimetres: the
  /// next move goes anywhere, unless `M2000` measures before.
  private mutating func stopQuickly(_ now: Double, _ body: ArmBody) {
    planner.quickStop(at: now)
    let steps = planner.position - origin
    planner.planned = steps
    origin = planner.position - steps
    tool = steps
  }

  /// Takes the pose from the sensors.
  mutating func measure(_ body: ArmBody, _ serial: inout ArmSerial) {
    guard body.hasPower else { return serial.print("No Power Connected!\r\n") }
    planner.planned = body.encoders
    planner.position = body.motors
    tool = body.geometry.tip(body.encoders)
  }

  /// Ends a line after so many milliseconds of the main loop, which the step interrupt stretches.
  mutating func finish(_ text: String, _ line: ArmMarlinLine, _ now: Double, taking cost: Double) {
    busyUntil = now + cost / 1000 / (1 - planner.load)
    answer = line.id > 0 ? "$\(line.id + idShift) \(text)" : text
  }

  /// Added to the numbers of replies, a fault.
  var idShift = 0

  // MARK: - Commands

  private mutating func execute(
    _ line: ArmMarlinLine, _ now: Double, _ serial: inout ArmSerial, _ body: inout ArmBody
  ) {
    idShift = body.idShift
    switch (line.letter, line.code) {
    case ("G", 0), ("G", 1): cut(line, now, body)
    case ("G", 2202): turn(line, now, &body)
    case ("G", 2203), ("M", 400):
      guard planner.isIdle else { return }
      finish("ok\n", line, now, taking: 1.5)
    case ("G", 4), ("G", 2004):
      guard planner.isIdle else { return }
      finish("ok\n", line, now, taking: 1.5 + min(line["P"] ?? 0, 60_000))
    case ("M", 110):
      lastNumber = Int(line["N"] ?? 0)
      finish("ok\n", line, now, taking: 1.5)
    case ("M", 105):
      answer = "ok T:0.0 /0.0 @:0\n"
      busyUntil = now + 0.0015
    case ("M", 410): finish("ok\n", line, now, taking: 1.5)
    case ("M", 2000):
      lines = [line]
      planner.quickStop(at: now)
      measure(body, &serial)
      finish("ok\n", line, now, taking: 33)
    default:
      guard let (text, cost) = ordinary(line, now, &serial, &body) else {
        answer = "echo:Unknown command: \"\(line.body)\"\n"
        busyUntil = now + 0.0015
        return
      }
      finish(text, line, now, taking: cost)
    }
  }

  /// `G2202`: one motor alone, in one block; the wrist at once, in whole degrees.
  private mutating func turn(_ line: ArmMarlinLine, _ now: Double, _ body: inout ArmBody) {
    if let motor = line["N"], let value = line["V"], 0...3 ~= motor {
      if motor == 3 {
        body.turnWrist(value.rounded(.towardZero))
      } else if var target = body.geometry.solve(tool) {
        target[Int(motor)] = value
        segments = [(target, (line["F"] ?? feed) / 60)]
        tool = body.geometry.tip(target)
      }
    }
    finish("ok\n", line, now, taking: 3.5)
  }

  /// A straight line of the tool, in a hundred segments for each second that it takes at F in
  /// millimetres; each is carried out at F in degrees.
  private mutating func cut(_ line: ArmMarlinLine, _ now: Double, _ body: ArmBody) {
    let target = SIMD3(line["X"] ?? tool.x, line["Y"] ?? tool.y, line["Z"] ?? tool.z)
    guard let end = body.geometry.solve(target), body.geometry.isLegal(end), !body.refusesMoves
    else { return finish("ok E22 unreachable\r\n\r\n", line, now, taking: 3) }
    if let wanted = line["F"], wanted > 0 { feed = wanted }
    let way = target - tool
    let length = (way * way).sum().squareRoot()
    let count = min(max(Int(6000 * length / feed), 1), 3000)
    for index in 1...count {
      let at = tool + way * (Double(index) / Double(count))
      if let angles = body.geometry.solve(at) { segments.append((angles, feed / 60)) }
    }
    tool = target
    finish("ok \r\n", line, now, taking: 2.5)
  }

  /// Queues the next segment when there is room; a move switches its motors on.
  private mutating func fill(_ now: Double, _ body: inout ArmBody) {
    guard let next = segments.first, !planner.isFull else { return }
    segments.removeFirst()
    planner.add(next.target, speed: next.speed, at: now)
    body.attached = [true, true, true]
    busyUntil = now + 0.0045 / (1 - planner.load)
  }
}
