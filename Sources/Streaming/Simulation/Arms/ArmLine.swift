/// A line as the simulated firmwares scan it: number, command letter and code, parameters.
struct ArmLine: Sendable {
  var id: Int?
  /// `G`, `M`, `P` or `$`; anything else is ignored.
  var letter: Character
  var code: Int
  /// The parameters in their order; nil for a letter without a number.
  var parameters: [(letter: Character, value: Double?)] = []
  /// The text after the number, without blanks.
  var body: String

  subscript(letter: Character) -> Double? {
    parameters.first { $0.letter == letter }?.value
  }

  func has(_ letters: String) -> Bool {
    letters.allSatisfy { self[$0] != nil }
  }

  /// Scans a text without blanks and in upper case; nil if a firmware would ignore it.
  init?(_ text: [UInt8]) {
    var rest = text[...]
    if rest.first == UInt8(ascii: "#") {
      rest = rest.dropFirst()
      let digits = rest.prefix { 48...57 ~= $0 }
      rest = rest.dropFirst(digits.count)
      id = digits.isEmpty ? nil : digits.prefix(6).reduce(0) { $0 * 10 + Int($1) - 48 }
    }
    body = String(decoding: rest, as: UTF8.self)
    guard let first = rest.first, "GMPS$".utf8.contains(first) else { return nil }
    letter = Character(UnicodeScalar(first))
    rest = rest.dropFirst()
    let digits = rest.prefix { 48...57 ~= $0 }
    code = digits.prefix(6).reduce(0) { $0 * 10 + Int($1) - 48 }
    rest = rest.dropFirst(digits.count)
    while let name = rest.first, parameters.count < 8 {
      rest = rest.dropFirst()
      let number = rest.prefix { 48...57 ~= $0 || $0 == 46 || $0 == 45 || $0 == 43 }
      rest = rest.dropFirst(number.count)
      parameters.append(
        (Character(UnicodeScalar(name)), Double(String(decoding: number, as: UTF8.self))))
    }
  }
}

/// A line buffer that leaves out blanks, control characters and comments, as grbl does.
struct ArmLineBuffer: Sendable {
  var capacity = 80
  private var text: [UInt8] = []
  private var comment: UInt8?

  init(capacity: Int) { self.capacity = capacity }

  mutating func clear() {
    text.removeAll(keepingCapacity: true)
    comment = nil
  }

  /// Adds a byte; returns the text of the line that it ends.
  mutating func take(_ byte: UInt8) -> [UInt8]? {
    if byte == 10 || byte == 13 {
      defer { clear() }
      return text
    }
    if let open = comment {
      if open == 40, byte == 41 { comment = nil }
      return nil
    }
    switch byte {
    case 0...32, 47: return nil
    case 40, 59: comment = byte
    default:
      guard text.count < capacity - 1 else {
        clear()
        return nil
      }
      text.append(97...122 ~= byte ? byte - 32 : byte)
    }
    return nil
  }
}
