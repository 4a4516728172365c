/// Scans XML event by event, without entities.
///
/// Elements, attributes, text, comments and CDATA are read; the five predefined entities and
/// character references are replaced in attributes. A document type declaration is refused, so
/// that no file can define entities, refer to other files or expand. Only UTF-8 is read. Goals, in
/// order: nothing is expanded or loaded, bounded depth, speed over long texts.
public struct XMLScanner {
  /// What comes next in a document.
  public enum Event: Equatable {
    /// The beginning of an element, its prefix left out. An empty element is followed by its end.
    case start(String)
    /// The end of the element that was begun last.
    case end(String)
    /// The place of text in the bytes; white space between elements is text too.
    case text(Range<Int>)
  }

  /// What is wrong, and where.
  public struct Fault: Error, Equatable, Sendable {
    /// The byte, from zero.
    public let position: Int
    /// What is wrong there.
    public let reason: String
  }

  /// The deepest nesting of elements.
  public static let deepest = 64
  /// The most attributes of an element.
  public static let mostAttributes = 64
  private static let longestName = 200
  private static let longestValue = 1 << 16

  /// The document.
  public let bytes: [UInt8]
  /// The attributes of the element that was begun last, prefixes left out.
  public private(set) var attributes: [String: String] = [:]
  private var position: Int
  private var open: [String] = []
  private var endsAtOnce = false
  private var hasRoot = false

  /// A scanner at the beginning of a document, behind a byte-order mark.
  public init(_ bytes: [UInt8]) {
    self.bytes = bytes
    position = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
  }

  /// The next event; nil at the end of the document.
  public mutating func next() throws(Fault) -> Event? {
    if endsAtOnce {
      endsAtOnce = false
      return .end(open.removeLast())
    }
    while position < bytes.count {
      if bytes[position] == UInt8(ascii: "<") {
        if let event = try markup() { return event }
        continue
      }
      let start = position
      position = bytes[start...].firstIndex(of: UInt8(ascii: "<")) ?? bytes.count
      if !open.isEmpty { return .text(start..<position) }
      guard bytes[start..<position].allSatisfy(Self.isBlank) else {
        throw Fault(position: start, reason: "text stands outside of the root element")
      }
    }
    guard open.isEmpty, hasRoot else {
      throw fault(hasRoot ? "it ends inside of <\(shown(open.last ?? ""))>" : "it has no element")
    }
    return nil
  }

  /// An element's beginning or end; nil for a comment or an instruction, which is skipped.
  private mutating func markup() throws(Fault) -> Event? {
    if try skip("<!--", to: "-->") { return nil }
    if try skip("<?", to: "?>") { return nil }
    if starts(with: "<![CDATA[") {
      guard !open.isEmpty else { throw fault("text stands outside of the root element") }
      let start = position + 9
      _ = try skip("<![CDATA[", to: "]]>")
      return .text(start..<(position - 3))
    }
    guard !starts(with: "<!") else {
      throw fault(
        "it declares a document type, which may define entities: refused, expected elements only")
    }
    if starts(with: "</") {
      position += 2
      let name = try name()
      skipBlanks()
      guard name == open.last, take(UInt8(ascii: ">")) else {
        throw fault("</\(shown(name))> does not end <\(shown(open.last ?? ""))>")
      }
      open.removeLast()
      return .end(name)
    }
    return try element()
  }

  private mutating func element() throws(Fault) -> Event {
    position += 1
    guard open.count < Self.deepest else {
      throw fault("its elements nest deeper than \(Self.deepest) levels")
    }
    guard !open.isEmpty || !hasRoot else { throw fault("it has a second root element") }
    let name = try name()
    attributes.removeAll(keepingCapacity: true)
    while true {
      skipBlanks()
      if take(UInt8(ascii: ">")) { break }
      if take(UInt8(ascii: "/")) {
        guard take(UInt8(ascii: ">")) else { throw fault("'/' in <\(shown(name))>, expected '/>'") }
        endsAtOnce = true
        break
      }
      try attribute(of: name)
    }
    hasRoot = true
    open.append(name)
    return .start(name)
  }

  private mutating func attribute(of element: String) throws(Fault) {
    guard attributes.count < Self.mostAttributes else {
      throw fault("<\(shown(element))> has more than \(Self.mostAttributes) attributes")
    }
    let key = try name()
    skipBlanks()
    guard take(UInt8(ascii: "=")) else { throw fault("the attribute '\(shown(key))' has no value") }
    skipBlanks()
    guard position < bytes.count, "'\"".utf8.contains(bytes[position]) else {
      throw fault("the value of '\(shown(key))' is not in quotes")
    }
    let quote = bytes[position]
    let start = position + 1
    guard let end = bytes[start...].prefix(Self.longestValue).firstIndex(of: quote) else {
      throw fault("the value of '\(shown(key))' does not end")
    }
    attributes[key] = try replaced(bytes[start..<end])
    position = end + 1
  }

  /// A name without its prefix.
  private mutating func name() throws(Fault) -> String {
    let start = position
    let isEnd = { (byte: UInt8) in Self.isBlank(byte) || "=/><'\"&".utf8.contains(byte) }
    let end = bytes[start...].prefix(Self.longestName).firstIndex(where: isEnd)
    guard let end, end > start,
      let whole = String(validating: bytes[start..<end], as: UTF8.self)
    else { throw fault("expected a name") }
    position = end
    guard let colon = whole.lastIndex(of: ":") else { return whole }
    return String(whole[whole.index(after: colon)...])
  }

  private static let entities = ["lt": "<", "gt": ">", "amp": "&", "quot": "\"", "apos": "'"]

  /// A text with its references replaced.
  private func replaced(_ content: ArraySlice<UInt8>) throws(Fault) -> String {
    guard var rest = String(validating: content, as: UTF8.self)?[...] else {
      throw fault("a text is not UTF-8")
    }
    guard rest.utf8.contains(UInt8(ascii: "&")) else { return String(rest) }
    var text = ""
    while let start = rest.firstIndex(of: "&") {
      text += rest[..<start]
      let behind = rest[rest.index(after: start)...]
      guard let end = behind.prefix(12).firstIndex(of: ";") else {
        throw fault("'&' without an entity")
      }
      let name = behind[..<end]
      guard let character = Self.entities[String(name)] ?? Self.character(name) else {
        throw fault("the entity '&\(shown(String(name)));' is unknown")
      }
      text += character
      rest = behind[behind.index(after: end)...]
    }
    return text + rest
  }

  /// The character of a reference such as `#xE9` or `#233`.
  private static func character(_ name: Substring) -> String? {
    guard name.hasPrefix("#") else { return nil }
    let digits = name.dropFirst()
    let value = digits.hasPrefix("x") ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
    return value.flatMap(Unicode.Scalar.init).map { String(Character($0)) }
  }
}

// MARK: - Bytes

extension XMLScanner {
  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
  }

  private mutating func skipBlanks() {
    while position < bytes.count, Self.isBlank(bytes[position]) { position += 1 }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard position < bytes.count, bytes[position] == byte else { return false }
    position += 1
    return true
  }

  private func starts(with text: StaticString) -> Bool {
    let count = text.utf8CodeUnitCount
    guard bytes.count - position >= count else { return false }
    return text.withUTF8Buffer { wanted in
      (0..<count).allSatisfy { bytes[position + $0] == wanted[$0] }
    }
  }

  /// Skips what begins and ends with these texts; false where something else stands.
  private mutating func skip(_ beginning: StaticString, to ending: StaticString) throws(Fault)
    -> Bool
  {
    guard starts(with: beginning) else { return false }
    let start = position
    position += beginning.utf8CodeUnitCount
    let last = ending.withUTF8Buffer { $0[0] }
    while position < bytes.count, !starts(with: ending) {
      position = bytes[(position + 1)...].firstIndex(of: last) ?? bytes.count
    }
    guard position < bytes.count else {
      throw Fault(position: start, reason: "'\(beginning)' does not end")
    }
    position += ending.utf8CodeUnitCount
    return true
  }

  private func shown(_ name: String) -> String { name.printable(limit: 60) }

  private func fault(_ reason: String) -> Fault { Fault(position: position, reason: reason) }
}
