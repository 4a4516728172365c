/// Queries to a V4 that may move, and missing answers.
///
/// The firmware's main loop answers queries, prepares motion and parses moves, so only short
/// queries are sent, one at a time. Each move is followed by a query whose answer shows that the
/// move was parsed. In a frame of 50 ms the loop spends up to 15 ms on the move, 22 ms on one
/// motor's sensor and 1 ms on the status line.
extension UArmDriver {
  /// The time limit of an answer [s]; a move, a sensor, the wire and a slow USB adapter together
  /// take 70 ms.
  static let answerTime = 0.15
  /// The longest time without any answer [s]; a board that restarts reports it after a second.
  static let silenceTime = 2.0
  /// The time between two queries of sensors [s].
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

  /// Sends `?` ten times a second; it takes a millisecond and is answered even while a full planner
  /// stalls the parser.
  private mutating func askStatus() {
    while poll.next <= now {
      poll.next += 0.1
      poll.slot += 1
      output.bytes.append(UArmRealTime.status.rawValue)
      link.countRealTime()
      poll.statusAsked = now
    }
  }

  /// Sends a query after each move, and ten times a second without moves.
  mutating func probe() {
    if let id = poll.pending {
      guard now - poll.asked > Self.answerTime else { return }
      // The answer is late or lost; a broken line must not be joined with the next one.
      link.forget(id)
      poll.pending = nil
      separate()
      return ask(.power)
    }
    guard !link.isParsed || now - poll.asked > Self.sensorTime else { return }
    ask(question)
  }

  /// Makes an incomplete line in the parser too long to be a command.
  private mutating func separate() {
    guard link.isAcknowledged, now - poll.separated > 2 * Self.answerTime else { return }
    poll.separated = now
    output.bytes += UArmLink.separator
  }

  /// The next query; all motors at once are queried only at rest, because that takes too long in
  /// motion.
  private var question: UArmCommand {
    if isResting { return now - poll.motorAsked > 0.2 ? .angles : .power }
    // Before 4.7.0 P2244 is not known; a dead sensor then shows an angle that does not change.
    let knowsSensors = identity.version.map { $0 >= UArmVersion(4, 7, 0) } ?? false
    if knowsSensors, poll.mustCheckSensors { return .encoders }
    let isBehind = link.waitingMoves > 0
    if !isBehind, now - poll.motorAsked >= Self.sensorTime { return .angle(poll.motor) }
    return knowsSensors && !isBehind && poll.slot % 10 == 0 ? .encoders : .power
  }

  /// Whether the planner is empty and stays so.
  var isResting: Bool {
    switch phase {
    case .engaged, .held: true
    case .finishing(let finishing): finishing.restStart.map { now > $0 + 0.05 } ?? false
    default: false
    }
  }

  /// When the next query is due; nil for other models.
  var probeTime: Double? {
    guard model == .proV4 else { return nil }
    return poll.asked + (poll.pending == nil ? Self.sensorTime : Self.answerTime) + 1e-4
  }

  /// Notes which sensors were queried.
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
