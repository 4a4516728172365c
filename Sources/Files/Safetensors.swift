import Foundation

/// A safetensors file: named tensors and text metadata, readable from Python.
///
/// Layout: the header's length as a little-endian 64-bit integer, a JSON header with type, shape
/// and byte range of each tensor and `__metadata__`, then the bytes. Encoding is deterministic:
/// tensors in the order of their names, the header padded with spaces to a multiple of eight.
public struct Safetensors: Sendable {
  /// Texts that describe the file.
  public var metadata: [String: String]
  /// The tensors by name.
  public var tensors: [String: StoredTensor]

  /// The longest header that is read [bytes].
  private static let headerLimit = 16 << 20

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
    guard
      let header = try? JSONSerialization.jsonObject(with: Data(bytes[8..<start]))
        as? [String: Any]
    else { throw malformed("its header is not a JSON object") }
    metadata = [:]
    tensors = [:]
    var entries: [Entry] = []
    for (name, value) in header {
      if name == "__metadata__" {
        guard let texts = value as? [String: String] else {
          throw malformed("__metadata__ holds something that is not text")
        }
        metadata = texts
      } else {
        do throws(Refusal) { entries.append(try Entry(name, value)) } catch {
          throw malformed(error.reason)
        }
      }
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

  /// Checks the format's rule that tensors are contiguous, without gaps or overlaps.
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
          "tensor '\(entry.name)' of shape \(entry.shape) claims bytes \(entry.range) of \(size), "
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
          "tensor '\(name)' is missing; it has \(tensors.keys.sorted().joined(separator: ", "))"
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

/// The reason for refusing a file.
private struct Refusal: Error {
  let reason: String

  init(_ reason: String) { self.reason = reason }
}

/// A tensor's entry in the header.
private struct Entry {
  let name: String
  let type: ElementType
  let shape: [Int]
  /// Where the bytes are, behind the header.
  let range: Range<Int>

  init(_ name: String, _ value: Any) throws(Refusal) {
    guard let entry = value as? [String: Any], let typeName = entry["dtype"] as? String,
      let shape = entry["shape"] as? [Int], let range = entry["data_offsets"] as? [Int],
      range.count == 2
    else { throw Refusal("tensor '\(name)' lacks dtype, shape or data_offsets") }
    guard let type = ElementType(rawValue: typeName) else {
      throw Refusal("tensor '\(name)' has the type \(typeName), which is not supported")
    }
    guard range[0] >= 0, range[0] <= range[1],
      Self.byteCount(shape, type) == range[1] - range[0]
    else {
      throw Refusal(
        "tensor '\(name)' of shape \(shape) claims the bytes from \(range[0]) to \(range[1])")
    }
    self.name = name
    self.type = type
    self.shape = shape
    self.range = range[0]..<range[1]
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
