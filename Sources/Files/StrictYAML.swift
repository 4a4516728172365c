public import Yams

/// What is wrong in a YAML file, with the line.
public struct YAMLError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The sentence, with path and line.
  public let description: String

  /// An error at a node of a file.
  public init(path: String, node: Node?, _ reason: String) {
    let line = node?.mark.map { ":\($0.line)" } ?? ""
    description = "'\(path)'\(line): \(reason)"
  }
}

/// A YAML mapping whose every key must be known: what is misspelt is refused, never ignored.
public struct StrictYAML {
  /// The file, for errors.
  public let path: String
  /// What the mapping describes, for errors.
  public let what: String
  private let node: Node
  private let entries: [String: Node]

  /// The top mapping of a file.
  public init(contentsOf path: String, what: String, keys: [String]) throws {
    try self.init(
      parsing: InputFile.text(of: path, limit: 16 << 20), path: path, what: what, keys: keys)
  }

  /// The top mapping of a text.
  public init(parsing text: String, path: String, what: String, keys: [String]) throws {
    try self.init(
      Self.document(text, path: path), path: path, what: what, keys: keys)
  }

  /// The top node of a text; deep nesting, which the parser would follow by recursion, is refused.
  public static func document(_ text: String, path: String) throws(YAMLError) -> Node {
    guard text.utf8.count(where: { $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "{") }) <= 1000
    else { throw YAMLError(path: path, node: nil, "it nests too deeply") }
    do {
      if let root = try Yams.compose(yaml: text) { return root }
    } catch {
      let reason = "\(error)".split(whereSeparator: \.isNewline).joined(separator: " ")
      throw YAMLError(path: path, node: nil, "not YAML: \(reason)")
    }
    throw YAMLError(path: path, node: nil, "the file is empty")
  }

  /// A mapping within a file.
  public init(_ node: Node, path: String, what: String, keys: [String]) throws {
    guard let mapping = node.mapping else {
      throw YAMLError(path: path, node: node, "\(what) must be a mapping of keys to values")
    }
    var entries: [String: Node] = [:]
    for (key, value) in mapping {
      guard let name = key.string, keys.contains(name) else {
        throw YAMLError(
          path: path, node: key,
          "\(what) has no key '\(key.string ?? "?")'; it has \(keys.joined(separator: ", "))")
      }
      guard entries.updateValue(value, forKey: name) == nil else {
        throw YAMLError(path: path, node: key, "\(what) has the key '\(name)' twice")
      }
    }
    self.path = path
    self.what = what
    self.node = node
    self.entries = entries
  }

  /// Whether a key is given.
  public func has(_ key: String) -> Bool { entries[key] != nil }

  /// The node of a key, if given.
  public func node(_ key: String) -> Node? { entries[key] }

  /// An error at a key.
  public func error(_ key: String, _ reason: String) -> YAMLError {
    YAMLError(path: path, node: entries[key] ?? node, "\(what), '\(key)': \(reason)")
  }

  /// The text of a key, if given.
  public func text(_ key: String) throws -> String? {
    guard let value = entries[key] else { return nil }
    guard let text = value.string else { throw error(key, "a text was expected") }
    return text
  }

  /// The text of a key that must be given.
  public func requiredText(_ key: String) throws -> String {
    guard let text = try text(key) else { throw error(key, "the key is missing") }
    return text
  }

  /// The finite number of a key, if given.
  public func number(_ key: String) throws -> Double? {
    guard let value = entries[key] else { return nil }
    return try Self.finite(value) { error(key, $0) }
  }

  /// The finite numbers of a list of a key, if given.
  public func numbers(_ key: String, count: Int) throws -> [Double]? {
    guard let value = entries[key] else { return nil }
    guard let list = value.sequence, list.count == count else {
      throw error(key, "a list of \(count) numbers was expected")
    }
    return try list.map { try Self.finite($0) { error(key, $0) } }
  }

  /// The members of a list of a key, each a mapping of its own; empty where it is not given.
  public func list(_ key: String, of what: String, keys: [String]) throws -> [StrictYAML] {
    guard let value = entries[key] else { return [] }
    guard let list = value.sequence else { throw error(key, "a list was expected") }
    return try list.map { try StrictYAML($0, path: path, what: what, keys: keys) }
  }

  private static func finite(_ node: Node, _ error: (String) -> YAMLError) throws -> Double {
    guard let number = node.float ?? node.int.map(Double.init), number.isFinite else {
      throw error("found '\(node.string ?? "?")', a finite number was expected")
    }
    return number
  }
}
