import Files
import Foundation
import TestSupport
import Testing

/// A page of documentation in Markdown.
struct Page {
  /// Its path below the checkout.
  let path: String
  let lines: [String]

  init(_ path: String) throws {
    self.path = path
    lines = try InputFile.text(of: SharedData.checkout.appending(path: path).path)
      .components(separatedBy: "\n")
  }

  /// README.md, Docs, the catalogues, and the pages beside robots, mappings and models.
  static func all() throws -> [Page] {
    let files = FileManager.default
    var paths = ["README.md"]
    for folder in ["Docs", "Sources", "Robots", "Mappings", "Skeletons", "Examples"] {
      let names = files.enumerator(atPath: SharedData.checkout.appending(path: folder).path)
      paths += (names?.compactMap { $0 as? String } ?? []).filter { $0.hasSuffix(".md") }
        .map { "\(folder)/\($0)" }
    }
    return try paths.sorted().map(Page.init)
  }

  /// The code blocks in a language, without their fences.
  func blocks(_ language: String) -> [[String]] {
    var blocks: [[String]] = []
    var block: [String]?
    for line in lines {
      if let open = block {
        if line == "```" {
          blocks.append(open)
          block = nil
        } else {
          block?.append(line)
        }
      } else if line == "```\(language)" {
        block = []
      }
    }
    return blocks
  }

  /// The anchors of the headings, as GitHub names them.
  var anchors: Set<String> {
    Set(
      lines.filter { $0.hasPrefix("#") }.map { line in
        line.drop { $0 == "#" }.lowercased().trimmingCharacters(in: .whitespaces)
          .filter { $0.isLetter || $0.isNumber || $0 == " " || $0 == "-" || $0 == "_" }
          .replacingOccurrences(of: " ", with: "-")
      })
  }

  /// The targets of the links to files and headings of the project, outside of code blocks.
  var links: [String] {
    var isCode = false
    let text = lines.filter { line in
      if line.hasPrefix("```") { isCode.toggle() }
      return !isCode
    }
    return text.joined(separator: " ").components(separatedBy: "](").dropFirst()
      .compactMap { $0.components(separatedBy: ")").first }
      .filter { !$0.contains("://") }
  }
}

@Suite("Pages of the documentation")
struct PageTests {
  @Test("Every link leads to a file of the project, and to a heading of it where it names one")
  func links() throws {
    let pages = try Page.all()
    #expect(pages.count > 15 && pages.reduce(0) { $0 + $1.links.count } > 30)
    for page in pages {
      let folder = SharedData.checkout.appending(path: page.path).deletingLastPathComponent()
      for link in page.links {
        let parts = link.components(separatedBy: "#")
        let target =
          parts[0].isEmpty
          ? SharedData.checkout.appending(path: page.path)
          : folder.appending(path: parts[0]).standardizedFileURL
        #expect(
          FileManager.default.fileExists(atPath: target.path), "\(page.path) links to \(link)")
        guard parts.count == 2 else { continue }
        let other = pages.first {
          SharedData.checkout.appending(path: $0.path).path == target.path
        }
        #expect(other?.anchors.contains(parts[1]) == true, "\(page.path) links to \(link)")
      }
    }
  }

  @Test("Folders and files of Sources that pages name are there")
  func sources() throws {
    for page in try Page.all() {
      for piece in page.lines.joined(separator: " ").components(separatedBy: "`")
      where piece.hasPrefix("Sources/") && !piece.contains(" ") {
        #expect(
          FileManager.default.fileExists(
            atPath: SharedData.checkout.appending(path: piece).path),
          "\(page.path) names \(piece)")
      }
    }
  }

  @Test("Every make target that pages name is in the Makefile")
  func targets() throws {
    let makefile = try Page("Makefile").lines
    for page in try Page.all() {
      for piece in page.lines.joined(separator: " ").components(separatedBy: "`make ").dropFirst() {
        let target = piece.prefix { $0.isLetter || $0 == "-" }
        #expect(
          makefile.contains { $0.hasPrefix("\(target):") }, "\(page.path) names make \(target)")
      }
    }
  }

  @Test("Every Swift example of a page is one that runs, of at most 20 lines; every one is shown")
  func examples() throws {
    let examples = try Self.examples()
    var shown: Set<[String]> = []
    for page in try Page.all() {
      for block in page.blocks("swift") {
        #expect(block.count <= 20, "\(page.path) has an example of \(block.count) lines")
        if block.first == "// Package.swift" { continue }
        let body = Self.trimmed(block.filter { !$0.hasPrefix("import ") })
        #expect(examples.contains(body), "\(page.path): \(body.joined(separator: "\n"))")
        shown.insert(body)
      }
    }
    #expect(examples.count >= 12 && shown == examples)
  }

  /// What stands between "// example" and "// end" in the tests that run the examples.
  private static func examples() throws -> Set<[String]> {
    var examples: Set<[String]> = []
    for path in ["DocumentationTests/Examples.swift", "MotionCompilerTests/ExampleTests.swift"] {
      var example: [String]?
      for line in try Page("Tests/\(path)").lines {
        let line = line.trimmingCharacters(in: .whitespaces)
        if line == "// example" || line.hasPrefix("// example: ") {
          example = []
        } else if line == "// end", let found = example {
          examples.insert(trimmed(found))
          example = nil
        } else {
          example?.append(line)
        }
      }
    }
    return examples
  }

  private static func trimmed(_ lines: [String]) -> [String] {
    lines.map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
  }
}
