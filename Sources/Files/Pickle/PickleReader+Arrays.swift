/// The callable objects that arrays are pickled with, recognised by their names.
enum PickleFunction {
  /// `numpy.core.multiarray._reconstruct`: an empty array.
  case reconstruct
  /// `numpy.core.multiarray.scalar`: one number of a type.
  case scalar
  /// `numpy.core.numeric._frombuffer`: an array over bytes, in protocol 5.
  case fromBuffer
  /// `numpy.dtype`.
  case elementType
  /// `_codecs.encode`: bytes written as text, in protocols 0 to 2.
  case encode
  /// An empty dictionary: `collections.OrderedDict`, `collections.defaultdict`.
  case dictionary
  /// A class that is only an argument of another one of these.
  case argument(String)

  init?(module: String, name: String) {
    // NumPy 2 calls its core `_core`.
    let plain = module.hasPrefix("numpy._core.") ? "numpy.core." + module.dropFirst(12) : module
    switch (plain, name) {
    case ("numpy.core.multiarray", "_reconstruct"): self = .reconstruct
    case ("numpy.core.multiarray", "scalar"): self = .scalar
    case ("numpy.core.numeric", "_frombuffer"): self = .fromBuffer
    case ("numpy", "dtype"): self = .elementType
    case ("_codecs", "encode"): self = .encode
    case ("collections", "OrderedDict"), ("collections", "defaultdict"): self = .dictionary
    case ("numpy", "ndarray"), ("builtins", "dict"), ("__builtin__", "dict"), ("builtins", "list"),
      ("__builtin__", "list"):
      self = .argument("\(module).\(name)")
    default: return nil
    }
  }

  /// Its name, for messages.
  var name: String {
    switch self {
    case .reconstruct: "numpy.core.multiarray._reconstruct"
    case .scalar: "numpy.core.multiarray.scalar"
    case .fromBuffer: "numpy.core.numeric._frombuffer"
    case .elementType: "numpy.dtype"
    case .encode: "_codecs.encode"
    case .dictionary: "collections.OrderedDict"
    case .argument(let name): name
    }
  }
}

/// The element type of a pickled array.
struct PickleElementType {
  /// Kind and width, such as `f8`.
  var code: String
  /// `<`, `>`, `|` or `=`.
  var order: Character = "<"

  /// As a `.npy` header writes it.
  var descriptor: String { "\(order == "=" ? "<" : order)\(code)" }
}

extension PickleReader {
  /// Obeys an opcode of objects, of which only NumPy's are read; false for another opcode.
  mutating func object(_ opcode: UInt8) throws(PickleFault) -> Bool {
    switch opcode {
    case UInt8(ascii: "c"):
      let module = try line()
      try function(module, try line())
    case 0x93:  // STACK_GLOBAL
      guard case .text(let name) = nodes[try pop()], case .text(let module) = nodes[try pop()]
      else { throw fault("the name of an object is no text") }
      try function(module, name)
    case UInt8(ascii: "R"):
      let arguments = try pop()
      try call(try pop(), with: arguments)
    case UInt8(ascii: "b"):
      let state = try pop()
      try build(try top(), from: state)
    case UInt8(ascii: "i"):  // INST
      let module = try line()
      throw refusal(of: "\(module).\(try line())")
    case UInt8(ascii: "o"), 0x81, 0x92: throw refusal(of: try className(opcode))
    case UInt8(ascii: "P"), UInt8(ascii: "Q"):
      throw refusal(of: "torch.load (a persistent identifier)")
    case 0x82, 0x83, 0x84: throw refusal(of: "an extension of copyreg")
    case 0x8F, 0x90, 0x91: throw fault("it holds a set, expected lists and dictionaries")
    case 0x97, 0x98: throw fault("it refers to buffers outside of the file")
    default: return false
    }
    return true
  }

  private mutating func function(_ module: String, _ name: String) throws(PickleFault) {
    guard let function = PickleFunction(module: module, name: name) else {
      throw refusal(of: "\(module).\(name)")
    }
    push(.function(function))
  }

  /// The class that an opcode would make an instance of, for its refusal.
  private mutating func className(_ opcode: UInt8) throws(PickleFault) -> String {
    var operands = opcode == UInt8(ascii: "o") ? try popMark() : []
    if operands.isEmpty {
      for _ in 0..<(opcode == 0x92 ? 3 : 2) { operands.insert(try pop(), at: 0) }
    }
    if let first = operands.first, case .function(let function) = nodes[first] {
      return function.name
    }
    return "a class"
  }

  /// Puts what a function of NumPy returns on the stack.
  private mutating func call(_ callee: Int, with arguments: Int) throws(PickleFault) {
    guard case .function(let function) = nodes[callee] else {
      throw fault("it calls what is no function")
    }
    guard case .list(let items) = nodes[arguments] else {
      throw fault("the arguments of '\(function.name)' are no tuple")
    }
    switch function {
    case .reconstruct: push(.emptyArray)
    case .elementType: push(.elementType(try elementType(items)))
    case .encode: push(.bytes(try encoded(items)))
    case .scalar: push(try scalar(items))
    case .fromBuffer: try pushBuffer(items)
    case .dictionary:
      guard items.allSatisfy({ if case .function = nodes[$0] { true } else { false } }) else {
        throw fault("'\(function.name)' has arguments that are no class")
      }
      push(.dictionary([]))
    case .argument(let name): throw refusal(of: name)
    }
  }

  private func elementType(_ items: [Int]) throws(PickleFault) -> PickleElementType {
    guard let first = items.first, case .text(let code) = nodes[first], code.utf8.count <= 8,
      let kind = code.first, "biufSUO?".contains(kind)
    else { throw fault("an array of an unknown element type") }
    return PickleElementType(code: code)
  }

  /// Bytes that were written as text, one for each character.
  private mutating func encoded(_ items: [Int]) throws(PickleFault) -> [UInt8] {
    guard items.count == 2, case .text(let text) = nodes[items[0]],
      case .text(let codec) = nodes[items[1]], codec == "latin1" || codec == "latin-1"
    else { throw fault("bytes in another encoding than latin1") }
    try charge(text.utf8.count)
    var content: [UInt8] = []
    for scalar in text.unicodeScalars {
      guard let byte = UInt8(exactly: scalar.value) else {
        throw fault("a character of latin1 above 255")
      }
      content.append(byte)
    }
    return content
  }

  private mutating func scalar(_ items: [Int]) throws(PickleFault) -> Node {
    guard items.count == 2, case .elementType(let type) = nodes[items[0]],
      let content = raw(items[1])
    else { throw fault("a NumPy number without a type or bytes") }
    switch try array(type, shape: [], isFortranOrder: false, content) {
    case .texts(let texts): return .text(texts.first ?? "")
    case .numbers(let tensor):
      if tensor.type == .bool { return .bool(tensor.bytes.first != 0) }
      if let integer = tensor.integers()?.first { return .integer(integer) }
      return .number(tensor.single ?? .nan)
    }
  }

  /// `_frombuffer`: bytes, type, shape, order.
  private mutating func pushBuffer(_ items: [Int]) throws(PickleFault) {
    guard items.count == 4, let content = raw(items[0]),
      case .elementType(let type) = nodes[items[1]], case .text(let order) = nodes[items[3]]
    else { throw fault("an array over a buffer that is not in the file") }
    let shape = try shape(items[2])
    push(.array(try array(type, shape: shape, isFortranOrder: order == "F", content)))
  }

  /// Gives an array or a type the state that `__setstate__` would get.
  private mutating func build(_ target: Int, from state: Int) throws(PickleFault) {
    guard case .list(let items) = nodes[state] else {
      throw fault("the state of an object is no tuple")
    }
    switch nodes[target] {
    case .elementType(var type):
      guard items.count >= 5, case .text(let order) = nodes[items[1]], order.count == 1,
        let first = order.first, "<>|=".contains(first), case .none = nodes[items[3]]
      else { throw fault("an array of records, expected an array of numbers") }
      type.order = first
      nodes[target] = .elementType(type)
    case .emptyArray:
      guard items.count == 5, case .elementType(let type) = nodes[items[2]],
        case .bool(let isFortranOrder) = nodes[items[3]]
      else { throw fault("an array without shape, type or contents") }
      let shape = try shape(items[1])
      if type.code.hasPrefix("O"), case .list = nodes[items[4]] {
        nodes[target] = try objects(items[4], shape)
        return
      }
      guard let content = raw(items[4]) else {
        throw fault("the contents of an array are no bytes")
      }
      nodes[target] = .array(
        try array(type, shape: shape, isFortranOrder: isFortranOrder, content))
    default: throw fault("it gives a state to what is no array")
    }
  }

  /// The bytes of a value; of a text too, because Python 2 has no bytes.
  private func raw(_ index: Int) -> [UInt8]? {
    switch nodes[index] {
    case .bytes(let content): content
    case .text(let text) where text.utf8.allSatisfy { $0 < 0x80 }: Array(text.utf8)
    default: nil
    }
  }

  /// The objects of an array of objects: the one of an array without dimensions, else a list.
  private func objects(_ contents: Int, _ shape: [Int]) throws(PickleFault) -> Node {
    guard case .list(let items) = nodes[contents] else { return .none }
    guard shape.isEmpty else { return .list(items) }
    guard let only = items.first, items.count == 1 else {
      throw fault("an array of one object holds \(items.count)")
    }
    return nodes[only]
  }

  private func shape(_ index: Int) throws(PickleFault) -> [Int] {
    guard case .list(let items) = nodes[index], items.count <= 64 else {
      throw fault("the shape of an array is no tuple")
    }
    var shape: [Int] = []
    for item in items {
      guard case .integer(let extent) = nodes[item], extent >= 0 else {
        throw fault("an extent of an array is no whole number")
      }
      shape.append(extent)
    }
    return shape
  }

  private mutating func array(
    _ type: PickleElementType, shape: [Int], isFortranOrder: Bool, _ content: [UInt8]
  ) throws(PickleFault) -> NumpyArray {
    guard
      let layout = NumpyLayout(
        type: type.descriptor, isFortranOrder: isFortranOrder, shape: shape)
    else {
      throw fault("an array of the unknown element type '\(type.descriptor.printable(limit: 20))'")
    }
    guard let size = layout.byteCount, size == content.count else {
      throw fault(
        "an array of shape \(shape.prefix(8)) of \(type.descriptor.printable(limit: 20)) has"
          + " \(content.count) bytes")
    }
    try charge(size)
    guard let array = NumpyArray(layout, content) else {
      throw fault("an array of texts with \(size) bytes, more than names need")
    }
    return array
  }
}
