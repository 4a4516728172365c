/// Lines, replies, blocks and questions of a stream to V3.
extension UArmMarlin {
  /// Takes a reply.
  mutating func receive(_ reply: UArmReply, at now: Double) -> [Finding] {
    var findings: [Finding] = []
    if let outcome = wire.receive(reply, at: now) { take(outcome, now, &findings) }
    pump(now, &findings)
    return findings
  }

  /// Lets time pass.
  mutating func advance(_ now: Double) -> [Finding] {
    var findings: [Finding] = []
    if let outcome = wire.letTimePass(now) { take(outcome, now, &findings) }
    pump(now, &findings)
    return findings
  }

  private mutating func take(
    _ outcome: UArmMarlinWire.Outcome, _ now: Double, _ findings: inout [Finding]
  ) {
    switch outcome {
    case .taken(.move, _, let seconds): moved(seconds, now)
    case .taken: break
    case .answered(let text, let fields, let asked): answered(text, fields, asked, &findings)
    case .refused(let text, let code): refused(text, code, &findings)
    case .broken(let text): findings.append(.fault(DriverFault(.protocolBroken, text)))
    case .silent(let text):
      findings.append(
        .fault(
          DriverFault(.silent, "the uArm has not answered '\(text)' in three attempts; expected ok")
        ))
    }
  }

  private func refused(_ text: String, _ code: Int, _ findings: inout [Finding]) {
    // A question that is not understood is one answer less; those at the end are asked again.
    if text.hasPrefix("P") || text.hasPrefix("M22") { return }
    findings.append(
      .fault(
        DriverFault(
          .deviceError, "the uArm refuses '\(text)' with E\(code)\(UArmDriver.meaning(code))")))
  }

  private mutating func moved(_ seconds: Double, _ now: Double) {
    guard let block else { return }
    self.block = nil
    took = seconds
    durations = durations.suffix(Self.depth - 1) + [block.seconds]
    // A move that waited for room shows how much there is: the whole planner.
    end = min(max(end, now - seconds + 0.005) + block.seconds, now + durations.reduce(0, +))
    lag += 0.2 * (end - block.frame.time - lag)
    flowCount += 1
    if let wrist = block.frame.wrist { hold(wrist, until: end) }
  }

  private mutating func pump(_ now: Double, _ findings: inout [Finding]) {
    guard wire.isFree else { return }
    if !lines.isEmpty {
      let (purpose, text) = lines.removeFirst()
      return wire.send(purpose, text, at: now, patience: 0.5)
    }
    if stage == .preparing {
      stage = .streaming
      findings.append(.prepared)
    }
    if stage == .restoring {
      stage = .held
      findings.append(.held)
    }
    if let block { return sendMove(block.move, block.seconds, now) }
    if let first = wrists.first, first.due <= now {
      wrists.removeFirst()
      lastWrist = first.degrees
      return wire.send(.wrist, "G2202N3V\(first.degrees)F1", at: now, patience: patience(now))
    }
    // With a full planner there is time for a question, even when frames wait.
    if isFlowing, !waiting.isEmpty, !(isQuestionDue(now) && end - now > 0.1) {
      guard !ranDry(now, &findings) else { return }
      return begin(now, &findings)
    }
    if isResting, waiting.isEmpty { isFlowing = false }
    ask(now, &findings)
  }

  // MARK: - Blocks

  /// Whether the planner ran empty in mid-motion: then a lead is built up again.
  private mutating func ranDry(_ now: Double, _ findings: inout [Finding]) -> Bool {
    guard stage == .streaming, flowCount > Self.depth, speed > 5, end < now - 0.01,
      waiting.count < Self.depth
    else { return false }
    isFlowing = false
    findings.append(.warning("the uArm's planner ran dry in mid-stream"))
    return true
  }

  private mutating func begin(_ now: Double, _ findings: inout [Finding]) {
    let frame = waiting.removeFirst()
    let way = frame.angles.difference(sent)
    let length = frame.angles.distance(sent)
    let dominant = max(abs(way.x), abs(way.y), abs(way.z))
    guard dominant >= Self.leastStep / 2 else {
      if let wrist = frame.wrist { hold(wrist, until: max(end, now)) }
      return pump(now, &findings)
    }
    let wanted = length / frame.seconds
    let factor = quickening(wanted, length, frame, now)
    var rate = wanted * factor * dominant / length
    for motor in 0..<3 where abs(way[motor]) > 0 {
      rate = min(rate, greatest[motor] * dominant / abs(way[motor]))
    }
    rate = max(rate, 0.1)
    let point = kinematics.point(frame.angles)
    let distance = point.distance(to: kinematics.point(sent))
    // Fewer than two hundredths of a second at F: one segment.
    let feed = max(60 * 55 * distance, 60 * 1.5 * wanted, 600)
    guard let x = fixed(point.x, 3), let y = fixed(point.y, 3), let z = fixed(point.z, 3),
      let f = fixed(feed, 0), let said = fixed(rate, 2)
    else { return }
    (sent, speed) = (frame.angles, wanted)
    let move = "G0X\(x)Y\(y)Z\(z)F\(f)"
    block = (frame, move, dominant / rate)
    guard said != speedText else { return sendMove(move, dominant / rate, now) }
    speedText = said
    wire.send(.speed, "M203X\(said)Y\(said)Z\(said)", at: now, patience: patience(now))
  }

  private mutating func sendMove(_ move: String, _ seconds: Double, _ now: Double) {
    wire.send(.move, move, at: now, patience: patience(now))
  }

  /// A move is answered when the planner has room for it.
  private func patience(_ now: Double) -> Double { max(0, end - now) + 0.35 }

  /// The factor on a block's speed: half of what its ramp costs, since the trajectory's
  /// accelerations keep their limits so, and a little by how late the frame is.
  private func quickening(
    _ wanted: Double, _ length: Double, _ frame: Frame, _ now: Double
  ) -> Double {
    let ramp = wanted > speed ? wanted - speed : min(speed - wanted, wanted)
    let cost = min(ramp * ramp / (2 * Self.acceleration * length), 0.05)
    let late = took + max(0, now - frame.due) - 0.03
    return (1 + 0.5 * cost) * (1 + min(max(0.3 * late, -0.01), 0.005))
  }

  // MARK: - Questions

  private mutating func ask(_ now: Double, _ findings: inout [Finding]) {
    guard now >= nextQuestion else { return }
    switch stage {
    case .ending where waiting.isEmpty && wrists.isEmpty && now > end + 0.02:
      question(isStill ? "P2200" : "M2200", 0.05, now)
    case .streaming, .ending:
      guard isFlowing else {
        // At the end the arm is asked when it has come to rest.
        if stage == .streaming { question("P2200", 0.5, now) }
        return
      }
      guard isQuestionDue(now) else { return }
      turn = (turn + 1) % 3
      question("P2206N\(turn)", 0.2, now)
    case .held: question("P2200", 0.5, now)
    default: break
    }
  }

  /// Whether a motor's angle may be asked for beside the stream: fast steps take the processor.
  private func isQuestionDue(_ now: Double) -> Bool {
    now >= nextQuestion
      && (speed < Self.calmSpeed || now - lastQuestion > Self.longestSilence)
  }

  private mutating func question(_ text: String, _ pause: Double, _ now: Double) {
    nextQuestion = now + pause
    lastQuestion = now
    wire.send(.question, text, at: now, patience: 0.8)
  }

  private mutating func answered(
    _ text: String, _ fields: UArmFields, _ asked: Double, _ findings: inout [Finding]
  ) {
    switch text.prefix(5) {
    case "M2211": found(text, fields.number("V"))
    case "M2200": isStill = fields.number("V") == 0
    case "P2206":
      guard let value = fields.number("V"), let motor = text.last?.wholeNumberValue else { return }
      findings.append(.motor(motor, value, asked: asked))
    default:
      guard let found = fields.numbers("BLR") else { return }
      let pose = UArmKinematics.Angles(base: found[0], left: found[1], right: found[2])
      findings.append(.pose(pose, asked: asked))
    }
  }

  /// What is stored in the arm.
  ///
  /// Our own acceleration is what a run left there that was cut off.
  private mutating func found(_ question: String, _ value: Double?) {
    guard let value, 0.1 <= value && value <= 2000, value != Self.acceleration,
      let place = Int(question.dropFirst(8).prefix(4))
    else { return }
    stored[place] = value
  }

  /// Where the arm came to rest was looked at: settings go back to what they were.
  mutating func restore() {
    guard stage == .ending else { return }
    stage = .restoring
    lines = [(.setting, "M203X2000Y2000Z2000"), (.setting, jumps), (.setting, storing)]
  }

  private var jumps: String {
    "M205X\(fixed(stored[1090] ?? 5, 2) ?? "5")Z\(fixed(stored[1100] ?? 5, 2) ?? "5")"
  }

  /// The line that stores the acceleration that the arm had.
  var storing: String {
    "M204T\(fixed(stored[1070] ?? Self.factoryAcceleration, 2) ?? "200")"
  }

  /// How long ago the stream ended, when everything should have been carried out [s].
  func overdue(_ now: Double) -> Double { now - max(endBegan, end) }
}
