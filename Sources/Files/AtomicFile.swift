import Foundation

/// Writing a file so that it is there whole or not at all.
public enum AtomicFile {
  /// Writes beside the target, forces the bytes to the disk, then renames over it.
  ///
  /// On any failure the old file is as it was and no partial file is left.
  public static func write(_ bytes: [UInt8], to path: String) throws(FileError) {
    let temporary = "\(path).\(getpid())-\(UInt32.random(in: 0...UInt32.max)).partial"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw .cannotCreate(path: path, reason: String(cString: strerror(errno)))
    }
    if let reason = fill(descriptor, with: bytes) {
      close(descriptor)
      unlink(temporary)
      throw .writeFailed(path: path, reason: reason)
    }
    guard close(descriptor) == 0 else {
      let reason = String(cString: strerror(errno))
      unlink(temporary)
      throw .writeFailed(path: path, reason: reason)
    }
    guard rename(temporary, path) == 0 else {
      let reason = String(cString: strerror(errno))
      unlink(temporary)
      throw .cannotCreate(path: path, reason: reason)
    }
  }

  /// Writes a text as UTF-8.
  public static func write(_ text: String, to path: String) throws(FileError) {
    try write(Array(text.utf8), to: path)
  }

  /// Makes a folder and those above it, unless it is there.
  public static func makeFolder(_ path: String) throws(FileError) {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw .cannotCreate(path: path, reason: "\((error as NSError).localizedDescription)")
    }
  }

  /// What went wrong, or nil.
  private static func fill(_ descriptor: Int32, with bytes: [UInt8]) -> String? {
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        Foundation.write(
          descriptor, buffer.baseAddress.map { $0 + written }, buffer.count - written)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return String(cString: strerror(errno)) }
      written += count
    }
    return fsync(descriptor) == 0 ? nil : String(cString: strerror(errno))
  }
}
