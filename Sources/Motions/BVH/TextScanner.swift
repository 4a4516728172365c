import Files

/// Scans a text byte by byte and keeps track of line and column.
///
/// Goals, in order: numbers correctly rounded, the position of every error, speed.
/// Line ends may be LF, CR LF or CR. A text ends before the zeros and the end marks of DOS (^Z)
/// that stand behind all of it.
struct TextScanner {
  let bytes: [UInt8]
  let path: String
  private(set) var position: Int

  /// Creates a scanner at the start of the text, after a UTF-8 byte order mark.
  init(_ bytes: [UInt8], path: String) {
    self.bytes = Self.withoutEndMarks(bytes)
    self.path = path
    position = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
  }

  private static func withoutEndMarks(_ bytes: [UInt8]) -> [UInt8] {
    func isEndMark(_ byte: UInt8) -> Bool { byte == 0 || byte == 0x1A }
    guard let last = bytes.lastIndex(where: { !$0.isBlank && !isEndMark($0) }),
      bytes[last...].contains(where: isEndMark)
    else { return bytes }
    return Array(bytes[...last])
  }

  var isAtEnd: Bool { position >= bytes.count }

  /// Whether nothing but spaces is left on the line.
  mutating func isAtLineEnd() -> Bool {
    skipSpaces()
    return isAtEnd || bytes[position].isLineEnd
  }

  /// Skips spaces and tabs.
  mutating func skipSpaces() {
    var here = position
    while here < bytes.count, bytes[here] == 0x20 || bytes[here] == 0x09 { here += 1 }
    position = here
  }

  /// Skips spaces and line ends.
  mutating func skipBlank() {
    var here = position
    while here < bytes.count, bytes[here].isBlank { here += 1 }
    position = here
  }

  /// Consumes a keyword (lower case) if it comes next; ignores case and leading space.
  mutating func accept(_ keyword: StaticString) -> Bool {
    skipBlank()
    let count = keyword.utf8CodeUnitCount
    guard position + count <= bytes.count else { return false }
    let matches = keyword.withUTF8Buffer { wanted in
      (0..<count).allSatisfy { bytes[position + $0].lowercased == wanted[$0] }
    }
    if matches { position += count }
    return matches
  }

  /// The next word, ended by a blank or a brace; empty at the end of the line.
  mutating func word() -> String {
    skipSpaces()
    let start = position
    while !isAtEnd, !bytes[position].isBlank, bytes[position] != 0x7B { position += 1 }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  /// Goes on at another place of the text.
  mutating func move(to place: Int) { position = min(max(place, 0), bytes.count) }

  /// The rest of the line up to an opening brace, without spaces around it.
  mutating func restOfLine() -> String {
    skipSpaces()
    let start = position
    while !isAtEnd, !bytes[position].isLineEnd, bytes[position] != 0x7B { position += 1 }
    var end = position
    while end > start, bytes[end - 1].isBlank { end -= 1 }
    return String(decoding: bytes[start..<end], as: UTF8.self)
  }

  /// A description of what comes next, for error messages.
  func glimpse() -> String {
    var end = position
    while end < bytes.count, end - position < 24, !bytes[end].isBlank { end += 1 }
    guard end > position else { return isAtEnd ? "the end of the file" : "the end of the line" }
    return "'\(String(decoding: bytes[position..<end], as: UTF8.self).printable)'"
  }

  /// An error at the current position.
  func error(_ reason: String) -> MotionError { error(reason, at: position) }

  /// An error at a position of the text.
  func error(_ reason: String, at place: Int) -> MotionError {
    var line = 1
    var lineStart = 0
    for index in 0..<min(place, bytes.count) {
      let isReturn = bytes[index] == 0x0D
      let pairs = isReturn && index + 1 < bytes.count && bytes[index + 1] == 0x0A
      guard bytes[index] == 0x0A || (isReturn && !pairs) else { continue }
      line += 1
      lineStart = index + 1
    }
    return .malformedText(path: path, line: line, column: place - lineStart + 1, reason: reason)
  }
}

// MARK: - Numbers

extension TextScanner {
  /// The next finite number of the line.
  mutating func number(_ what: @autoclosure () -> String) throws(MotionError) -> Double {
    skipSpaces()
    let start = position
    let parsed = fastNumber()
    guard let parsed, isAtEnd || bytes[position].endsNumber else {
      position = start
      throw error("\(what()) should be a number, found \(glimpse())")
    }
    guard parsed.isFinite else {
      position = start
      throw error("\(what()) is out of range: \(glimpse())")
    }
    return parsed
  }

  /// A decimal number, exact: a mantissa below 2^53 times or over a power of ten up to 10^22 is
  /// rounded once (Clinger, 1990); anything else goes to the library's conversion.
  private mutating func fastNumber() -> Double? {
    let start = position
    var here = start
    let end = bytes.count
    guard here < end else { return nil }
    let isNegative = bytes[here] == 0x2D
    if isNegative || bytes[here] == 0x2B { here += 1 }
    var mantissa: UInt64 = 0
    var digits = 0
    var fractionDigits = 0
    while here < end, bytes[here] &- 0x30 < 10 {
      mantissa = mantissa &* 10 &+ UInt64(bytes[here] &- 0x30)
      digits += 1
      here += 1
    }
    if here < end, bytes[here] == 0x2E {
      here += 1
      let first = here
      while here < end, bytes[here] &- 0x30 < 10 {
        mantissa = mantissa &* 10 &+ UInt64(bytes[here] &- 0x30)
        here += 1
      }
      fractionDigits = here - first
      digits += fractionDigits
    }
    guard digits > 0 else { return nil }
    var exponent = 0
    if here < end, bytes[here] | 0x20 == 0x65 {
      guard let (value, next) = Self.exponent(bytes, from: here + 1) else { return nil }
      exponent = value
      here = next
    }
    position = here
    let power = exponent - fractionDigits
    guard digits <= 18, mantissa < 1 << 53, abs(power) <= 22 else {
      return Double(String(decoding: bytes[start..<here], as: UTF8.self))
    }
    let magnitude =
      power < 0 ? Double(mantissa) / Self.powers[-power] : Double(mantissa) * Self.powers[power]
    return isNegative ? -magnitude : magnitude
  }

  /// The exponent after an `e`, limited so that it cannot overflow.
  private static func exponent(_ bytes: [UInt8], from start: Int) -> (value: Int, next: Int)? {
    var here = start
    guard here < bytes.count else { return nil }
    let isNegative = bytes[here] == 0x2D
    if isNegative || bytes[here] == 0x2B { here += 1 }
    let first = here
    var value = 0
    while here < bytes.count, bytes[here] &- 0x30 < 10 {
      value = min(value * 10 + Int(bytes[here] &- 0x30), 100_000)
      here += 1
    }
    return here > first ? (isNegative ? -value : value, here) : nil
  }

  /// The powers of ten from 0 to 22, all exact.
  private static let powers: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
  ]
}

extension UInt8 {
  fileprivate var isLineEnd: Bool { self == 0x0A || self == 0x0D }
  /// A blank, a brace of BVH or the beginning of an element of XML.
  fileprivate var endsNumber: Bool { isBlank || self == 0x7B || self == 0x3C }
  fileprivate var isBlank: Bool { self == 0x20 || (self >= 0x09 && self <= 0x0D) }
  fileprivate var lowercased: UInt8 { self >= 0x41 && self <= 0x5A ? self | 0x20 : self }
}
