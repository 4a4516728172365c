import Files
import HumanBody

/// The table at the end of a shard: labels, and the position of each clip.
struct ShardIndex {
  /// A description of the shard's origin, by which its maker recognises it.
  var source = ""
  /// The width of an embedding.
  var embeddingWidth = 0
  /// The names of the labels.
  var labels: [String] = []
  /// The clips in the order of the file.
  var clips: [DatasetShard.Clip] = []

  /// The table's bytes.
  var encoded: [UInt8] {
    var bytes: [UInt8] = []
    append(source, to: &bytes)
    append(UInt32(embeddingWidth), to: &bytes)
    append(UInt32(labels.count), to: &bytes)
    for label in labels { append(label, to: &bytes) }
    append(UInt32(clips.count), to: &bytes)
    for clip in clips {
      append(clip.name, to: &bytes)
      append(UInt64(clip.offset), to: &bytes)
      append(UInt32(clip.frames), to: &bytes)
      append(Int32(clip.label ?? -1), to: &bytes)
      append(UInt32((clip.isHeldOut ? 1 : 0) | (clip.hasEmbedding ? 2 : 0)), to: &bytes)
      append(clip.checksum, to: &bytes)
      for offset in clip.offsets { append(offset.bitPattern, to: &bytes) }
    }
    return bytes
  }

  /// A fingerprint of everything but `source`, which may contain paths: 48 hexadecimal digits.
  var contentFingerprint: String {
    var content = self
    content.source = ""
    return String(Fingerprint.sha256(content.encoded).prefix(48))
  }

  private func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
  }

  private func append(_ text: String, to bytes: inout [UInt8]) {
    append(UInt32(text.utf8.count), to: &bytes)
    bytes += text.utf8
  }
}

extension ShardIndex {
  /// The reason why bytes are not a valid table.
  struct Refusal: Error {
    let reason: String
  }

  /// Reads a table; clips must lie within the `dataEnd` bytes before it.
  init(decoding bytes: [UInt8], dataStart: Int, dataEnd: Int) throws(Refusal) {
    var cursor = Cursor(bytes: bytes)
    source = try cursor.text()
    embeddingWidth = try cursor.count(atMost: DatasetShard.largestEmbedding)
    let labelCount = try cursor.count(atMost: bytes.count / 4)
    for _ in 0..<labelCount { labels.append(try cursor.text()) }
    let clipCount = try cursor.count(atMost: bytes.count / 4)
    var end = dataStart
    for _ in 0..<clipCount {
      let clip = try cursor.clip(labels: labelCount)
      let size =
        clip.frames * DatasetShard.frameSize + (clip.hasEmbedding ? 4 * embeddingWidth : 0)
      guard clip.offset == end, size <= dataEnd - end else {
        throw Refusal(reason: "clip '\(clip.name)' does not lie where the one before it ends")
      }
      end += size
      clips.append(clip)
    }
    guard end == dataEnd, cursor.isAtEnd else {
      throw Refusal(reason: "the clips do not fill it")
    }
  }

  /// Reads numbers and texts one after another.
  private struct Cursor {
    let bytes: [UInt8]
    var place = 0

    var isAtEnd: Bool { place == bytes.count }

    mutating func integer<Value: FixedWidthInteger>(_: Value.Type) throws(Refusal) -> Value {
      let size = MemoryLayout<Value>.size
      guard size <= bytes.count - place else { throw Refusal(reason: "its table is cut short") }
      let value = bytes.withUnsafeBytes {
        $0.loadUnaligned(fromByteOffset: place, as: Value.self)
      }
      place += size
      return Value(littleEndian: value)
    }

    mutating func count(atMost limit: Int) throws(Refusal) -> Int {
      let value = Int(try integer(UInt32.self))
      guard value <= limit else { throw Refusal(reason: "its table claims \(value) entries") }
      return value
    }

    mutating func text() throws(Refusal) -> String {
      let count = try count(atMost: bytes.count - place)
      guard count <= bytes.count - place,
        let text = String(validating: bytes[place..<(place + count)], as: UTF8.self)
      else { throw Refusal(reason: "its table holds a name that is no text") }
      place += count
      return text
    }

    mutating func clip(labels: Int) throws(Refusal) -> DatasetShard.Clip {
      let name = try text()
      let offset = try integer(UInt64.self)
      let frames = Int(try integer(UInt32.self))
      let label = Int(try integer(Int32.self))
      let flags = try integer(UInt32.self)
      let checksum = try integer(UInt64.self)
      var offsets: [Float] = []
      for _ in 0..<(3 * BodyModel.jointCount) {
        offsets.append(Float(bitPattern: try integer(UInt32.self)))
      }
      guard offset <= UInt64(Int64.max), frames > 0, (-1..<labels).contains(label), flags < 4,
        offsets.allSatisfy({ abs($0) <= DatasetShard.longestOffset })
      else { throw Refusal(reason: "clip '\(name)' has impossible figures") }
      return DatasetShard.Clip(
        name: name, frames: frames, offsets: offsets, label: label < 0 ? nil : label,
        isHeldOut: flags & 1 != 0, hasEmbedding: flags & 2 != 0, offset: Int(offset),
        checksum: checksum)
    }
  }
}
