import ArgumentParser
import HumanBody
import Motions

/// What the user may say about files of tracked joints.
struct TrackOptions: ParsableArguments {
  @Option(
    help: "The joint set of tracked joints, where the files do not state it: coco17, mediapipe, …")
  var joints: String?

  @Option(
    help: "The person to read of files that show several, as they label people or counted from 1.")
  var person: String?

  /// The set that was named.
  func jointSet() throws -> JointSet? { try joints.map { try JointSet.named($0) } }
}

/// Reads motion for `import`: motion capture as it is, tracked joints by fitting a skeleton to them.
enum ImportedMotion {
  static func read(
    _ path: String, _ options: ImportOptions, _ tracked: TrackOptions
  ) throws -> (clip: MotionClip, report: ImportReport) {
    let input = try MotionInput(contentsOf: path)
    guard input.contents == .track else {
      guard tracked.joints == nil else {
        throw MotionError.invalidRequest(
          reason: "'\(path)' holds no tracked joints, which --joints is for")
      }
      var options = options
      options.person = tracked.person
      return try input.clip(options: options)
    }
    guard options.skeleton == nil else {
      throw MotionError.invalidRequest(
        reason: "'\(path)' holds tracked joints: they take a joint set (--joints), no --skeleton")
    }
    let (track, report) = try input.track(
      joints: tracked.jointSet(), person: tracked.person, options: options)
    let (clip, dropped, deviation) = try MotionClip.fitted(to: track, path: path)
    return report.imported(
      clip, droppedFrameCount: dropped, deviation: deviation, options: options)
  }
}
