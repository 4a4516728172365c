/// Numbers, paces and tracks the lines to a uArm.
///
/// Firmwares that answer each command are paced by time: a line is sent when the one before it has
/// left the wire and had time to be parsed. A V4 in a stream is paced by its answers
/// (`isAcknowledged`): it answers a query as soon as it has parsed it and everything before it. A
/// move is sent only after the move before it is known to be parsed, so that it begins at the
/// beginning of a line, and there are never more bytes under way than the receive ring holds.
struct UArmLink: Sendable {
  /// A line that was sent and not answered yet.
  struct Sent: Sendable, Hashable {
    var id: Int
    var command: UArmCommand
    var time: Double
    /// The sequence number among the synchronous commands, from 1; nil for queries.
    var sequence: Int?
  }

  /// The time of a byte at 115200 baud, 8N1 [s].
  static let byteTime = 10.0 / 115_200
  /// The time allowed for parsing a line and its kinematics [s]; not measured on hardware.
  static let parseTime = 0.003

  private var waiting: [(UArmCommand, Int, [UInt8])] = []
  private(set) var unanswered: [Sent] = []
  /// The lines that were given up and may be answered late.
  private var late: [Sent] = []
  private var nextID = 1
  private var freeTime = -Double.infinity
  /// Whether lines wait for answers to queries rather than for time to pass.
  var isAcknowledged = false
  /// The lines that were sent and are not known to be parsed.
  private var unparsed: [(id: Int?, count: Int, isMove: Bool)] = []
  /// The number of bytes sent since the last call of `takeByteCount`.
  private(set) var byteCount = 0
  var dialect = UArmDialect.letters
  /// When the last synchronous command was sent [s].
  private(set) var lastSynchronous = -Double.infinity
  /// The ring of synchronous commands of a V4.
  var ring = UArmReplyRing()

  var isEmpty: Bool { waiting.isEmpty }
  /// When the next line may be sent; nil if none waits, or if it waits for an answer.
  var wakeTime: Double? {
    guard let first = waiting.first else { return nil }
    guard isAcknowledged else { return freeTime }
    return hasRoom(for: first.0, first.2.count) ? -.infinity : nil
  }

  /// The number of bytes that may not be parsed yet.
  private var unparsedCount: Int { unparsed.reduce(0) { $0 + $1.count } }

  /// Whether everything that was sent is known to be parsed.
  var isParsed: Bool { unparsed.isEmpty }

  /// The number of moves that wait to be sent.
  var waitingMoves: Int { waiting.count { $0.0.isMove } }

  /// Whether the receive ring has room for a line, and a move would begin at the beginning of one.
  private func hasRoom(for command: UArmCommand, _ count: Int) -> Bool {
    // Queries make room; the driver has at most one of them under way.
    guard !command.isQuery else { return true }
    if command.isMove, unparsed.contains(where: { $0.isMove }) { return false }
    return unparsedCount + count <= UArmTimings.ahead
  }

  /// Queues a command and returns its number; nil if the dialect does not have it or too many wait.
  mutating func queue(_ command: UArmCommand) -> Int? {
    let id = nextID
    guard waiting.count < 64, let line = command.line(id: id, dialect: dialect) else { return nil }
    nextID = nextID % 9999 + 1
    waiting.append((command, id, line))
    return id
  }

  /// Takes the bytes that may be sent at `now`.
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

  /// Takes the line that a numbered reply answers; nil for a number that is not awaited.
  mutating func answer(_ id: Int) -> Sent? {
    guard let at = unanswered.firstIndex(where: { $0.id == id }) else { return nil }
    return noted(unanswered.remove(at: at))
  }

  /// Whether a number is that of a late reply, which is then noted.
  mutating func isLate(_ id: Int) -> Bool {
    guard let at = late.firstIndex(where: { $0.id == id }) else { return false }
    _ = noted(late.remove(at: at))
    return true
  }

  private mutating func noted(_ sent: Sent) -> Sent {
    // An answered line was parsed, and so were all lines before it.
    if let place = unparsed.firstIndex(where: { $0.id == sent.id }) {
      unparsed.removeFirst(place + 1)
    }
    if let sequence = sent.sequence { ring.reply(sequence) }
    return sent
  }

  /// Gives up a line; a reply to it is late.
  mutating func forget(_ id: Int) {
    late += unanswered.filter { $0.id == id }
    if late.count > 32 { late.removeFirst(late.count - 32) }
    unanswered.removeAll { $0.id == id }
    waiting.removeAll { $0.1 == id }
  }

  /// Forgets all waiting and unanswered lines.
  mutating func clear() {
    waiting.removeAll()
    unanswered.removeAll()
    late.removeAll()
    unparsed.removeAll()
    isAcknowledged = false
    freeTime = -.infinity
  }

  /// A line that makes an incomplete line before it too long to be a command, so that it is not
  /// joined with the next line; V4 answers `error: E23` and drops it.
  static let separator = Array(repeating: UInt8(ascii: "Q"), count: 84) + [0x0A]

  /// Queues a query before all waiting lines and returns its number.
  mutating func ask(_ command: UArmCommand) -> Int? {
    guard let id = queue(command) else { return nil }
    waiting.insert(waiting.removeLast(), at: 0)
    return id
  }

  /// Returns the number of bytes sent since the last call.
  mutating func takeByteCount() -> Int {
    defer { byteCount = 0 }
    return byteCount
  }

  /// Counts a real-time byte, which is not queued.
  mutating func countRealTime() { byteCount += 1 }
}
