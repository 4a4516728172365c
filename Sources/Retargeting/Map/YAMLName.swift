import Foundation

/// Names from files as YAML that nothing in them can end.
enum YAMLName {
  /// A text without what would end a line.
  static func plain(_ text: String) -> String {
    text.unicodeScalars.map { scalar in
      scalar.value < 0x20 || scalar.value == 0x7F || (0x80...0x9F).contains(scalar.value)
        || scalar.value == 0x2028 || scalar.value == 0x2029 ? " " : String(scalar)
    }.joined()
  }

  /// A name, in quotes where YAML would take it for something else.
  static func quoted(_ name: String) -> String {
    let clean = plain(name)
    let isPlain =
      !clean.isEmpty
      && clean.utf8.allSatisfy {
        ($0 >= 0x30 && $0 <= 0x39) || ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A) || $0 == 0x5F
      }
    let isWord = clean.unicodeScalars.first.map { $0.properties.isAlphabetic } ?? false
    let isReserved = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"]
      .contains(clean.lowercased())
    if isPlain, isWord, !isReserved { return clean }
    return "'\(clean.replacingOccurrences(of: "'", with: "''"))'"
  }
}
