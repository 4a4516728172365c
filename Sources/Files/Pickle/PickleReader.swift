/// Reads Python pickles of protocols 0 to 5 and executes nothing.
///
/// Only the opcodes that build lists, tuples, dictionaries, numbers, texts and bytes are obeyed,
/// and of callable objects only those that NumPy's arrays, types and scalars are pickled with; they
/// are recognised by name and never called. Whatever else a pickle would call is refused by its
/// name. Goals, in order: nothing is executed, bounded memory and depth, speed.
///
/// Sources: the opcodes as CPython's `pickletools` documents them; what NumPy 1 and 2 write as
/// `ndarray.__reduce__` documents it.
public struct PickleReader {
  /// The deepest nesting of the result; trackers' files need five levels.
  public static let deepest = 32
  /// The largest number of values, those in lists and dictionaries counted.
  public static let mostValues = 4_000_000
  /// What arrays may always take together, however small the file is [bytes].
  private static let freeExpansion = 64 << 20
  /// How many times the size of the file arrays may take together.
  private static let mostExpansion = 4

  /// Objects while they are built; lists and dictionaries hold the indices of their contents,
  /// because a pickle may change a list after another one refers to it.
  enum Node {
    case none
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case text(String)
    case bytes([UInt8])
    case list([Int])
    /// Keys and values in turn.
    case dictionary([Int])
    case function(PickleFunction)
    case elementType(PickleElementType)
    /// An array that gets its contents from a BUILD.
    case emptyArray
    case array(NumpyArray)
  }

  let bytes: [UInt8]
  var position = 0
  var nodes: [Node] = []
  var stack: [Int] = []
  /// The heights of the stack at its marks.
  var marks: [Int] = []
  var memo: [Int: Int] = [:]
  /// What arrays may still take [bytes].
  private(set) var unpackedLeft: Int

  /// The value of a pickle.
  public static func read(_ bytes: [UInt8]) throws(PickleFault) -> PickleValue {
    var reader = PickleReader(bytes)
    try reader.run()
    guard let top = reader.stack.last else { throw reader.fault("it ends without a value") }
    var left = mostValues
    return try reader.value(of: top, depth: 0, left: &left)
  }

  private init(_ bytes: [UInt8]) {
    self.bytes = bytes
    let (expanded, overflow) = bytes.count.multipliedReportingOverflow(by: Self.mostExpansion)
    unpackedLeft = max(Self.freeExpansion, overflow ? .max : expanded)
  }

  private mutating func run() throws(PickleFault) {
    while true {
      let opcode = try byte()
      if opcode == UInt8(ascii: ".") { return }
      guard nodes.count < Self.mostValues, stack.count < Self.mostValues else {
        throw fault("it has more than \(Self.mostValues) values")
      }
      if try constant(opcode) { continue }
      if try text(opcode) { continue }
      if try container(opcode) { continue }
      if try remembered(opcode) { continue }
      if try object(opcode) { continue }
      position -= 1
      throw fault("opcode 0x\(String(opcode, radix: 16)) is none of plain data")
    }
  }

  /// Takes bytes of arrays off what they may take together.
  mutating func charge(_ count: Int) throws(PickleFault) {
    guard count <= unpackedLeft else {
      throw fault("its arrays take more memory than \(Self.mostExpansion) times its size")
    }
    unpackedLeft -= count
  }

  /// The finished value of a node.
  private func value(of index: Int, depth: Int, left: inout Int) throws(PickleFault) -> PickleValue
  {
    guard depth < Self.deepest else {
      throw fault("its values nest deeper than \(Self.deepest) levels")
    }
    left -= 1
    guard left >= 0 else { throw fault("it has more than \(Self.mostValues) values") }
    switch nodes[index] {
    case .none: return .none
    case .bool(let value): return .bool(value)
    case .integer(let value): return .integer(value)
    case .number(let value): return .number(value)
    case .text(let value): return .text(value)
    case .bytes(let value): return .bytes(value)
    case .array(let value): return .array(value)
    case .list(let items):
      var values: [PickleValue] = []
      for item in items { values.append(try value(of: item, depth: depth + 1, left: &left)) }
      return .list(values)
    case .dictionary(let items):
      var members: [(key: PickleValue, value: PickleValue)] = []
      for at in stride(from: 0, to: items.count - 1, by: 2) {
        let key = try value(of: items[at], depth: depth + 1, left: &left)
        members.append((key, try value(of: items[at + 1], depth: depth + 1, left: &left)))
      }
      return .dictionary(members)
    case .function(let function): throw refusal(of: function.name)
    case .elementType: throw fault("it holds the type of an array where a value should be")
    case .emptyArray: throw fault("it holds an array without contents")
    }
  }
}

// MARK: - Bytes, stack and faults

extension PickleReader {
  /// A fault at the current byte.
  func fault(_ reason: String) -> PickleFault {
    PickleFault(reason: "byte \(position) of the pickle: \(reason)", refusedCall: nil)
  }

  /// The refusal of a callable object.
  func refusal(of name: String) -> PickleFault {
    let shown = name.printable(limit: 80)
    return PickleFault(
      reason: "loading this pickle in Python would call '\(shown)'; only lists, dictionaries,"
        + " numbers, texts and NumPy arrays are read, and nothing is executed",
      refusedCall: name)
  }

  mutating func byte() throws(PickleFault) -> UInt8 {
    guard position < bytes.count else { throw fault("it ends in the middle") }
    position += 1
    return bytes[position - 1]
  }

  /// So many bytes.
  mutating func take(_ count: Int) throws(PickleFault) -> ArraySlice<UInt8> {
    guard count >= 0, count <= bytes.count - position else {
      throw fault("\(count) bytes are announced, \(bytes.count - position) are left")
    }
    position += count
    return bytes[(position - count)..<position]
  }

  /// A little-endian length of so many bytes.
  mutating func length(_ count: Int) throws(PickleFault) -> Int {
    let value = try take(count).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard let length = Int(exactly: value) else { throw fault("a length of \(value) bytes") }
    return length
  }

  /// The bytes of the rest of the line, without its end.
  mutating func rawLine() throws(PickleFault) -> ArraySlice<UInt8> {
    guard let end = bytes[position...].firstIndex(of: 0x0A) else {
      throw fault("a line does not end")
    }
    let line = bytes[position..<end]
    position = end + 1
    return line
  }

  /// The rest of a short line, without its end.
  mutating func line() throws(PickleFault) -> String {
    let line = try rawLine()
    guard line.count < 1000, let text = String(validating: line, as: UTF8.self) else {
      throw fault("a line is no short text")
    }
    return text
  }

  mutating func push(_ node: Node) {
    stack.append(nodes.count)
    nodes.append(node)
  }

  mutating func pop() throws(PickleFault) -> Int {
    guard stack.count > marks.last ?? 0, let top = stack.popLast() else {
      throw fault("it takes a value from an empty stack")
    }
    return top
  }

  /// The values above the topmost mark, which is taken off.
  mutating func popMark() throws(PickleFault) -> [Int] {
    guard let mark = marks.popLast() else { throw fault("it takes values up to a missing mark") }
    let items = Array(stack[mark...])
    stack.removeSubrange(mark...)
    return items
  }

  /// The topmost value, left where it is.
  func top() throws(PickleFault) -> Int {
    guard stack.count > marks.last ?? 0, let top = stack.last else {
      throw fault("it takes a value from an empty stack")
    }
    return top
  }
}
