import Files
import Foundation
import Motions

/// Finds the motion files in folders.
public enum MotionPaths {
  /// The file extension of native trajectory files.
  public static let trajectoryEnding = ".trajectory.safetensors"

  /// The endings of motion files; where a clip of ours lies there in several formats, the most exact
  /// one comes first.
  private static let endings = MotionFormats.endingsInFolders

  /// Expands folders to the motion files in them, recursively, in a stable order.
  ///
  /// In folders, files without human motion are skipped, and so are clips whose source or more
  /// exact format is in the same folder. The content of a file decides, never its name.
  ///
  /// - Parameters:
  ///   - paths: Files and folders.
  ///   - isOther: Whether a file of a folder holds no human motion, such as a robot's trajectory.
  /// - Returns: The files, and notes on what was skipped.
  public static func expand(
    _ paths: [String], skipping isOther: (String) -> Bool = { _ in false }
  ) throws -> (files: [String], notes: [String]) {
    var (files, notes): ([String], [String]) = ([], [])
    for path in paths {
      guard let kind = FileSystem.kind(of: path) else {
        throw FileError.unreadable(path: path, reason: "no such file or folder")
      }
      guard kind == .folder else {
        files.append(path)
        continue
      }
      let found = motions(below: path, skipping: isOther)
      guard !found.files.isEmpty else {
        throw FileError.malformed(
          path: path, reason: "the folder holds no motion (.bvh, .npz or .safetensors)")
      }
      files += found.files
      notes += found.notes
    }
    return (files, notes)
  }

  private static func motions(
    below folder: String, skipping isOther: (String) -> Bool
  ) -> (files: [String], notes: [String]) {
    let candidates = FileSystem.files(below: folder).filter { ending(of: $0) != nil }.map {
      "\(folder)/\($0)"
    }
    let others = Set(candidates.filter(isOther))
    let motions = candidates.filter { !others.contains($0) }
    let together = Dictionary(grouping: motions, by: stemPath)
    let copies = Set(together.values.filter { $0.count > 1 }.flatMap(copies))
    let notes = [note("robot trajectory", others), note("copy of a motion beside it", copies)]
    return (motions.filter { !copies.contains($0) }, notes.compactMap { $0 })
  }

  /// The files among some of one name that duplicate another one of them.
  private static func copies(among files: [String]) -> [String] {
    let imports = files.filter { file in
      files.contains {
        !$0.lowercased().hasSuffix(".safetensors") && MotionFile.isImport(file, of: $0)
      }
    }
    // A capture is no copy of what was imported from it.
    let others = files.filter { !imports.contains($0) }
    return imports
      + others.filter { file in
        others.contains { rank($0) < rank(file) && MotionFile.isCopy(file, of: $0) }
      }
  }

  private static func note(_ what: String, _ files: Set<String>) -> String? {
    guard let first = files.min() else { return nil }
    let others = files.count > 1 ? " and \(files.count - 1) more" : ""
    return "note: skipped as \(what): '\(first.shownPath)'\(others)"
  }

  private static func ending(of path: String) -> String? {
    let lower = path.lowercased()
    return endings.first { lower.hasSuffix($0) }
  }

  private static func rank(_ path: String) -> Int {
    ending(of: path).flatMap { endings.firstIndex(of: $0) } ?? endings.count
  }

  /// The path without the ending of a motion file.
  private static func stemPath(_ path: String) -> Substring {
    path.dropLast(ending(of: path)?.count ?? 0)
  }

  /// A file's name without folder and extension.
  public static func stem(_ path: String) -> String {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return name }
    return String(name[..<dot])
  }
}

extension MotionPaths {
  /// The recording that a clip is a part of, by its name: `walk_a` and `walk_b` are parts of `walk`.
  package static func recording(of name: String) -> String {
    name.replacing(/_[a-z]$/, with: "")
  }

  /// The base name for the results of a motion: its file name without the extension.
  ///
  /// A name stored inside the file is never used: it may belong to another motion or contain a
  /// path.
  public static func outputName(_ path: String) -> String {
    let name = stem(path)
    return name.hasSuffix(".clip") && name.count > 5 ? String(name.dropLast(5)) : name
  }

  /// Refuses two motions of one name, whose results would overwrite each other.
  public static func refuseCollisions(_ files: [String]) throws {
    var seen: [String: String] = [:]
    for file in files {
      if let other = seen.updateValue(file, forKey: outputName(file)) {
        throw FileError.malformed(
          path: file, reason: "'\(other)' has the same name; write them into two folders")
      }
    }
  }
}
