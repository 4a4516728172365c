/// The models that ship with the project.
public enum ShippedModel {
  /// The file of a model: "generator", "smoother", or the folder name of a robot.
  ///
  /// - Throws: `FileError.unreadable` where no such model ships.
  public static func path(of name: String) throws(FileError) -> String {
    guard let examples = ProjectFolder.locate("Examples") else {
      throw .unreadable(path: "Examples", reason: "the folder was not found")
    }
    let path = "\(examples)/Models/\(name).safetensors"
    guard FileSystem.exists(path) else {
      throw .unreadable(path: path, reason: "no model '\(name.printable)' ships")
    }
    return path
  }
}
