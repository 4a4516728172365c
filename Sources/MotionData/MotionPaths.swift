import Files
import Foundation
public import Motions

/// Finds the motion files in folders.
public enum MotionPaths {
  /// The file extension of native trajectory files.
  public static let trajectoryEnding = ".trajectory.safetensors"

  /// The endings of motion files; where a clip of ours lies there in several formats, the most exact
  /// one comes first.
  static let endings = MotionFormats.endingsInFolders

  /// Expands folders to the motion files in them, recursively, in a stable order.
  ///
  /// In folders, files without human motion are skipped, and so are clips whose source or more
  /// exact format is in the same folder. The content of a file decides, never its name.
  ///
  /// - Parameters:
  ///   - paths: Files and folders.
  ///   - contents: What is taken of folders, by the contents of files; nil for motion capture in
  ///     files with the endings of formats that hold nothing else, as for training.
  ///   - isOther: Whether a file of a folder holds no human motion, such as a robot's trajectory.
  /// - Returns: The files, and notes on what was skipped.
  public static func expand(
    _ paths: [String], taking contents: Set<MotionInput.Contents>? = nil,
    skipping isOther: (String) -> Bool = { _ in false }
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
      let found = motions(below: path, taking: contents, skipping: isOther)
      guard !found.files.isEmpty else {
        let others = contents == nil ? "" : ", or tables, pickles and arrays of motion"
        throw FileError.malformed(
          path: path,
          reason: "the folder holds no motion (.bvh, .npz, .safetensors or .mvnx\(others))")
      }
      files += found.files
      notes += found.notes
    }
    return (files, notes)
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

  /// The recording that a file is a part of, by its name.
  package static func recording(ofFile path: String) -> String {
    recording(of: outputName(path))
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
