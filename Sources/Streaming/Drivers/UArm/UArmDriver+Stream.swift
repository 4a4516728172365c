/// The stream: frames, polls, time-outs, the end.
extension UArmDriver {
  mutating func follow(_ point: SetPoint) {
    switch phase {
    case .engaged, .held, .following: break
    default: return refuse("follow", "engage")
    }
    if let reason = refusal(of: point) { return fail(.refusedSetPoint, reason) }
    guard let pose = angles(of: point.positions) else { return }
    lastPositions = point.positions
    lastFollow = now
    interval = point.interval
    phase = .following
    let frame = UArmLive.Frame(
      time: now, number: point.frame, angles: pose, wrist: wrist(of: point.positions),
      interval: point.interval)
    switch execution {
    case .live(var live):
      live.follow(frame, &link)
      execution = .live(live)
    case .turns(var turns):
      turns.follow(frame, &link, kinematics)
      execution = .turns(turns)
      if Double(turns.skippedCount) * point.interval > 1.5 { fallBehind(turns.skippedCount) }
    case .marlin(var marlin):
      marlin.follow(
        pose, wrist: wrist(of: point.positions), number: point.frame, interval: point.interval,
        at: now)
      execution = .marlin(marlin)
      if marlin.isTooFarBehind { failBehind(UArmMarlin.mostWaiting) }
    case nil: break
    }
  }

  /// Frames were skipped for too long: the arm is too slow for the stream, or says nothing any more.
  private mutating func fallBehind(_ count: Int) {
    let isSilent = now - poll.lastAnswer > 1.4
    fail(
      isSilent ? .silent : .position,
      isSilent
        ? "the uArm has not answered for 1.5 s, or the stream is far too fast for it"
        : "the uArm does not keep up: \(count) frames in a row were skipped; play it slower")
  }

  /// Why a set-point must not be sent; nil where it may.
  private func refusal(of point: SetPoint) -> String? {
    let motors = wiring.motors
    guard point.positions.count == motors.count else {
      return "frame \(point.frame) has \(point.positions.count) joints; expected \(motors.count)"
    }
    guard 0.005 <= point.interval && point.interval <= 1 else {
      return "frame \(point.frame) has an interval of \(point.interval) s; expected 0.005 to 1"
    }
    let isFirst = lastFollow == -.infinity
    let elapsed = max(point.interval, isFirst ? 0 : min(now - lastFollow, 0.5))
    for (index, motor) in motors.enumerated() {
      let value = point.positions[index]
      let label = "frame \(point.frame): joint '\(motor.joint)'"
      guard motor.limits.lowerBound - 1e-6 <= value && value <= motor.limits.upperBound + 1e-6
      else { return "\(label) is to go to \(value), outside \(motor.limits)" }
      let raw = motor.raw(value)
      guard motor.range.lowerBound - 1e-3 <= raw && raw <= motor.range.upperBound + 1e-3 else {
        return "\(label) is to go to \(raw)°, outside the motor's \(motor.range)"
      }
      guard let last = lastPositions?[index] else { continue }
      // The first frame must be where the arm stands; later ones no further than its speed allows.
      let reach = motor.velocityLimit * elapsed * 1.25 + (isFirst ? 0.035 : 0.005)
      guard abs(value - last) <= reach else {
        return "\(label) is to step from \(last) to \(value); expected at most \(reach)"
      }
    }
    guard let pose = angles(of: point.positions) else {
      return "the wiring has no motors 0, 1 and 2; expected base, left and right"
    }
    return kinematics.refusal(pose).map { "frame \(point.frame): \($0)" }
  }

  mutating func finish() {
    switch phase {
    case .following:
      phase = .finishing(since: now)
      restStart = nil
    case .engaged where marlin != nil, .held where marlin?.stage == .streaming:
      phase = .finishing(since: now)
    case .engaged, .held:
      output.events.append(.held)
      phase = .held
      return
    default: return refuse("finish", "a stream")
    }
    if case .live(var live) = execution {
      live.finish(&link)
      execution = .live(live)
    }
    if case .marlin(var marlin) = execution {
      marlin.finish(at: now)
      execution = .marlin(marlin)
    }
    lastFollow = -.infinity
  }

  /// Everything is carried out; the next measurement shows whether the arm is where it should be.
  mutating func comeToRest() {
    if restStart == nil { restStart = now }
  }

  mutating func held() {
    phase = .held
    output.events.append(.held)
    lastFollow = -.infinity
  }

  // MARK: - Time

  mutating func letTimePass() {
    if marlinGoesOn() { return }
    switch phase {
    case .booting(let until, let quiet):
      if now >= min(until, quiet) { begin(.identifying) }
    case .script(let script):
      if now >= script.deadline { scriptTimedOut(script) }
    case .engaged, .following, .held: watch()
    case .finishing(let since):
      watch()
      finishing(since)
    case .stopping(let stopping):
      if now >= stopping.next { stopFurther(stopping) }
    default: break
    }
  }

  private mutating func finishing(_ since: Double) {
    guard case .finishing = phase else { return }
    switch execution {
    case .live(let live):
      // Where `?` is not answered, the last synchronous reply says it as well.
      let isAnswered = link.ring.burst == 0 && now > since + 0.05
      if link.isEmpty, live.isDone, isAnswered || live.isAtRest { comeToRest() }
    case .turns(let turns):
      if turns.isDone { comeToRest() }
    case .marlin: break
    case nil: return held()
    }
    if now > since + 6 {
      fail(.deviceError, "the uArm does not come to rest within 6 s after the last frame")
    }
  }

  /// Polls at 10 Hz, encoders and status line in turn, and looks whether answers come.
  private mutating func watch() {
    let isV4 = model == .proV4
    while poll.next <= now {
      poll.next += 0.1
      poll.slot += 1
      if isV4, poll.slot % 2 == 1 {
        output.bytes.append(UArmRealTime.status.rawValue)
        link.countRealTime()
        poll.statusAsked = now
      }
      ask(isV4)
    }
    let patience = isV4 ? 1.0 : 2.5
    let silence = now - poll.lastAnswer
    if case .live(var live) = execution {
      live.pause(silence > 0.5)
      execution = .live(live)
    }
    guard silence > patience else { return }
    if isV4, now - poll.lastStatus < 0.5 {
      return fail(
        .deviceError,
        "the uArm's planner has been full for a second: its status comes, its replies do not")
    }
    fail(.silent, "the uArm has not answered for \(patience) s; expected P2200's reply in 0.1 s")
  }

  /// At most one query is unanswered: V4 has a single slot for them.
  private mutating func ask(_ isV4: Bool) {
    if let id = poll.pending, now - poll.asked > (isV4 ? 0.35 : 2) {
      link.forget(id)
      poll.pending = nil
    }
    guard poll.pending == nil else { return }
    let command: UArmCommand?
    switch poll.slot % 20 {
    case let slot where slot % 2 == 0: command = .angles
    case 7: command = model == .metal ? nil : .power
    case 17: command = isV4 ? .encoders : nil
    default: command = nil
    }
    guard let command, let id = link.queue(command) else { return }
    poll.pending = id
    poll.asked = now
  }
}

/// When what was asked and answered.
struct UArmPolling: Sendable {
  var next = Double.infinity
  var slot = 0
  /// The number of the query that is not answered yet, and when it was queued.
  var pending: Int?
  var asked = 0.0
  var lastAnswer = 0.0
  var lastStatus = -Double.infinity
  var statusAsked = 0.0
  var lastGauge = 0.0
  /// Replies in a row whose numbers nobody waits for.
  var strangers = 0

  mutating func begin(_ now: Double) {
    self = UArmPolling()
    next = now
    lastAnswer = now
    lastStatus = now
    lastGauge = now
  }
}
