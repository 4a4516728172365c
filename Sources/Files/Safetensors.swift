/// A safetensors file: named tensors and text metadata, readable from Python.
///
/// Layout: the header's length as a little-endian 64-bit integer, a JSON header with type, shape
/// and byte range of each tensor and `__metadata__`, then the bytes. Encoding is deterministic:
/// tensors in the order of their names, the header padded with spaces to a multiple of eight.
///
/// Reading is as strict as the reference implementation's (huggingface/safetensors: UTF-8 without
/// a mark, RFC 8259's JSON, whole numbers, no gaps) and refuses a key that stands twice, which
/// the format's description forbids and readers resolve in different ways.
public struct Safetensors: Sendable {
  /// Texts that describe the file.
  public var metadata: [String: String]
  /// The tensors by name.
  public var tensors: [String: StoredTensor]

  /// The longest header that is read [bytes].
  private static let headerLimit = 16 << 20
  /// The most values in a header: eight a tensor.
  private static let mostHeaderValues = 1_000_000

  /// A file with these contents.
  public init(metadata: [String: String] = [:], tensors: [String: StoredTensor] = [:]) {
    self.metadata = metadata
    self.tensors = tensors
  }

  /// Reads a file.
  public init(contentsOf path: String) throws(FileError) {
    try self.init(decoding: InputFile.bytes(of: path), path: path)
  }

  /// Decodes a file's bytes; the path is for the error's sentence.
  public init(decoding bytes: [UInt8], path: String) throws(FileError) {
    func malformed(_ reason: String) -> FileError {
      .malformed(path: path, reason: "not a safetensors file: \(reason)")
    }
    guard bytes.count >= 8 else {
      throw malformed("it has \(bytes.count) bytes, at least 8 expected")
    }
    let length = bytes[..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= Self.headerLimit, Int(length) <= bytes.count - 8 else {
      throw malformed("its header claims \(length) bytes, the file has \(bytes.count - 8) more")
    }
    let start = 8 + Int(length)
    let header: JSONValue
    do throws(JSONReader.Fault) {
      header = try JSONReader.read(bytes[8..<start], mostValues: Self.mostHeaderValues)
    } catch {
      throw malformed("its header is no JSON at byte \(error.column): \(error.reason)")
    }
    metadata = [:]
    tensors = [:]
    var entries: [Entry] = []
    do throws(Refusal) {
      entries = try Self.entries(of: header, metadata: &metadata)
    } catch {
      throw malformed(error.reason)
    }
    do throws(Refusal) {
      try Self.refuseGaps(&entries, size: bytes.count - start)
    } catch {
      throw malformed(error.reason)
    }
    for entry in entries {
      let content = bytes[(start + entry.range.lowerBound)..<(start + entry.range.upperBound)]
      tensors[entry.name] = StoredTensor(
        type: entry.type, shape: entry.shape, bytes: Array(content))
    }
  }

  /// What the header says of tensors, and the metadata.
  private static func entries(
    of header: JSONValue, metadata: inout [String: String]
  ) throws(Refusal) -> [Entry] {
    guard let members = header.members else {
      throw Refusal("its header is \(header.kind), expected an object")
    }
    if let key = header.repeatedKey {
      throw Refusal("its header has the key '\(key.printable)' twice")
    }
    var entries: [Entry] = []
    for (name, value) in members {
      if name == "__metadata__" {
        metadata = try texts(of: value)
      } else {
        entries.append(try Entry(name, value))
      }
    }
    return entries
  }

  private static func texts(of value: JSONValue) throws(Refusal) -> [String: String] {
    // The reference implementation takes null for no metadata.
    if value.isNull { return [:] }
    guard let members = value.members else {
      throw Refusal("__metadata__ is \(value.kind), expected an object")
    }
    var texts: [String: String] = [:]
    for (key, value) in members {
      guard let text = value.text else {
        throw Refusal("__metadata__, '\(key.printable)' is \(value.kind), expected a text")
      }
      guard texts.updateValue(text, forKey: key) == nil else {
        throw Refusal("__metadata__ has the key '\(key.printable)' twice")
      }
    }
    return texts
  }

  /// The format's law that tensors lie side by side, without gaps or overlaps.
  ///
  /// Without it a small file whose tensors share their bytes would unpack to any size.
  private static func refuseGaps(_ entries: inout [Entry], size: Int) throws(Refusal) {
    entries.sort {
      ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
    }
    var end = 0
    for entry in entries {
      guard entry.range.lowerBound == end, entry.range.upperBound <= size else {
        throw Refusal(
          "tensor '\(entry.name.printable)' of shape \(entry.shape.prefix(8)) claims bytes \(entry.range) of \(size), "
            + "expected from \(end) on, where the one before ends")
      }
      end = entry.range.upperBound
    }
    guard end == size else {
      throw Refusal("its tensors cover \(end) bytes of data, the file has \(size)")
    }
  }

  /// The tensor of a name.
  public func tensor(_ name: String, in path: String = "the file") throws(FileError)
    -> StoredTensor
  {
    guard let tensor = tensors[name] else {
      throw .malformed(
        path: path,
        reason:
          "tensor '\(name.printable)' is missing; it has \(tensors.keys.sorted().shownList)"
      )
    }
    return tensor
  }

  /// The file's bytes.
  public func encoded() -> [UInt8] {
    var entries: [String] = []
    if !metadata.isEmpty {
      let texts = metadata.sorted { $0.key < $1.key }
        .map { "\(JSONText.quoted($0.key)):\(JSONText.quoted($0.value))" }
      entries.append("\"__metadata__\":{\(texts.joined(separator: ","))}")
    }
    var offset = 0
    let ordered = tensors.sorted { $0.key < $1.key }
    for (name, tensor) in ordered {
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      let end = offset + tensor.bytes.count
      entries.append(
        "\(JSONText.quoted(name)):{\"dtype\":\"\(tensor.type.rawValue)\",\"shape\":[\(shape)],"
          + "\"data_offsets\":[\(offset),\(end)]}")
      offset = end
    }
    var header = Array("{\(entries.joined(separator: ","))}".utf8)
    header += [UInt8](repeating: UInt8(ascii: " "), count: (8 - header.count % 8) % 8)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(8 + header.count + offset)
    withUnsafeBytes(of: UInt64(header.count).littleEndian) { bytes += $0 }
    bytes += header
    for (_, tensor) in ordered { bytes += tensor.bytes }
    return bytes
  }

  /// Writes the file atomically.
  public func write(to path: String) throws(FileError) {
    try AtomicFile.write(encoded(), to: path)
  }
}

/// Why a file is refused.
private struct Refusal: Error {
  let reason: String

  init(_ reason: String) { self.reason = reason }
}

/// What the header says of a tensor.
private struct Entry {
  let name: String
  let type: ElementType
  let shape: [Int]
  /// Where the bytes are, behind the header.
  let range: Range<Int>

  init(_ name: String, _ value: JSONValue) throws(Refusal) {
    let shown = name.printable
    if let key = value.repeatedKey {
      throw Refusal("tensor '\(shown)' has '\(key.printable)' twice")
    }
    guard let typeName = value["dtype"]?.text, let shape = Self.integers(value["shape"]),
      let range = Self.integers(value["data_offsets"]), range.count == 2
    else {
      throw Refusal("tensor '\(shown)' lacks dtype, shape or data_offsets, or they are no integers")
    }
    guard let type = ElementType(rawValue: typeName) else {
      throw Refusal(
        "tensor '\(shown)' has the type \(typeName.printable(limit: 20)), which is not supported")
    }
    guard range[0] >= 0, range[0] <= range[1],
      Self.byteCount(shape, type) == range[1] - range[0]
    else {
      throw Refusal(
        "tensor '\(shown)' of shape \(shape.prefix(8)) claims the bytes from \(range[0]) to "
          + "\(range[1])")
    }
    self.name = name
    self.type = type
    self.shape = shape
    self.range = range[0]..<range[1]
  }

  /// The whole numbers of a list; nil where it is anything else.
  private static func integers(_ value: JSONValue?) -> [Int]? {
    guard let elements = value?.elements else { return nil }
    let integers = elements.compactMap(\.integer)
    return integers.count == elements.count ? integers : nil
  }

  /// The bytes that a shape needs; nil where it is negative or too large to say.
  private static func byteCount(_ shape: [Int], _ type: ElementType) -> Int? {
    var count = type.size
    for extent in shape {
      guard extent >= 0 else { return nil }
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard !overflow else { return nil }
      count = product
    }
    return count
  }
}
