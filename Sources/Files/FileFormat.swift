/// A format of files: its name, its endings, and how its files are recognised.
///
/// Each kind of content (human motion, tracked joints, trajectories) has one table of formats, from
/// which readers, writers, folder listings and help texts take what they need.
public protocol FileFormat: Sendable {
  /// The name on the command line, such as "npz".
  var name: String { get }
  /// The endings with their dot, lower case; files are written with the first one.
  var endings: [String] { get }
  /// Whether a file is of this format, by its first bytes, else by its ending.
  func matches(_ bytes: [UInt8], path: String) -> Bool
}

extension FileFormat {
  /// Whether a path has one of the endings.
  public func hasEnding(_ path: String) -> Bool {
    let lower = path.lowercased()
    return endings.contains { lower.hasSuffix($0) }
  }
}

/// The first bytes by which formats are recognised.
public enum FileSignature {
  /// A NumPy array (.npy).
  public static func isNumpyArray(_ bytes: [UInt8]) -> Bool {
    bytes.starts(with: [0x93, 0x4E, 0x55, 0x4D])
  }

  /// A zip archive, such as .npz.
  public static func isArchive(_ bytes: [UInt8]) -> Bool {
    bytes.starts(with: [0x50, 0x4B]) && !isSafetensors(bytes)
  }

  /// A Python pickle of protocol 2 or later.
  public static func isPickle(_ bytes: [UInt8]) -> Bool {
    bytes.count > 2 && bytes[0] == 0x80 && (2...5).contains(bytes[1]) && !isSafetensors(bytes)
  }

  /// What PyTorch saves: a zip archive with a pickle in it, or the older form that begins with a
  /// pickled number.
  public static func isTorch(_ bytes: [UInt8]) -> Bool {
    if bytes.starts(with: [0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46]) { return true }
    guard isArchive(bytes) else { return false }
    var found = false
    _ = ZipArchive.read(
      bytes, limit: 0,
      where: { name in
        if name == "data.pkl" || name.hasSuffix("/data.pkl") { found = true }
        return false
      }, { _, _ in })
    return found
  }

  /// A safetensors file: the length of a header of less than 2^40 bytes, then an opening brace.
  ///
  /// The length may begin with the bytes by which archives and pickles are recognised; these have no
  /// three zeros and a brace there.
  public static func isSafetensors(_ bytes: [UInt8]) -> Bool {
    bytes.count > 8 && bytes[5...7].allSatisfy { $0 == 0 } && bytes[8] == UInt8(ascii: "{")
  }

  /// JSON text: the first character that is no blank opens an object or a list; a byte order mark is
  /// skipped.
  public static func isJSON(_ bytes: [UInt8]) -> Bool {
    let body = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes[3...] : bytes[...]
    return body.first { $0 > 0x20 }.map { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "[") }
      ?? false
  }
}
