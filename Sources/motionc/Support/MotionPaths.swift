import Files
import Foundation

/// The motion files behind paths given on the command line.
enum MotionPaths {
  private static let extensions: Set<String> = ["bvh", "npz", "safetensors"]

  /// The ending of the native trajectory file.
  static let trajectoryEnding = ".trajectory.safetensors"

  /// The files themselves and, of folders, the motion files anywhere below, in a stable order.
  ///
  /// Trajectories that lie in a folder from an earlier run, and their exports, are no motions.
  static func expand(_ paths: [String]) throws -> [String] {
    var files: [String] = []
    for path in paths {
      guard let kind = FileSystem.kind(of: path) else {
        throw FileError.unreadable(path: path, reason: "no such file or folder")
      }
      guard kind == .folder else {
        files.append(path)
        continue
      }
      let all = FileSystem.files(below: path)
      let trajectories = all.filter { $0.hasSuffix(trajectoryEnding) }
      let results = Set(
        trajectories + trajectories.map { $0.dropLast(trajectoryEnding.count) + ".npz" })
      let below = all.filter { !results.contains($0) }
      let motions = below.filter {
        extensions.contains(URL(filePath: $0).pathExtension.lowercased())
      }
      guard !motions.isEmpty else {
        throw FileError.malformed(
          path: path, reason: "the folder holds no motion (.bvh, .npz or .safetensors)")
      }
      files += oneForEach(motions.sorted()).map { "\(path)/\($0)" }
    }
    return files
  }

  /// Of a motion that lies there in several of the formats that we write ourselves, the most exact
  /// one.
  private static func oneForEach(_ motions: [String]) -> [String] {
    let all = Set(motions)
    return motions.filter { file in
      let stem = String(file.dropLast(URL(filePath: file).pathExtension.count + 1))
      if file.hasSuffix(".bvh") {
        return !all.contains(stem + ".npz") && !all.contains(stem + ".clip.safetensors")
      }
      return !file.hasSuffix(".npz") || !all.contains(stem + ".clip.safetensors")
    }
  }

  /// A file's name without folder and extension.
  static func stem(_ path: String) -> String {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return name }
    return String(name[..<dot])
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
