public import Yams

/// An error in a YAML file, with its line.
public struct YAMLError: CategorizedError, Equatable, Sendable {
  /// The file.
  public let path: String
  /// The reason, with the line if known, for errors that name the file themselves.
  public let reason: String
  /// The sentence, with path and line.
  public let description: String

  /// The kind of failure.
  public var category: ErrorCategory { .data }

  /// An error at a node of a file.
  public init(path: String, node: Node?, _ reason: String) {
    self.init(path: path, line: node?.mark?.line, reason)
  }

  init(path: String, line: Int?, _ reason: String) {
    let reason = reason.shownReason
    self.path = path
    self.reason = line.map { "line \($0): \(reason)" } ?? reason
    description = "'\(path.shownPath)'\(line.map { ":\($0)" } ?? ""): \(reason)"
  }
}

/// A YAML mapping whose keys must all be known: a misspelt key is refused, never ignored.
///
/// Mappings by names that the file chooses (joints, say) are read with no list of keys and gone
/// through by `names`.
public struct StrictYAML {
  /// The file, for errors.
  public let path: String
  /// A description of the mapping, for errors.
  public let what: String
  /// The keys that are given, in the order of the file.
  public let names: [String]
  private let node: Node
  private let entries: [String: Node]

  /// The top mapping of a text.
  public init(
    parsing text: String, path: String, what: String, keys: [String]?
  ) throws(YAMLError) {
    try self.init(Self.document(text, path: path), path: path, what: what, keys: keys)
  }

  /// A mapping within a file; nil for `keys` where the file chooses them.
  public init(
    _ node: Node, path: String, what: String, keys: [String]?
  ) throws(YAMLError) {
    guard let mapping = node.mapping else {
      throw YAMLError(path: path, node: node, "\(what) must be a mapping of keys to values")
    }
    var entries: [String: Node] = [:]
    var names: [String] = []
    for (key, value) in mapping {
      guard let name = key.string else {
        throw YAMLError(path: path, node: key, "\(what): a key is not text")
      }
      if let keys, !keys.contains(name) {
        let known = keys.map { "'\($0)'" }.joined(separator: ", ")
        throw YAMLError(
          path: path, node: key, "\(what) has no key '\(name.printable)'; it has \(known)")
      }
      guard entries.updateValue(value, forKey: name) == nil else {
        throw YAMLError(path: path, node: key, "\(what) has the key '\(name)' twice")
      }
      names.append(name)
    }
    self.path = path
    self.what = what
    self.names = names
    self.node = node
    self.entries = entries
  }

  /// Whether a key is given.
  public func has(_ key: String) -> Bool { entries[key] != nil }

  /// The node of a key, if given.
  public func node(_ key: String) -> Node? { entries[key] }

  /// Whether a key is given and holds a text or number, not a list or mapping.
  public func isText(_ key: String) -> Bool { entries[key]?.string != nil }

  /// Whether a key is given and holds a list.
  public func isList(_ key: String) -> Bool { entries[key]?.sequence != nil }

  /// An error at a key.
  public func error(_ key: String, _ reason: String) -> YAMLError {
    YAMLError(path: path, node: entries[key] ?? node, "\(what), '\(key)': \(reason)")
  }

  /// An error of the mapping as a whole.
  public func error(_ reason: String) -> YAMLError {
    YAMLError(path: path, node: node, "\(what): \(reason)")
  }
}

// MARK: - Values

extension StrictYAML {
  /// The text of a key, if given.
  public func text(_ key: String) throws(YAMLError) -> String? {
    guard let value = entries[key] else { return nil }
    guard let text = value.string, !text.isEmpty else { throw error(key, "a text was expected") }
    return text
  }

  /// The text of a key that must be given.
  public func requiredText(_ key: String) throws(YAMLError) -> String {
    guard let text = try text(key) else { throw error(key, "the key is missing") }
    return text
  }

  /// The truth value of a key, if given.
  public func bool(_ key: String) throws(YAMLError) -> Bool? {
    guard let value = entries[key] else { return nil }
    guard let truth = value.bool else {
      throw error(key, "found '\((value.string ?? "?").printable)', true or false was expected")
    }
    return truth
  }

  /// The finite number of a key, if given.
  public func number(_ key: String) throws(YAMLError) -> Double? {
    guard let value = entries[key] else { return nil }
    return try finite(value, of: key)
  }

  /// The finite number of a key that must be given.
  public func requiredNumber(_ key: String) throws(YAMLError) -> Double {
    guard let number = try number(key) else { throw error(key, "the key is missing") }
    return number
  }

  /// The finite number above zero of a key, if given.
  public func positiveNumber(_ key: String) throws(YAMLError) -> Double? {
    guard let number = try number(key) else { return nil }
    guard number > 0 else { throw error(key, "found \(number), more than 0 was expected") }
    return number
  }

  /// The finite numbers of a list of a key, if given.
  public func numbers(_ key: String, count: Int) throws(YAMLError) -> [Double]? {
    guard let value = entries[key] else { return nil }
    guard let list = value.sequence, list.count == count else {
      throw error(key, "a list of \(count) numbers was expected")
    }
    var numbers: [Double] = []
    for node in list { numbers.append(try finite(node, of: key)) }
    return numbers
  }

  /// The texts of a list of a key, if given.
  public func texts(_ key: String) throws(YAMLError) -> [String]? {
    guard let value = entries[key] else { return nil }
    guard let list = value.sequence else { throw error(key, "a list of texts was expected") }
    var texts: [String] = []
    for node in list {
      guard let text = node.string, !text.isEmpty else {
        throw YAMLError(path: path, node: node, "\(what), '\(key)': a text was expected")
      }
      texts.append(text)
    }
    return texts
  }

  /// The mapping of a key, if given; nil for `keys` where the file chooses them.
  public func mapping(
    _ key: String, what: String, keys: [String]?
  ) throws(YAMLError) -> StrictYAML? {
    guard let value = entries[key] else { return nil }
    return try StrictYAML(value, path: path, what: what, keys: keys)
  }

  /// The members of a list of a key, each a mapping of its own; empty where it is not given.
  public func list(
    _ key: String, of what: String, keys: [String]?
  ) throws(YAMLError) -> [StrictYAML] {
    guard let value = entries[key] else { return [] }
    guard let list = value.sequence else { throw error(key, "a list was expected") }
    var members: [StrictYAML] = []
    for node in list {
      members.append(try StrictYAML(node, path: path, what: what, keys: keys))
    }
    return members
  }

  /// A decimal number; YAML 1.1 would also read 1:30 as ninety, which nobody means here.
  private func finite(_ node: Node, of key: String) throws(YAMLError) -> Double {
    guard let text = node.string, let number = Double(text), number.isFinite else {
      throw YAMLError(
        path: path, node: node,
        "\(what), '\(key.printable)': found '\((node.string ?? "?").printable)', a finite number "
          + "was expected")
    }
    return number
  }
}

// MARK: - Parsing

extension StrictYAML {
  /// Parses a text without the dangerous features of YAML; returns its top node.
  ///
  /// Deep nesting is refused, since the parser recurses, and so are anchors, by which a few lines
  /// can expand to billions.
  private static func document(_ text: String, path: String) throws(YAMLError) -> Node {
    guard text.utf8.count(where: { $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "{") }) <= 1000
    else { throw YAMLError(path: path, line: nil, "it nests too deeply") }
    if let line = lineOfAnchor(text) {
      throw YAMLError(path: path, line: line, "anchors (&name) are not allowed here")
    }
    do {
      if let root = try Yams.compose(yaml: text) { return root }
    } catch YamlError.duplicatedKeysInMapping(let keys, let context) {
      throw YAMLError(
        path: path, line: context.mark.line,
        "the mapping here has the key \(keys.map { "'\($0)'" }.joined(separator: ", ")) twice")
    } catch let error as YamlError {
      throw fault(error, path: path)
    } catch {
      throw YAMLError(path: path, line: nil, "not YAML: \(oneLine("\(error)"))")
    }
    throw YAMLError(path: path, line: nil, "the file is empty")
  }

  /// The parser's error without the text around it, which may be long.
  private static func fault(_ error: YamlError, path: String) -> YAMLError {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      YAMLError(path: path, line: mark.line, "not YAML: \(oneLine(problem))")
    case .reader(let problem, _, _, _):
      YAMLError(path: path, line: nil, "not YAML: \(oneLine(problem))")
    default: YAMLError(path: path, line: nil, "not YAML: \(oneLine("\(error)"))")
    }
  }

  private static func oneLine(_ text: String) -> String {
    text.printable(limit: 300)
  }

  /// The line of the first `&name`, in comments too: quotes could hide one from a finer search.
  private static func lineOfAnchor(_ text: String) -> Int? {
    func isName(_ byte: UInt8) -> Bool {
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte & 0xDF) || byte == 0x5F
        || byte == 0x2D
    }
    var line = 1
    var before: UInt8 = 0x0A
    var isOpen = false
    for byte in text.utf8 {
      if isOpen, isName(byte) { return line }
      isOpen = byte == UInt8(ascii: "&") && !isName(before)
      if byte == 0x0A { line += 1 }
      before = byte
    }
    return nil
  }
}
