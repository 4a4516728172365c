import Files
import Foundation
import HumanBody
public import MotionData
public import Motions

/// The real clips that a generator is evaluated on, each with its label, its trial and its part of
/// the split.
///
/// In a folder with an `index.csv` the columns `file`, `split` and, if present, `subject`, `trial`
/// and `licence` are read; people who are on both sides are not held out, where others are. Without an index the split
/// is that of training, and parts of one recording (`walk_a`, `walk_b`) are one trial.
public struct EvaluationClips: Sendable {
  /// A clip's file with its label and trial.
  public struct Entry: Sendable {
    /// The file.
    public var file: String
    /// The action; nil if unknown.
    public var label: String?
    /// The recording that the clip is part of.
    public var trial: String
    /// Who moves; nil if unknown.
    public var person: String?
  }

  /// The clips that models are trained on.
  public var training: [Entry] = []
  /// The clips that are held back.
  public var heldOut: [Entry] = []
  private let labels: ClipColumn

  /// Warnings for the user, such as skipped files.
  public private(set) var warnings: [String] = []

  /// All files of motion.
  public var files: [String] { (training + heldOut).map(\.file) }

  /// Finds the clips in files and folders.
  ///
  /// - Parameters:
  ///   - paths: Files and folders.
  ///   - selection: Which rows of an index are taken.
  ///   - labels: An index.csv with the columns `file` and `action`; nil for the folders' own.
  ///   - isOther: Whether a file of a folder holds no human motion; see `MotionPaths.expand`.
  public init(
    paths: [String], selection: IndexSelection, labels: String?,
    skipping isOther: (String) -> Bool = { _ in false }
  ) throws {
    self.labels = try ClipColumn("action", of: labels, motions: paths)
    var others: [String] = []
    for path in paths {
      let index = "\(path)/index.csv"
      if try InputFile.isAbsent(index) {
        others.append(path)
      } else {
        try add(index: index, folder: path, selection)
      }
    }
    // All at once and as training divides them, which holds something out by force only where no index is.
    let set = try MotionSplit(
      paths: others, holdingOutOne: others.count == paths.count, skipping: isOther)
    warnings += set.warnings
    training += set.training.map { entry($0) }
    heldOut += set.validation.map { entry($0) }
    keepStrangers()
  }

  private func entry(_ file: String, trial: String? = nil, person: String? = nil) -> Entry {
    Entry(
      file: file, label: labels[file], trial: trial ?? MotionPaths.recording(ofFile: file),
      person: person)
  }

  /// Leaves out of what is held out the people who are in training too, unless nobody would be left.
  private mutating func keepStrangers() {
    let known = Set(training.compactMap(\.person))
    let strangers = heldOut.filter { $0.person.map { !known.contains($0) } ?? true }
    guard strangers.count < heldOut.count else { return }
    let met = Set(heldOut.compactMap(\.person).filter(known.contains)).sorted()
    guard !strangers.isEmpty else {
      warnings.append(
        "all people who are held out are in training too (\(met.shownList)): what is measured is how well trials are "
          + "met, not people")
      return
    }
    warnings.append(
      "\(Wording.count(heldOut.count - strangers.count, "held-out clip")) left out, since the people are in training "
        + "too: \(met.shownList)")
    heldOut = strangers
  }

  /// A number for a trial or a person, the same wherever it is named.
  private static func number(of name: String) -> Int {
    Int(Fingerprint.sha256(Array(name.utf8)).prefix(15), radix: 16) ?? 0
  }

  private mutating func add(index: String, folder: String, _ selection: IndexSelection) throws {
    let rows = try selection.divide(ClipIndex(path: index))
    func found(_ row: ClipIndex.Row) -> Entry {
      let trial = row["trial"].map { "\(row["subject"] ?? "")/\($0)" }
      return entry(
        "\(folder)/\(row["file"] ?? "")", trial: trial, person: row["subject"])
    }
    training += rows.training.map(found)
    heldOut += rows.heldOut.map(found)
    warnings += rows.warnings
  }

  /// Windows of some clips at 30 Hz, four for each window's length, every second one mirrored.
  ///
  /// - Parameters:
  ///   - entries: The clips; of more than `limit` as many, evenly spread.
  ///   - frames: The frames of a window; shorter clips have none.
  ///   - labels: The labels by their index; clips with others are left out. Where there are none,
  ///     windows have no label.
  ///   - mirroring: Whether every second window is mirrored.
  ///   - limit: The most clips that are read.
  ///   - options: How motion files are read.
  /// - Returns: The windows, and the labels that were left out.
  public static func windows(
    of entries: [Entry], frames: Int, labels: [String], mirroring: Bool, limit: Int,
    options: ImportOptions
  ) throws -> (windows: EvaluationSet, unknown: Set<String>, warnings: [String]) {
    let count = min(limit, entries.count)
    let chosen = (0..<count).map { entries[$0 * entries.count / count] }
    var unknown: Set<String> = []
    var windows: [MotionWindow] = []
    var warnings: [String] = []
    var (trials, people): ([Int], [Int]) = ([], [])
    let sides = MirroredLabels(labels)
    if count < entries.count {
      warnings.append("\(count) of \(entries.count) clips are read, evenly spread")
    }
    for entry in chosen {
      func isKnown(_ name: String?) -> Bool {
        guard !labels.isEmpty, let name, !labels.contains(name) else { return true }
        unknown.insert(name)
        return false
      }
      guard isKnown(entry.label) else { continue }
      let read = try MotionSplit.read([entry.file], options: options)
      warnings += read.warnings
      guard let found = read.clips.first else { continue }
      // A label that no table gives is the clip's own, as in training.
      let name = entry.label ?? found.label
      guard isKnown(name) else { continue }
      let label = name.flatMap(labels.firstIndex)
      let clip = try found.resampled(to: 30)
      let trial = Self.number(of: entry.trial)
      // Of unknown people each recording counts as one.
      let person = Self.number(of: entry.person ?? entry.trial)
      let last = clip.frameCount - frames
      for (index, start) in stride(from: 0, through: last, by: max(1, frames / 4)).enumerated() {
        var piece = try clip.slice(start..<(start + frames))
        // What says a side is mirrored only where there is a label for the other one.
        let other = label.flatMap { sides.mirrored($0) }
        let isMirrored = mirroring && !index.isMultiple(of: 2) && (label == nil || other != nil)
        if isMirrored { piece = piece.mirrored }
        var window = MotionWindow(piece.headingNormalized(), frames: 0..<frames)
        window.label = isMirrored ? other : label
        windows.append(window)
        trials.append(trial)
        people.append(person)
      }
    }
    return (EvaluationSet(windows, trials: trials, people: people), unknown, warnings)
  }
}
