import Files
import Foundation

/// The labels of clips, from the column `action` of an index.
public struct ClipLabels: Sendable {
  /// The labels by the files' full paths, and by their names alone.
  private var byPath: [String: String] = [:]
  private var byName: [String: String] = [:]

  /// Reads an index, or those of the folders of motions.
  public init(labels: String?, motions: [String]) throws {
    guard let labels else {
      for folder in motions {
        let index = "\(folder)/index.csv"
        guard try !InputFile.isAbsent(index) else { continue }
        try read(index, isAsked: false)
      }
      return
    }
    try read(labels, isAsked: true)
  }

  /// All labels as text.
  public var text: String {
    (byPath.map { "\($0.key): \($0.value)" } + byName.map { "\($0.key): \($0.value)" }).sorted()
      .joined(separator: "\n")
  }

  /// The label of a motion file, by its path or else by its name.
  public func label(of file: String) -> String? {
    byPath[Self.full(file)] ?? byName[Self.name(file)]
  }

  private mutating func read(_ index: String, isAsked: Bool) throws {
    let table = try ClipIndex(path: index)
    if isAsked { try table.require("file", "action") }
    let folder = URL(filePath: index).deletingLastPathComponent().path
    for row in table.rows {
      guard let action = row["action"] else { continue }
      let file = row["file"] ?? ""
      byPath[Self.full("\(folder)/\(file)")] = action
      if isAsked { byName[Self.name(file)] = action }
    }
  }

  private static func full(_ path: String) -> String {
    URL(filePath: path).standardizedFileURL.path
  }

  private static func name(_ path: String) -> String { MotionPaths.outputName(path) }
}
