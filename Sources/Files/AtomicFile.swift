import Foundation

/// Writes files atomically: whole or not at all.
public enum AtomicFile {
  /// Writes beside the target, forces the bytes to the disk, then renames over it.
  ///
  /// On any failure the old file is as it was and no partial file is left. `OutputSet` has the
  /// rules for links, permissions and what is refused.
  public static func write(_ bytes: [UInt8], to path: String) throws(FileError) {
    var stream = try AtomicStream(path: path)
    try stream.append(bytes)
    try stream.commit()
  }

  /// Writes a text as UTF-8.
  public static func write(_ text: String, to path: String) throws(FileError) {
    try write(Array(text.utf8), to: path)
  }

  /// Refuses a path at which no file can be made, without changing what is there.
  public static func requireWritable(_ path: String) throws(FileError) {
    var file = try PendingFile(path: path)
    file.discard()
  }

  /// Creates a folder and its parents, unless it exists.
  public static func makeFolder(_ path: String) throws(FileError) {
    guard !path.isEmpty else { throw .cannotCreate(path: path, reason: "the name is empty") }
    var folder = path.hasPrefix("/") ? "/" : ""
    for name in path.split(separator: "/") {
      folder += folder.isEmpty || folder.hasSuffix("/") ? String(name) : "/\(name)"
      // Made first and looked at then, so that another process may make it at the same time.
      if mkdir(folder, 0o777) == 0 { continue }
      let reason = reason(errno)
      switch mode(of: folder) {
      case S_IFDIR?: continue
      case nil: throw .cannotCreate(path: path, reason: reason)
      default: throw .cannotCreate(path: path, reason: "'\(folder)' is there and no folder")
      }
    }
  }

  /// The place that is written to: the path, or the file that it links to.
  ///
  /// A link is followed and stays, also one whose target is not there yet. What is there and not a
  /// file (a folder, a device) is refused, and so is a file that the user may not write.
  static func writable(_ path: String) throws(FileError) -> String {
    guard !path.isEmpty else { throw .cannotCreate(path: path, reason: "the name is empty") }
    guard let mode = mode(of: path) else { return try linkTarget(path) }
    guard mode != S_IFDIR else {
      throw .cannotCreate(path: path, reason: "a folder of that name is there")
    }
    guard mode == S_IFREG else {
      throw .cannotCreate(path: path, reason: "it is there and not a file")
    }
    guard access(path, W_OK) == 0 else {
      throw .cannotCreate(path: path, reason: "the file there is write-protected")
    }
    guard let resolved = resolved(path) else {
      throw .cannotCreate(path: path, reason: reason(errno))
    }
    return resolved
  }

  /// Where links lead whose last target is not there yet; the path itself where it is no link.
  public static func linkTarget(_ path: String) throws(FileError) -> String {
    var place = path
    for _ in 0..<40 {
      guard let next = try? FileManager.default.destinationOfSymbolicLink(atPath: place) else {
        return place
      }
      place = next.hasPrefix("/") ? next : folder(of: place) + next
    }
    throw .cannotCreate(path: path, reason: reason(ELOOP))
  }

  /// The folder of a path with a slash at its end; empty for the working directory.
  static func folder(of path: String) -> String {
    path.range(of: "/", options: .backwards).map { String(path[..<$0.upperBound]) } ?? ""
  }

  /// The kind of the item at a path; nil if there is none.
  private static func mode(of path: String) -> mode_t? {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode & S_IFMT : nil
  }

  static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }

  /// The error, or nil.
  static func fill(_ descriptor: Int32, with bytes: [UInt8]) -> String? {
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        Foundation.write(
          descriptor, buffer.baseAddress.map { $0 + written }, buffer.count - written)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return reason(errno) }
      written += count
    }
    return nil
  }
}
