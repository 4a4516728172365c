import Foundation

/// The device's end of a pseudo-terminal, on which a simulated device answers.
///
/// Copies share the terminal. A host opens `device`, or the link.
public struct PseudoTerminal: Transport, Sendable {
  private let master: Channel
  /// Kept open so that a host that closes its end does not look like an unplugged cable.
  private let spare: Channel
  private let link: TerminalLink?
  /// The path of the host's end ("/dev/pts/3").
  public let device: String

  /// The path of the link, or of the host's end.
  public var name: String { link?.path ?? device }

  /// Creates a pseudo-terminal and, if a path is given, a symbolic link to the host's end.
  public init(link path: String? = nil) throws(TransportError) {
    var (number, slave): (Int32, Int32) = (-1, -1)
    var characters = [CChar](repeating: 0, count: 128)
    guard openpty(&number, &slave, &characters, nil, nil) == 0 else { throw Self.failure(errno) }
    let device = String(
      decoding: characters.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    number = Channel.aboveStandardStreams(number)
    slave = Channel.aboveStandardStreams(slave)
    guard number >= 0, slave >= 0 else { throw Self.failure(errno) }
    master = Channel(adopting: number, name: path ?? device)
    spare = Channel(adopting: slave, name: device)
    for end in [number, slave] {
      guard fcntl(end, F_SETFL, O_RDWR | O_NONBLOCK) == 0, fcntl(end, F_SETFD, FD_CLOEXEC) == 0
      else { throw Self.failure(errno) }
    }
    // Before the first byte, because a new slave echoes and waits for line ends.
    let failure = Channel.makeRaw(slave)
    guard failure == 0, Channel.isRaw(slave) else { throw Self.failure(failure) }
    self.device = device
    link = if let path { try TerminalLink(path: path, to: device) } else { nil }
  }

  private static func failure(_ code: Int32) -> TransportError {
    .unsupported("no pseudo-terminal can be made: \(String(cString: strerror(code)))")
  }

  /// Writes the device's bytes; returns how many the system took.
  public mutating func write(_ bytes: [UInt8]) throws(TransportError) -> Int {
    try master.write(bytes)
  }

  /// Reads the bytes that the host has sent, without waiting.
  public mutating func read() throws(TransportError) -> [UInt8] { try master.read() }

  /// Waits until the host has sent bytes, or until a time of `MonotonicClock`.
  public mutating func waitForBytes(until instant: Double) throws(TransportError) {
    try master.wait(until: instant)
  }

  /// Discards the bytes in the system in both directions.
  public mutating func discard() throws(TransportError) { try master.discard() }

  /// Closes the terminal like a pulled cable and removes the link.
  public mutating func close() {
    link?.remove()
    spare.close()
    master.close()
  }
}

/// A symbolic link that is removed with its terminal.
///
/// It is a class so that the last copy of the terminal removes it.
private final class TerminalLink: Sendable {
  let path: String
  private let target: String

  init(path: String, to target: String) throws(TransportError) {
    self.path = path
    self.target = target
    var failure = symlink(target, path) == 0 ? 0 : errno
    if failure == EEXIST, Self.isLeftOver(path) {
      unlink(path)
      failure = symlink(target, path) == 0 ? 0 : errno
    }
    guard failure != EEXIST else {
      throw .busy("'\(path)' exists already; a link for the simulated port needs a free name")
    }
    guard failure == 0 else {
      throw .unsupported("no link can be made at '\(path)': \(String(cString: strerror(failure)))")
    }
  }

  deinit { remove() }

  func remove() {
    if Self.destination(of: path) == target { unlink(path) }
  }

  /// Whether the path is a link to a terminal that does not exist any more, left by a killed
  /// simulator.
  private static func isLeftOver(_ path: String) -> Bool {
    guard let destination = destination(of: path) else { return false }
    return destination.hasPrefix("/dev/pts/") && access(destination, F_OK) != 0
  }

  private static func destination(of path: String) -> String? {
    try? FileManager.default.destinationOfSymbolicLink(atPath: path)
  }
}
