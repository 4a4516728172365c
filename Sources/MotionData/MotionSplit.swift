import Files
import Foundation
public import Motions

/// Motion files divided into training and validation files.
///
/// In a folder with an `index.csv` with the columns `file` and `split`, the index defines the
/// split, and a selection takes some of its rows. Otherwise one recording in eight is held
/// out, chosen by its name; its parts (`walk_a`, `walk_b`) stay together.
public struct MotionSplit: Sendable {
  /// The files to train on.
  public var training: [String] = []
  /// The files that training never sees.
  public var validation: [String] = []
  /// Warnings for the user, such as skipped files.
  public private(set) var warnings: [String] = []
  /// The index files that define the split.
  private var indexes: [String] = []

  /// All files that are read, index files included.
  public var files: [String] { training + validation + indexes }

  /// The motion files of paths.
  ///
  /// - Parameters:
  ///   - paths: Files and folders.
  ///   - selection: Which rows of an index are taken.
  ///   - holdsOutOne: Whether the last recording is held out where there is no index and no name says so.
  ///   - isOther: Whether a file of a folder holds no human motion; see `MotionPaths.expand`.
  public init(
    paths: [String], selection: IndexSelection = IndexSelection(),
    holdingOutOne holdsOutOne: Bool = true,
    skipping isOther: (String) -> Bool = { _ in false }
  ) throws {
    for path in paths {
      let index = "\(path)/index.csv"
      if try !InputFile.isAbsent(index) {
        indexes.append(index)
        try add(index: index, folder: path, selection)
      } else {
        let found = try MotionPaths.expand([path], skipping: isOther)
        warnings += found.notes
        for file in found.files { add(file) }
      }
    }
    // An index says itself what is held out, nothing perhaps.
    if holdsOutOne, indexes.isEmpty, validation.isEmpty { holdOutLast() }
  }

  /// Holds out all parts of the last recording, unless nothing else is there.
  private mutating func holdOutLast() {
    guard let last = training.last.map(MotionPaths.recording(ofFile:)) else { return }
    let others = training.filter { MotionPaths.recording(ofFile: $0) != last }
    guard !others.isEmpty else { return }
    validation = training.filter { MotionPaths.recording(ofFile: $0) == last }
    training = others
  }

  /// What is held out though no index says so, in words; nil where nothing is.
  public var heldOutByName: String? {
    guard indexes.isEmpty, !training.isEmpty, !validation.isEmpty else { return nil }
    let count = training.count + validation.count
    return
      "\(validation.count) of \(count) clips, chosen by name, \(validation.count == 1 ? "is" : "are") "
      + "not trained on but kept for evaluation; an index.csv with the columns 'file' and 'split' chooses others"
  }

  /// Why there is no clip to train on.
  public func nothingToTrainOn(_ selection: IndexSelection) -> String {
    var text = "no clip to train on"
    if let licence = selection.licence { text += " whose licence begins with '\(licence)'" }
    if !validation.isEmpty {
      text += "; \(Wording.count(validation.count, "clip")) held out"
    }
    return ([text] + warnings).joined(separator: "; ")
  }

  private mutating func add(_ file: String) {
    let digest = Fingerprint.sha256(Array(MotionPaths.recording(ofFile: file).utf8))
    if digest.hasPrefix("0") || digest.hasPrefix("8") {
      validation.append(file)
    } else {
      training.append(file)
    }
  }

  private mutating func add(index: String, folder: String, _ selection: IndexSelection) throws {
    let rows = try selection.divide(ClipIndex(path: index))
    training += rows.training.map { "\(folder)/\($0["file"] ?? "")" }
    validation += rows.heldOut.map { "\(folder)/\($0["file"] ?? "")" }
    warnings += rows.warnings
  }

  /// Reads clips.
  ///
  /// For each clip that cannot be read the reason is among the warnings; if none can be read, the
  /// last reason is thrown.
  public static func read(
    _ files: [String], options: ImportOptions = ImportOptions()
  ) throws -> (clips: [MotionClip], warnings: [String]) {
    var clips: [MotionClip] = []
    var warnings: [String] = []
    var failure: (any Error)?
    for file in files {
      do {
        clips.append(try MotionFile.read(file, options: options).clip)
      } catch {
        failure = error
        warnings.append("left out: \(error)")
      }
    }
    if clips.isEmpty, let failure { throw failure }
    return (clips, warnings)
  }
}
