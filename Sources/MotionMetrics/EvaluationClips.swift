import Files
import Foundation
import HumanBody
public import MotionData
public import Motions

/// The real clips that a generator is evaluated on, each with its label, its trial and its part of
/// the split.
///
/// In a folder with an `index.csv` the columns `file`, `split` and, if present, `subject`, `trial`
/// and `licence` are read. Without an index the split is that of training, and parts of one
/// recording (`walk_a`, `walk_b`) are one trial.
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
    for path in paths {
      let index = "\(path)/index.csv"
      if try !InputFile.isAbsent(index) {
        try add(index: index, folder: path, selection)
        continue
      }
      let set = try MotionSplit(paths: [path], skipping: isOther)
      warnings += set.warnings
      training += set.training.map { entry($0) }
      heldOut += set.validation.map { entry($0) }
    }
  }

  private func entry(_ file: String, trial: String? = nil, person: String? = nil) -> Entry {
    let recording = MotionPaths.recording(of: MotionPaths.stem(file))
    return Entry(file: file, label: labels[file], trial: trial ?? recording, person: person)
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
    var (numbers, numbersOfPeople): ([String: Int], [String: Int]) = ([:], [:])
    for entry in chosen {
      var label: Int?
      if !labels.isEmpty, let name = entry.label {
        label = labels.firstIndex(of: name)
        guard label != nil else {
          unknown.insert(name)
          continue
        }
      }
      let read = try MotionSplit.read([entry.file], options: options)
      warnings += read.warnings
      guard let clip = try read.clips.first?.resampled(to: 30) else { continue }
      let trial = numbers[entry.trial, default: numbers.count]
      numbers[entry.trial] = trial
      // Of unknown people each recording counts as one.
      let person = entry.person ?? entry.trial
      let number = numbersOfPeople[person, default: numbersOfPeople.count]
      numbersOfPeople[person] = number
      let last = clip.frameCount - frames
      for (index, start) in stride(from: 0, through: last, by: max(1, frames / 4)).enumerated() {
        var piece = try clip.slice(start..<(start + frames))
        if mirroring, !index.isMultiple(of: 2) { piece = piece.mirrored }
        var window = MotionWindow(piece.headingNormalized(), frames: 0..<frames)
        window.label = label
        windows.append(window)
        trials.append(trial)
        people.append(number)
      }
    }
    return (EvaluationSet(windows, trials: trials, people: people), unknown, warnings)
  }
}
