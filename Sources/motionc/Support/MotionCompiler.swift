import Files
import Foundation
import Kinematics
import Motions
import Retargeting
import Trajectories

/// One motion file after another, from reading to the files on disk.
struct MotionCompiler: Sendable {
  let retargeter: Retargeter
  let limits: SafetyLimits
  let robot: RobotIdentity
  let timing: Timing
  let rate: Double?
  let speed: Double
  let reading: ImportOptions
  let output: String
  let formats: [TrajectoryFormat]
  /// Whether outcomes carry what `--dump` writes.
  var dumps = false

  /// What came of one file.
  struct Outcome: Sendable {
    let path: String
    let summary: String
    let json: String
    /// What `--dump` writes; only where it was asked for.
    let dump: Safetensors?
  }

  private struct Report {
    let trajectory: SafeTrajectory
    let path: String
    let findings: [String]

    var summary: String {
      let seconds = Console.fixed(trajectory.duration, 2)
      var text =
        "\(path.shownPath): \(Wording.count(trajectory.sampleCount, "sample")), \(seconds) s, "
        + "every limit holds\(TrajectoryReport.unlimited(trajectory))"
      if let deviation = trajectory.deviation, let worst = deviation.greatest {
        text +=
          "; left the motion by at most \(Console.fixed(worst.greatest, 4)) "
          + "(\(worst.name.printable) at \(Console.fixed(worst.time, 2)) s)"
        if deviation.factor > 1 { text += ", \(Console.fixed(deviation.factor, 2)) times slower" }
      }
      for finding in findings { text += "\n  \(finding.shownReason)" }
      return text
    }
  }

  /// Reads, retargets, compiles, verifies and writes one motion.
  func compile(_ file: String) throws -> Outcome {
    let (clip, report) = try MotionFile.read(file, options: reading)
    var motion = try retargeter.retarget(clip)
    motion.frameRate *= speed
    motion.provenance["tool"] = "motionc \(Motionc.version)"
    let trajectory = try Trajectories.compile(
      motion, within: limits, timing: timing, rate: rate, robot: robot)
    let base = "\(output)/\(MotionPaths.outputName(file))"
    let path = base + MotionPaths.trajectoryEnding
    var written: [String] = []
    do {
      try trajectory.write(to: path)
      written.append(path)
      for format in formats {
        let target = "\(base).\(format.rawValue)"
        try trajectory.export(as: format, to: target)
        written.append(target)
      }
    } catch {
      // All files of a motion or none.
      for file in written { unlink(file) }
      throw error
    }
    let findings = report.findings.map(\.message)
    let text = Report(trajectory: trajectory, path: path, findings: findings)
    return Outcome(
      path: path, summary: text.summary,
      json: TrajectoryReport(trajectory, path: path, findings: findings).json,
      dump: dumps ? try trajectory.optimumDump(of: motion) : nil)
  }
}
