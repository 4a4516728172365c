import Foundation

/// What a model is, what it was made from, and how good it is, as Markdown.
struct ModelCard {
  let text: String

  /// The card of a model's file.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - what: What it is, in a sentence.
  ///   - facts: Its sizes and what it can be told, a line of the list each.
  ///   - fingerprint: The SHA-256 of the file.
  ///   - history: The metadata of its training.
  ///   - measured: How the figures were measured, a heading.
  ///   - lines: The figures as they were printed.
  init(
    of path: String, what: String, facts: [String], fingerprint: String,
    history: [String: String], measured: String, lines: [String]
  ) {
    let list = (facts + ["File: SHA-256 \(fingerprint)"]).map { "- \($0)" }
    let rows = history.sorted { $0.key < $1.key }.map { "| \($0.key) | \($0.value) |" }
    text = """
      # \(URL(filePath: path).lastPathComponent)

      \(what)

      \(list.joined(separator: "\n"))

      ## Made from

      | what | value |
      | --- | --- |
      \(rows.joined(separator: "\n"))

      ## \(measured)

      ```
      \(lines.joined(separator: "\n"))
      ```

      """
  }
}
