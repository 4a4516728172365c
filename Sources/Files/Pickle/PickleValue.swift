/// A value of a Python pickle: plain data only.
public enum PickleValue: Sendable {
  case none
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case text(String)
  case bytes([UInt8])
  /// A list or a tuple.
  case list([PickleValue])
  /// A dictionary, in the order of the file; of equal keys the last one holds.
  case dictionary([(key: PickleValue, value: PickleValue)])
  case array(NumpyArray)

  /// The value of a text key of a dictionary; nil for another value or another key.
  public subscript(key: String) -> PickleValue? {
    guard case .dictionary(let members) = self else { return nil }
    return members.last { $0.key.text == key }?.value
  }

  /// The text; nil for another value.
  public var text: String? { if case .text(let text) = self { text } else { nil } }

  /// The number, whole or not; nil for another value.
  public var number: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  /// What kind of value it is, for messages.
  public var kind: String {
    switch self {
    case .none: "None"
    case .bool: "a truth value"
    case .integer, .number: "a number"
    case .text: "a text"
    case .bytes: "bytes"
    case .list(let values): "a list of \(Wording.count(values.count, "value"))"
    case .dictionary(let members): "a dictionary of \(Wording.count(members.count, "key"))"
    case .array: "an array"
    }
  }
}

/// The reason that a pickle is refused.
public struct PickleFault: CategorizedError, Equatable, Sendable {
  /// What is wrong, and at which byte.
  public let reason: String
  /// The function or class, with its module, that loading the pickle in Python would call; nil
  /// where the pickle is damaged or too large.
  public let refusedCall: String?

  /// Always bad data.
  public var category: ErrorCategory { .data }

  /// The sentence for the user, without the file.
  public var description: String { reason }
}
