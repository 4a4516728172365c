import Files
import Foundation

/// The motion files behind paths given on the command line.
enum MotionPaths {
  private static let extensions: Set<String> = ["bvh", "npz", "safetensors"]

  /// The files themselves and, of folders, the motion files anywhere below, in a stable order.
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
      let below = FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []
      let motions = below.filter {
        extensions.contains(URL(filePath: $0).pathExtension.lowercased())
      }
      guard !motions.isEmpty else {
        throw FileError.malformed(
          path: path, reason: "the folder holds no motion (.bvh, .npz or .safetensors)")
      }
      files += motions.sorted().map { "\(path)/\($0)" }
    }
    return files
  }

  /// A file's name without folder and extension.
  static func stem(_ path: String) -> String {
    URL(filePath: path).deletingPathExtension().lastPathComponent
  }
}

extension MotionPaths {
  /// Refuses two motions of one name, whose trajectories would be written over each other.
  static func refuseCollisions(_ files: [String]) throws {
    var seen: [String: String] = [:]
    for file in files {
      if let other = seen.updateValue(file, forKey: stem(file)) {
        throw FileError.malformed(
          path: file, reason: "'\(other)' has the same name; compile them into two folders")
      }
    }
  }
}
