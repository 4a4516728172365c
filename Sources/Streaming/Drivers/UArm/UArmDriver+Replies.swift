/// Handling replies.
extension UArmDriver {
  mutating func handle(_ reply: UArmReply) {
    if marlinReceives(reply) { return }
    switch reply {
    case .success(let id, let fields): answered(id, fields, error: nil)
    case .failure(let id, let code, let fields): answered(id, fields, error: .some(code))
    case .unnumberedFailure(let code):
      guard mayMove else { return }
      fail(.deviceError, "the uArm says E\(code) without a number: its command queue is full")
    case .event(let code, let fields): event(code, fields)
    case .status(let status): take(status)
    case .setting(let number, let value):
      if identity.settings.count < 64 { identity.settings[number] = value }
    case .acknowledgement:
      if case .script(let script) = phase { acknowledged(script) }
    case .text(let text): take(text)
    }
  }

  private mutating func answered(_ id: Int, _ fields: UArmFields, error: Int??) {
    guard let sent = link.answer(id) else { return unexpected(id) }
    poll.unknownReplies = 0
    if sent.sequence != nil { poll.lastSynchronous = now }
    if case .script(let script) = phase {
      if script.awaited == id { scriptReply(fields, error: error, script) }
      return
    }
    if case .stopping(let stopping) = phase {
      if stopping.awaited == id { confirmed(fields, stopping) }
      return
    }
    if poll.pending == id {
      poll.pending = nil
      poll.lastAnswer = now
    }
    guard mayMove else { return }
    switch sent.command {
    case .angles where error == nil: measured(fields, sent)
    case .angle(let motor) where error == nil: measured(motor, fields, sent)
    case .power where error == nil && fields.number("V") == 0: lostPower()
    case .encoders:
      if let error {
        fail(
          .deviceError,
          "the uArm cannot read its encoders any more (E\(error ?? 0), bits \(fields.number("V") ?? 0))"
        )
      }
    case .angles, .power, .position, .angle, .mode, .name, .firmware: break
    default: synchronous(sent, error)
    }
  }

  /// Handles a reply with a number that is not awaited: late, repeated, or from another device.
  private mutating func unexpected(_ id: Int) {
    guard !link.isLate(id) else { return }
    poll.unknownReplies += 1
    guard poll.unknownReplies >= 4 else { return }
    switch phase {
    case .script, .engaged, .following, .finishing, .held:
      fail(
        .protocolBroken,
        "the uArm answers with numbers that were not sent, the last \(id); expected ours")
    default: break
    }
  }

  /// Handles the reply to a move, the wrist or a setting.
  private mutating func synchronous(_ sent: UArmLink.Sent, _ error: Int??) {
    if let error {
      // Early V4 firmwares answer E21 although they turn the wrist.
      if case .wrist = sent.command, error == 21 { return next(after: sent) }
      let code = error.map { "E\($0)" } ?? "no result"
      return fail(
        .deviceError,
        "the uArm refuses '\(sent.command.text(link.dialect) ?? "")' with \(code)\(Self.meaning(error))"
      )
    }
    next(after: sent)
  }

  static func meaning(_ code: Int?) -> String {
    switch code {
    case 20: " (unknown command)"
    case 21: " (parameter)"
    case 22: " (out of range or unreachable)"
    case 23: " (buffer full)"
    case 24: " (no motor power)"
    case 25: " (operation failed)"
    case 26: " (encoder)"
    case 27: " (a motor is detached)"
    default: ""
    }
  }

  private mutating func next(after sent: UArmLink.Sent) {
    switch execution {
    case .live(let live):
      // The arm was idle: its planner or its segment buffer ran empty; the status line tells which.
      if let place = sent.sequence, live.isFlowing(reply: place), case .following = phase {
        poll.next = now
      }
    case .stopAndWait(var sender):
      // A query may wait behind moves, whose replies show too that the arm responds.
      poll.lastAnswer = now
      sender.answered(sent.id, &link, kinematics)
      execution = .stopAndWait(sender)
    case .marlin, nil: break
    }
  }

  private mutating func dry(_ live: inout UArmLive) {
    live.ranDry()
    warn("the uArm's planner ran dry in mid-stream; its lead is now \(live.lead) frames")
  }

  /// Handles the reply to `P2200`, the encoders' angles.
  private mutating func measured(_ fields: UArmFields, _ sent: UArmLink.Sent) {
    guard let found = fields.numbers("BLR") else { return }
    let pose = UArmKinematics.Angles(base: found[0], left: found[1], right: found[2])
    readings.angles = pose
    report(pose, wrist: fields.number("H"))
    var window = (now - 1.2, now)
    if case .live(let live) = execution { window = live.expected(at: sent.time) }
    tellGauge()
    if let distance = path?.deviation(of: pose, from: window.0, to: window.1) {
      compare(distance, 3)
    }
    if let restStart = finishing?.restStart, sent.time > restStart + 0.05 { arrived(pose) }
  }

  /// Handles the reply to `P2206`, one encoder's angle.
  private mutating func measured(_ motor: Int, _ fields: UArmFields, _ sent: UArmLink.Sent) {
    guard let found = fields.number("V"), 0..<3 ~= motor else { return }
    var positions = [Double?](repeating: nil, count: wiring.motors.count)
    if let place = place(motor) { positions[place] = wiring.motors[place].position(found) }
    output.events.append(.measured(Measurement(time: now, positions: positions)))
    tellGauge()
    guard case .live(let live) = execution else { return }
    let window = live.expected(at: sent.time)
    if let distance = path?.deviation(ofMotor: motor, at: found, from: window.0, to: window.1) {
      compare(distance, motor)
      // A motor that is off the path is measured again at once.
      if stream.deviations[motor].count > 0 { poll.motor = motor }
    }
  }

  private mutating func tellGauge() {
    var queued: Double?
    switch execution {
    case .live(let live): queued = live.queued
    case .stopAndWait(let sender): queued = Double(sender.openCount)
    case .marlin, nil: break
    }
    let load = Double(link.takeByteCount()) / (11_520 * max(now - poll.lastGauge, 0.05))
    poll.lastGauge = now
    output.events.append(.gauge(QueueGauge(queued: queued, busLoad: min(load, 1))))
  }

  /// Checks the pose at the end of the stream, which shows a motor that could not follow.
  private mutating func arrived(_ pose: UArmKinematics.Angles) {
    let off = path?.deviation(of: pose, from: now, to: now) ?? 0
    if off <= options.deviationLimit { return held() }
    // A single deviation may be a damaged reply.
    if stream.deviations[3].count >= 2 { failFar(off) }
  }

  /// Checks for a lasting deviation, caused by missed steps, a jam or a lost error message.
  mutating func compare(_ distance: Double, _ motor: Int) {
    var found = stream.deviations[motor]
    if found.count == 0 { found.start = now }
    found.count = distance <= options.deviationLimit ? 0 : found.count + 1
    stream.deviations[motor] = found
    // A sensor that does not answer shows a wrong angle, without an error; it is asked for itself.
    if found.count == 1 { poll.mustCheckSensors = true }
    // V3 answers behind its moves, so seldom that two are enough.
    guard found.count >= 3 || (found.count == 2 && now > found.start + 0.5) else { return }
    failFar(distance)
  }

  /// Where the motors were told to be.
  private var path: UArmPath? {
    switch execution {
    case .live(let live): live.path
    case .stopAndWait(let sender): sender.path
    case .marlin(let marlin): marlin.path
    case nil: nil
    }
  }

  private mutating func failFar(_ distance: Double) {
    fail(
      .position,
      "a motor of the uArm is \(fixed(distance, 1) ?? "?")° from where it was told to be; expected at most \(options.deviationLimit)°"
    )
  }

  private mutating func take(_ status: UArmStatus) {
    poll.lastStatus = now
    if case .script(let script) = phase { return scriptStatus(status, script) }
    if case .stopping(let stopping) = phase { return stopStatus(status, stopping) }
    guard isStreaming, case .live(var live) = execution else { return }
    live.blocks = status.blocks
    if status.state == "Idle", isSettled(at: poll.statusAsked) {
      live.isAtRest = true
    }
    if let machine = status.machine, let offset = readings.machineOffset {
      let pose = UArmKinematics.Angles(
        base: offset.base + machine[2] * 80, left: offset.left + machine[0] * 80,
        right: offset.right + machine[1] * 80)
      live.observe(pose, at: poll.statusAsked + 0.001)
      stream.machinePose = pose
    }
    switch (phase, status.state) {
    case (.following, "Idle") where live.isDry(idleAt: stream.machinePose, at: poll.statusAsked):
      dry(&live)
    case (.following, "Alarm"), (.following, "Door"), (.following, "Hold"),
      (.finishing, "Alarm"), (.finishing, "Door"):
      fail(.deviceError, "the uArm is in state \(status.state) in mid-stream; expected Run or Idle")
      return
    case (.finishing, "Hold") where finishing?.alignment.stage == .idle:
      fail(.deviceError, "the uArm was put on hold by somebody else; expected Run or Idle")
      return
    default: break
    }
    execution = .live(live)
  }

  /// Whether all commands had gone and had time to be parsed before an instant.
  private func isSettled(at time: Double) -> Bool {
    link.isEmpty && link.isParsed && time > link.lastSynchronous + 0.05
  }

  private mutating func event(_ code: Int, _ fields: UArmFields) {
    switch code {
    case 1:
      if case .booting(let until, _) = phase {
        // What follows at once (@5, @6) is let pass.
        phase = .booting(until: until, quietUntil: now + 0.3)
      } else {
        restarted("@1")
      }
    case 5 where fields.number("V") == 0: lostPower()
    case 6 where fields.number("V") == 1 && mayMove: warn("the uArm's limit switch is pressed")
    case 7 where isKnown: fail(.temperature, "the uArm reports over-temperature (@7)")
    default: break
    }
  }

  private var isKnown: Bool {
    switch phase {
    case .closed, .booting, .failed: false
    default: true
    }
  }

  private mutating func lostPower() {
    guard mayMove else { return }
    fail(.voltage, "the uArm's motors have lost their power; expected 12 V")
  }

  private mutating func take(_ text: String) {
    let banners = [
      "angle offset", "device name", "soft ver", "api ver", "start", "PowerUp", "Marlin",
      "External Reset", "Brown out", "Watchdog", "uArm",
    ]
    if banners.contains(where: text.hasPrefix) { return restarted(text) }
    if text.hasPrefix("No Power Connected") { lostPower() }
  }

  private mutating func restarted(_ text: String) {
    switch phase {
    case .identified, .engaged, .following, .finishing, .held:
      fail(.deviceError, "the uArm started again in mid-stream (it said '\(text.prefix(40))')")
    case .script(let script) where model != nil && script.steps.first != .name:
      fail(.deviceError, "the uArm started again during bring-up (it said '\(text.prefix(40))')")
    default: break
    }
  }
}
