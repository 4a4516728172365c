import Files
import MotionData
import Motions
import Trajectories

extension MotionPaths {
  /// The motion files behind paths given on the command line; what is skipped is noted.
  ///
  /// In folders, files with the contents that are named are taken; without names, motion capture by
  /// its endings.
  static func motions(
    _ paths: [String], taking contents: Set<MotionInput.Contents>? = nil
  ) throws -> [String] {
    let found = try expand(paths, taking: contents, skipping: SafeTrajectory.isHeld)
    for note in found.notes { Console.note(note) }
    return found.files
  }
}

extension MotionSplit {
  /// The motion files behind paths given on the command line; what is skipped is noted.
  init(_ paths: [String], selection: IndexSelection = IndexSelection()) throws {
    self = try MotionSplit(paths: paths, selection: selection, skipping: SafeTrajectory.isHeld)
    for warning in warnings { Console.note(warning) }
  }

  /// The files that a model is evaluated on: all of them or those that training never sees.
  ///
  /// Refuses where there are none, naming the paths given on the command line.
  func evaluated(all: Bool, of paths: [String]) throws(FileError) -> [String] {
    let files = all ? training + validation : validation
    guard !files.isEmpty else {
      throw .malformed(
        path: paths.joined(separator: " "), reason: "no clip is held back; --all takes every clip")
    }
    return files
  }
}
