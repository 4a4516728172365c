import Foundation

/// A pseudo-terminal, or any other terminal that libserialport does not take.
///
/// Baud rates mean nothing there. A copy is the same port.
struct DescriptorPort: Transport, Sendable {
  private let channel: Channel

  /// What is at the other end.
  var name: String { channel.name }

  /// It is one.
  var isTerminal: Bool { true }

  /// Opens a terminal by its path or a link to it ("/dev/pts/3"), raw and for this program alone.
  init(path: String) throws(TransportError) {
    let descriptor = Channel.aboveStandardStreams(
      open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC))
    guard descriptor >= 0 else { throw PortFailure.opening(path, errno) }
    let channel = Channel(adopting: descriptor, name: path)
    guard isatty(descriptor) == 1 else {
      throw .unsupported("'\(path)' is not a serial port or terminal")
    }
    // No TIOCEXCL here: on a pseudo-terminal that its simulator keeps open it would outlive us.
    guard Channel.lock(descriptor) else { throw PortFailure.inUse(path) }
    let failure = Channel.makeRaw(descriptor)
    guard failure == 0, Channel.isRaw(descriptor) else {
      throw PortFailure.unsettable(path, "raw mode", failure)
    }
    try channel.discard()
    self.channel = channel
  }

  /// Hands bytes to the system and says how many it took.
  mutating func write(_ bytes: [UInt8]) throws(TransportError) -> Int {
    try channel.write(bytes)
  }

  /// What has arrived, without waiting.
  mutating func read() throws(TransportError) -> [UInt8] { try channel.read() }

  /// Waits until something has arrived, or the instant of `MonotonicClock` has come.
  mutating func waitForBytes(until instant: Double) throws(TransportError) {
    try channel.wait(until: instant)
  }

  /// Throws away what the system holds in both directions.
  mutating func discard() throws(TransportError) { try channel.discard() }

  /// Gives the terminal back.
  mutating func close() { channel.close() }
}
