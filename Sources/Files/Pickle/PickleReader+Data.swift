/// Numbers, texts, containers and the memo.
extension PickleReader {
  /// Obeys an opcode of a constant or of the protocol; false for another opcode.
  mutating func constant(_ opcode: UInt8) throws(PickleFault) -> Bool {
    switch opcode {
    case 0x80:  // PROTO
      let version = try byte()
      guard version <= 5 else { throw fault("protocol \(version), expected 0 to 5") }
    case 0x95: _ = try take(8)  // FRAME: the data follow in place
    case UInt8(ascii: "N"): push(.none)
    case 0x88: push(.bool(true))
    case 0x89: push(.bool(false))
    case UInt8(ascii: "I"): push(try integerLine())
    case UInt8(ascii: "L"): push(try integerLine())
    case UInt8(ascii: "J"):
      push(.integer(Int(Int32(truncatingIfNeeded: try length(4)))))
    case UInt8(ascii: "K"): push(.integer(try length(1)))
    case UInt8(ascii: "M"): push(.integer(try length(2)))
    case 0x8A: push(try long(Int(try byte())))
    case 0x8B: push(try long(try length(4)))
    case UInt8(ascii: "F"):
      let line = try line()
      guard let value = Double(line) else {
        throw fault("'\(line.printable(limit: 40))' is no number")
      }
      push(.number(value))
    case UInt8(ascii: "G"):
      let bits = try take(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      push(.number(Double(bitPattern: bits)))
    default: return false
    }
    return true
  }

  private mutating func integerLine() throws(PickleFault) -> Node {
    let line = try line()
    if line == "00" || line == "01" { return .bool(line == "01") }
    let digits = line.hasSuffix("L") ? line.dropLast() : line[...]
    guard let value = Int(digits) else {
      throw fault("'\(line.printable(limit: 40))' is no whole number of 64 bits")
    }
    return .integer(value)
  }

  /// A whole number in little-endian two's complement of so many bytes.
  private mutating func long(_ count: Int) throws(PickleFault) -> Node {
    let digits = try take(count)
    guard count <= 8 else { throw fault("a whole number of \(count) bytes, expected at most 8") }
    let isNegative = (digits.last ?? 0) & 0x80 != 0
    let start: UInt64 = isNegative ? .max : 0
    return .integer(Int(bitPattern: UInt(digits.reversed().reduce(start) { $0 << 8 | UInt64($1) })))
  }

  /// Obeys an opcode of texts or bytes; false for another opcode.
  mutating func text(_ opcode: UInt8) throws(PickleFault) -> Bool {
    switch opcode {
    case UInt8(ascii: "X"): push(.text(try unicode(try length(4))))
    case 0x8C: push(.text(try unicode(try length(1))))
    case 0x8D: push(.text(try unicode(try length(8))))
    case UInt8(ascii: "V"), UInt8(ascii: "S"): push(try quotedLine(opcode))
    case UInt8(ascii: "B"): push(.bytes(Array(try take(try length(4)))))
    case UInt8(ascii: "C"): push(.bytes(Array(try take(try length(1)))))
    case 0x8E, 0x96: push(.bytes(Array(try take(try length(8)))))
    case UInt8(ascii: "T"): push(oldText(try take(try length(4))))
    case UInt8(ascii: "U"): push(oldText(try take(try length(1))))
    default: return false
    }
    return true
  }

  private mutating func unicode(_ count: Int) throws(PickleFault) -> String {
    guard let text = String(validating: try take(count), as: UTF8.self) else {
      throw fault("a text is not UTF-8")
    }
    return text
  }

  /// Python 2's strings: texts where they are ASCII, else bytes.
  private func oldText(_ content: ArraySlice<UInt8>) -> Node {
    content.allSatisfy { $0 < 0x80 }
      ? .text(String(decoding: content, as: UTF8.self)) : .bytes(Array(content))
  }

  /// A text of protocol 0, a character for each byte, with escapes: `V` has those of code points,
  /// `S` stands in quotes and has all of Python's.
  private mutating func quotedLine(_ opcode: UInt8) throws(PickleFault) -> Node {
    var line = try rawLine()
    let isQuoted = opcode == UInt8(ascii: "S")
    if isQuoted {
      guard line.count >= 2, let quote = line.first, quote == line.last, "'\"".utf8.contains(quote)
      else { throw fault("a text is not in quotes") }
      line = line.dropFirst().dropLast()
    }
    var text = String.UnicodeScalarView()
    while let byte = line.popFirst() {
      let isEscape =
        byte == UInt8(ascii: "\\")
        && (isQuoted || line.first.map { $0 | 0x20 } == UInt8(ascii: "u"))
      text.append(isEscape ? try escaped(&line) : Unicode.Scalar(byte))
    }
    guard isQuoted, text.contains(where: { $0.value > 0x7F }) else { return .text(String(text)) }
    return .bytes(text.map { UInt8(truncatingIfNeeded: $0.value) })
  }

  /// The character of an escape, behind its backslash.
  private func escaped(_ rest: inout ArraySlice<UInt8>) throws(PickleFault) -> Unicode.Scalar {
    let plain: [UInt8: Unicode.Scalar] = [
      UInt8(ascii: "n"): "\n", UInt8(ascii: "r"): "\r", UInt8(ascii: "t"): "\t",
      UInt8(ascii: "\\"): "\\", UInt8(ascii: "'"): "'", UInt8(ascii: "\""): "\"",
    ]
    let widths = [UInt8(ascii: "x"): 2, UInt8(ascii: "u"): 4, UInt8(ascii: "U"): 8]
    guard let kind = rest.popFirst() else { throw fault("an unknown escape in a text") }
    if let scalar = plain[kind] { return scalar }
    let digits = String(decoding: rest.prefix(widths[kind] ?? 0), as: UTF8.self)
    guard let width = widths[kind], digits.utf8.count == width,
      let value = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(value)
    else { throw fault("an unknown escape in a text") }
    rest.removeFirst(width)
    return scalar
  }

  /// Obeys an opcode of lists, tuples, dictionaries or the stack; false for another opcode.
  mutating func container(_ opcode: UInt8) throws(PickleFault) -> Bool {
    switch opcode {
    case UInt8(ascii: "("): marks.append(stack.count)
    case UInt8(ascii: "0"):
      if stack.count > marks.last ?? 0 { _ = try pop() } else { _ = try popMark() }
    case UInt8(ascii: "1"): _ = try popMark()
    case UInt8(ascii: "2"): stack.append(try top())
    case UInt8(ascii: "]"), UInt8(ascii: ")"): push(.list([]))
    case UInt8(ascii: "l"), UInt8(ascii: "t"): push(.list(try popMark()))
    case 0x85, 0x86, 0x87: try tuple(Int(opcode) - 0x84)
    case UInt8(ascii: "a"): try append([try pop()])
    case UInt8(ascii: "e"): try append(try popMark())
    case UInt8(ascii: "}"): push(.dictionary([]))
    case UInt8(ascii: "d"): push(.dictionary(try pairs(try popMark())))
    case UInt8(ascii: "s"):
      let value = try pop()
      try set([try pop(), value])
    case UInt8(ascii: "u"): try set(try pairs(try popMark()))
    default: return false
    }
    return true
  }

  private mutating func tuple(_ count: Int) throws(PickleFault) {
    var items: [Int] = []
    for _ in 0..<count { items.append(try pop()) }
    push(.list(items.reversed()))
  }

  private func pairs(_ items: [Int]) throws(PickleFault) -> [Int] {
    guard items.count.isMultiple(of: 2) else {
      throw fault("a dictionary has a key without a value")
    }
    return items
  }

  /// Appends to the list on top of the stack, in place.
  private mutating func append(_ items: [Int]) throws(PickleFault) {
    let target = try top()
    guard case .list(var list) = nodes[target] else {
      throw fault("it appends to what is no list")
    }
    nodes[target] = .none
    list += items
    nodes[target] = .list(list)
  }

  /// Puts keys and values into the dictionary on top of the stack, in place.
  private mutating func set(_ items: [Int]) throws(PickleFault) {
    let target = try top()
    guard case .dictionary(var members) = nodes[target] else {
      throw fault("it sets a key of what is no dictionary")
    }
    nodes[target] = .none
    members += items
    nodes[target] = .dictionary(members)
  }

  /// Obeys an opcode of the memo; false for another opcode.
  mutating func remembered(_ opcode: UInt8) throws(PickleFault) -> Bool {
    switch opcode {
    case UInt8(ascii: "p"): memo[try memoLine()] = try top()
    case UInt8(ascii: "q"): memo[try length(1)] = try top()
    case UInt8(ascii: "r"): memo[try length(4)] = try top()
    case 0x94: memo[memo.count] = try top()
    case UInt8(ascii: "g"): try recall(try memoLine())
    case UInt8(ascii: "h"): try recall(try length(1))
    case UInt8(ascii: "j"): try recall(try length(4))
    default: return false
    }
    return true
  }

  private mutating func memoLine() throws(PickleFault) -> Int {
    let line = try line()
    guard let index = Int(line) else { throw fault("'\(line.printable(limit: 40))' is no number") }
    return index
  }

  private mutating func recall(_ key: Int) throws(PickleFault) {
    guard let index = memo[key] else { throw fault("it recalls value \(key), which it never kept") }
    stack.append(index)
  }
}
