/// A scan of XML text that finds what would hurt a recursive, entity-blind parser.
///
/// It does not check well-formedness (the parser does), only that reading stays small, quick and
/// inside the file: no document type (so no entities), shallow nesting, few attributes an element,
/// and no more elements and attributes in all than the parser's own copies of them fit into some
/// hundred megabytes.
struct MarkupGuard {
  private static let deepest = 64
  private static let mostAttributes = 256
  /// Elements, comments and instructions; the largest robots known have some ten thousand.
  private static let mostNodes = 200_000
  private static let mostAttributesInAll = 400_000

  private let bytes: [UInt8]
  private var position = 0
  private var depth = 0
  private var nodes = 0
  private var attributesInAll = 0

  private init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// Why the text must not be parsed; nil if it may.
  static func defect(in bytes: [UInt8]) -> String? {
    guard !bytes.contains(0) else { return "it holds a zero byte, expected XML text" }
    guard bytes.contains(where: { $0 > 32 }) else { return "it is empty, expected XML text" }
    var scan = MarkupGuard(bytes)
    return scan.run()
  }

  private mutating func run() -> String? {
    while let start = bytes[position...].firstIndex(of: UInt8(ascii: "<")) {
      position = start + 1
      nodes += 1
      guard nodes <= Self.mostNodes else {
        return "line \(line): it has more than \(Self.mostNodes) elements and comments, more than "
          + "any robot"
      }
      if skip("!--", until: "-->") || skip("![CDATA[", until: "]]>") || skip("?", until: "?>") {
        continue
      }
      if begins(with: "!") {
        return "line \(line): it declares a document type, which a URDF has no need of; "
          + "entities are never expanded"
      }
      if let defect = scanTag() { return defect }
    }
    return nil
  }

  /// Reads one tag from behind its `<`.
  private mutating func scanTag() -> String? {
    let closes = begins(with: "/")
    var attributes = 0
    var quote: UInt8?
    var last: UInt8 = 0
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      if let open = quote {
        if byte == open { quote = nil }
        continue
      }
      if byte == UInt8(ascii: ">") { break }
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") { quote = byte }
      if byte == UInt8(ascii: "=") { attributes += 1 }
      last = byte
    }
    guard attributes <= Self.mostAttributes else {
      return "line \(line): an element has \(attributes) attributes, "
        + "expected at most \(Self.mostAttributes)"
    }
    attributesInAll += attributes
    guard attributesInAll <= Self.mostAttributesInAll else {
      return "line \(line): it has more than \(Self.mostAttributesInAll) attributes, more than any "
        + "robot"
    }
    if closes {
      depth -= 1
      nodes -= 1
    } else if last != UInt8(ascii: "/") {
      depth += 1
    }
    guard depth <= Self.deepest else {
      return "line \(line): elements are nested more than \(Self.deepest) deep"
    }
    return nil
  }

  private var line: Int {
    1 + bytes[..<min(position, bytes.count)].count { $0 == UInt8(ascii: "\n") }
  }

  private func begins(with text: StaticString) -> Bool {
    let count = text.utf8CodeUnitCount
    guard position + count <= bytes.count else { return false }
    return text.withUTF8Buffer { bytes[position..<position + count].elementsEqual($0) }
  }

  /// Steps over a construct if it begins here; to the end of the text if it does not end.
  private mutating func skip(_ opening: StaticString, until closing: StaticString) -> Bool {
    guard begins(with: opening) else { return false }
    position += opening.utf8CodeUnitCount
    while position < bytes.count, !begins(with: closing) { position += 1 }
    position = min(bytes.count, position + closing.utf8CodeUnitCount)
    return true
  }
}
