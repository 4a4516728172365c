public import Files

/// A format of human motion.
public protocol MotionFormat: FileFormat {
  /// Reads a clip of a file's bytes and says what was found.
  func read(_ bytes: [UInt8], path: String, options: ImportOptions) throws(MotionError)
    -> (clip: MotionClip, report: ImportReport)
}

/// A format in which clips are written too.
public protocol WrittenMotionFormat: MotionFormat {
  /// A clip in this format, with further arrays where the format can hold them.
  func encoded(_ clip: MotionClip, with more: [String: StoredTensor]) throws(FileError) -> [UInt8]
}

/// The table of formats of human motion.
public enum MotionFormats {
  /// All formats that are read, in the order in which files are tried.
  public static let all: [any MotionFormat] = [
    RobotMotionFormat(), MVNXFormat(), PickleFormat(), SMPLFormat(), KimodoFormat(),
    RefusedFormat.array, ArchiveFormat(), ClipFormat(), RefusedFormat.tracker, BVHFormat(),
  ]

  /// The formats that are written, the most exact first.
  public static let written: [any WrittenMotionFormat] = [
    ClipFormat(), ArchiveFormat(), BVHFormat(),
  ]

  /// The endings by which motion is looked for in folders, the most exact format first.
  public static let endingsInFolders = written.flatMap(\.endings) + MVNXFormat().endings

  /// The endings of tables, pickles and arrays, which hold many other things: in folders their
  /// contents decide (`MotionInput.isMotion`).
  public static let doubtfulEndings =
    [".npz", ".csv", ".tsv"] + PickleFormat().endings + RefusedFormat.array.endings
    + RefusedFormat.tracker.endings

  /// The format of a file; what no other format recognises is read as BVH, whose reader says what is
  /// wrong.
  public static func format(of bytes: [UInt8], path: String) -> any MotionFormat {
    all.first { $0.matches(bytes, path: path) } ?? BVHFormat()
  }
}

/// Our own clips, as safetensors.
public struct ClipFormat: WrittenMotionFormat {
  /// The name in options.
  public let name = "clip"
  /// The endings of file names.
  public let endings = [".clip.safetensors", ".safetensors"]

  /// Whether it is a safetensors file.
  public func matches(_ bytes: [UInt8], path: String) -> Bool {
    hasEnding(path) || FileSignature.isSafetensors(bytes)
  }

  /// Reads a clip, checked.
  public func read(_ bytes: [UInt8], path: String, options: ImportOptions) throws(MotionError)
    -> (clip: MotionClip, report: ImportReport)
  {
    try MotionFile.own(try NativeClip.decode(bytes, path: path), path: path, options: options)
  }

  /// The clip as a file.
  public func encoded(_ clip: MotionClip, with more: [String: StoredTensor]) throws(FileError)
    -> [UInt8]
  {
    NativeClip.encoded(clip).encoded()
  }
}

/// NumPy archives: ours.
struct ArchiveFormat: WrittenMotionFormat {
  let name = "npz"
  let endings = [".npz"]

  func matches(_ bytes: [UInt8], path: String) -> Bool {
    FileSignature.isArchive(bytes) || hasEnding(path)
  }

  func read(_ bytes: [UInt8], path: String, options: ImportOptions) throws(MotionError)
    -> (clip: MotionClip, report: ImportReport)
  {
    if let clip = try MotionArchive.decode(bytes, path: path) {
      return try MotionFile.own(clip, path: path, options: options)
    }
    return try AMASSImport.read(bytes, path: path, options: options)
  }

  func encoded(_ clip: MotionClip, with more: [String: StoredTensor]) throws(FileError) -> [UInt8] {
    try MotionArchive.archive(clip, with: more).encoded()
  }
}

/// Biovision hierarchies.
struct BVHFormat: WrittenMotionFormat {
  let name = "bvh"
  let endings = [".bvh"]

  func matches(_ bytes: [UInt8], path: String) -> Bool {
    let start = String(decoding: bytes.prefix(64), as: UTF8.self).uppercased()
    let isHierarchy = start.contains("HIERARCHY")
    return isHierarchy || hasEnding(path)
  }

  func read(_ bytes: [UInt8], path: String, options: ImportOptions) throws(MotionError)
    -> (clip: MotionClip, report: ImportReport)
  {
    try BVHImport.read(bytes, path: path, options: options)
  }

  func encoded(_ clip: MotionClip, with more: [String: StoredTensor]) throws(FileError) -> [UInt8] {
    Array(BVHWriter.text(clip).utf8)
  }
}

/// A format that holds something else than motion capture, refused with what would help.
struct RefusedFormat: MotionFormat {
  let name: String
  let endings: [String]
  private let isSigned: @Sendable ([UInt8]) -> Bool
  private let reason: String

  /// One NumPy array.
  static let array = RefusedFormat(
    name: "npy", endings: [".npy"], isSigned: FileSignature.isNumpyArray,
    reason: "a .npy file holds one array, expected an .npz with poses and trans; tracked joints"
      + " are read by 'motionc import' and 'motionc smooth'")
  /// Joints of a tracker, which `TrackFile` reads.
  static let tracker = RefusedFormat(
    name: "tracker", endings: [".json", ".csv", ".tsv", ".trc"],
    isSigned: { FileSignature.isJSON($0) || TrackTRC.isSigned($0) },
    reason: "it looks like tracked joints (JSON or a table), expected motion capture (BVH, AMASS,"
      + " motionc's clips); 'motionc import' or 'motionc smooth' makes motion of tracked joints")

  func matches(_ bytes: [UInt8], path: String) -> Bool { isSigned(bytes) || hasEnding(path) }

  func read(_ bytes: [UInt8], path: String, options: ImportOptions) throws(MotionError)
    -> (clip: MotionClip, report: ImportReport)
  {
    throw .malformed(path: path, reason: bytes.isEmpty ? "it is empty" : reason)
  }
}
