/// Numbers, pacing and bookkeeping of the lines to a uArm.
///
/// A line is handed out when the one before it has left the wire and had time to be parsed, so that
/// the 128-byte receive ring never holds more than two of them while the planner has room.
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
  /// `#9999 M2122 V0` and the line's end [bytes].
  private static let paddingLength = 15

  private var waiting: [(UArmCommand, Int, [UInt8])] = []
  private(set) var unanswered: [Sent] = []
  private var nextID = 1
  private var freeTime = -Double.infinity
  /// Bytes handed out since the gauge asked, for the load of the wire.
  private(set) var byteCount = 0
  var dialect = UArmDialect.letters
  /// When the last command of the synchronous ring went [s].
  private(set) var lastSynchronous = -Double.infinity
  /// The places of synchronous commands on V4.
  var ring = UArmReplyRing()

  var isEmpty: Bool { waiting.isEmpty }
  /// When the next line may be handed out, nil if none waits.
  var wakeTime: Double? { waiting.isEmpty ? nil : freeTime }

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
    guard let (command, id, line) = waiting.first, freeTime <= now else { return [] }
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

  /// Synchronous commands that wait for their turn.
  var waitingSynchronous: Int { waiting.count { !$0.0.isQuery && $0.0.isNumbered } }

  /// How long everything that waits, so many commands more and the padding of the ring take to be
  /// sent and parsed [s].
  func paddingTime(after more: Int) -> Double {
    let lines = waiting.count + more + ring.padding(after: waitingSynchronous + more)
    return Double(lines) * (Double(Self.paddingLength) * Self.byteTime + Self.parseTime)
  }

  /// The command that a numbered reply answers; nil for a number that is not awaited.
  mutating func answer(_ id: Int) -> Sent? {
    guard let at = unanswered.firstIndex(where: { $0.id == id }) else { return nil }
    let sent = unanswered.remove(at: at)
    if let sequence = sent.sequence { ring.reply(sequence) }
    return sent
  }

  /// Forgets a number; what comes for it is late.
  mutating func forget(_ id: Int) {
    unanswered.removeAll { $0.id == id }
    waiting.removeAll { $0.1 == id }
  }

  /// Forgets what waits and what is unanswered.
  mutating func clear() {
    waiting.removeAll()
    unanswered.removeAll()
    freeTime = -.infinity
  }

  /// Bytes handed out since the last call.
  mutating func takeByteCount() -> Int {
    defer { byteCount = 0 }
    return byteCount
  }

  /// Counts a byte that went past the queue.
  mutating func countRealTime() { byteCount += 1 }
}

/// V4's ring of twenty pending replies (uArm firmware 4.10).
///
/// Replies leave only when the arm is idle. More than twenty commands between two idle moments
/// overwrite replies, and unless their number is a multiple of twenty, reading stays out of step
/// with writing for good.
struct UArmReplyRing: Sendable, Hashable {
  static let size = 20
  /// Commands handed out.
  private(set) var sent = 0
  private var received = 0
  /// The last command whose reply came.
  private var flushed = 0
  /// Whether replies come in their order.
  private(set) var isAligned = true

  /// Counts a command and gives its place.
  mutating func send() -> Int {
    sent += 1
    return sent
  }

  /// Counts the reply of a place.
  mutating func reply(_ place: Int) {
    received += 1
    if place < flushed { isAligned = false }
    flushed = max(flushed, place)
  }

  /// The arm was seen idle: everything that it got was answered, whether or not we heard it.
  mutating func sawIdle() { if isAligned { flushed = sent } }

  /// Commands since the arm was last known to be idle.
  var burst: Int { sent - flushed }

  /// How many harmless commands must follow before the arm stops, after some that wait already.
  func padding(after waiting: Int) -> Int {
    let count = burst + waiting
    guard isAligned else {
      let missing = (Self.size - (sent + waiting - received) % Self.size) % Self.size
      return count + missing < Self.size ? missing + Self.size : missing
    }
    return count <= Self.size ? 0 : (Self.size - count % Self.size) % Self.size
  }

  /// Says that the padding is queued, as the last of so many commands that wait.
  mutating func padded(after waiting: Int) {
    guard !isAligned else { return }
    isAligned = true
    flushed = sent + waiting - Self.size
  }
}
