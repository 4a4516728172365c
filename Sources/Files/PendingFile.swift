import Foundation

/// A file that is being written beside its target, before it takes the target's name.
///
/// The temporary file is called `.motionc-HASH-N.partial`, where HASH follows from the target's name
/// and N is the first number that no other process has. It is locked with `flock` while somebody
/// writes it: whoever writes the same target next sees by the free lock that a process was killed,
/// and removes what it left.
struct PendingFile {
  /// The file to be made, as it was asked for.
  let path: String
  /// The place that is renamed to: the path, or the file that it links to.
  let target: String
  private let temporary: String
  private let backup: String
  private let registration: TemporaryFiles.Registration?
  private(set) var descriptor: Int32
  /// What the target was before the renaming; nil until then.
  private var before: Before?

  private enum Before { case absent, kept, lost }

  /// How many processes may write the same target at the same time.
  private static let slots = 8

  /// A temporary file for a target that need not be there yet.
  init(path: String) throws(FileError) {
    let target = try AtomicFile.writable(path)
    let folder = AtomicFile.folder(of: target)
    let name = Fingerprint.sha256(Array(target.dropFirst(folder.count).utf8)).prefix(16)
    let stem = "\(folder).motionc-\(name)"
    var old = stat()
    let isReplaced = stat(target, &old) == 0
    for slot in 0..<Self.slots {
      let temporary = "\(stem)-\(slot).partial"
      let registration = TemporaryFiles.register(temporary)
      // Nobody else may read what replaces a private file, not even for a moment.
      switch Self.create(temporary, mode: isReplaced ? 0o600 : 0o666) {
      case .success(let descriptor):
        if isReplaced { Self.takeOver(old, on: descriptor) }
        for other in 0..<Self.slots where other != slot {
          Self.removeIfAbandoned("\(stem)-\(other).partial")
        }
        let backup = "\(stem)-\(slot).backup"
        unlink(backup)
        self.init(
          path: path, target: target, temporary: temporary, backup: backup,
          registration: registration, descriptor: descriptor)
        return
      case .failure(let failure):
        TemporaryFiles.forget(registration)
        guard failure.code == EEXIST else {
          throw .cannotCreate(path: path, reason: AtomicFile.reason(failure.code))
        }
      }
    }
    throw .cannotCreate(path: path, reason: "\(Self.slots) other programs are writing it now")
  }

  private init(
    path: String, target: String, temporary: String, backup: String,
    registration: TemporaryFiles.Registration?, descriptor: Int32
  ) {
    self.path = path
    self.target = target
    self.temporary = temporary
    self.backup = backup
    self.registration = registration
    self.descriptor = descriptor
  }

  /// Appends bytes.
  func append(_ bytes: [UInt8]) throws(FileError) {
    if let reason = AtomicFile.fill(descriptor, with: bytes) {
      throw .writeFailed(path: path, reason: reason)
    }
  }

  /// Forces the bytes to the disk.
  func sync() throws(FileError) {
    guard fsync(descriptor) == 0 else {
      throw .writeFailed(path: path, reason: AtomicFile.reason(errno))
    }
  }

  /// Removes the temporary file; does nothing after `finish` or for a second time.
  mutating func discard() {
    guard descriptor >= 0 else { return }
    unlink(temporary)
    release()
  }

  private mutating func release() {
    TemporaryFiles.forget(registration)
    close(descriptor)
    descriptor = -1
  }
}

// MARK: - Taking the target's name

extension PendingFile {
  /// Renames over the target; with `keepsOld` the old file can be brought back.
  mutating func rename(keepsOld: Bool) throws(FileError) {
    if keepsOld {
      let isKept = link(target, backup) == 0
      before = isKept ? .kept : errno == ENOENT ? .absent : .lost
    }
    guard Files.rename(temporary, target) == 0 else {
      let reason = AtomicFile.reason(errno)
      unlink(backup)
      throw .cannotCreate(path: path, reason: reason)
    }
  }

  /// Brings back what was there before the renaming, as far as the file system can keep it.
  mutating func undo() {
    switch before {
    case .kept?: Files.rename(backup, target)
    case .absent?: unlink(target)
    case .lost?, nil: break
    }
    release()
  }

  /// Ends a renaming that is not undone.
  mutating func finish() {
    if case .kept? = before { unlink(backup) }
    release()
  }

  /// Forces the new name to the disk.
  func syncFolder() throws(FileError) {
    let folder = AtomicFile.folder(of: target)
    let descriptor = open(folder.isEmpty ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    // A folder may be written and not read; the name reaches the disk later then.
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    // Some file systems have no such thing for folders.
    guard fsync(descriptor) == 0 || errno == EINVAL || errno == ENOTSUP else {
      throw .writeFailed(path: path, reason: AtomicFile.reason(errno))
    }
  }
}

// MARK: - Temporary files

extension PendingFile {
  private struct Failure: Error {
    let code: Int32
  }

  /// A new, locked file; EEXIST where another process has the name.
  private static func create(_ temporary: String, mode: mode_t) -> Result<Int32, Failure> {
    for _ in 0..<3 {
      let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC
      let descriptor = open(temporary, flags, mode)
      guard descriptor >= 0 else {
        let code = errno
        guard code == EEXIST, removeIfAbandoned(temporary) else {
          return .failure(Failure(code: code))
        }
        continue
      }
      var status = stat()
      // Where there are no locks, nobody takes an unlocked file for an abandoned one either.
      let isHeld = flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK
      if isHeld, fstat(descriptor, &status) == 0, status.st_nlink > 0 {
        return .success(descriptor)
      }
      // Another process took it for an abandoned one between its making and its locking.
      close(descriptor)
    }
    return .failure(Failure(code: EEXIST))
  }

  /// Removes a temporary file of ours that nobody holds any more; returns whether it did.
  @discardableResult
  private static func removeIfAbandoned(_ temporary: String) -> Bool {
    let descriptor = open(temporary, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var (held, there) = (stat(), stat())
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, fstat(descriptor, &held) == 0,
      lstat(temporary, &there) == 0, held.st_ino == there.st_ino, held.st_dev == there.st_dev,
      held.st_mode & S_IFMT == S_IFREG, held.st_uid == geteuid()
    else { return false }
    return unlink(temporary) == 0
  }

  /// Gives the permissions of the old file to the new one, and its owner where that is allowed.
  private static func takeOver(_ old: stat, on descriptor: Int32) {
    var mine = stat()
    guard fstat(descriptor, &mine) == 0 else { return }
    var isOwned = mine.st_uid == old.st_uid && mine.st_gid == old.st_gid
    if !isOwned {
      isOwned = fchown(descriptor, old.st_uid, old.st_gid) == 0
      if !isOwned { _ = fchown(descriptor, uid_t.max, old.st_gid) }
    }
    // A program must not run as its owner after somebody else has written it.
    fchmod(descriptor, old.st_mode & (isOwned ? 0o7777 : 0o777))
  }
}
