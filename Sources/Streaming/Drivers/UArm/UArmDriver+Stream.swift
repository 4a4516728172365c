/// Streaming: frames, polls, time-outs and the end.
extension UArmDriver {
  mutating func follow(_ point: SetPoint) {
    switch phase {
    case .engaged, .held, .following: break
    default: return refuse("follow", "engage")
    }
    if let reason = refusal(of: point) { return fail(.refusedSetPoint, reason) }
    guard let pose = angles(of: point.positions) else { return }
    stream.lastPositions = point.positions
    stream.lastFollow = now
    phase = .following
    let frame = UArmLive.Frame(
      time: now, number: point.frame, angles: pose, wrist: wrist(of: point.positions),
      interval: point.interval)
    switch execution {
    case .live(var live):
      live.follow(frame, &link)
      execution = .live(live)
    case .stopAndWait(var sender):
      sender.follow(frame, &link, kinematics)
      execution = .stopAndWait(sender)
      if Double(sender.skippedCount) * point.interval > 1.5 { fallBehind(sender.skippedCount) }
    case .marlin(var marlin):
      marlin.follow(
        pose, wrist: wrist(of: point.positions), number: point.frame, interval: point.interval,
        at: now)
      execution = .marlin(marlin)
      if marlin.isTooFarBehind { failBehind(UArmMarlin.mostWaiting) }
    case nil: break
    }
  }

  /// Fails after too many skipped frames: the arm is too slow for the stream, or does not answer.
  private mutating func fallBehind(_ count: Int) {
    let isSilent = now - poll.lastAnswer > 1.4
    fail(
      isSilent ? .silent : .position,
      isSilent
        ? "the uArm has not answered for 1.5 s, or the stream is far too fast for it"
        : "the uArm does not keep up: \(count) frames in a row were skipped; play it slower")
  }

  /// Why a set-point must not be sent; nil if it may be sent.
  private func refusal(of point: SetPoint) -> String? {
    let motors = wiring.motors
    guard point.positions.count == motors.count else {
      return "frame \(point.frame) has \(point.positions.count) joints; expected \(motors.count)"
    }
    guard 0.005 <= point.interval && point.interval <= 1 else {
      return "frame \(point.frame) has an interval of \(point.interval) s; expected 0.005 to 1"
    }
    let isFirst = stream.lastFollow == -.infinity
    let elapsed = max(point.interval, isFirst ? 0 : min(now - stream.lastFollow, 0.5))
    for (index, motor) in motors.enumerated() {
      let value = point.positions[index]
      let label = "frame \(point.frame): joint '\(motor.joint)'"
      guard motor.limits.lowerBound - 1e-6 <= value && value <= motor.limits.upperBound + 1e-6
      else { return "\(label) is to go to \(value), outside \(motor.limits)" }
      let raw = motor.raw(value)
      guard motor.range.lowerBound - 1e-3 <= raw && raw <= motor.range.upperBound + 1e-3 else {
        return "\(label) is to go to \(raw)°, outside the motor's \(motor.range)"
      }
      guard let last = stream.lastPositions?[index] else { continue }
      // The first frame must be where the arm stands; later ones must be within its speed.
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
      phase = .finishing(UArmFinishing(since: now))
    case .engaged where marlin != nil, .held where marlin?.stage == .streaming:
      phase = .finishing(UArmFinishing(since: now))
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
    stream.lastFollow = -.infinity
  }

  /// Notes that everything is carried out; the next measurement shows whether the arm is where it
  /// should be.
  mutating func comeToRest() {
    guard var end = finishing, end.restStart == nil else { return }
    end.restStart = now
    finishing = end
  }

  mutating func held() {
    phase = .held
    output.events.append(.held)
    stream.lastFollow = -.infinity
  }

  // MARK: - Time

  mutating func letTimePass() {
    if advanceMarlin() { return }
    switch phase {
    case .booting(let until, let quiet):
      if now >= min(until, quiet) { begin(.identifying) }
    case .script(let script):
      if now >= script.deadline { scriptTimedOut(script) }
    case .engaged, .following, .held: watch()
    case .finishing(let finishing):
      watch()
      watchEnd(since: finishing.since)
    case .stopping(let stopping):
      if now >= stopping.next { stopFurther(stopping) }
    default: break
    }
  }

  private mutating func watchEnd(since: Double) {
    guard case .finishing = phase else { return }
    switch execution {
    case .live(let live):
      if link.isEmpty, link.isParsed, live.isDone, live.isAtRest, align() { comeToRest() }
    case .stopAndWait(let sender):
      if sender.isDone { comeToRest() }
    case .marlin: break
    case nil: return held()
    }
    if now > since + 6 {
      fail(.deviceError, "the uArm does not come to rest within 6 s after the last frame")
    }
  }

  /// Queries positions and state of the arm and checks that answers come.
  private mutating func watch() {
    if model == .proV4 {
      watchV4()
    } else {
      watchOthers()
    }
  }

  /// Queries ten times a second, with P2200 and other questions that wait behind moves.
  private mutating func watchOthers() {
    while poll.next <= now {
      poll.next += 0.1
      poll.slot += 1
      if let id = poll.pending, now - poll.asked > 2 {
        link.forget(id)
        poll.pending = nil
      }
      guard poll.pending == nil else { continue }
      switch poll.slot % 20 {
      case let slot where slot % 2 == 0: ask(.angles)
      case 7 where model != .metal: ask(.power)
      default: break
      }
    }
    guard now - poll.lastAnswer > 2.5 else { return }
    fail(.silent, "the uArm has not answered for 2.5 s; expected P2200's reply in 0.1 s")
  }

  /// Queues a query, of which at most one is unanswered, unless it would stop the motors of a V4.
  mutating func ask(_ command: UArmCommand) {
    if model == .proV4, !isResting, !UArmTimings(identity.version).isAllowedInMotion(command) {
      return
    }
    guard let id = link.ask(command) else { return }
    noteQuestion(command)
    poll.pending = id
    poll.asked = now
  }
}

/// The times of queries and answers.
struct UArmPolling: Sendable {
  var next = Double.infinity
  var slot = 0
  /// The number of the unanswered query, and when it was queued [s].
  var pending: Int?
  var asked = 0.0
  var lastAnswer = 0.0
  var lastStatus = -Double.infinity
  var statusAsked = 0.0
  /// When a move or a setting was last answered [s].
  var lastSynchronous = -Double.infinity
  var lastGauge = 0.0
  /// The number of successive replies with unexpected numbers.
  var unknownReplies = 0
  /// The motor to query next, and when a motor was queried last [s].
  var motor = 0
  var motorAsked = -Double.infinity
  /// Whether a motor was measured off its path, so that the sensors must be checked.
  var mustCheckSensors = false
  /// When a separator was sent last [s].
  var separated = -Double.infinity

  mutating func begin(_ now: Double) {
    self = UArmPolling()
    next = now
    lastAnswer = now
    lastStatus = now
    lastGauge = now
  }
}
