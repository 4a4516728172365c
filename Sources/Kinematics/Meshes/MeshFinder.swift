import Foundation

/// Where the meshes are that a URDF names.
///
/// Without ROS nothing says where a package is: a folder of its name is looked for beside the URDF and
/// above it, the package may be one of these folders itself, or lie in one that `ROS_PACKAGE_PATH` names.
struct MeshFinder {
  /// The folder of the URDF.
  let folder: String
  /// The folders in which packages may lie besides those above the URDF.
  var further: [String] = Self.environment

  /// How far above the URDF is looked.
  private static let steps = 6

  private static let environment: [String] =
    (ProcessInfo.processInfo.environment["ROS_PACKAGE_PATH"] ?? "").split(separator: ":").map(
      String.init)

  /// The path of a mesh; nil where no file is found.
  func path(of name: String) -> String? {
    if name.hasPrefix("file://") { return existing([String(name.dropFirst(7))]) }
    guard
      let rest = ["package://", "model://"].first(where: name.hasPrefix).map({
        name.dropFirst($0.count)
      })
    else {
      return existing([name.hasPrefix("/") ? name : "\(folder)/\(name)"])
    }
    let inside =
      rest.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: true).last ?? ""
    var candidates: [String] = []
    for step in 0..<Self.steps {
      let above = folder + String(repeating: "/..", count: step)
      candidates += ["\(above)/\(rest)", "\(above)/\(inside)"]
    }
    return existing(candidates + further.flatMap { ["\($0)/\(rest)", "\($0)/\(inside)"] })
  }

  private func existing(_ candidates: [String]) -> String? {
    candidates.first {
      var isFolder: ObjCBool = false
      return FileManager.default.fileExists(atPath: $0, isDirectory: &isFolder)
        && !isFolder.boolValue
    }
  }
}
