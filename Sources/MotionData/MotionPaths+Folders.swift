import Files
import Motions

/// What is taken of folders.
extension MotionPaths {
  /// The motion files anywhere below a folder, and notes on what was skipped; see `expand`.
  static func motions(
    below folder: String, taking contents: Set<MotionInput.Contents>?,
    skipping isOther: (String) -> Bool
  ) -> (files: [String], notes: [String]) {
    var left: [Skipped: Set<String>] = [:]
    var files = FileSystem.files(below: folder).map { "\(folder)/\($0)" }.filter { path in
      ending(of: path) != nil || contents != nil && isDoubtful(path)
    }
    func leave(_ reason: Skipped, _ some: [String]) {
      left[reason, default: []].formUnion(some)
      let some = Set(some)
      files.removeAll { some.contains($0) }
    }
    leave(.trajectory, files.filter(isOther))
    leave(
      .model,
      files.filter { file in
        FileContents.safetensorsMetadata(of: file)?["kind"].flatMap { FileKind(of: $0) } != nil
      })
    if let contents {
      for file in files where isDoubtful(file) {
        if let reason = Skipped(file, taking: contents) { leave(reason, [file]) }
      }
    }
    let together = Dictionary(grouping: files, by: stemPath)
    leave(.copy, together.values.filter { $0.count > 1 }.flatMap(copies))
    if contents != nil {
      let named = Dictionary(grouping: files) { stemPath($0) }.values.filter { $0.count > 1 }
      // The endings of formats that hold nothing else than motion go first.
      leave(
        .sameName,
        named.flatMap {
          $0.sorted { (rank($0), $0) < (rank($1), $1) }.dropFirst().filter(isDoubtful)
        })
    }
    let notes = Skipped.allCases.map { note($0.rawValue, left[$0] ?? []) }
    return (files, notes.compactMap { $0 })
  }

  /// Why a file of a folder is left alone, as the rest of a note.
  private enum Skipped: String, CaseIterable {
    case trajectory = "robot trajectory"
    case model = "model or codes of motionc"
    case copy = "copy of a motion beside it"
    case sameName = "another file of a motion's name"
    case nothing = "no motion"
    case unreadable = "a pickle that is not read; 'motionc import' of it says why"
    case robot = "a robot's motion, which 'motionc compile' takes"
    case track = "tracked joints, which 'motionc import' and 'motionc smooth' take"
    case capture = "human motion"

    /// The reason for a file; nil for one that is taken, or whose reader says why it is refused.
    init?(_ file: String, taking contents: Set<MotionInput.Contents>) {
      guard let input = try? MotionInput(contentsOf: file) else { return nil }
      guard !input.isOwnTrajectory else {
        self = .trajectory
        return
      }
      guard input.isMotion else {
        self = input.isUnreadablePickle ? .unreadable : .nothing
        return
      }
      guard !contents.contains(input.contents) else { return nil }
      switch input.contents {
      case .capture: self = .capture
      case .track: self = .track
      case .robot: self = .robot
      }
    }
  }

  /// Whether a file has an ending that says little.
  private static func isDoubtful(_ path: String) -> Bool {
    let lower = path.lowercased()
    return MotionFormats.doubtfulEndings.contains { lower.hasSuffix($0) }
  }

  /// The files among some of one name that duplicate another one of them.
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

  private static func note(_ what: String, _ files: Set<String>) -> String? {
    guard let first = files.min() else { return nil }
    let others = files.count > 1 ? " and \(files.count - 1) more" : ""
    return "note: skipped as \(what): '\(first.shownPath)'\(others)"
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
    let lower = path.lowercased()
    let doubtful = MotionFormats.doubtfulEndings.first { lower.hasSuffix($0) }
    return path.dropLast((ending(of: path) ?? doubtful)?.count ?? 0)
  }
}
