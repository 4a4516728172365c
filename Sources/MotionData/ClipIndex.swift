package import Files
import Foundation

/// A table of clips with a header: the `index.csv` of a folder of motions, or one of labels.
package struct ClipIndex: Sendable {
  /// A row, whose cells are found by the names of their columns.
  package struct Row: Sendable {
    fileprivate let columns: [String: Int]
    fileprivate let cells: [String]

    /// The cell of a column; nil where there is no such column or the cell is empty.
    package subscript(_ column: String) -> String? {
      columns[column].map { cells[$0] }.flatMap { $0.isEmpty ? nil : $0 }
    }
  }

  /// The rows.
  package let rows: [Row]
  /// The names of the columns.
  package let columns: [String]
  /// The table's path.
  package let path: String

  /// Reads a table; of two columns of one name the first counts.
  ///
  /// Refuses a row that is longer (by more than empty cells) or shorter than the header, and a second row of the same file: it could be on
  /// both sides of a split, and have two labels.
  package init(path: String) throws(FileError) {
    let found = try CSVText.rows(
      try InputFile.text(of: path, limit: CSVText.largestFile), path: path)
    let header = found.first?.cells ?? []
    let columns = Dictionary(header.enumerated().map { ($1, $0) }, uniquingKeysWith: min)
    self.path = path
    self.columns = header
    var rows: [Row] = []
    var lines: [String: Int] = [:]
    for row in found.dropFirst() {
      // Spreadsheets write empty cells behind the last column, and rows of nothing else.
      let surplus = row.cells.dropFirst(header.count)
      guard row.cells.count >= header.count, surplus.allSatisfy(\.isEmpty) else {
        throw .malformed(
          path: path,
          reason: "line \(row.line) has \(Wording.count(row.cells.count, "cell")), \(header.count) "
            + "expected as in the header; a comma within a cell stands in quotes")
      }
      guard row.cells.contains(where: { !$0.isEmpty }) else { continue }
      rows.append(Row(columns: columns, cells: row.cells))
      guard let file = rows.last?["file"] else { continue }
      let place = URL(filePath: file).standardizedFileURL.path
      if let line = lines[place] {
        throw .malformed(
          path: path,
          reason:
            "line \(row.line) is of '\(file.shownPath)', and so is line \(line); one row for each "
            + "file expected")
      }
      lines[place] = row.line
    }
    self.rows = rows
  }

  /// Refuses a table that lacks one of these columns.
  package func require(_ needed: String...) throws(FileError) {
    guard needed.allSatisfy(columns.contains) else {
      throw .malformed(
        path: path,
        reason: "the columns \(needed.map { "'\($0)'" }.joined(separator: " and ")) were expected, "
          + "found \(columns.shownList)")
    }
  }
}
