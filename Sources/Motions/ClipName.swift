/// Names of clips: always plain names, since files are named after clips.
public enum ClipName {
  /// The longest plain name [bytes]; file systems allow 255 with the extension.
  private static let longest = 200

  /// A file's name without folder and extension, what is no plain text replaced.
  public static func of(_ path: String) -> String {
    let file = path.split(separator: "/").last.map(String.init) ?? ""
    var stem = file[...]
    if let dot = file.lastIndex(of: "."), dot != file.startIndex { stem = file[..<dot] }
    let name = String(String.UnicodeScalarView(stem.unicodeScalars.map { isPlain($0) ? $0 : "_" }))
    return name.isEmpty || name == "." || name == ".." ? "clip" : name
  }

  /// Whether a name can be a file name and has no control characters.
  public static func isPlain(_ name: String) -> Bool {
    !name.isEmpty && name != "." && name != ".." && name.utf8.count <= longest
      && name.unicodeScalars.allSatisfy { isPlain($0) && $0 != "/" }
  }

  private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: false
    default: true
    }
  }
}
