import Foundation

/// What makes two paths the same file: device and inode, through symbolic and hard links.
public struct FileIdentity: Hashable, Sendable {
  private let device: UInt64
  private let inode: UInt64

  /// The identity of what lies at a path; nil where there is nothing that can be reached.
  public init?(of path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
  }
}

/// The files that a command reads, none of which it may write over.
public struct InputFiles: Sendable {
  private var paths: [FileIdentity: String] = [:]

  /// Files that are read; a path at which there is nothing counts for nothing.
  public init(_ paths: [String?] = []) { add(paths) }

  /// Adds files that are read.
  public mutating func add(_ further: [String?]) {
    for case let path? in further {
      if let identity = FileIdentity(of: path) { paths[identity] = path }
    }
  }

  /// Refuses a file that is to be written and is one of those that are read.
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
