import Files
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

  /// What came of one file.
  struct Outcome: Sendable {
    let trajectory: SafeTrajectory
    let motion: JointMotion
    let path: String
    let report: ImportReport

    var summary: String {
      let seconds = Console.fixed(trajectory.duration, 2)
      var text = "\(path): \(trajectory.sampleCount) samples, \(seconds) s, every limit holds"
      if let deviation = trajectory.deviation, let worst = deviation.greatest {
        text +=
          "; left the motion by at most \(Console.fixed(worst.greatest, 4)) "
          + "(\(worst.name) at \(Console.fixed(worst.time, 2)) s)"
        if deviation.factor > 1 { text += ", \(Console.fixed(deviation.factor, 2)) times slower" }
      }
      for finding in report.findings { text += "\n  \(finding.message)" }
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
    let stem = "\(output)/\(MotionPaths.outputName(file))"
    let path = "\(stem).trajectory.safetensors"
    try trajectory.write(to: path)
    for format in formats {
      try trajectory.export(as: format, to: "\(stem).\(format.rawValue)")
    }
    return Outcome(trajectory: trajectory, motion: motion, path: path, report: report)
  }
}
