import Files
import Foundation
import Generation
import Motions

/// Real motion that a generator is measured on: clips with their label, trial and side of the
/// split.
///
/// Of a folder with an `index.csv` the columns `file`, `split`, and where they are there `subject`,
/// `trial` and `licence` are read; of other files the split is that of training, and
/// pieces of one recording (`walk_a`, `walk_b`) are one trial.
struct RealMotion {
  /// A clip's file and what is known of it.
  struct Entry {
    var file: String
    var label: String?
    var trial: String
  }

  /// The clips that models are trained on.
  var training: [Entry] = []
  /// The clips that are held back.
  var heldOut: [Entry] = []
  private let labels: ClipLabels

  init(paths: [String], licence: String?, labels: String?) throws {
    self.labels = try ClipLabels(labels: labels, motions: paths)
    for path in paths {
      let index = "\(path)/index.csv"
      if FileSystem.exists(index) {
        try add(index: index, folder: path, licence: licence)
        continue
      }
      let set = try MotionSet(paths: [path], licence: nil)
      training += set.training.map { entry($0) }
      heldOut += set.validation.map { entry($0) }
    }
  }

  private func entry(_ file: String, trial: String? = nil) -> Entry {
    let recording = MotionPaths.stem(file).replacing(/_[a-z]$/, with: "")
    return Entry(file: file, label: labels.label(of: file), trial: trial ?? recording)
  }

  private mutating func add(index: String, folder: String, licence: String?) throws {
    let rows = CSVText.rows(try InputFile.text(of: index, limit: CSVText.largestFile))
    guard let header = rows.first, let file = header.firstIndex(of: "file"),
      let split = header.firstIndex(of: "split")
    else {
      throw FileError.malformed(path: index, reason: "the columns 'file' and 'split' were expected")
    }
    func cell(_ row: [String], _ name: String) -> String? {
      header.firstIndex(of: name).map { row[$0] }.flatMap { $0.isEmpty ? nil : $0 }
    }
    for row in rows.dropFirst() where row.count == header.count {
      if let licence, !(cell(row, "licence") ?? "").hasPrefix(licence) { continue }
      let trial = cell(row, "trial").map { "\(cell(row, "subject") ?? "")/\($0)" }
      let found = entry("\(folder)/\(row[file])", trial: trial)
      if row[split] == "val" { heldOut.append(found) } else { training.append(found) }
    }
  }

  /// Windows of some clips at 30 Hz, four for each window's length, every second one mirrored.
  ///
  /// - Parameters:
  ///   - entries: The clips; of more than `limit` as many, evenly spread.
  ///   - frames: The frames of a window; shorter clips have none.
  ///   - labels: The labels by their index; clips with others are left out. Where there are none,
  ///     windows have no label.
  ///   - mirroring: Whether every second window is mirrored.
  /// - Returns: The windows, and the labels that were left out.
  static func windows(
    of entries: [Entry], frames: Int, labels: [String], mirroring: Bool, limit: Int,
    options: ImportOptions
  ) throws -> (windows: MeasuredWindows, unknown: Set<String>) {
    let count = min(limit, entries.count)
    let chosen = (0..<count).map { entries[$0 * entries.count / count] }
    var unknown: Set<String> = []
    var windows: [MotionWindow] = []
    var trials: [Int] = []
    var numbers: [String: Int] = [:]
    for entry in chosen {
      var label: Int?
      if !labels.isEmpty, let name = entry.label {
        label = labels.firstIndex(of: name)
        guard label != nil else {
          unknown.insert(name)
          continue
        }
      }
      guard let clip = try MotionSet.read([entry.file], options: options).first?.resampled(to: 30)
      else { continue }
      let trial = numbers[entry.trial, default: numbers.count]
      numbers[entry.trial] = trial
      let last = clip.frameCount - frames
      for (index, start) in stride(from: 0, through: last, by: max(1, frames / 4)).enumerated() {
        var piece = try clip.slice(start..<(start + frames))
        if mirroring, !index.isMultiple(of: 2) { piece = piece.mirrored }
        var window = MotionWindow(piece.headingNormalized(), frames: 0..<frames)
        window.label = label
        windows.append(window)
        trials.append(trial)
      }
    }
    return (MeasuredWindows(windows, trials: trials), unknown)
  }
}
