/// A way for bytes to and from one device.
///
/// One owner; nothing in it blocks longer than it is told.
public protocol Transport {
  /// What is at the other end, for messages ("/dev/ttyUSB0").
  var name: String { get }

  /// Whether asking for bytes may wait for the kernel, as terminals do; such a port is read by a
  /// thread of its own.
  var isTerminal: Bool { get }

  /// What the user should know of the port, one sentence each.
  var warnings: [String] { get }

  /// Hands bytes to the system and says how many it took; the rest is the caller's to keep.
  mutating func write(_ bytes: [UInt8]) throws(TransportError) -> Int

  /// What has arrived, without waiting; empty where nothing has. At most 4096 bytes.
  mutating func read() throws(TransportError) -> [UInt8]

  /// Waits until something has arrived, or the instant [s of the session's clock] has come.
  mutating func waitForBytes(until instant: Double) throws(TransportError)

  /// Throws away what the system holds in both directions.
  mutating func discard() throws(TransportError)

  /// Gives the device back; later calls throw `.lost`.
  mutating func close()
}

extension Transport {
  /// What only stands for a port answers at once.
  public var isTerminal: Bool { false }

  /// Nothing.
  public var warnings: [String] { [] }
}

/// Why a port cannot be used, one sentence each.
public enum TransportError: Error, Sendable, Hashable {
  /// There is none of this name.
  case notFound(String)
  /// Permission is missing; says which group has it.
  case denied(String)
  /// Somebody else has it; says who, if known.
  case busy(String)
  /// It cannot be set as the wiring wants (baud rate, framing).
  case unsupported(String)
  /// It was there and is gone.
  case lost(String)
}

extension TransportError: CustomStringConvertible {
  /// The sentence.
  public var description: String {
    switch self {
    case .notFound(let text), .denied(let text), .busy(let text), .unsupported(let text),
      .lost(let text):
      text
    }
  }
}
