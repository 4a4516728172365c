/// Reads JSON strictly (RFC 8259).
///
/// Nesting and the number of values are limited, so that no file can exhaust stack or memory.
public struct JSONReader {
  /// What is wrong, and where.
  public struct Fault: Error, Equatable, Sendable {
    /// The line, from one.
    public let line: Int
    /// The byte of the line, from one.
    public let column: Int
    /// What is wrong there.
    public let reason: String
  }

  /// The largest nesting depth; trackers need five levels.
  public static let deepest = 64

  private let bytes: ArraySlice<UInt8>
  private let mostValues: Int
  private var position: Int
  private var valueCount = 0

  /// Reads the one value of a text in UTF-8.
  ///
  /// - Parameters:
  ///   - bytes: The text.
  ///   - mostValues: How many values are read at most, those in lists and objects counted.
  ///   - allowsMark: Whether a byte-order mark may stand before it.
  public static func read(
    _ bytes: ArraySlice<UInt8>, mostValues: Int, allowsMark: Bool = false
  ) throws(Fault) -> JSONValue {
    var reader = JSONReader(bytes: bytes, mostValues: mostValues)
    if allowsMark, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { reader.position += 3 }
    reader.skipBlanks()
    let value = try reader.value(depth: 0)
    reader.skipBlanks()
    guard reader.position == bytes.endIndex else {
      throw reader.error("\(reader.found) stands behind the end of the JSON value")
    }
    return value
  }

  private init(bytes: ArraySlice<UInt8>, mostValues: Int) {
    self.bytes = bytes
    self.mostValues = mostValues
    position = bytes.startIndex
  }

  private var next: UInt8? { position < bytes.endIndex ? bytes[position] : nil }

  private mutating func skipBlanks() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
      position += 1
    }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    position += 1
    return true
  }

  private mutating func value(depth: Int) throws(Fault) -> JSONValue {
    guard depth < Self.deepest else {
      throw error("lists and objects nest deeper than \(Self.deepest) levels")
    }
    valueCount += 1
    guard valueCount <= mostValues else {
      throw error("it has more than \(mostValues) values; cut it into parts")
    }
    switch next {
    case UInt8(ascii: "{"): return try object(depth)
    case UInt8(ascii: "["): return try array(depth)
    case UInt8(ascii: "\""): return .text(try text())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  private mutating func array(_ depth: Int) throws(Fault) -> JSONValue {
    position += 1
    var values: [JSONValue] = []
    skipBlanks()
    if take(UInt8(ascii: "]")) { return .array(values) }
    while true {
      skipBlanks()
      values.append(try value(depth: depth + 1))
      skipBlanks()
      if take(UInt8(ascii: "]")) { return .array(values) }
      guard take(UInt8(ascii: ",")) else {
        throw error("\(found) in a list, expected ',' or ']'")
      }
    }
  }

  private mutating func object(_ depth: Int) throws(Fault) -> JSONValue {
    position += 1
    var members: [(key: String, value: JSONValue)] = []
    skipBlanks()
    if take(UInt8(ascii: "}")) { return .object(members) }
    while true {
      skipBlanks()
      guard next == UInt8(ascii: "\"") else {
        throw error("\(found) in an object, expected a key in quotes")
      }
      let key = try text()
      skipBlanks()
      guard take(UInt8(ascii: ":")) else { throw error("\(found) behind a key, expected ':'") }
      skipBlanks()
      members.append((key, try value(depth: depth + 1)))
      skipBlanks()
      if take(UInt8(ascii: "}")) { return .object(members) }
      guard take(UInt8(ascii: ",")) else {
        throw error("\(found) in an object, expected ',' or '}'")
      }
    }
  }

  private mutating func word(_ word: String, _ value: JSONValue) throws(Fault) -> JSONValue {
    guard bytes[position...].starts(with: Array(word.utf8)) else {
      throw error("\(found), expected a JSON value")
    }
    position += word.utf8.count
    return value
  }

  /// A number as JSON writes it: no `NaN`, no leading `+` or zeros.
  private mutating func number() throws(Fault) -> JSONValue {
    let start = position
    _ = take(UInt8(ascii: "-"))
    let first = position
    let whole = skipDigits()
    var isNumber = whole > 0 && (whole == 1 || bytes[first] != UInt8(ascii: "0"))
    if isNumber, take(UInt8(ascii: ".")) { isNumber = skipDigits() > 0 }
    if isNumber, let byte = next, byte | 0x20 == UInt8(ascii: "e") {
      position += 1
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      isNumber = skipDigits() > 0
    }
    guard isNumber, position - start <= 400 else {
      position = start
      throw error("\(found), expected a JSON value")
    }
    let digits = String(decoding: bytes[start..<position], as: UTF8.self)
    // A negative zero is none of the whole numbers.
    if let value = Int(digits), value != 0 || digits == "0" { return .integer(value) }
    guard let value = Double(digits), value.isFinite else {
      position = start
      throw error("\(found) is too large for a number")
    }
    return .number(value)
  }

  private mutating func skipDigits() -> Int {
    let start = position
    while let byte = next, byte >= 0x30, byte <= 0x39 { position += 1 }
    return position - start
  }

  private mutating func text() throws(Fault) -> String {
    position += 1
    var content: [UInt8] = []
    while let byte = next {
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let text = String(validating: content, as: UTF8.self) else {
          throw error("a text is not UTF-8")
        }
        return text
      case UInt8(ascii: "\\"): content += try escape()
      case 0..<0x20: throw error("a control character stands in a text")
      default: content.append(byte)
      }
    }
    throw error("the file ends inside a text")
  }

  private mutating func escape() throws(Fault) -> [UInt8] {
    guard let byte = next else { throw error("the file ends inside a text") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0C]
    case UInt8(ascii: "n"): return [0x0A]
    case UInt8(ascii: "r"): return [0x0D]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "u"):
      let first = try codeUnit()
      var units = [first]
      if UTF16.isLeadSurrogate(first), take(UInt8(ascii: "\\")) {
        guard take(UInt8(ascii: "u")) else { throw error("half of a surrogate pair in a text") }
        units.append(try codeUnit())
      }
      guard let text = String(validating: units, as: UTF16.self) else {
        throw error("half of a surrogate pair in a text")
      }
      return Array(text.utf8)
    default: throw error("an unknown escape in a text")
    }
  }

  private mutating func codeUnit() throws(Fault) -> UInt16 {
    guard position + 4 <= bytes.endIndex else { throw error("the file ends inside a text") }
    let digits = bytes[position..<(position + 4)]
    var unit: UInt16 = 0
    for digit in digits {
      guard let value = Character(Unicode.Scalar(digit)).hexDigitValue, digit < 0x80 else {
        throw error("an escape that is not four hexadecimal digits")
      }
      unit = unit << 4 | UInt16(value)
    }
    position += 4
    return unit
  }

  /// A description of what is at the position, for error messages.
  private var found: String {
    guard position < bytes.endIndex else { return "the end of the file" }
    let isEnd = { (byte: UInt8) in byte <= 0x20 || ",]}:\"".utf8.contains(byte) }
    let end = bytes[(position + 1)...].prefix(19).firstIndex(where: isEnd)
    let shown = bytes[position..<(end ?? min(position + 20, bytes.endIndex))]
    return "'\(String(decoding: shown, as: UTF8.self).printable)'"
  }

  private func error(_ reason: String) -> Fault {
    var line = 1
    var lineStart = bytes.startIndex
    for index in bytes.startIndex..<position where bytes[index] == 0x0A {
      line += 1
      lineStart = index + 1
    }
    return Fault(line: line, column: position - lineStart + 1, reason: reason)
  }
}
