/// A JSON value, with the keys of objects in the file's order.
public enum JSONValue: Sendable {
  case null
  case bool(Bool)
  /// A number without point and exponent that an `Int` can hold.
  case integer(Int)
  /// Any other number.
  case number(Double)
  case text(String)
  case array([JSONValue])
  case object([(key: String, value: JSONValue)])

  /// The value of a key, of two of one key the first.
  public subscript(_ key: String) -> JSONValue? { members?.first { $0.key == key }?.value }

  /// The number, where it is one.
  public var number: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  /// The number, where it is written as a whole one.
  public var integer: Int? { if case .integer(let value) = self { value } else { nil } }

  /// The text, where it is one.
  public var text: String? { if case .text(let value) = self { value } else { nil } }

  /// The elements, where it is a list.
  public var elements: [JSONValue]? { if case .array(let values) = self { values } else { nil } }

  /// Keys and values, where it is an object.
  public var members: [(key: String, value: JSONValue)]? {
    if case .object(let members) = self { members } else { nil }
  }

  /// Whether it is `null`.
  public var isNull: Bool { if case .null = self { true } else { false } }

  /// The keys, where it is an object.
  public var keys: [String] { members?.map(\.key) ?? [] }

  /// The first key that an object has twice.
  public var repeatedKey: String? {
    var seen: Set<String> = []
    return members?.first { !seen.insert($0.key).inserted }?.key
  }

  /// What it is, for sentences.
  public var kind: String {
    switch self {
    case .null: "null"
    case .bool: "a truth value"
    case .integer, .number: "a number"
    case .text: "a text"
    case .array(let values): "a list of \(values.count)"
    case .object: "an object"
    }
  }
}
