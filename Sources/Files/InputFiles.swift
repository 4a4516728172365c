import Foundation

/// The identity of a file: device and inode, so that links to it compare equal.
struct FileIdentity: Hashable, Sendable {
  private let device: UInt64
  private let inode: UInt64

  /// The identity of what lies at a path; nil where there is nothing that can be reached.
  init?(of path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
  }
}

/// The files that a command reads, which it must not overwrite.
public struct InputFiles: Sendable {
  private var paths: [FileIdentity: String] = [:]

  /// Creates a set of input files; paths that do not exist are ignored.
  public init(_ paths: [String?] = []) { add(paths) }

  /// Adds input files.
  public mutating func add(_ further: [String?]) {
    for case let path? in further {
      if let identity = FileIdentity(of: path) { paths[identity] = path }
    }
  }

  /// Throws if a file to be written is one of the inputs.
  public func refuse(_ path: String) throws(FileError) {
    guard let identity = FileIdentity(of: path), let input = paths[identity] else { return }
    throw .cannotCreate(
      path: path,
      reason: "it is the input '\(input)'; write to another folder or under another name")
  }
}

extension InputFile {
  /// Whether there is nothing at a path; what is there and cannot be reached is an error.
  ///
  /// A link that leads nowhere is there: it is somebody's mistake and not an absence.
  public static func isAbsent(_ path: String) throws(FileError) -> Bool {
    var status = stat()
    if lstat(path, &status) == 0 { return false }
    let code = errno
    guard code == ENOENT || code == ENOTDIR else {
      throw .unreadable(path: path, reason: AtomicFile.reason(code))
    }
    return true
  }
}
