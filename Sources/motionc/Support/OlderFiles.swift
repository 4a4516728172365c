import Files

extension InputFiles {
  /// Which of the files that a motion could be written to are there and not written now.
  ///
  /// They may be of another motion of that name. Inputs are none of them.
  func older(_ possible: [String], than written: [String]) -> [String] {
    possible.filter {
      !written.contains($0) && FileSystem.exists($0) && (try? refuse($0)) != nil
    }
  }

  /// What is said of such files; nil of none.
  static func sentence(older files: [String]) -> String? {
    guard let first = files.first else { return nil }
    let more = files.count > 1 ? " and \(Wording.count(files.count - 1, "more file"))" : ""
    return "'\(first.shownPath)'\(more) there from before, and not written anew"
  }
}
