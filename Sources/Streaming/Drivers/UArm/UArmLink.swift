/// Numbers, pacing and bookkeeping of the lines to a uArm.
///
/// Firmwares that answer each command are paced by time: a line is handed out when the one before it
/// has left the wire and had time to be parsed. A V4 in a stream is paced by its answers
/// (`isAcknowledged`): it answers queries as soon as it has parsed them, and with them everything
/// before them. No move is handed out before the one before it is known to be parsed, so each begins
/// at the beginning of a line, and never are more bytes under way than the receive ring holds.
struct UArmLink: Sendable {
  /// A line that was handed out and not answered yet.
  struct Sent: Sendable, Hashable {
    var id: Int
    var command: UArmCommand
    var time: Double
    /// The place among the synchronous commands, from 1.
    var sequence: Int?
  }

  /// Seconds for each byte at 115200 baud, 8N1.
  static let byteTime = 10.0 / 115_200
  /// What we allow the firmware for parsing a line and its kinematics [s]; not measured on hardware.
  static let parseTime = 0.003

  private var waiting: [(UArmCommand, Int, [UInt8])] = []
  private(set) var unanswered: [Sent] = []
  /// Lines that were given up and may be answered late.
  private var late: [Sent] = []
  private var nextID = 1
  private var freeTime = -Double.infinity
  /// Whether lines wait for answers to queries rather than for time to pass.
  var isAcknowledged = false
  /// Lines that were handed out and that no answer has shown to be parsed.
  private var unparsed: [(id: Int?, count: Int, isMove: Bool)] = []
  /// Bytes handed out since the gauge asked, for the load of the wire.
  private(set) var byteCount = 0
  var dialect = UArmDialect.letters
  /// When the last command of the synchronous ring went [s].
  private(set) var lastSynchronous = -Double.infinity
  /// The places of synchronous commands on V4.
  var ring = UArmReplyRing()

  var isEmpty: Bool { waiting.isEmpty }
  /// When the next line may be handed out; nil if none waits, or if it waits for an answer.
  var wakeTime: Double? {
    guard let first = waiting.first else { return nil }
    guard isAcknowledged else { return freeTime }
    return hasRoom(for: first.0, first.2.count) ? -.infinity : nil
  }

  /// Bytes that may not be parsed yet.
  private var unparsedCount: Int { unparsed.reduce(0) { $0 + $1.count } }

  /// Whether everything that was handed out is known to be parsed.
  var isParsed: Bool { unparsed.isEmpty }

  /// Moves that wait to be handed out.
  var waitingMoves: Int { waiting.count { $0.0.isMove } }

  /// Whether the receive ring has room for a line, and a move begins at the beginning of one.
  private func hasRoom(for command: UArmCommand, _ count: Int) -> Bool {
    // Queries are what makes room; the driver has one of them under way at most.
    guard !command.isQuery else { return true }
    if command.isMove, unparsed.contains(where: { $0.isMove }) { return false }
    return unparsedCount + count <= UArmTimings.ahead
  }

  /// Queues a command and gives its number; nil if it cannot be said or too much waits already.
  mutating func queue(_ command: UArmCommand) -> Int? {
    let id = nextID
    guard waiting.count < 64, let line = command.line(id: id, dialect: dialect) else { return nil }
    nextID = nextID % 9999 + 1
    waiting.append((command, id, line))
    return id
  }

  /// The bytes that may go by `now`.
  mutating func take(_ now: Double) -> [UInt8] {
    guard isAcknowledged else { return takeLine(now) }
    var bytes: [UInt8] = []
    while let (command, id, line) = waiting.first, hasRoom(for: command, line.count) {
      unparsed.append((command.isNumbered ? id : nil, line.count, command.isMove))
      bytes += takeLine(now)
    }
    return bytes
  }

  private mutating func takeLine(_ now: Double) -> [UInt8] {
    guard let (command, id, line) = waiting.first, isAcknowledged || freeTime <= now else {
      return []
    }
    waiting.removeFirst()
    freeTime = max(now, freeTime) + Double(line.count) * Self.byteTime + Self.parseTime
    byteCount += line.count
    let sequence = command.isQuery || !command.isNumbered ? nil : ring.send()
    if sequence != nil { lastSynchronous = now }
    if command.isNumbered {
      unanswered.append(Sent(id: id, command: command, time: now, sequence: sequence))
      if unanswered.count > 64 { unanswered.removeFirst() }
    }
    return line
  }

  /// The command that a numbered reply answers; nil for a number that is not awaited.
  mutating func answer(_ id: Int) -> Sent? {
    guard let at = unanswered.firstIndex(where: { $0.id == id }) else { return nil }
    return noted(unanswered.remove(at: at))
  }

  /// Whether a reply is the late one to a number that was forgotten; it is counted then.
  mutating func isLate(_ id: Int) -> Bool {
    guard let at = late.firstIndex(where: { $0.id == id }) else { return false }
    _ = noted(late.remove(at: at))
    return true
  }

  private mutating func noted(_ sent: Sent) -> Sent {
    // Whatever is answered was parsed, and so was all before it.
    if let place = unparsed.firstIndex(where: { $0.id == sent.id }) {
      unparsed.removeFirst(place + 1)
    }
    if let sequence = sent.sequence { ring.reply(sequence) }
    return sent
  }

  /// Forgets a number; what comes for it is late.
  mutating func forget(_ id: Int) {
    late += unanswered.filter { $0.id == id }
    if late.count > 32 { late.removeFirst(late.count - 32) }
    unanswered.removeAll { $0.id == id }
    waiting.removeAll { $0.1 == id }
  }

  /// Forgets what waits and what is unanswered.
  mutating func clear() {
    waiting.removeAll()
    unanswered.removeAll()
    late.removeAll()
    unparsed.removeAll()
    isAcknowledged = false
    freeTime = -.infinity
  }

  /// A line that makes whatever stands before it too long to be a command, so that no broken line can
  /// be joined with the next one: V4 answers `error: E23`, drops it and begins a new line.
  static let separator = Array(repeating: UInt8(ascii: "Q"), count: 84) + [0x0A]

  /// Puts a query in front of what waits, and gives its number.
  mutating func ask(_ command: UArmCommand) -> Int? {
    guard let id = queue(command) else { return nil }
    waiting.insert(waiting.removeLast(), at: 0)
    return id
  }

  /// Bytes handed out since the last call.
  mutating func takeByteCount() -> Int {
    defer { byteCount = 0 }
    return byteCount
  }

  /// Counts a byte that went past the queue.
  mutating func countRealTime() { byteCount += 1 }
}
