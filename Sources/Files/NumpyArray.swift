/// One array of NumPy's `.npy` format, versions 1 to 3.
///
/// Header: the magic bytes, a version, a length, and a Python dictionary with `descr`,
/// `fortran_order` and `shape`.
public enum NumpyArray: Sendable, Hashable {
  /// Numbers, in row-major order and little-endian whatever the file had.
  case numbers(StoredTensor)
  /// Texts (`<U` or `|S`).
  case texts([String])

  /// The longest header that is read [bytes]; NumPy itself stops at 10000.
  private static let headerLimit = 1 << 16
  /// The largest array of texts that is read [bytes], and how many: names, not books.
  private static let (textLimit, mostTexts) = (16 << 20, 1 << 16)

  /// Decodes an array; the path is for the error's sentence.
  public init(decoding bytes: [UInt8], path: String) throws(FileError) {
    func malformed(_ reason: String) -> FileError { Self.malformed(path, reason) }
    guard bytes.count >= 10, bytes.starts(with: [0x93] + Array("NUMPY".utf8)) else {
      throw malformed("the magic bytes are missing")
    }
    let (layout, begin) = try Self.layout(of: bytes[...], path: path)
    let body = bytes[begin...]
    guard let size = layout.byteCount, size <= body.count else {
      throw malformed(
        "its shape \(layout.shape.prefix(8)) of \(layout.type.printable(limit: 20)) needs more "
          + "than the \(body.count) bytes it has")
    }
    guard let array = Self(layout, Array(body.prefix(size))) else {
      throw malformed(
        "it holds \(size) bytes of texts of shape \(layout.shape.prefix(8)), more than "
          + "\(Self.textLimit) bytes or \(Self.mostTexts) texts")
    }
    self = array
  }

  /// An array of its bytes, as many as its layout has; nil for more texts than are read.
  init?(_ layout: NumpyLayout, _ body: [UInt8]) {
    switch layout.element {
    case .number(let type):
      self = .numbers(
        StoredTensor(type: type, shape: layout.shape, bytes: layout.rowMajor(body)))
    case .wideText, .byteText:
      // Before anything is made of it.
      guard body.count <= Self.textLimit, layout.count ?? .max <= Self.mostTexts else { return nil }
      self = .texts(layout.texts(layout.rowMajor(body)))
    }
  }

  /// The pickle in an array of objects, which `numpy.save` makes of a dictionary; nil for another
  /// array.
  public static func objects(in bytes: [UInt8]) -> [UInt8]? {
    guard bytes.count > 12, bytes.starts(with: [0x93] + Array("NUMPY".utf8)) else { return nil }
    let begin = bytes[6] >= 2 ? 12 : 10
    let length = bytes[8..<begin].reversed().reduce(0) { $0 << 8 | Int($1) }
    guard length <= headerLimit, begin + length <= bytes.count else { return nil }
    let header = String(decoding: bytes[begin..<(begin + length)], as: UTF8.self)
    guard header.contains("'descr': '|O'") else { return nil }
    return Array(bytes[(begin + length)...])
  }

  private static func malformed(_ path: String, _ reason: String) -> FileError {
    .malformed(path: path, reason: "not a NumPy array: \(reason)")
  }

  /// What the header says, and where the elements begin.
  private static func layout(
    of bytes: ArraySlice<UInt8>, path: String
  ) throws(FileError) -> (layout: NumpyLayout, begin: Int) {
    func malformed(_ reason: String) -> FileError { Self.malformed(path, reason) }
    let wide = bytes[6] >= 2
    let begin = wide ? 12 : 10
    guard bytes.count >= begin else { throw malformed("it ends inside its header") }
    let length = bytes[8..<begin].reversed().reduce(0) { $0 << 8 | Int($1) }
    guard length <= bytes.count - begin else { throw malformed("it ends inside its header") }
    guard length <= headerLimit else { throw malformed("its header has \(length) bytes") }
    let header = String(decoding: bytes[begin..<(begin + length)], as: UTF8.self)
    guard let layout = NumpyLayout(header: header) else {
      throw malformed("its header is '\(header.printable(limit: 80))'")
    }
    return (layout, begin + length)
  }

  /// The bytes of an `.npy` file.
  public func encoded() -> [UInt8] {
    let (descriptor, shape, body): (String, [Int], [UInt8]) =
      switch self {
      case .numbers(let tensor): (Self.descriptor(tensor.type), tensor.shape, tensor.bytes)
      case .texts(let texts): Self.wide(texts)
      }
    let extents = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
    var header = "{'descr': '\(descriptor)', 'fortran_order': False, 'shape': (\(extents)), }"
    let padding = 63 - (10 + header.utf8.count) % 64
    header += String(repeating: " ", count: padding) + "\n"
    let length = UInt16(header.utf8.count)
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)]
      + Array(header.utf8) + body
  }

  private static func descriptor(_ type: ElementType) -> String {
    switch type {
    case .float64: "<f8"
    case .float32: "<f4"
    case .float16: "<f2"
    case .int64: "<i8"
    case .int32: "<i4"
    case .int16: "<i2"
    case .int8: "|i1"
    case .uint64: "<u8"
    case .uint32: "<u4"
    case .uint16: "<u2"
    case .uint8: "|u1"
    case .bool: "|b1"
    }
  }

  private static func wide(_ texts: [String]) -> (String, [Int], [UInt8]) {
    let width = max(1, texts.map(\.unicodeScalars.count).max() ?? 1)
    var body: [UInt8] = []
    for text in texts {
      var scalars = text.unicodeScalars.map(\.value)
      scalars += [UInt32](repeating: 0, count: width - scalars.count)
      for scalar in scalars { withUnsafeBytes(of: scalar.littleEndian) { body += $0 } }
    }
    return ("<U\(width)", [texts.count], body)
  }
}

/// The element type of an `.npy` header.
struct NumpyLayout {
  enum Element {
    case number(ElementType)
    /// Texts of so many 4-byte code points.
    case wideText(Int)
    /// Texts of so many bytes.
    case byteText(Int)
  }

  let type: String
  let element: Element
  let isBigEndian: Bool
  let isFortranOrder: Bool
  let shape: [Int]

  init?(header: String) {
    guard let type = Self.quotedValue(of: "descr", in: header),
      let order = Self.value(of: "fortran_order", in: header),
      let shapeText = Self.value(of: "shape", in: header)
    else { return nil }
    let fortran = order.hasPrefix("True")
    guard fortran || order.hasPrefix("False"), shapeText.hasPrefix("("),
      let close = shapeText.firstIndex(of: ")")
    else { return nil }
    var shape: [Int] = []
    let inner = shapeText[shapeText.index(after: shapeText.startIndex)..<close]
    for part in inner.split(separator: ",") {
      let digits = part.filter { $0 != " " && $0 != "L" }
      if digits.isEmpty { continue }
      // NumPy's own arrays have at most 64 dimensions.
      guard let extent = Int(digits), extent >= 0, shape.count < 64 else { return nil }
      shape.append(extent)
    }
    self.init(type: type, isFortranOrder: fortran, shape: shape)
  }

  /// A layout of an element type as NumPy writes it (`<f8`); nil for an unknown one.
  init?(type: String, isFortranOrder: Bool, shape: [Int]) {
    guard let element = Self.element(type) else { return nil }
    self.type = type
    self.element = element
    isBigEndian = type.hasPrefix(">")
    self.isFortranOrder = isFortranOrder
    self.shape = shape
  }

  var elementSize: Int {
    switch element {
    case .number(let type): type.size
    case .wideText(let width): 4 * width
    case .byteText(let width): width
    }
  }

  /// How many elements there are; nil where the product overflows.
  var count: Int? { product(startingFrom: 1) }

  /// The bytes of all elements; nil where the product overflows.
  var byteCount: Int? { product(startingFrom: elementSize) }

  private func product(startingFrom first: Int) -> Int? {
    shape.reduce(first) { partial, extent -> Int? in
      guard let partial else { return nil }
      let (product, overflow) = partial.multipliedReportingOverflow(by: extent)
      return overflow ? nil : product
    }
  }

  /// The bytes little-endian and in row-major order.
  func rowMajor(_ bytes: [UInt8]) -> [UInt8] {
    let size = elementSize
    let unit = if case .wideText = element { 4 } else { size }
    var content = bytes
    if isBigEndian, unit > 1 {
      content.withUnsafeMutableBytes { buffer in
        for start in stride(from: 0, to: buffer.count, by: unit) {
          for i in 0..<unit / 2 { buffer.swapAt(start + i, start + unit - 1 - i) }
        }
      }
    }
    let extents = shape.filter { $0 != 1 }
    guard isFortranOrder, extents.count > 1, !content.isEmpty else { return content }
    return [UInt8](unsafeUninitializedCapacity: content.count) { result, count in
      content.withUnsafeBytes { source in
        Self.transpose(source, into: UnsafeMutableRawBufferPointer(result), extents, size)
      }
      count = content.count
    }
  }

  /// Copies elements of an array whose first index runs fastest to where the last one does.
  private static func transpose(
    _ source: UnsafeRawBufferPointer, into result: UnsafeMutableRawBufferPointer,
    _ extents: [Int], _ size: Int
  ) {
    // How far apart neighbours along each dimension are in the source [bytes].
    var strides: [Int] = []
    var step = size
    for extent in extents {
      strides.append(step)
      step *= extent
    }
    let last = extents.count - 1
    var index = [Int](repeating: 0, count: extents.count)
    var from = 0
    for target in stride(from: 0, to: result.count, by: size) {
      for byte in 0..<size { result[target + byte] = source[from + byte] }
      var dimension = last
      while dimension >= 0 {
        index[dimension] += 1
        from += strides[dimension]
        if index[dimension] < extents[dimension] { break }
        from -= index[dimension] * strides[dimension]
        index[dimension] = 0
        dimension -= 1
      }
    }
  }

  func texts(_ bytes: [UInt8]) -> [String] {
    guard elementSize > 0 else { return [] }
    return stride(from: 0, to: bytes.count, by: elementSize).map { start in
      let piece = bytes[start..<(start + elementSize)]
      guard case .wideText = element else {
        return String(decoding: piece.prefix { $0 != 0 }, as: UTF8.self)
      }
      var text = String.UnicodeScalarView()
      for at in stride(from: piece.startIndex, to: piece.endIndex, by: 4) {
        let value = piece[at..<(at + 4)].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        guard value != 0 else { break }
        text.append(Unicode.Scalar(value) ?? "\u{FFFD}")
      }
      return String(text)
    }
  }

  private static func element(_ type: String) -> Element? {
    guard let kind = type.dropFirst().first, "<>|=".contains(type.first ?? " "),
      let width = Int(type.dropFirst(2)), width >= 0, width < 1 << 20
    else { return nil }
    let numbers: [String: ElementType] = [
      "f8": .float64, "f4": .float32, "f2": .float16, "i8": .int64, "i4": .int32, "i2": .int16,
      "i1": .int8,
      "u8": .uint64, "u4": .uint32, "u2": .uint16, "u1": .uint8, "b1": .bool,
    ]
    switch kind {
    case "U": return .wideText(width)
    case "S": return .byteText(width)
    default: return numbers["\(kind)\(width)"].map(Element.number)
    }
  }

  /// What follows `'key':` in the header.
  private static func value(of key: String, in header: String) -> Substring? {
    for quote in ["'", "\""] {
      let pattern = "\(quote)\(key)\(quote):"
      guard let start = header.firstRange(of: pattern)?.upperBound else { continue }
      return header[start...].drop { $0 == " " }
    }
    return nil
  }

  private static func quotedValue(of key: String, in header: String) -> String? {
    guard let rest = value(of: key, in: header), let quote = rest.first, "'\"".contains(quote),
      let end = rest.dropFirst().firstIndex(of: quote)
    else { return nil }
    return String(rest[rest.index(after: rest.startIndex)..<end])
  }
}
