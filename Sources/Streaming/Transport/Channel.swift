import Foundation
import Synchronization

/// The owner of an open terminal: it reads, writes, waits, and closes the descriptor once.
///
/// It is a class because a copied value would close the descriptor of the original. Reads never
/// block: the terminal is non-blocking with VMIN 1, so "no data" (EAGAIN) and "hung up" (0 bytes)
/// differ.
final class Channel: Sendable {
  /// The path that the user gave.
  let name: String
  /// The descriptor, valid until `close()`.
  let number: Int32
  private let isClosed = Atomic(false)

  /// The largest number of bytes of one read.
  static let largestRead = 4096
  /// The time after which an idle terminal is checked for a hang-up [s]; an unplugged adapter must
  /// be noticed within 0.1 s, and not every kernel driver wakes a waiting process.
  private static let liveness = 0.05

  /// Takes over an open descriptor.
  init(adopting number: Int32, name: String) {
    self.number = number
    self.name = name
  }

  deinit { close() }

  /// Closes the descriptor, once.
  func close() {
    guard !isClosed.exchange(true, ordering: .acquiringAndReleasing) else { return }
    _ = Foundation.close(number)
  }

  /// Reads the bytes that have arrived, without waiting.
  func read() throws(TransportError) -> [UInt8] {
    try checkOpen()
    var result = 0
    var failure: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: Self.largestRead) { buffer, count in
      repeat {
        result = Foundation.read(number, buffer.baseAddress, Self.largestRead)
        failure = errno
      } while result < 0 && failure == EINTR
      count = max(0, result)
    }
    if result < 0, failure == EAGAIN { return [] }
    guard result > 0 else { throw lost(result < 0 ? failure : 0) }
    return bytes
  }

  /// Writes bytes; returns how many the system took.
  func write(_ bytes: [UInt8]) throws(TransportError) -> Int {
    try checkOpen()
    guard !bytes.isEmpty else { return 0 }
    while true {
      let taken = bytes.withUnsafeBytes { Foundation.write(number, $0.baseAddress, $0.count) }
      if taken >= 0 { return taken }
      let failure = errno
      if failure == EAGAIN { return 0 }
      guard failure == EINTR else { throw lost(failure) }
    }
  }

  /// Waits until bytes can be read, or until a time of `MonotonicClock`.
  func wait(until instant: Double) throws(TransportError) {
    repeat {
      try checkOpen()
      let ready = Self.awaitReadable(number, min(instant - MonotonicClock.now, Self.liveness))
      let failure = errno
      guard ready >= 0 || failure == EINTR else { throw lost(failure) }
      // A terminal that has hung up counts as readable, with nothing to read.
      if hasHungUp, try waiting() == 0 { throw lost(0) }
      if ready > 0 { return }
    } while MonotonicClock.now < instant
  }

  /// Waits for at most some seconds; the result is positive if a descriptor can be read.
  ///
  /// It uses `pselect`, because the resolution of `poll` is a millisecond.
  static func awaitReadable(_ number: Int32, _ seconds: Double) -> Int32 {
    guard number < 1024 else {
      var entry = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
      return poll(&entry, 1, seconds > 0 ? Int32((seconds * 1000).rounded(.down)) : 0)
    }
    var time = MonotonicClock.interval(seconds)
    var set = fd_set()
    withUnsafeMutableBytes(of: &set) { $0[Int(number) / 8] = 1 << (UInt8(number) & 7) }
    return pselect(number + 1, &set, nil, nil, &time, nil)
  }

  private var hasHungUp: Bool {
    var entry = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
    return poll(&entry, 1, 0) > 0
      && entry.revents & Int16(POLLHUP | POLLERR | POLLNVAL) != 0
  }

  /// The number of bytes that can be read.
  ///
  /// The call may wait for the kernel worker that delivers bytes, so it is not made routinely.
  private func waiting() throws(TransportError) -> Int32 {
    var count: Int32 = 0
    guard ioctl(number, UInt(FIONREAD), &count) == 0 else { throw lost(errno) }
    return count
  }

  /// Discards the bytes in the system in both directions.
  func discard() throws(TransportError) {
    try checkOpen()
    guard tcflush(number, TCIOFLUSH) == 0 else { throw lost(errno) }
    // The flush misses bytes that the kernel has not delivered yet; the number of attempts is
    // bounded for a device that never pauses.
    for _ in 0..<64 {
      guard try !read().isEmpty else { return }
    }
  }

  private func checkOpen() throws(TransportError) {
    guard !isClosed.load(ordering: .acquiring) else {
      throw .lost("port '\(name)' is closed")
    }
  }

  private func lost(_ failure: Int32) -> TransportError {
    let reason = failure == 0 ? "" : " (\(String(cString: strerror(failure))))"
    return .lost("port '\(name)' is gone\(reason): the device was unplugged or switched off")
  }
}

// MARK: - Settings

extension Channel {
  /// Makes a terminal pass bytes as they are; returns an error number, 0 for none.
  ///
  /// HUPCL is cleared, so that closing does not drop DTR and the next open resets no board.
  static func makeRaw(_ descriptor: Int32) -> Int32 {
    var settings = termios()
    guard tcgetattr(descriptor, &settings) == 0 else { return errno }
    cfmakeraw(&settings)
    settings.c_cflag |= tcflag_t(CLOCAL | CREAD)
    settings.c_cflag &= ~tcflag_t(HUPCL)
    withUnsafeMutableBytes(of: &settings.c_cc) { characters in
      characters[Int(VMIN)] = 1
      characters[Int(VTIME)] = 0
    }
    return tcsetattr(descriptor, TCSANOW, &settings) == 0 ? 0 : errno
  }

  /// Whether the terminal has the settings of `makeRaw`; the system call succeeds even if it takes
  /// only some of them.
  static func isRaw(_ descriptor: Int32) -> Bool {
    var settings = termios()
    guard tcgetattr(descriptor, &settings) == 0 else { return false }
    let least = withUnsafeBytes(of: &settings.c_cc) { $0[Int(VMIN)] }
    return settings.c_lflag & tcflag_t(ICANON | ECHO | ISIG) == 0
      && settings.c_iflag & tcflag_t(ICRNL | IXON | IXOFF) == 0
      && settings.c_oflag & tcflag_t(OPOST) == 0 && settings.c_cflag & tcflag_t(HUPCL) == 0
      && least == 1
  }

  /// Replaces a descriptor by one above those of the standard streams.
  ///
  /// A program that is started with standard error closed would otherwise write its messages to the
  /// port. Returns -1 on failure, with the reason in `errno`.
  static func aboveStandardStreams(_ descriptor: Int32) -> Int32 {
    guard 0 <= descriptor, descriptor <= STDERR_FILENO else { return descriptor }
    let moved = fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)
    let failure = errno
    _ = Foundation.close(descriptor)
    errno = failure
    return moved
  }

  /// Whether this is now the only program that may use the terminal.
  static func lock(_ descriptor: Int32) -> Bool {
    flock(descriptor, LOCK_EX | LOCK_NB) == 0
  }
}
