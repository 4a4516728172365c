import Files
import Geometry
import HumanBody
public import Motions

extension DatasetShard {
  /// Writes a shard clip by clip; the file appears when it is finished, or not at all.
  public struct Writer: ~Copyable {
    private var stream: AtomicStream
    private var table = ShardIndex()
    private var names: [String?] = []

    /// Begins a shard at a path; `source` describes its origin.
    public init(path: String, source: String = "") throws(MotionDataError) {
      do throws(FileError) {
        var begun = try AtomicStream(path: path)
        try begun.append([UInt8](repeating: 0, count: Header.size))
        stream = begun
      } catch { throw .file(error) }
      table.source = source
    }

    /// The number of clips so far.
    public var clipCount: Int { table.clips.count }

    /// Adds a clip, resampled to 30 Hz where its rate is another.
    ///
    /// - Parameters:
    ///   - clip: The clip, of finite numbers.
    ///   - label: The action that the clip shows; nil if unknown.
    ///   - embedding: The clip's embedding; all of a shard have one width.
    ///   - isHeldOut: Whether it is kept from training.
    public mutating func add(
      _ clip: MotionClip, label: String? = nil, embedding: [Float]? = nil, isHeldOut: Bool = false
    ) throws(MotionDataError) {
      let clip = try Self.checked(clip)
      try check(embedding, of: clip.name)
      let offset = stream.count
      let checksum = try write(clip, embedding)
      table.clips.append(
        Clip(
          name: clip.name, frames: clip.frameCount, offsets: BodyModel.offsets(of: clip.skeleton),
          label: nil, isHeldOut: isHeldOut, hasEmbedding: embedding != nil, offset: offset,
          checksum: checksum))
      names.append(label)
    }

    /// Completes the file and opens it.
    public consuming func finish() throws(MotionDataError) -> DatasetShard {
      // Labels are what can be learned; where all is held out, what can be measured.
      let trained = table.clips.indices.filter { !table.clips[$0].isHeldOut }
      let known = Set(
        (trained.isEmpty ? Array(table.clips.indices) : trained).compactMap { names[$0] })
      table.labels = known.sorted()
      for index in table.clips.indices {
        table.clips[index].label = names[index].flatMap { table.labels.firstIndex(of: $0) }
      }
      let bytes = table.encoded
      let path = stream.path
      guard bytes.count <= DatasetShard.largestTable else {
        throw .shard(path: path, reason: "its \(table.clips.count) clips are too many for a shard")
      }
      let header = Header(tableOffset: stream.count, table: bytes)
      do throws(FileError) {
        try stream.append(bytes)
        try stream.overwriteStart(with: header.encoded)
        try stream.commit()
      } catch { throw .file(error) }
      return try DatasetShard(path: path)
    }

    /// The clip resampled to the shard's rate, after checking its numbers.
    private static func checked(_ clip: MotionClip) throws(MotionDataError) -> MotionClip {
      guard clip.frameCount > 0 else { throw .request("clip '\(clip.name)' has no frames") }
      guard
        clip.rootTranslations.allSatisfy({ abs($0.x) < 1e6 && abs($0.y) < 1e6 && abs($0.z) < 1e6 }),
        clip.rotations.allSatisfy({ abs($0.dot($0) - 1) < 1e-3 }),
        clip.skeleton.restOffsets.allSatisfy({ Float($0.length) <= longestOffset })
      else { throw .request("clip '\(clip.name)' holds a number that is not finite or absurd") }
      guard clip.frameRate != DatasetShard.frameRate else { return clip }
      do throws(MotionError) { return try clip.resampled(to: DatasetShard.frameRate) } catch {
        throw .request("\(error)")
      }
    }

    private mutating func check(_ embedding: [Float]?, of clip: String) throws(MotionDataError) {
      guard let embedding else { return }
      guard embedding.allSatisfy(\.isFinite) else {
        throw .request("the embedding of clip '\(clip)' holds a number that is not finite")
      }
      if table.embeddingWidth == 0 {
        guard (1...largestEmbedding).contains(embedding.count) else {
          throw .request(
            "the embedding of clip '\(clip)' has \(embedding.count) numbers, expected 1 to"
              + " \(largestEmbedding)")
        }
        table.embeddingWidth = embedding.count
      }
      guard embedding.count == table.embeddingWidth else {
        throw .request(
          "the embedding of clip '\(clip)' has \(embedding.count) numbers, expected"
            + " \(table.embeddingWidth) as the others have")
      }
    }

    /// Writes frames and embedding in blocks; returns their checksum.
    private mutating func write(
      _ clip: MotionClip, _ embedding: [Float]?
    ) throws(MotionDataError) -> UInt64 {
      var checksum = Checksum()
      var bytes: [UInt8] = []
      bytes.reserveCapacity(Checksum.block + frameSize)
      let (contacts, parts) = (MotionWindow.contacts(in: clip), MotionWindow.contactParts.count)
      for frame in 0..<clip.frameCount {
        Self.append(clip, frame, to: &bytes)
        bytes.append(
          (0..<parts).reduce(0) { $0 | UInt8(contacts[frame * parts + $1]) << UInt8($1) })
        while bytes.count >= Checksum.block {
          try write(Array(bytes[..<Checksum.block]), &checksum)
          bytes.removeFirst(Checksum.block)
        }
      }
      for value in embedding ?? [] { Self.append(value.bitPattern, to: &bytes) }
      for start in stride(from: 0, to: bytes.count, by: Checksum.block) {
        try write(Array(bytes[start..<min(bytes.count, start + Checksum.block)]), &checksum)
      }
      return checksum.value
    }

    private mutating func write(
      _ bytes: [UInt8], _ checksum: inout Checksum
    ) throws(MotionDataError) {
      checksum.add(bytes)
      do throws(FileError) { try stream.append(bytes) } catch { throw .file(error) }
    }

    private static func append(_ clip: MotionClip, _ frame: Int, to bytes: inout [UInt8]) {
      let place = clip.rootTranslations[frame]
      for axis in 0..<3 { append(Float(place[axis]).bitPattern, to: &bytes) }
      let first = frame * Skeleton.jointCount
      for q in clip.rotations[first..<(first + Skeleton.jointCount)] {
        let unit = q.normalized
        let words = PackedRotation.encoded(SIMD4(unit.w, unit.x, unit.y, unit.z))
        append(words.0, to: &bytes)
        append(words.1, to: &bytes)
        append(words.2, to: &bytes)
      }
    }

    private static func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
      withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
    }
  }
}
