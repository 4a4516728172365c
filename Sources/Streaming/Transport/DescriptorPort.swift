import Foundation

/// A pseudo-terminal, or any other terminal that libserialport does not take.
///
/// Baud rates have no meaning for it. Copies share the port.
struct DescriptorPort: Transport, Sendable {
  private let channel: Channel

  /// The name of the device.
  var name: String { channel.name }

  /// A terminal.
  var isTerminal: Bool { true }

  /// Opens a terminal by its path or a link to it ("/dev/pts/3"), in raw mode and locked.
  init(path: String) throws(TransportError) {
    let descriptor = Channel.aboveStandardStreams(
      open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC))
    guard descriptor >= 0 else { throw PortFailure.opening(path, errno) }
    let channel = Channel(adopting: descriptor, name: path)
    guard isatty(descriptor) == 1 else {
      throw .unsupported("'\(path)' is not a serial port or terminal")
    }
    // No TIOCEXCL: on a pseudo-terminal that its simulator keeps open it would persist.
    guard Channel.lock(descriptor) else { throw PortFailure.inUse(path) }
    let failure = Channel.makeRaw(descriptor)
    guard failure == 0, Channel.isRaw(descriptor) else {
      throw PortFailure.unsettable(path, "raw mode", failure)
    }
    try channel.discard()
    self.channel = channel
  }

  /// Writes bytes; returns how many the system took.
  mutating func write(_ bytes: [UInt8]) throws(TransportError) -> Int {
    try channel.write(bytes)
  }

  /// Reads the bytes that have arrived, without waiting.
  mutating func read() throws(TransportError) -> [UInt8] { try channel.read() }

  /// Waits until bytes have arrived, or until a time of `MonotonicClock`.
  mutating func waitForBytes(until instant: Double) throws(TransportError) {
    try channel.wait(until: instant)
  }

  /// Discards the bytes in the system in both directions.
  mutating func discard() throws(TransportError) { try channel.discard() }

  /// Closes the terminal.
  mutating func close() { channel.close() }
}
