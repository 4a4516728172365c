import Files
import Foundation
import Geometry
public import HumanBody

/// A dataset shard: clips of the canonical skeleton at 30 Hz in one file, from which training reads
/// single windows.
///
/// A frame takes 145 bytes, 40 hours of motion 620 MB.
///
/// Only the index is held in memory. Windows are read with `pread` through the system's file
/// cache, not through a memory mapping, whose pages would count as the process's memory, and
/// which would crash the process if the file were truncated while in use.
///
/// The file, little-endian: 16 words of 4 bytes (see `Header`), the clips' frames one after
/// another (root [m] as three floats, 22 `PackedRotation`, a byte with a bit for each of
/// `MotionWindow.contactParts` that stands), each clip followed by its
/// embedding (floats) where it has one, and the table (`ShardIndex`).
public struct DatasetShard: Sendable {
  /// The frames a second of all clips [Hz].
  public static let frameRate = 30.0
  /// The bytes of a frame.
  static let frameSize = contactsOffset + 1
  /// Where a frame's contacts are in it [bytes].
  private static let contactsOffset = 12 + PackedRotation.size * BodyModel.jointCount
  /// The largest width of an embedding.
  static let largestEmbedding = 65_536
  /// The longest rest offset that is believed [m].
  static let longestOffset: Float = 100
  /// The longest table that is read [bytes].
  static let largestTable = 256 << 20

  /// A clip's entry in a shard.
  public struct Clip: Sendable, Hashable {
    /// The clip's name.
    public let name: String
    /// The number of frames.
    public let frames: Int
    /// The position of each joint in its parent's frame at rest [m], [22, 3].
    public let offsets: [Float]
    /// The index of its label among the shard's labels, where it has one of them.
    public var label: Int?
    /// Whether the clip is kept from training.
    public let isHeldOut: Bool
    /// Whether it has an embedding.
    public let hasEmbedding: Bool
    /// Where its frames begin in the file [bytes].
    let offset: Int
    /// The checksum of its bytes.
    let checksum: UInt64
  }

  /// The file.
  public let path: String
  /// A description of the shard's origin, written by its maker.
  public let source: String
  /// The labels of the clips that are trained on, in the order of their names.
  public let labels: [String]
  /// The width of an embedding; zero if no clip has one.
  public let embeddingWidth: Int
  /// The clips.
  public private(set) var clips: [Clip]
  /// A fingerprint of the content: the first 24 bytes of a SHA-256, in hexadecimal.
  public let fingerprint: String
  private let file: OpenFile

  /// Opens a shard; refuses a file that is truncated or damaged outside of the frames.
  public init(path: String) throws(MotionDataError) {
    self.path = path
    do throws(FileError) { file = try OpenFile(path) } catch { throw .file(error) }
    func refusal(_ reason: String) -> MotionDataError {
      .shard(path: path, reason: "not a shard of motions: \(reason)")
    }
    guard let start = file.bytes(at: 0, count: Header.size),
      let header = Header(decoding: start)
    else { throw refusal("it does not begin as one") }
    guard header.version == Header.version else {
      throw .shard(
        path: path,
        reason: "the shard's version is \(header.version), this tool reads \(Header.version)")
    }
    guard let end = header.tableEnd, end == file.size, header.tableOffset >= Header.size,
      header.tableSize <= Self.largestTable,
      let bytes = file.bytes(at: header.tableOffset, count: header.tableSize)
    else { throw refusal("it has \(file.size) bytes and claims another size") }
    guard Fingerprint.sha256(bytes).hasPrefix(header.fingerprint) else {
      throw refusal("its table was damaged")
    }
    let table: ShardIndex
    do throws(ShardIndex.Refusal) {
      table = try ShardIndex(
        decoding: bytes, dataStart: Header.size, dataEnd: header.tableOffset)
    } catch { throw refusal(error.reason) }
    source = table.source
    labels = table.labels
    embeddingWidth = table.embeddingWidth
    clips = table.clips
    fingerprint = table.contentFingerprint
  }

  /// The number of frames of all clips.
  public var frameCount: Int { clips.reduce(0) { $0 + $1.frames } }

  /// The clips that are trained on.
  public var training: DatasetShard { part { !$0.isHeldOut } }

  /// The clips that are kept from training.
  public var validation: DatasetShard { part(\.isHeldOut) }

  package func part(_ belongs: (Clip) -> Bool) -> DatasetShard {
    var part = self
    part.clips = clips.filter(belongs)
    return part
  }

  // MARK: - Reading

  /// Frames of a clip, without normalising the heading.
  public func window(clip index: Int, frames: Range<Int>) throws(MotionDataError) -> MotionWindow {
    guard clips.indices.contains(index) else {
      throw .request("clip \(index) was asked for; '\(path)' has \(clips.count)")
    }
    let clip = clips[index]
    guard !frames.isEmpty, frames.lowerBound >= 0, frames.upperBound <= clip.frames else {
      throw .request(
        "frames \(frames.lowerBound)..<\(frames.upperBound) of clip '\(clip.name)' were asked for,"
          + " which has \(clip.frames)")
    }
    guard let window = decoded(clip, frames) else {
      throw .shard(path: path, reason: "clip '\(clip.name)' cannot be read any more")
    }
    return window
  }

  /// Reads frames; nil if the file has changed since it was opened.
  func decoded(_ clip: Clip, _ frames: Range<Int>) -> MotionWindow? {
    let (joints, count) = (BodyModel.jointCount, frames.count)
    let offset = clip.offset + frames.lowerBound * Self.frameSize
    var root = [Float](repeating: 0, count: 3 * count)
    var rotations = [Float](repeating: 0, count: 4 * joints * count)
    var contacts: [Float] = []
    contacts.reserveCapacity(MotionWindow.contactParts.count * count)
    let isWhole = file.withBytes(at: offset, count: count * Self.frameSize) { bytes in
      rotations.withUnsafeMutableBytes { rotations in
        for frame in 0..<count {
          let start = frame * Self.frameSize
          for axis in 0..<3 { root[3 * frame + axis] = Self.float(bytes, start + 4 * axis) }
          let stands = bytes[start + Self.contactsOffset]
          for part in MotionWindow.contactParts.indices {
            contacts.append(stands >> UInt8(part) & 1 == 1 ? 1 : 0)
          }
          for joint in 0..<joints {
            let at = start + 12 + PackedRotation.size * joint
            let rotation = PackedRotation.decoded(
              Self.word(bytes, at), Self.word(bytes, at + 2), Self.word(bytes, at + 4))
            rotations.storeBytes(
              of: rotation.components, toByteOffset: 16 * (frame * joints + joint),
              as: SIMD4<Float>.self)
          }
        }
      }
    }
    guard isWhole else { return nil }
    return MotionWindow(
      frames: count, root: root, rotations: rotations, offsets: clip.offsets, label: clip.label,
      embedding: embedding(of: clip), contacts: contacts)
  }

  /// The embedding of a clip; nil if it has none.
  private func embedding(of clip: Clip) -> [Float]? {
    guard clip.hasEmbedding else { return nil }
    var values = [Float](repeating: .nan, count: embeddingWidth)
    let offset = clip.offset + clip.frames * Self.frameSize
    _ = file.withBytes(at: offset, count: 4 * embeddingWidth) { bytes in
      for index in values.indices { values[index] = Self.float(bytes, 4 * index) }
    }
    return values
  }

  @inline(__always)
  private static func word(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt16 {
    UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
  }

  @inline(__always)
  private static func float(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> Float {
    let bits = bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
    return Float(bitPattern: UInt32(littleEndian: bits))
  }

  /// Reads the whole file once and refuses it where a byte is not as it was written.
  public func verify() throws(MotionDataError) {
    for clip in clips {
      let size = clip.frames * Self.frameSize + (clip.hasEmbedding ? 4 * embeddingWidth : 0)
      var checksum = Checksum()
      for start in stride(from: 0, to: size, by: Checksum.block) {
        guard
          let bytes = file.bytes(at: clip.offset + start, count: min(Checksum.block, size - start))
        else { throw .shard(path: path, reason: "clip '\(clip.name)' cannot be read") }
        checksum.add(bytes)
      }
      guard checksum.value == clip.checksum else {
        throw .shard(path: path, reason: "clip '\(clip.name)' is not as it was written")
      }
    }
  }
}
