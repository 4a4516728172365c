/// A reply of a uArm, one line.
enum UArmReply: Sendable, Hashable {
  /// `$id ok ...`.
  case success(id: Int, UArmFields)
  /// `$id Enn ...`, `$id ok Enn ...`, or `$id` with nothing (then the code is nil).
  case failure(id: Int, code: Int?, UArmFields)
  /// `Enn` without a number (V4: buffer full).
  case unnumberedFailure(code: Int)
  /// `@code ...`.
  case event(code: Int, UArmFields)
  /// `<State,...>`.
  case status(UArmStatus)
  /// `$nnn=value`, a grbl setting.
  case setting(number: Int, value: Double)
  /// A bare `ok`.
  case acknowledgement
  /// Banner, debug text, noise; at most 80 characters of it.
  case text(String)
}

/// The fields after `ok`, `E` or `@`, at most eight, each a letter and a text.
struct UArmFields: Sendable, Hashable {
  /// The texts of the fields.
  var texts: [String]

  /// Creates fields.
  init(_ texts: [String] = []) { self.texts = texts }

  /// The number after a letter; nil if there is none or it is implausible.
  func number(_ letter: Character) -> Double? {
    texts.first { $0.first == letter }.flatMap { Self.number($0.dropFirst()) }
  }

  /// Parses a number without exponent and with a plausible magnitude.
  static func number(_ text: some StringProtocol) -> Double? {
    guard text.utf8.allSatisfy({ "+-.0123456789".utf8.contains($0) }), let value = Double(text),
      value.magnitude < 1e7
    else { return nil }
    return value
  }

  /// The numbers after letters; nil if one is missing.
  func numbers(_ letters: String) -> [Double]? {
    var result: [Double] = []
    for letter in letters {
      guard let value = number(letter) else { return nil }
      result.append(value)
    }
    return result
  }

  /// The first field without a leading V, which precedes names and versions.
  var word: String? {
    guard let first = texts.first else { return nil }
    let bare = first.first == "V" || first.first == "v" ? String(first.dropFirst()) : first
    return bare.isEmpty ? nil : bare
  }
}

/// The status line of V4.
struct UArmStatus: Sendable, Hashable {
  /// Idle, Run, Hold, Alarm, Check, Door.
  var state: String
  /// The motor positions left, right, base in units of 80 degrees; nil if they are not shown.
  var machine: [Double]?
  /// The number of blocks in the planner; nil if it is not shown.
  var blocks: Int?
  /// The number of bytes in the receive ring; nil if it is not shown.
  var received: Int?

  /// Creates a status.
  init(
    state: String, machine: [Double]? = nil, blocks: Int? = nil, received: Int? = nil
  ) {
    self.state = state
    self.machine = machine
    self.blocks = blocks
    self.received = received
  }
}
