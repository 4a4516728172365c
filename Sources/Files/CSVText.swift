/// Rows of comma-separated text, with quoted cells.
public enum CSVText {
  /// The largest table that is read [bytes]: a hundred thousand rows.
  public static let largestFile = 16 << 20

  /// The rows of a text and their cells; a cell in quotes may hold commas and line ends.
  public static func rows(_ text: String) -> [[String]] {
    var rows: [[String]] = []
    var row: [String] = []
    var cell = ""
    var quoted = false
    func end(_ row: inout [String], _ cell: inout String) {
      row.append(cell)
      cell = ""
    }
    for character in text {
      switch character {
      case "\"": quoted.toggle()
      case "," where !quoted: end(&row, &cell)
      case "\n" where !quoted, "\r\n" where !quoted:
        end(&row, &cell)
        rows.append(row)
        row = []
      default: cell.append(character)
      }
    }
    if !cell.isEmpty || !row.isEmpty {
      end(&row, &cell)
      rows.append(row)
    }
    return rows
  }
}
