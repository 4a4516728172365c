package import Files

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

  /// The rows that are as long as the header.
  package let rows: [Row]
  /// The names of the columns.
  package let columns: [String]
  /// The table's path.
  package let path: String

  /// Reads a table; of two columns of one name the first counts.
  package init(path: String) throws(FileError) {
    let rows = CSVText.rows(try InputFile.text(of: path, limit: CSVText.largestFile))
    let header = rows.first ?? []
    let columns = Dictionary(header.enumerated().map { ($1, $0) }, uniquingKeysWith: min)
    self.path = path
    self.columns = header
    self.rows = rows.dropFirst().filter { $0.count == header.count }.map {
      Row(columns: columns, cells: $0)
    }
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
