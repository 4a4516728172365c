import Foundation
import Synchronization

/// The only owner of one open terminal: it reads, writes, waits, and closes exactly once.
///
/// A class, because a copied value would close what the original still uses. Reads never block: the
/// terminal is non-blocking with VMIN 1, so "nothing there" (EAGAIN) and "hung up" (0 bytes) differ.
final class Channel: Sendable {
  /// What the user calls it.
  let name: String
  /// The descriptor, valid until `close()`.
  let number: Int32
  private let isClosed = Atomic(false)

  /// The most that one read hands over [bytes].
  static let largestRead = 4096
  /// How often a silent line is asked whether it is still there [s]; an unplug must be known
  /// within 0.1 s, and not every driver wakes those who wait.
  private static let liveness = 0.05

  /// Takes over an open descriptor.
  init(adopting number: Int32, name: String) {
    self.number = number
    self.name = name
  }

  deinit { close() }

  /// Gives the descriptor back, once.
  func close() {
    guard !isClosed.exchange(true, ordering: .acquiringAndReleasing) else { return }
    _ = Foundation.close(number)
  }

  /// What has arrived, without waiting.
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

  /// Hands bytes to the system; returns how many it took.
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

  /// Waits until something is there to read, or the instant of `MonotonicClock` has come.
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

  /// Waits for at most some seconds; above 0 if a read would not have to wait.
  ///
  /// `pselect` has the resolution that a frame needs; `poll` has milliseconds.
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

  /// How many bytes can be read.
  ///
  /// Not asked in passing: the question waits for whoever is bringing some just now.
  private func waiting() throws(TransportError) -> Int32 {
    var count: Int32 = 0
    guard ioctl(number, UInt(FIONREAD), &count) == 0 else { throw lost(errno) }
    return count
  }

  /// Throws away what the system holds in both directions.
  func discard() throws(TransportError) {
    try checkOpen()
    guard tcflush(number, TCIOFLUSH) == 0 else { throw lost(errno) }
    // What is on its way inside the system escapes the flush; a device that never pauses must not
    // hold us here.
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

  /// Whether the terminal has become what `makeRaw` asks for: the call succeeds even if only some
  /// of the settings were taken.
  static func isRaw(_ descriptor: Int32) -> Bool {
    var settings = termios()
    guard tcgetattr(descriptor, &settings) == 0 else { return false }
    let least = withUnsafeBytes(of: &settings.c_cc) { $0[Int(VMIN)] }
    return settings.c_lflag & tcflag_t(ICANON | ECHO | ISIG) == 0
      && settings.c_iflag & tcflag_t(ICRNL | IXON | IXOFF) == 0
      && settings.c_oflag & tcflag_t(OPOST) == 0 && settings.c_cflag & tcflag_t(HUPCL) == 0
      && least == 1
  }

  /// A descriptor above those of the standard streams, in the place of one that may be among them.
  ///
  /// A program that was started with a closed standard error would write to the port what it means
  /// for its user. Returns -1 where there is none, with the reason in `errno`.
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
