/// Rows of comma-separated text (RFC 4180), with quoted cells.
public enum CSVText {
  /// The largest table that is read [bytes]: a hundred thousand rows.
  public static let largestFile = 16 << 20

  /// A row.
  public struct Row: Sendable, Hashable {
    /// The line in which it begins, from 1.
    public let line: Int
    /// Its cells, without the blanks around those that are not in quotes.
    public let cells: [String]
  }

  /// The rows of a text; empty lines are none.
  ///
  /// A cell in quotes may hold commas, line ends, and quotes that are written twice. Refuses a quote that is not
  /// closed, which would swallow all rows behind it.
  ///
  /// - Parameters:
  ///   - text: The text; a byte order mark in front of it is passed over.
  ///   - path: Where it is from, for errors.
  public static func rows(_ text: String, path: String) throws(FileError) -> [Row] {
    var (rows, row, cell): ([Row], [String], String) = ([], [], "")
    var (line, begin, opened) = (1, 1, 1)
    /// Whether the cell is in quotes, and whether they are still open.
    var (isQuoted, isOpen, closesOrDoubles) = (false, false, false)
    /// Of all that Unicode calls a line end, these end a row.
    func isLineEnd(_ character: Character) -> Bool { ["\n", "\r", "\r\n"].contains(character) }
    func endCell() {
      row.append(isQuoted ? cell : cell.trimmed)
      (cell, isQuoted, isOpen, closesOrDoubles) = ("", false, false, false)
    }
    func endRow() {
      let isEmpty = row.isEmpty && !isQuoted && cell.trimmed.isEmpty
      endCell()
      if !isEmpty { rows.append(Row(line: begin, cells: row)) }
      row = []
    }
    for character in text.hasPrefix("\u{FEFF}") ? text.dropFirst() : Substring(text) {
      if isLineEnd(character) { line += 1 }
      if isOpen, !closesOrDoubles {
        if character == "\"" { closesOrDoubles = true } else { cell.append(character) }
        continue
      }
      if closesOrDoubles {
        if character == "\"" {
          cell.append(character)
          closesOrDoubles = false
          continue
        }
        (isOpen, closesOrDoubles) = (false, false)
      }
      switch character {
      case "\"" where !isQuoted && cell.trimmed.isEmpty:
        (cell, isQuoted, isOpen, opened) = ("", true, true, line)
      case ",": endCell()
      case _ where isLineEnd(character):
        endRow()
        begin = line
      case " " where isQuoted, "\t" where isQuoted: break
      default: cell.append(character)
      }
    }
    guard !isOpen || closesOrDoubles else {
      throw .malformed(
        path: path, reason: "the quote that line \(opened) opens is not closed before the file ends"
      )
    }
    endRow()
    return rows
  }
}

extension String {
  /// Without blanks at both ends.
  fileprivate var trimmed: String {
    let blank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
    guard let first = firstIndex(where: { !blank($0) }), let last = lastIndex(where: { !blank($0) })
    else { return "" }
    return String(self[first...last])
  }
}
