import Foundation

/// Locates the folders that the project ships, from any working directory.
public enum ProjectFolder {
  /// The path of a shipped folder ("Robots", "Mappings", "Skeletons", "Examples"), or nil.
  ///
  /// Looked for in the folder that MOTIONC_HOME names, above the executable (also under
  /// `share/motionc`), above the working directory, and in the checkout that this was built from.
  public static func locate(_ name: String) -> String? {
    let environment = ProcessInfo.processInfo.environment
    if let home = environment["MOTIONC_HOME"], let found = project(at: home, holding: name) {
      return found
    }
    let executable = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
    let checkout = URL(filePath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().path
    for start in [executable, FileManager.default.currentDirectoryPath, checkout].compactMap({ $0 })
    {
      var folder = URL(filePath: start).standardizedFileURL
      while folder.path != "/" {
        for candidate in [folder.path, folder.appending(path: "share/motionc").path] {
          if let found = project(at: candidate, holding: name) { return found }
        }
        folder.deleteLastPathComponent()
      }
    }
    return nil
  }

  /// A folder counts only where all of the project's folders lie together, so that some other
  /// folder called "Examples" is not taken for ours.
  private static func project(at root: String, holding name: String) -> String? {
    let required = Set(["Robots", "Mappings", "Skeletons", name])
    let complete = required.allSatisfy { FileManager.default.fileExists(atPath: "\(root)/\($0)") }
    return complete ? "\(root)/\(name)" : nil
  }
}
