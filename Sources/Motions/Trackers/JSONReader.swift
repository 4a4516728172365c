import Files

/// A JSON value, with the keys of objects in the file's order.
enum JSONValue: Sendable {
  case null
  case bool(Bool)
  case number(Double)
  case text(String)
  case array([JSONValue])
  case object([(key: String, value: JSONValue)])

  /// The value of a key; nil where it has none or is no object.
  subscript(_ key: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key == key }?.value
  }

  /// The number, where it is one.
  var number: Double? { if case .number(let value) = self { value } else { nil } }

  /// The text, where it is one.
  var text: String? { if case .text(let value) = self { value } else { nil } }

  /// The elements, where it is a list.
  var elements: [JSONValue]? { if case .array(let values) = self { values } else { nil } }

  /// Whether it is `null`.
  var isNull: Bool { if case .null = self { true } else { false } }

  /// The keys, where it is an object.
  var keys: [String] {
    if case .object(let members) = self { members.map(\.key) } else { [] }
  }

  /// A description for error messages.
  var kind: String {
    switch self {
    case .null: "null"
    case .bool: "a truth value"
    case .number: "a number"
    case .text: "a text"
    case .array(let values): "a list of \(values.count)"
    case .object: "an object"
    }
  }
}

/// Reads JSON strictly (RFC 8259).
///
/// Nesting and the number of values are limited, so that no file can exhaust stack or memory.
struct JSONReader {
  /// The largest nesting depth; trackers need five levels.
  static let deepest = 64
  /// The largest number of values: eight minutes of twice 33 landmarks at 60 Hz.
  static let mostValues = 12_000_000

  private let bytes: [UInt8]
  private let path: String
  private var position = 0
  private var valueCount = 0

  /// Reads the one value of a file.
  static func read(_ bytes: [UInt8], path: String) throws(MotionError) -> JSONValue {
    var reader = JSONReader(bytes: bytes, path: path)
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { reader.position = 3 }
    reader.skipBlanks()
    let value = try reader.value(depth: 0)
    reader.skipBlanks()
    guard reader.position == bytes.count else {
      throw reader.error("\(reader.found) stands behind the end of the JSON value")
    }
    return value
  }

  private init(bytes: [UInt8], path: String) {
    self.bytes = bytes
    self.path = path
  }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

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

  private mutating func value(depth: Int) throws(MotionError) -> JSONValue {
    guard depth < Self.deepest else {
      throw error("lists and objects nest deeper than \(Self.deepest) levels")
    }
    valueCount += 1
    guard valueCount <= Self.mostValues else {
      throw error("it has more than \(Self.mostValues) values; cut it into parts")
    }
    switch next {
    case UInt8(ascii: "{"): return try object(depth)
    case UInt8(ascii: "["): return try array(depth)
    case UInt8(ascii: "\""): return .text(try text())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return .number(try number())
    }
  }

  private mutating func array(_ depth: Int) throws(MotionError) -> JSONValue {
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

  private mutating func object(_ depth: Int) throws(MotionError) -> JSONValue {
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

  private mutating func word(_ word: String, _ value: JSONValue) throws(MotionError) -> JSONValue {
    guard bytes[position...].starts(with: Array(word.utf8)) else {
      throw error("\(found), expected a JSON value")
    }
    position += word.utf8.count
    return value
  }

  /// A number as JSON writes it: no `NaN`, no leading `+` or zeros.
  private mutating func number() throws(MotionError) -> Double {
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
    guard let value = Double(digits), value.isFinite else {
      position = start
      throw error("\(found) is too large for a number")
    }
    return value
  }

  private mutating func skipDigits() -> Int {
    let start = position
    while let byte = next, byte >= 0x30, byte <= 0x39 { position += 1 }
    return position - start
  }

  private mutating func text() throws(MotionError) -> String {
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

  private mutating func escape() throws(MotionError) -> [UInt8] {
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

  private mutating func codeUnit() throws(MotionError) -> UInt16 {
    guard position + 4 <= bytes.count else { throw error("the file ends inside a text") }
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
    guard position < bytes.count else { return "the end of the file" }
    let isEnd = { (byte: UInt8) in byte <= 0x20 || ",]}:\"".utf8.contains(byte) }
    let end = bytes[(position + 1)...].prefix(19).firstIndex(where: isEnd)
    let shown = bytes[position..<(end ?? min(position + 20, bytes.count))]
    return "'\(String(decoding: shown, as: UTF8.self).printable)'"
  }

  private func error(_ reason: String) -> MotionError {
    var line = 1
    var lineStart = 0
    for index in 0..<min(position, bytes.count) where bytes[index] == 0x0A {
      line += 1
      lineStart = index + 1
    }
    return .malformedText(
      path: path, line: line, column: position - lineStart + 1, reason: reason)
  }
}
