import Files
import MotionMetrics
import Motions

extension EvaluationClips {
  /// The windows of one side of an evaluation, with notes on what was left out.
  ///
  /// - Parameters:
  ///   - entries: The clips.
  ///   - side: Their name in notes, "training" or "held-out".
  ///   - frames: The frames of a window.
  ///   - labels: The labels that the model knows.
  ///   - mirroring: Whether every second window is mirrored.
  ///   - limit: The most clips that are read.
  ///   - options: How motion files are read.
  ///   - motions: The files and folders that were given, for the error of too few windows.
  static func reportedWindows(
    of entries: [Entry], _ side: String, frames: Int, labels: [String], mirroring: Bool,
    limit: Int, options: ImportOptions, motions: [String]
  ) throws -> EvaluationSet {
    let (found, unknown, warnings) = try windows(
      of: entries, frames: frames, labels: labels, mirroring: mirroring, limit: limit,
      options: options)
    for warning in warnings { Console.note(warning) }
    if !unknown.isEmpty {
      Console.note(
        "left out of the \(side) clips, since the model does not know the label: "
          + unknown.sorted().shownList)
    }
    guard found.count >= 16 else {
      throw FileError.malformed(
        path: motions.joined(separator: " "),
        reason: "\(found.count) windows of \(side) motion, at least 16 expected")
    }
    return found
  }
}
