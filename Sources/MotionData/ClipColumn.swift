import Files
import Foundation

/// What a column of an index says of clips: their actions, their descriptions.
public struct ClipColumn: Sendable {
  /// The column's name.
  public let column: String
  /// The cells by the files' full paths, and by their names alone.
  private var byPath: [String: String] = [:]
  private var byName: [String: String] = [:]

  /// Reads the column of an index, or of those of the folders of motions.
  ///
  /// - Parameters:
  ///   - column: The column's name.
  ///   - index: A table with the columns `file` and `column`; nil for the folders' own.
  ///   - motions: Files and folders of motions.
  public init(_ column: String, of index: String?, motions: [String]) throws {
    self.column = column
    guard let index else {
      for folder in motions {
        let index = "\(folder)/index.csv"
        guard try !InputFile.isAbsent(index) else { continue }
        try read(index, isAsked: false)
      }
      return
    }
    try read(index, isAsked: true)
  }

  /// All cells as text.
  public var text: String {
    (byPath.map { "\($0.key): \($0.value)" } + byName.map { "\($0.key): \($0.value)" }).sorted()
      .joined(separator: "\n")
  }

  /// The cell of a motion file, by its path or else by its name.
  public subscript(file: String) -> String? {
    byPath[Self.full(file)] ?? byName[Self.name(file)]
  }

  private mutating func read(_ index: String, isAsked: Bool) throws {
    let table = try ClipIndex(path: index)
    if isAsked { try table.require("file", column) }
    let folder = URL(filePath: index).deletingLastPathComponent().path
    for row in table.rows {
      guard let cell = row[column] else { continue }
      let file = row["file"] ?? ""
      byPath[Self.full("\(folder)/\(file)")] = cell
      if isAsked { byName[Self.name(file)] = cell }
    }
  }

  private static func full(_ path: String) -> String {
    URL(filePath: path).standardizedFileURL.path
  }

  private static func name(_ path: String) -> String { MotionPaths.outputName(path) }
}
