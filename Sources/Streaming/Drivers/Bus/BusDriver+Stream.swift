// Streaming: frames, and readings between them.
extension BusDriver {
  /// The time without an answer to five questions after which a motor is silent [s].
  private static var silenceLimit: Double { 0.25 }
  /// The time without a position after which a motor is lost, whatever else it answers [s].
  private static var blindLimit: Double { 1 }

  mutating func beginStream() {
    phase = .ready
    wire.beginStream(at: now)
    stream.begin(at: now)
    for motor in motors.indices {
      motors[motor].answered = now
      motors[motor].misses = 0
      motors[motor].positionMisses = 0
      motors[motor].positionAsked = motors[motor].positionTime
      motors[motor].suspicions = [:]
    }
  }

  // MARK: Set-points

  /// Checks a set-point and queues it; it is sent as soon as the wire is free.
  mutating func follow(_ point: SetPoint) {
    switch checked(point) {
    case .failure(let fault): fail(fault)
    case .success(let goals):
      if let fault = watchdogFault { return fail(fault) }
      // A frame that still waits is older and is dropped.
      stream.frame = .init(point: point, goals: goals, time: now)
      stream.interval = point.interval
    }
  }

  /// The fault of motors that were stopped by their watchdog; nil if they were not.
  private var watchdogFault: DriverFault? {
    guard let unit = Dialect.watchdogUnit, let watchdog else { return nil }
    let (silence, limit) = (now - stream.lastTraffic, Double(watchdog.value) * unit)
    guard silence > limit else { return nil }
    return DriverFault(
      .deviceError,
      "nothing was sent for \(Int(silence * 1000)) ms, so that the bus watchdog "
        + "has stopped the motors, expected a frame every \(Int(limit * 1000)) ms")
  }

  private func refusal(_ point: SetPoint, _ text: String) -> Result<[BusGoal], DriverFault> {
    .failure(DriverFault(.refusedSetPoint, "frame \(point.frame): \(text)"))
  }

  private func checked(_ point: SetPoint) -> Result<[BusGoal], DriverFault> {
    guard point.positions.count == motors.count else {
      return refusal(
        point, "\(point.positions.count) positions, expected one for each of \(motors.count) motors"
      )
    }
    guard point.interval >= 0.001, point.interval <= 1 else {
      return refusal(point, "interval \(point.interval) s, expected 0.001 s to 1 s")
    }
    if let slow = tooSlow(point) { return refusal(point, slow) }
    // After skipped frames the step may be longer, in proportion to the elapsed time, up to the gap
    // after which a session continues from rest.
    let elapsed = min(
      max(point.interval, now - stream.goalTime), Session.stall + 2 * point.interval)
    let way = stream.goalTime == -.infinity ? point.interval : elapsed
    var goals: [BusGoal] = []
    goals.reserveCapacity(motors.count)
    for (motor, wired) in wiring.motors.enumerated() {
      let position = point.positions[motor]
      guard wired.limits.lowerBound - 1e-9 <= position, position <= wired.limits.upperBound + 1e-9
      else {
        return refusal(
          point,
          "joint '\(wired.joint)' at \(position) rad, expected \(wired.limits.lowerBound) to "
            + "\(wired.limits.upperBound) rad")
      }
      let raw = wired.raw(position)
      guard wired.range.lowerBound - 0.5 <= raw, raw <= wired.range.upperBound + 0.5 else {
        return refusal(
          point,
          "joint '\(wired.joint)' needs register \(raw), expected \(wired.range.lowerBound) to "
            + "\(wired.range.upperBound)")
      }
      let allowed = allowed(motor)
      let goal = min(max(Int(raw.rounded()), allowed.lowerBound), allowed.upperBound)
      let greatest = 1.5 * abs(units(wired.velocityLimit, motor)) * way + 1
      guard let last = motors[motor].goal, Double(abs(goal - last)) <= greatest else {
        return refusal(
          point,
          "joint '\(wired.joint)' shall go from register \(motors[motor].goal ?? 0) to \(goal) in "
            + "one step, expected \(greatest.rounded(.down)) units at most")
      }
      goals.append(BusGoal(id: ids[motor], value: goal))
    }
    return .success(goals)
  }

  /// Why the wire cannot carry frames at this rate; nil if it can.
  private func tooSlow(_ point: SetPoint) -> String? {
    guard point.interval != stream.interval || stream.lastFrame == -.infinity else { return nil }
    let write = dialect.goals(
      ids.map { BusGoal(id: $0, value: 0) }, interval: point.interval
    ).count
    let read = wire.duration(dialect.read(dialect.positionBlock, from: ids.first ?? 1))
    let needed = wire.time(of: write) + read + BusStream.guardTime
    guard needed > point.interval else { return nil }
    return
      "\(motors.count) motors at \(wiring.baud) baud need \(milliseconds(needed)) ms for a frame and "
      + "one reading, expected \(milliseconds(point.interval)) ms at most"
  }

  private func milliseconds(_ seconds: Double) -> Double { (seconds * 10000).rounded() / 10 }

  mutating func send(_ frame: BusStream.Frame) {
    transmit(dialect.goals(inTheirTurns(frame.goals), interval: frame.point.interval))
    for (motor, goal) in frame.goals.enumerated() { motors[motor].goal = goal.value }
    stream.sentFrame(handedOver: frame.time, at: now)
  }

  // MARK: Between frames

  mutating func runStream() {
    if let waiting = stream.frame, wire.exchange.map({ now >= $0.free }) ?? true { send(waiting) }
    if wire.exchange == nil, stream.frame == nil {
      stream.pollWhileHolding(at: now)
      runTorque()
      poll()
    }
    if let share = wire.load(at: now) {
      output.events.append(.gauge(QueueGauge(queued: nil, busLoad: share)))
    }
  }

  func fits(_ seconds: Double) -> Bool {
    max(now, wire.sent) + seconds + BusStream.guardTime <= stream.due(at: now)
  }

  /// Asks the most urgent question whose answer is complete before the next frame, if any.
  private mutating func poll() {
    if watchdog == nil, stream.lastFrame > -.infinity, stream.isStreaming(at: now) {
      armWatchdog()
    }
    if let first = stream.urgent.first {
      let request = dialect.read(first.block, from: ids[first.motor])
      guard fits(wire.duration(request)) else { return }
      stream.urgent.removeFirst()
      return ask(request, .poll)
    }
    // Positions come first, but on a slow wire they must not displace all other questions.
    if stream.isHealthDue(at: now, overdue: true), askHealth() { return }
    if !stream.hasReadPositions, let request = positionRequest() {
      if request.answers.count == motors.count { stream.lastTraffic = now }
      return ask(request, .poll)
    }
    if stream.isHealthDue(at: now) { _ = askHealth() }
  }

  /// Asks one motor for one block of its health if there is time; returns whether it did.
  private mutating func askHealth() -> Bool {
    let blocks = dialect.healthBlocks
    guard let question = stream.healthQuestion(of: motors.count, blocks) else { return false }
    let request = dialect.read(question.block, from: ids[question.motor])
    guard fits(wire.duration(request)) else { return false }
    stream.askedHealth(of: motors.count * blocks.count, at: now)
    ask(request, .poll)
    return true
  }

  /// Switches the watchdog on once frames are sent, so that motors stop if the host falls silent.
  private mutating func armWatchdog() {
    guard let unit = Dialect.watchdogUnit else { return }
    let value = min(max(Int((max(0.3, 5 * stream.interval) / unit).rounded(.up)), 10), 127)
    let bytes = dialect.watchdog(value, ids)
    guard fits(wire.time(of: bytes.count)) else { return }
    transmit(bytes)
    watchdog = BusWatchdog(value: value, sent: wire.sent)
  }

  /// The next reading of positions: all motors, as many as fit, or one motor.
  private mutating func positionRequest() -> BusRequest? {
    let block = dialect.positionBlock
    let left = Array(ids[min(stream.cursor, ids.count)...])
    guard let all = dialect.read(block, fromAll: left) else {
      let request = dialect.read(block, from: ids[stream.cursor % ids.count])
      guard fits(wire.duration(request)) else { return nil }
      stream.askedPositions(1, of: ids.count)
      return request
    }
    if fits(wire.duration(all)) {
      stream.askedPositions(left.count, of: ids.count)
      return all
    }
    let one = wire.duration(dialect.read(block, from: left[0]))
    let answer = dialect.answerCount(block.count) + 1
    let each = wire.time(of: answer) + wire.returnDelay + 0.00005
    let room = stream.due(at: now) - BusStream.guardTime - max(now, wire.sent) - one
    let count = min(left.count, max(1, 1 + Int(max(0, min(room / each, 1000)))))
    let some = Array(left.prefix(count))
    guard let request = dialect.read(block, fromAll: some), fits(wire.duration(request)) else {
      return nil
    }
    stream.askedPositions(count, of: ids.count)
    stream.hasReadPositions = true
    return request
  }

  /// Handles the end of a question between frames.
  mutating func endPoll(_ ended: BusExchange) {
    guard phase == .ready else { return }
    let block = ended.request.block
    if let block, dialect.holds(.position, block) {
      let answered = ended.answers.compactMap { indexOfID[$0.id] }
        .filter { motors[$0].positionTime == now }
      if !answered.isEmpty { output.events.append(.measured(measurement(of: answered))) }
    }
    if let block {
      // Questions that confirm or clear a suspicion are repeated too.
      for missing in ended.outstanding {
        guard let motor = indexOfID[missing.id],
          ended.request.answers.count > 1 || isErrorSuspected(motor)
        else { continue }
        stream.askSoon(.init(motor: motor, block: block))
      }
    }
    judgeSilence()
  }

  private mutating func judgeSilence() {
    if wire.missesInARow >= 5, now - wire.lastAnswer > Self.silenceLimit {
      return fail(noAnswer(from: Array(motors.indices)))
    }
    let silent = motors.indices.filter {
      (motors[$0].misses >= 5 && now - motors[$0].answered > Self.silenceLimit)
        // A motor that answers other questions only has no known position.
        || (motors[$0].positionMisses >= 5 && now - motors[$0].positionTime > Self.blindLimit)
    }
    if !silent.isEmpty { fail(noAnswer(from: silent)) }
  }
}
