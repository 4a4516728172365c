import ArgumentParser
import Files
import Foundation
import Motions

/// What came of importing files: each report, and a table of all of them at the end.
struct ImportSummary {
  /// Whether everything is printed as JSON, one line for each file.
  let isJSON: Bool
  private var readCount = 0
  private var doubted: [(path: String, why: String)] = []
  private var refused: [(path: String, why: String)] = []
  private var firstFailure: (any Error)?

  /// The longest reason in the table; the whole one stands above it.
  private static let width = 110

  init(isJSON: Bool) { self.isJSON = isJSON }

  /// Prints the report of a file that was read.
  mutating func add(_ report: ImportReport, written: [String]) {
    if let doubt = report.findings.first(where: { $0.kind.isDoubt }) {
      doubted.append((report.path, doubt.message))
    } else {
      readCount += 1
    }
    if isJSON {
      Console.result(Self.json(report))
    } else {
      Console.result(report.lines.joined(separator: "\n"))
      Console.result("  written to \(written.map(\.shownPath).joined(separator: ", "))")
    }
  }

  /// What a JSON line says of a file that was refused.
  private struct Refusal: Encodable {
    var path: String
    var refused: String
    var code: String
  }

  /// Says why a file was refused.
  mutating func add(_ error: any Error, path: String) {
    firstFailure = firstFailure ?? error
    let sentence = Batch.sentence(error, file: path)
    refused.append((path, sentence))
    if isJSON {
      let category = (error as? any CategorizedError).map { "\($0.category)" } ?? "internal"
      Console.result(Self.json(Refusal(path: path, refused: sentence, code: category)))
    }
    Batch.report(error, file: path)
  }

  private static func json(_ value: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
  }

  /// Prints the table of several files; throws the exit code where some were refused.
  func conclude() throws {
    let count = readCount + doubted.count + refused.count
    if count > 1 {
      let lines =
        ["read     \(readCount)"] + Self.rows("doubted", doubted) + Self.rows("refused", refused)
      if isJSON {
        Console.note("note: \(readCount) read, \(doubted.count) doubted, \(refused.count) refused")
      } else {
        Console.result(lines.joined(separator: "\n"))
      }
    }
    guard let firstFailure else { return }
    throw refused.count < count ? ExitStatus.partial : ExitStatus.code(for: firstFailure)
  }

  private static func rows(_ word: String, _ files: [(path: String, why: String)]) -> [String] {
    let head = word.padding(toLength: 9, withPad: " ", startingAt: 0)
    return ["\(head)\(files.count)"]
      + files.map { file in
        // The path stands in front already.
        var why = Substring(file.why)
        for head in ["'\(file.path)'", file.path] where why.hasPrefix(head) {
          why = why.dropFirst(head.count).drop { " :,".contains($0) }
        }
        let short = why.count > width ? "\(why.prefix(width))…" : String(why)
        return "  \(file.path.shownPath): \(short.shownReason)"
      }
  }
}
