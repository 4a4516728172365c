/// The type of a stored tensor's elements; raw values are safetensors' names.
public enum ElementType: String, Sendable, Hashable, CaseIterable {
  case float64 = "F64"
  case float32 = "F32"
  case float16 = "F16"
  case int64 = "I64"
  case int32 = "I32"
  case int16 = "I16"
  case int8 = "I8"
  case uint64 = "U64"
  case uint32 = "U32"
  case uint16 = "U16"
  case uint8 = "U8"
  case bool = "BOOL"

  /// Bytes an element takes.
  public var size: Int {
    switch self {
    case .float64, .int64, .uint64: 8
    case .float32, .int32, .uint32: 4
    case .float16, .int16, .uint16: 2
    case .int8, .uint8, .bool: 1
    }
  }

  /// Whether the numbers may have fractions.
  public var isFloatingPoint: Bool { self == .float64 || self == .float32 || self == .float16 }
}

/// An array as it stands in a file: element type, shape, little-endian bytes in row-major order.
public struct StoredTensor: Sendable, Hashable {
  /// The type of the elements.
  public let type: ElementType
  /// The extent of each dimension, the slowest first; empty for a scalar.
  public let shape: [Int]
  /// The elements, little-endian.
  public let bytes: [UInt8]

  /// A tensor over bytes that fit the type and shape.
  public init(type: ElementType, shape: [Int], bytes: [UInt8]) {
    let expected = shape.reduce(type.size, *)
    precondition(
      bytes.count == expected, "shape \(shape) needs \(expected) bytes, not \(bytes.count)")
    self.type = type
    self.shape = shape
    self.bytes = bytes
  }

  /// A tensor of floats.
  public init(_ values: [Float], shape: [Int]) {
    self.init(type: .float32, shape: shape, bytes: Self.raw(values))
  }

  /// A tensor of floats in half precision: eleven bits of mantissa, up to 65,504.
  public init(halfPrecision values: [Float], shape: [Int]) {
    self.init(type: .float16, shape: shape, bytes: Self.raw(values.map(HalfPrecision.bits)))
  }

  /// A tensor of doubles.
  public init(_ values: [Double], shape: [Int]) {
    self.init(type: .float64, shape: shape, bytes: Self.raw(values))
  }

  /// A tensor of integers.
  public init(_ values: [Int64], shape: [Int]) {
    self.init(type: .int64, shape: shape, bytes: Self.raw(values))
  }

  /// A tensor of unsigned integers.
  public init(_ values: [UInt64], shape: [Int]) {
    self.init(type: .uint64, shape: shape, bytes: Self.raw(values))
  }

  /// How many elements there are.
  public var count: Int { bytes.count / type.size }

  /// The elements as doubles, converted where the type is another.
  public func doubles() -> [Double] {
    switch type {
    case .float64: elements(Double.self)
    case .float32: elements(Float.self).map(Double.init)
    case .float16: floats().map(Double.init)
    case .int64: elements(Int64.self).map(Double.init)
    case .int32: elements(Int32.self).map(Double.init)
    case .int16: elements(Int16.self).map(Double.init)
    case .int8: elements(Int8.self).map(Double.init)
    case .uint64: elements(UInt64.self).map(Double.init)
    case .uint32: elements(UInt32.self).map(Double.init)
    case .uint16: elements(UInt16.self).map(Double.init)
    case .uint8, .bool: bytes.map(Double.init)
    }
  }

  /// The elements of some rows as doubles, the rest left as it is: the first dimension counts rows.
  ///
  /// For large arrays, of which no second copy should be made.
  public func doubles(ofRows rows: Range<Int>) -> [Double] {
    precondition(
      !shape.isEmpty && rows.lowerBound >= 0 && rows.upperBound <= shape[0],
      "rows \(rows) of an array of shape \(shape)")
    let width = shape.dropFirst().reduce(type.size, *)
    let part = bytes[(rows.lowerBound * width)..<(rows.upperBound * width)]
    return StoredTensor(
      type: type, shape: [rows.count] + shape.dropFirst(), bytes: Array(part)
    ).doubles()
  }

  /// The one number of an array with one element; nil where it has none or more.
  public var single: Double? { count == 1 ? doubles().first : nil }

  /// The elements as floats, converted where the type is another.
  public func floats() -> [Float] {
    switch type {
    case .float32: elements(Float.self)
    case .float16: elements(UInt16.self).map { HalfPrecision.number($0) }
    case .int8: elements(Int8.self).map { Float($0) }
    case .int16: elements(Int16.self).map { Float($0) }
    case .uint16: elements(UInt16.self).map { Float($0) }
    case .uint8, .bool: bytes.map { Float($0) }
    default: doubles().map { Float($0) }
    }
  }

  /// The elements as integers; nil where the type is a floating one or a value does not fit.
  public func integers() -> [Int]? {
    switch type {
    case .float64, .float32, .float16: nil
    case .int64: elements(Int64.self).map(Int.init)
    case .uint64: exactly(elements(UInt64.self))
    case .int32: elements(Int32.self).map(Int.init)
    case .uint32: elements(UInt32.self).map(Int.init)
    case .int16: elements(Int16.self).map(Int.init)
    case .uint16: elements(UInt16.self).map(Int.init)
    case .int8: elements(Int8.self).map(Int.init)
    case .uint8, .bool: bytes.map(Int.init)
    }
  }

  /// The elements of an unsigned 64-bit tensor; nil for any other type.
  public func words() -> [UInt64]? { type == .uint64 ? elements(UInt64.self) : nil }

  private func exactly(_ values: [UInt64]) -> [Int]? {
    let converted = values.compactMap { Int(exactly: $0) }
    return converted.count == values.count ? converted : nil
  }

  private func elements<Element: BitwiseCopyable>(_: Element.Type) -> [Element] {
    let count = bytes.count / MemoryLayout<Element>.size
    return [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
      UnsafeMutableRawBufferPointer(buffer).copyBytes(from: bytes)
      initialized = count
    }
  }

  private static func raw<Element: BitwiseCopyable>(_ values: [Element]) -> [UInt8] {
    values.withUnsafeBytes { Array($0) }
  }
}
