// Frames out, readings in between.
extension BusDriver {
  /// What is left free before a frame is due [s].
  private static var guardTime: Double { 0.0003 }
  /// Between two questions of health [s].
  private static var healthPeriod: Double { 0.025 }
  /// Between two readings while no frames come [s].
  private static var holdingPeriod: Double { 0.05 }
  /// A motor that has not answered for so long, and to five questions, is silent [s].
  private static var silenceLimit: Double { 0.25 }
  /// A motor whose position was not read for so long is lost, whatever else it answers [s].
  private static var blindLimit: Double { 1 }

  mutating func beginStream() {
    phase = .ready
    frame = nil
    lastFrame = -.infinity
    goalTime = -.infinity
    lastTraffic = now
    lastAnswer = now
    missesInARow = 0
    pollTime = now
    healthTime = now
    cursor = 0
    urgent = []
    hasReadPositions = true
    for motor in motors.indices {
      motors[motor].answered = now
      motors[motor].misses = 0
      motors[motor].positionMisses = 0
      motors[motor].positionAsked = motors[motor].positionTime
      motors[motor].suspicions = [:]
    }
  }

  // MARK: Set-points

  /// Takes a set-point if it may be sent; it goes out as soon as the wire is free.
  mutating func follow(_ point: SetPoint) {
    switch checked(point) {
    case .failure(let fault): fail(fault)
    case .success(let goals):
      if let unit = Dialect.watchdogUnit, watchdog > 0, now - lastTraffic > Double(watchdog) * unit
      {
        return fail(
          DriverFault(
            .deviceError,
            "nothing was sent for \(Int((now - lastTraffic) * 1000)) ms, so that the bus watchdog "
              + "has stopped the motors, expected a frame every "
              + "\(Int(Double(watchdog) * unit * 1000)) ms"))
      }
      // A frame that still waits is older and will not be sent.
      frame = (point, goals)
      frameTime = now
      interval = point.interval
    }
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
    // Frames that were skipped leave a longer way to the next: that of the time between the two, up
    // to where a session begins again from rest.
    let elapsed = min(max(point.interval, now - goalTime), Session.stall + 2 * point.interval)
    let way = goalTime == -.infinity ? point.interval : elapsed
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

  /// Why the wire cannot carry frames at this rate, nil where it can.
  private func tooSlow(_ point: SetPoint) -> String? {
    guard point.interval != interval || lastFrame == -.infinity else { return nil }
    let write = dialect.goals(
      ids.map { BusGoal(id: $0, value: 0) }, interval: point.interval
    ).count
    let read = duration(dialect.read(dialect.positionBlock, from: ids.first ?? 1))
    let needed = wireTime(write) + read + Self.guardTime
    guard needed > point.interval else { return nil }
    return
      "\(motors.count) motors at \(wiring.baud) baud need \(milliseconds(needed)) ms for a frame and "
      + "one reading, expected \(milliseconds(point.interval)) ms at most"
  }

  private func milliseconds(_ seconds: Double) -> Double { (seconds * 10000).rounded() / 10 }

  mutating func send(_ point: SetPoint, _ goals: [BusGoal]) {
    transmit(dialect.goals(inTheirTurns(goals), interval: point.interval))
    for (motor, goal) in goals.enumerated() { motors[motor].goal = goal.value }
    frame = nil
    goalTime = frameTime
    lastFrame = now
    lastTraffic = now
    hasReadPositions = false
  }

  // MARK: Between frames

  /// When the next frame must find the wire free [s].
  private var due: Double { isStreaming ? lastFrame + interval : .infinity }

  private var isStreaming: Bool { now < lastFrame + 2 * interval }

  /// When a question may be asked, if nothing else happens [s].
  var nextPoll: Double {
    guard isStreaming else { return pollTime + Self.holdingPeriod }
    let health = max(healthTime + Self.healthPeriod, sent)
    return health > now && health < due ? health : lastFrame + 2 * interval
  }

  mutating func runStream() {
    if let waiting = frame, exchange.map({ now >= $0.free }) ?? true {
      send(waiting.point, waiting.goals)
    }
    if exchange == nil, frame == nil {
      if !isStreaming, now >= pollTime + Self.holdingPeriod {
        pollTime = now
        hasReadPositions = false
      }
      runTorque()
      poll()
    }
    if let share = gauge.share(at: now) {
      output.events.append(.gauge(QueueGauge(queued: nil, busLoad: share)))
    }
  }

  func fits(_ seconds: Double) -> Bool {
    max(now, sent) + seconds + Self.guardTime <= due
  }

  /// Asks at most one question, the most pressing that is through before the next frame.
  private mutating func poll() {
    if watchdog == 0, lastFrame > -.infinity, isStreaming { armWatchdog() }
    if let first = urgent.first {
      let request = dialect.read(first.block, from: ids[first.motor])
      guard fits(duration(request)) else { return }
      urgent.removeFirst()
      return ask(request, .poll)
    }
    // Positions first, but on a slow wire they must not crowd out everything else.
    if now >= healthTime + 2 * Self.healthPeriod, askHealth() { return }
    if !hasReadPositions, let request = positionRequest() {
      if request.answers.count == motors.count { lastTraffic = now }
      return ask(request, .poll)
    }
    if now >= healthTime + Self.healthPeriod { _ = askHealth() }
  }

  /// Asks one motor for one block of its health, if there is time; says whether it did.
  private mutating func askHealth() -> Bool {
    let blocks = dialect.healthBlocks
    guard !blocks.isEmpty else { return false }
    let request = dialect.read(
      blocks[healthCursor % blocks.count], from: ids[healthCursor / blocks.count % motors.count])
    guard fits(duration(request)) else { return false }
    healthCursor = (healthCursor + 1) % (motors.count * blocks.count)
    healthTime = now
    ask(request, .poll)
    return true
  }

  /// Only once the stream has begun: from now on the motors stop if the host falls silent.
  private mutating func armWatchdog() {
    guard let unit = Dialect.watchdogUnit else { return }
    let value = Int((max(0.3, 5 * interval) / unit).rounded(.up))
    let bytes = dialect.watchdog(min(max(value, 10), 127), ids)
    guard fits(wireTime(bytes.count)) else { return }
    transmit(bytes)
    watchdog = min(max(value, 10), 127)
    watchdogTime = sent
  }

  /// The next reading of positions: all, as many as fit, or one after the other.
  private mutating func positionRequest() -> BusRequest? {
    let block = dialect.positionBlock
    let left = Array(ids[min(cursor, ids.count)...])
    guard let all = dialect.read(block, fromAll: left) else {
      let request = dialect.read(block, from: ids[cursor % ids.count])
      guard fits(duration(request)) else { return nil }
      step(1)
      return request
    }
    if fits(duration(all)) {
      step(left.count)
      return all
    }
    let one = duration(dialect.read(block, from: left[0]))
    let each = wireTime(dialect.answerCount(block.count) + 1) + returnDelay + 0.00005
    let room = due - Self.guardTime - max(now, sent) - one
    let count = min(left.count, max(1, 1 + Int(max(0, min(room / each, 1000)))))
    let some = Array(left.prefix(count))
    guard let request = dialect.read(block, fromAll: some), fits(duration(request)) else {
      return nil
    }
    step(count)
    hasReadPositions = true
    return request
  }

  private mutating func step(_ count: Int) {
    cursor += count
    guard cursor >= ids.count else { return }
    cursor = 0
    hasReadPositions = true
  }

  /// What a reading in the stream comes to.
  mutating func endPoll(_ ended: BusExchange) {
    guard phase == .ready else { return }
    let block = ended.request.block
    if let block, dialect.holds(.position, block) {
      let answered = ended.answers.compactMap { indexOfID[$0.id] }
        .filter { motors[$0].positionTime == now }
      if !answered.isEmpty { output.events.append(.measured(measurement(of: answered))) }
    }
    if let block {
      // Also what was asked to confirm or clear a suspicion: it must not go unanswered.
      for missing in ended.outstanding {
        guard let motor = indexOfID[missing.id],
          ended.request.answers.count > 1 || isErrorSuspected(motor)
        else { continue }
        again(motor, block)
      }
    }
    judgeSilence()
  }

  /// Asks one motor once more, before anything else.
  mutating func again(_ motor: Int, _ block: BusBlock) {
    guard !urgent.contains(where: { $0.motor == motor && $0.block == block }) else { return }
    urgent.append((motor, block))
  }

  private mutating func judgeSilence() {
    if missesInARow >= 5, now - lastAnswer > Self.silenceLimit {
      return fail(noAnswer(from: Array(motors.indices)))
    }
    let silent = motors.indices.filter {
      (motors[$0].misses >= 5 && now - motors[$0].answered > Self.silenceLimit)
        // Who answers other questions and never this one is not known to be anywhere.
        || (motors[$0].positionMisses >= 5 && now - motors[$0].positionTime > Self.blindLimit)
    }
    if !silent.isEmpty { fail(noAnswer(from: silent)) }
  }
}
