import Files
import Foundation
import Motions
import Trajectories

/// The motion files behind paths given on the command line.
enum MotionPaths {
  /// The ending of the native trajectory file.
  static let trajectoryEnding = ".trajectory.safetensors"

  /// The endings of motion files; where a clip of ours lies there in several formats, the most exact
  /// one comes first.
  private static let endings = [".clip.safetensors", ".safetensors", ".npz", ".bvh"]

  /// The files themselves and, of folders, the motion files anywhere below, in a stable order.
  ///
  /// What we wrote ourselves into a folder is no motion of its own: robot trajectories, and clips whose
  /// source or whose more exact format lies beside them. It is told by what a file holds, and a note
  /// says what was skipped.
  static func expand(_ paths: [String]) throws -> [String] {
    var files: [String] = []
    for path in paths {
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
        throw FileError.unreadable(path: path, reason: "no such file or folder")
      }
      guard isFolder.boolValue else {
        files.append(path)
        continue
      }
      let found = motions(below: path)
      guard !found.isEmpty else {
        throw FileError.malformed(
          path: path, reason: "the folder holds no motion (.bvh, .npz or .safetensors)")
      }
      files += found
    }
    return files
  }

  private static func motions(below folder: String) -> [String] {
    let all = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
    let candidates = all.filter { ending(of: $0) != nil }.sorted().map { "\(folder)/\($0)" }
    let trajectories = Set(candidates.filter { SafeTrajectory.isHeld(by: $0) })
    let motions = candidates.filter { !trajectories.contains($0) }
    let together = Dictionary(grouping: motions, by: stemPath)
    let copies = Set(together.values.filter { $0.count > 1 }.flatMap(copies))
    note("robot trajectory", trajectories)
    note("copy of a motion beside it", copies)
    return motions.filter { !copies.contains($0) }
  }

  /// Those of some files of one name that only say again what another one of them holds.
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

  private static func note(_ what: String, _ files: Set<String>) {
    guard let first = files.min() else { return }
    let others = files.count > 1 ? " and \(files.count - 1) more" : ""
    Console.note("note: skipped as \(what): '\(first)'\(others)")
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
  static func stem(_ path: String) -> String {
    URL(filePath: path).deletingPathExtension().lastPathComponent
  }
}

extension MotionPaths {
  /// What the results of a motion are called: its file's name, a clip's own ending left out.
  ///
  /// Never a name inside of the file, which may be another motion's or lead out of the folder.
  static func outputName(_ path: String) -> String {
    let name = stem(path)
    return name.hasSuffix(".clip") && name.count > 5 ? String(name.dropLast(5)) : name
  }

  /// Refuses two motions of one name, whose results would be written over each other.
  static func refuseCollisions(_ files: [String]) throws {
    var seen: [String: String] = [:]
    for file in files {
      if let other = seen.updateValue(file, forKey: outputName(file)) {
        throw FileError.malformed(
          path: file, reason: "'\(other)' has the same name; write them into two folders")
      }
    }
  }
}
