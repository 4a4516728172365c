import Foundation

/// A large file written piece by piece, so that it is there whole or not at all.
///
/// The bytes go into a file beside the target, which takes the target's name at `commit()`; a
/// stream that is given up before leaves nothing.
public struct AtomicStream: ~Copyable {
  /// The file to be made, as it was asked for.
  public let path: String
  private let target: String
  private let temporary: String
  private var descriptor: Int32
  /// The bytes appended so far.
  public private(set) var count = 0

  /// A stream to a file that need not be there yet.
  public init(path: String) throws(FileError) {
    let target = try AtomicFile.writable(path)
    let temporary = AtomicFile.temporary(beside: target)
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw .cannotCreate(path: path, reason: AtomicFile.reason(errno))
    }
    self.path = path
    self.target = target
    self.temporary = temporary
    self.descriptor = descriptor
  }

  deinit {
    guard descriptor >= 0 else { return }
    close(descriptor)
    unlink(temporary)
  }

  /// Appends bytes.
  public mutating func append(_ bytes: [UInt8]) throws(FileError) {
    if let reason = AtomicFile.fill(descriptor, with: bytes) {
      throw .writeFailed(path: path, reason: reason)
    }
    count += bytes.count
  }

  /// Replaces the file's first bytes, which have been appended before.
  public mutating func overwriteStart(with bytes: [UInt8]) throws(FileError) {
    precondition(bytes.count <= count, "\(bytes.count) bytes over the \(count) written")
    guard lseek(descriptor, 0, SEEK_SET) == 0 else {
      throw .writeFailed(path: path, reason: AtomicFile.reason(errno))
    }
    if let reason = AtomicFile.fill(descriptor, with: bytes) {
      throw .writeFailed(path: path, reason: reason)
    }
    guard lseek(descriptor, 0, SEEK_END) >= 0 else {
      throw .writeFailed(path: path, reason: AtomicFile.reason(errno))
    }
  }

  /// Forces the bytes to the disk and gives the file its name.
  public consuming func commit() throws(FileError) {
    guard fsync(descriptor) == 0 else {
      throw .writeFailed(path: path, reason: AtomicFile.reason(errno))
    }
    let closed = close(descriptor)
    let reason = AtomicFile.reason(errno)
    descriptor = -1
    guard closed == 0 else {
      unlink(temporary)
      throw .writeFailed(path: path, reason: reason)
    }
    guard rename(temporary, target) == 0 else {
      let reason = AtomicFile.reason(errno)
      unlink(temporary)
      throw .cannotCreate(path: path, reason: reason)
    }
  }
}
