/// What a V4 is asked while it may move, and what is done where an answer does not come.
///
/// The main loop that answers also prepares motion and parses moves, so only short questions are
/// asked, one at a time: behind each move one that shows that it was parsed. In a frame of 50 ms the
/// loop spends up to 15 ms on the move, 22 ms on one motor's sensor and 1 ms on the status line.
extension UArmDriver {
  /// How long an answer may take before the line is taken to be broken [s]: a move, a sensor, the
  /// wire and a slow USB adapter together take 70 ms.
  static let answerTime = 0.15
  /// How long nothing may be answered at all [s]; a board that starts again says so after a second.
  static let silenceTime = 2.0
  /// From one sensor to the next [s].
  private static let sensorTime = 0.095

  mutating func watchV4() {
    askStatus()
    probe()
    let silence = now - poll.lastAnswer
    guard silence > 1 else { return }
    if now - poll.lastStatus < 0.5 {
      return fail(
        .deviceError,
        "the uArm's planner has been full for a second: its status comes, its replies do not")
    }
    guard silence > Self.silenceTime else { return }
    fail(
      .silent,
      "the uArm has not answered for \(Self.silenceTime) s; expected a reply in \(Self.answerTime) s"
    )
  }

  /// `?` ten times a second: it costs a millisecond, and is answered while a full planner stalls the
  /// parser.
  private mutating func askStatus() {
    while poll.next <= now {
      poll.next += 0.1
      poll.slot += 1
      output.bytes.append(UArmRealTime.status.rawValue)
      link.countRealTime()
      poll.statusAsked = now
    }
  }

  /// Asks behind each move, and ten times a second without any.
  mutating func probe() {
    if let id = poll.pending {
      guard now - poll.asked > Self.answerTime else { return }
      // Late, or lost; what stands broken before the next line is made no command.
      link.forget(id)
      poll.pending = nil
      separate()
      return ask(.power)
    }
    guard !link.isParsed || now - poll.asked > Self.sensorTime else { return }
    ask(question)
  }

  /// Makes what the parser may have of a broken line too long to be a command.
  private mutating func separate() {
    guard link.isAcknowledged, now - poll.separated > 2 * Self.answerTime else { return }
    poll.separated = now
    output.bytes += UArmLink.separator
  }

  /// The next question: where the arm rests, all motors at once, which takes too long in motion.
  private var question: UArmCommand {
    if isResting { return now - poll.motorAsked > 0.2 ? .angles : .power }
    // Before 4.7.0 P2244 is not known; a dead sensor shows as an angle that does not change.
    let knowsSensors = identity.version.map { $0 >= UArmVersion(4, 7, 0) } ?? false
    if knowsSensors, poll.mustCheckSensors { return .encoders }
    let isBehind = link.waitingMoves > 0
    if !isBehind, now - poll.motorAsked >= Self.sensorTime { return .angle(poll.motor) }
    return knowsSensors && !isBehind && poll.slot % 10 == 0 ? .encoders : .power
  }

  /// Whether no block is, or will be, in the planner.
  var isResting: Bool {
    switch phase {
    case .engaged, .held: true
    case .finishing(let finishing): finishing.restStart.map { now > $0 + 0.05 } ?? false
    default: false
    }
  }

  /// Says when the next question is due.
  var probeTime: Double? {
    guard model == .proV4 else { return nil }
    return poll.asked + (poll.pending == nil ? Self.sensorTime : Self.answerTime) + 1e-4
  }

  /// Notes that a motor's sensor was asked.
  mutating func noteQuestion(_ command: UArmCommand) {
    switch command {
    case .angle(let motor) where motor < 3:
      poll.motor = (motor + 1) % 3
      poll.motorAsked = now
    case .angles: poll.motorAsked = now
    case .encoders: poll.mustCheckSensors = false
    default: break
    }
  }
}
