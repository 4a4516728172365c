import Foundation

/// A large file written in parts, atomically: whole or not at all.
///
/// The bytes go into a file beside the target, which takes the target's name at `commit()`; a
/// stream that is given up before leaves nothing. `OutputSet` has the rules for links, permissions
/// and what is refused.
public struct AtomicStream: ~Copyable {
  /// The file to be made, as it was asked for.
  public var path: String { file.path }
  private var file: PendingFile
  /// The bytes appended so far.
  public private(set) var count = 0

  /// A stream to a file that need not be there yet.
  public init(path: String) throws(FileError) {
    file = try PendingFile(path: path)
  }

  deinit {
    var file = file
    file.discard()
  }

  /// Appends bytes.
  public mutating func append(_ bytes: [UInt8]) throws(FileError) {
    try file.append(bytes)
    count += bytes.count
  }

  /// Replaces the file's first bytes, which have been appended before.
  public mutating func overwriteStart(with bytes: [UInt8]) throws(FileError) {
    precondition(bytes.count <= count, "\(bytes.count) bytes over the \(count) written")
    guard lseek(file.descriptor, 0, SEEK_SET) == 0 else {
      throw .writeFailed(path: path, reason: AtomicFile.reason(errno))
    }
    try file.append(bytes)
    guard lseek(file.descriptor, 0, SEEK_END) >= 0 else {
      throw .writeFailed(path: path, reason: AtomicFile.reason(errno))
    }
  }

  /// Forces the bytes to the disk and gives the file its name.
  public consuming func commit() throws(FileError) {
    try file.sync()
    try file.rename(keepsOld: false)
    file.finish()
    try file.syncFolder()
  }
}
