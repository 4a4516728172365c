/// What kind of failure an error is, by which a program chooses its exit code.
public enum ErrorCategory: Sendable, Hashable {
  /// The program was used wrongly: options that make no sense together.
  case usage
  /// An input is not what it should be.
  case data
  /// An input is not there, or cannot be read.
  case noInput
  /// A library, a device or its motors are missing.
  case unavailable
  /// A robot had to be stopped.
  case robotStopped
  /// An output cannot be created.
  case cannotCreate
  /// Reading or writing failed on the way.
  case inputOutput
  /// Another program has the device.
  case busy
  /// A device answers against its protocol.
  case protocolBroken
  /// Permission is missing.
  case permission
}

/// An error that says what kind of failure it is, in one sentence (`description`).
///
/// All errors of this package are: one that is not would have no exit code.
public protocol CategorizedError: Error, CustomStringConvertible, Sendable {
  /// The kind of failure.
  var category: ErrorCategory { get }
}
