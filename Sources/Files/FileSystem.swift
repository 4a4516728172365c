import Foundation

/// What lies at a path, by the name's own bytes (`FileName`), which Foundation takes for UTF-8.
public enum FileSystem {
  /// The kinds of things at a path; a link counts as what it leads to.
  public enum Kind: Sendable, Hashable {
    case file
    case folder
    /// A device, a pipe, a socket.
    case other
  }

  /// What lies at a path; nil where nothing does, or a link that leads nowhere.
  public static func kind(of path: String) -> Kind? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return .file
    case S_IFDIR: return .folder
    default: return .other
    }
  }

  /// Whether anything lies at a path.
  public static func exists(_ path: String) -> Bool { kind(of: path) != nil }

  /// Removes a file, if it is there.
  public static func remove(_ path: String) { unlink(path) }

  /// The names in a folder, sorted; nil where it cannot be read.
  public static func names(in folder: String) -> [String]? {
    guard let stream = opendir(folder) else { return nil }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      // The name lies behind the entry's fixed part and is as long as the record allows.
      let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
        tuple.withMemoryRebound(to: CChar.self, capacity: 256) { FileName.text(of: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// The files anywhere below a folder, relative to it and sorted; links to folders are not
  /// followed, so that none leads round in a circle.
  public static func files(below folder: String) -> [String] {
    var files: [String] = []
    var open = [""]
    while let place = open.popLast() {
      for name in names(in: folder + "/" + place) ?? [] {
        let path = place + name
        var status = stat()
        guard lstat("\(folder)/\(path)", &status) == 0 else { continue }
        if status.st_mode & S_IFMT == S_IFDIR {
          open.append(path + "/")
        } else {
          files.append(path)
        }
      }
    }
    return files.sorted()
  }
}
