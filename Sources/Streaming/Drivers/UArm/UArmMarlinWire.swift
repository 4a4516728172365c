/// The lines to V3, one at a time: each move and setting with a number and a checksum, the next one
/// only when the last was answered (uArm firmware 3.2.0).
///
/// What is left of a line that lost bytes has no checksum, a wrong one, or no number: the firmware
/// refuses it, says which number it expects, and the line goes again. A line that was carried out
/// and whose reply was lost is refused by its number. Nothing is sent behind a broken line before a
/// question was answered, so that no rest of one line can be joined to another.
struct UArmMarlinWire: Sendable {
  /// The purpose of a line.
  enum Purpose: Sendable, Hashable {
    /// A restart of the line numbers.
    case count
    /// A setting.
    case setting
    /// The speed of the next move.
    case speed
    /// A move.
    case move
    /// A turn of the wrist.
    case wrist
    /// A query, which is answered with its number.
    case question
  }

  /// The outcome of a line that was sent.
  enum Outcome: Sendable, Hashable {
    /// The line was accepted, after some time [s].
    case taken(Purpose, text: String, seconds: Double)
    /// A query that was sent at a time was answered [s].
    case answered(text: String, UArmFields, asked: Double)
    /// The firmware has refused the line with a code.
    case refused(text: String, code: Int)
    /// The firmware expects a line that cannot be sent.
    case broken(String)
    /// The line was not answered.
    case silent(text: String)
  }

  /// The line that is not answered yet.
  private struct Open: Sendable {
    var purpose: Purpose
    var text: String
    var number: Int
    var patience: Double
    var sent: Double
    var deadline: Double
    var attempt = 1
    /// The line number that the firmware has requested; nil if it has not.
    var wanted: Int?
    /// The number of the query that checks whether lines arrive intact again; nil if there is none.
    var probe: Int?
  }

  /// The number of times that a line is sent.
  static let attempts = 3
  /// The size of the receive ring [bytes].
  static let ringSize = 63
  /// The time limit of the checking query [s], which may wait behind a move.
  private static let probePatience = 0.5

  private var open: Open?
  /// The number of the last line that the firmware has accepted.
  private var number = 0
  private var id = 5000
  private var bytes: [UInt8] = []
  /// The number of lines that were repeated.
  private(set) var repeatedCount = 0
  /// The number of bytes sent.
  private(set) var byteCount = 0

  /// Whether the next line may be sent.
  var isFree: Bool { open == nil }
  /// When an answer is overdue [s].
  var wakeTime: Double? { open?.deadline }

  /// Takes the bytes to write.
  mutating func take() -> [UInt8] {
    defer { bytes.removeAll() }
    byteCount += bytes.count
    return bytes
  }

  /// Sends a line; the one before must have been answered.
  mutating func send(_ purpose: Purpose, _ text: String, at now: Double, patience: Double) {
    precondition(open == nil, "'\(text)' would go before '\(open?.text ?? "")' was answered")
    let number = purpose == .question ? nextID() : number + 1
    open = Open(
      purpose: purpose, text: text, number: number, patience: patience, sent: now,
      deadline: now + patience)
    write()
  }

  /// The bytes of a line with its number and checksum, the exclusive or of all bytes before the
  /// star.
  static func line(_ number: Int, _ text: String) -> [UInt8] {
    let said = Array("N\(number) \(text)".utf8)
    return said + Array("*\(said.reduce(0, ^))\n".utf8)
  }

  private mutating func write() {
    guard let open else { return }
    switch open.purpose {
    case .count: bytes += Array("\(open.text)\n".utf8)
    case .question: bytes += Array("#\(open.number) \(open.text)\n".utf8)
    default: bytes += Self.line(open.number, open.text)
    }
  }

  private mutating func nextID() -> Int {
    id = id < 9000 ? id + 1 : 5001
    return id
  }

  // MARK: - Answers

  /// Handles a reply; returns nil if it does not end the line or does not belong to it.
  mutating func receive(_ reply: UArmReply, at now: Double) -> Outcome? {
    guard let open else { return nil }
    switch reply {
    case .success(let id, let fields): return numbered(id, fields, open, now)
    case .failure(let id, let code, _):
      guard open.purpose == .question, id == open.number else { return nil }
      self.open = nil
      return .refused(text: open.text, code: code ?? 0)
    case .acknowledgement: return acknowledged(open, now)
    case .unnumberedFailure(let code):
      guard open.purpose != .question, open.probe == nil else { return nil }
      number = open.number
      self.open = nil
      return .refused(text: open.text, code: code)
    case .text(let text): return read(text, open, now)
    default: return nil
    }
  }

  private mutating func numbered(
    _ id: Int, _ fields: UArmFields, _ open: Open, _ now: Double
  ) -> Outcome? {
    if open.probe == id {
      // Lines arrive intact again.
      again(now)
      return nil
    }
    guard open.purpose == .question, id == open.number else { return nil }
    self.open = nil
    return .answered(text: open.text, fields, asked: open.sent)
  }

  private mutating func acknowledged(_ open: Open, _ now: Double) -> Outcome? {
    guard open.purpose != .question, open.probe == nil else { return nil }
    guard let wanted = open.wanted else { return taken(open, now) }
    switch wanted {
    case open.number where open.attempt < Self.attempts:
      self.open?.attempt += 1
      again(now)
      return nil
    // The line was carried out before; only its answer was lost.
    case open.number + 1: return taken(open, now)
    default:
      self.open = nil
      return .broken(
        "the uArm asks for line \(wanted) again and again; expected it to take line \(open.number)")
    }
  }

  private mutating func taken(_ open: Open, _ now: Double) -> Outcome {
    if open.purpose != .question { number = open.purpose == .count ? 0 : open.number }
    self.open = nil
    return .taken(open.purpose, text: open.text, seconds: now - open.sent)
  }

  private mutating func read(_ text: String, _ open: Open, _ now: Double) -> Outcome? {
    if text.hasPrefix("Resend:") {
      self.open?.wanted = Int(text.dropFirst(7).filter { $0.isASCII && $0.isNumber }.prefix(9))
    } else if text.hasPrefix("Error:No Line Number"), open.probe == nil {
      // The beginning of the line was lost; no `ok` follows.
      self.open?.deadline = now
    } else if text.hasPrefix("echo:Unknown command"), open.probe == nil, open.purpose != .count {
      // The checksum was right, but the firmware does not know the command.
      if open.purpose != .question { number = open.number }
      self.open = nil
      return .refused(text: open.text, code: 20)
    }
    return nil
  }

  /// Sends the line again.
  private mutating func again(_ now: Double) {
    guard let open else { return }
    repeatedCount += 1
    self.open?.probe = nil
    self.open?.wanted = nil
    self.open?.sent = now
    self.open?.deadline = now + open.patience
    write()
  }

  /// Whether a line was not answered in time and is queried or repeated.
  var isRepeating: Bool { (open?.attempt ?? 1) > 1 }

  /// Checks whether an answer is overdue; the line is then terminated, and a query shows when lines
  /// arrive intact again.
  mutating func letTimePass(_ now: Double) -> Outcome? {
    guard let open, now >= open.deadline else { return nil }
    guard open.attempt < Self.attempts else {
      self.open = nil
      return .silent(text: open.text)
    }
    let probe = nextID()
    self.open?.attempt += 1
    self.open?.probe = probe
    self.open?.deadline = now + Self.probePatience
    bytes += Array("\n#\(probe) M2200\n".utf8)
    return nil
  }
}
