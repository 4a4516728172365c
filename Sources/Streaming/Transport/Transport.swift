/// A connection that carries bytes to and from one device.
///
/// It has one owner, and no call blocks longer than the caller allows.
public protocol Transport {
  /// The name of the device, for messages ("/dev/ttyUSB0").
  var name: String { get }

  /// Whether reading may wait for the kernel, as on terminals; such a port is read by a thread of
  /// its own.
  var isTerminal: Bool { get }

  /// Warnings about the port for the user, one sentence each.
  var warnings: [String] { get }

  /// Writes bytes; returns how many the system took. The caller keeps the rest.
  mutating func write(_ bytes: [UInt8]) throws(TransportError) -> Int

  /// Reads the bytes that have arrived, at most 4096, without waiting.
  mutating func read() throws(TransportError) -> [UInt8]

  /// Waits until bytes have arrived, or until a time of the session's clock [s].
  mutating func waitForBytes(until instant: Double) throws(TransportError)

  /// Discards the bytes in the system in both directions.
  mutating func discard() throws(TransportError)

  /// Closes the connection; later calls throw `.lost`.
  mutating func close()
}

extension Transport {
  /// Reading does not wait.
  public var isTerminal: Bool { false }

  /// No warnings.
  public var warnings: [String] { [] }
}

/// The reason why a port cannot be used, with one sentence for the user.
public enum TransportError: Error, Sendable, Hashable {
  /// The port does not exist.
  case notFound(String)
  /// The user has no permission; the sentence names the group that has it.
  case denied(String)
  /// Another process uses the port; the sentence names it if it is known.
  case busy(String)
  /// The port cannot be configured as the wiring demands (baud rate, framing).
  case unsupported(String)
  /// The port was lost.
  case lost(String)
}

extension TransportError: CustomStringConvertible {
  /// The sentence for the user.
  public var description: String {
    switch self {
    case .notFound(let text), .denied(let text), .busy(let text), .unsupported(let text),
      .lost(let text):
      text
    }
  }
}
