import Files
import Foundation
import Kinematics
import MotionData
import MotionModels
import Motions
import Retargeting
import Trajectories

/// One motion file after another, from reading to the files on disk.
struct CompileJob: Sendable {
  /// The robot.
  let target: Robot
  /// What human motion is retargeted by; nil where all files are of the robot.
  let retargeting: HumanRetargeting?
  let limits: SafetyLimits
  let robot: RobotIdentity
  let timing: Timing
  let rate: Double?
  let speed: Double
  let reading: ImportOptions
  let output: String
  let formats: [TrajectoryFormat]
  /// How thoroughly human motion is refined as a whole.
  let effort: RefinementEffort
  /// Whether trajectories begin and end at rest.
  var atRest = true
  /// The order of the quaternions of a robot's base; nil to find it.
  var rootOrder: QuaternionOrder?
  /// What none of the results may be written over.
  var inputs = InputFiles()
  /// Where what other programs judge by is written.
  var dump: String?
  /// What judges whether a motion is plausible; nil for nothing.
  var gate: PlausibilityGate?
  /// The robot's bodies, whose distances from each other and from the ground are proven.
  let bodies: ClearanceProver
  /// What becomes of a motion in which something touches.
  var collision = CollisionChoice.report

  /// What came of one file.
  struct Outcome: Sendable {
    let path: String
    let summary: String
    let json: String
  }

  private struct Report {
    let trajectory: SafeTrajectory
    let path: String
    let findings: [String]
    let score: PlausibilityScore?
    let retargeting: HumanRetargeting?

    var summary: String {
      let seconds = Console.fixed(trajectory.duration, 2)
      var text =
        "\(path.shownPath): \(Wording.count(trajectory.sampleCount, "sample")), \(seconds) s, "
        + "every limit holds\(TrajectoryReport.unlimited(trajectory))"
      if let deviation = trajectory.deviation, let worst = deviation.greatest {
        // As the network or inverse kinematics has it, refined, which is not the person's own.
        let from = retargeting == nil ? "the motion" : "the retargeted motion"
        text += "; at most \(worst) away from \(from)"
        if let base = deviation.base { text += ", " + base.sentence }
      }
      if let ends = TrajectoryReport.ends(trajectory) { text += "; \(ends)" }
      if let score { text += "; \(score.summary)" }
      if let retargeting { text += "; \(retargeting.summary)" }
      text += TrajectoryReport.clock(trajectory).map { ", \($0)" } ?? ""
      for finding in findings { text += "\n  \(finding.shownReason)" }
      return text
    }
  }

  /// The path of a motion's files without their endings.
  private func base(of file: String) -> String { "\(output)/\(MotionPaths.outputName(file))" }

  /// The files that a motion becomes: the native one, then one for each format, then the dump.
  func outputs(of file: String) -> [String] {
    let base = base(of: file)
    return [base + MotionPaths.trajectoryEnding] + formats.map { base + ($0.endings.first ?? "") }
      + [dump].compactMap { $0 }
  }

  /// The joint motion of a file: human motion is scored and retargeted, a robot's motion is taken as
  /// it is.
  private func motion(
    of file: String
  ) throws -> (JointMotion, [ImportReport.Finding], PlausibilityScore?) {
    let input = try MotionInput(contentsOf: file)
    let options = RobotMotionSource.Options(frameRate: reading.frameRate, rootOrder: rootOrder)
    if let source = try input.robotMotion(options: options) {
      guard gate?.refuseBelow == nil else {
        throw FileError.malformed(
          path: file, reason: "it is a robot's motion, and --refuse-below judges people's")
      }
      var (motion, findings) = try source.motion(of: target)
      motion.provenance["input_sha256"] = input.fingerprint
      let scored = gate == nil ? "" : " and not scored"
      let what = ImportReport.Finding(
        .note, "a robot's motion (\(source.kind)), not retargeted\(scored)")
      return (motion, [what] + findings, nil)
    }
    guard let retargeting else {
      throw FileError.malformed(path: file, reason: "it changed while it was read")
    }
    let (clip, report) = try input.clip(options: reading)
    let score = try gate?.score(clip)
    var motion = try retargeting.retarget(clip, refining: effort, speed: speed, atRest: atRest)
    motion.provenance["input_sha256"] = input.fingerprint
    return (motion, report.findings, score)
  }

  /// For how much of the time that was asked for feet are held; nil where none was.
  private func held(_ asked: [Foothold], _ trajectory: SafeTrajectory) -> String? {
    let factor = (trajectory.stretch ?? 1) / speed
    let whole = asked.reduce(0) { $0 + ($1.end - $1.start) * factor }
    guard whole > 0 else { return nil }
    let kept = trajectory.footholds.reduce(0) { $0 + $1.end - $1.start }
    return "feet are held in \(Wording.count(trajectory.footholds.count, "foothold")), for "
      + "\(Console.fixed(100 * kept / whole, 1)) % of the time that was aimed at"
  }

  /// Reads, retargets, compiles, verifies and writes one motion.
  func compile(_ file: String) throws -> Outcome {
    var (motion, found, score) = try motion(of: file)
    motion.provenance["tool"] = Motionc.nameAndVersion
    var trajectory = try Trajectories.compile(
      motion, within: limits, timing: timing, rate: rate, speed: speed, atRest: atRest,
      robot: robot, ground: bodies
    ).keepingFootholds(of: target)
    let check = collision == .off ? nil : try CollisionCheck(trajectory, by: bodies)
    if collision == .refuse { try check?.clearance.requireClear() }
    trajectory =
      check.map { trajectory.stating($0.clearance) }
      ?? trajectory.stating(unchecked: CollisionCheck.notAsked)
    let paths = outputs(of: file)
    var files = OutputSet(sparing: inputs)
    try files.add(trajectory.encoded().encoded(), to: paths[0])
    for (format, path) in zip(formats, paths.dropFirst()) {
      try trajectory.export(as: format, to: path, in: &files)
    }
    if let dump { try files.add(trajectory.optimumDump(of: motion).encoded(), to: dump) }
    try files.commit()
    let base = base(of: file)
    let old = inputs.older(
      TrajectoryFormat.allCases.compactMap { $0.endings.first }.map { base + $0 }, than: paths)
    let findings =
      found.map(\.message)
      + [
        InputFiles.sentence(older: old), motion.provenance["refinement_notes"],
        held(motion.footholds, trajectory), check?.sentence,
      ].compactMap(\.self)
    let used = motion.provenance["motion_format"] == nil ? retargeting : nil
    let text = Report(
      trajectory: trajectory, path: paths[0], findings: findings, score: score, retargeting: used)
    return Outcome(
      path: paths[0], summary: text.summary,
      json: TrajectoryReport(
        trajectory, path: paths[0], findings: findings, score: score,
        further: [used?.field, check?.field].compactMap(\.self)
      ).json)
  }
}
