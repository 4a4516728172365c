import Foundation

/// A line as the V4 firmware takes it apart: blanks are gone, letters are large.
struct ArmV4Line: Sendable {
  /// The number, as text; nil if there is none.
  var id: String?
  /// `G`, `M`, `P`, `S` or `$`; nil where another character, or none, comes behind the number.
  var letter: Character?
  var code = 0
  /// Whether digits follow the letter.
  var hasCode = false
  /// Everything behind the number.
  var body: [UInt8]
  /// Everything behind the code.
  var rest: [UInt8]

  /// Takes a line apart; nil where the firmware ignores it.
  init?(_ text: [UInt8]) {
    var left = text[...]
    if left.first == UInt8(ascii: "#") {
      left = left.dropFirst()
      let digits = left.prefix { 48...57 ~= $0 }
      left = left.dropFirst(digits.count)
      id = String(decoding: digits, as: UTF8.self)
    }
    body = Array(left)
    if let first = left.first, "GMPS$".utf8.contains(first) {
      letter = Character(UnicodeScalar(first))
      left = left.dropFirst()
      let digits = left.prefix { 48...57 ~= $0 }
      hasCode = !digits.isEmpty
      code = digits.prefix(9).reduce(0) { $0 * 10 + Int($1) - 48 }
      left = left.dropFirst(digits.count)
    } else if id == nil {
      return nil
    }
    rest = Array(left)
  }

  /// What a reply begins with.
  func report(shift: Int) -> String {
    guard let id, !id.isEmpty else { return "" }
    guard shift != 0, let number = Int(id) else { return "$\(id)" }
    return "$\(number + shift)"
  }

  /// Numbers behind letters in a fixed order, as the firmware scans them.
  ///
  /// Nil if one is missing, a nil among them if it is no number. What follows is not looked at.
  func scan(_ letters: String) -> [Double?]? {
    var left = rest[...]
    var found: [Double?] = []
    for letter in letters.utf8 {
      guard left.first == letter else { return nil }
      left = left.dropFirst()
      let number = left.prefix { 48...57 ~= $0 || $0 == 46 || $0 == 45 || $0 == 43 }.prefix(19)
      guard !number.isEmpty else { return nil }
      left = left.dropFirst(number.count)
      found.append(Self.number(number))
    }
    return found
  }

  /// The value behind one letter; nil if it is not there.
  func value(_ letter: Character) -> Double? { scan(String(letter))?.first ?? nil }

  /// Words of G-code: each a letter and a number, nil where a number is none.
  func words() -> [(letter: Character, value: Double)]? {
    var left = body[...]
    var found: [(Character, Double)] = []
    while let first = left.first {
      guard 65...90 ~= first else { return nil }
      left = left.dropFirst()
      let text = left.prefix { 48...57 ~= $0 || $0 == 46 || $0 == 45 || $0 == 43 }
      guard let value = Self.number(text) else { return nil }
      left = left.dropFirst(text.count)
      found.append((Character(UnicodeScalar(first)), value))
    }
    return found
  }

  private static func number(_ text: ArraySlice<UInt8>) -> Double? {
    var text = text
    // A sign, digits with at most one dot.
    let sign: Double = text.first == 45 ? -1 : 1
    if text.first == 45 || text.first == 43 { text = text.dropFirst() }
    guard text.contains(where: { 48...57 ~= $0 }), text.count(where: { $0 == 46 }) < 2,
      text.allSatisfy({ 48...57 ~= $0 || $0 == 46 })
    else { return nil }
    if text.first == 46 { text = [48] + text }
    if text.last == 46 { text = text.dropLast() }
    return Double(String(decoding: text, as: UTF8.self)).map { sign * $0 }
  }
}

/// The line buffer of the V4 firmware: blanks, control characters and comments are left out.
struct ArmV4LineBuffer: Sendable {
  /// What a byte ends.
  enum Taken: Sendable {
    /// Nothing yet.
    case none
    /// A line.
    case line([UInt8])
    /// The line has become too long; the rest of it will be skipped.
    case tooLong
  }

  private static let capacity = 80
  private var text: [UInt8] = []
  private var comment: UInt8?
  private var isSkipping = false

  mutating func clear() {
    text.removeAll(keepingCapacity: true)
    comment = nil
    isSkipping = false
  }

  mutating func take(_ byte: UInt8) -> Taken {
    if byte == 10 || byte == 13 {
      defer { clear() }
      return isSkipping || text.isEmpty ? .none : .line(text)
    }
    guard !isSkipping else { return .none }
    if let open = comment {
      if open == 40, byte == 41 { comment = nil }
      return .none
    }
    switch byte {
    case 0...32, 47: return .none
    case 40, 59: comment = byte
    default:
      guard text.count < Self.capacity - 1 else {
        isSkipping = true
        return .tooLong
      }
      text.append(97...122 ~= byte ? byte - 32 : byte)
    }
    return .none
  }
}
