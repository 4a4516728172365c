import Files
import Foundation
import Kinematics
import Motions
import Retargeting
import Trajectories
import TrajectoryMetrics

/// Why a motion is not reported on.
struct ReportRefusal: CategorizedError {
  /// The sentence for the user.
  var description: String

  var category: ErrorCategory { .data }
}

/// A motion with its report.
struct ReportedMotion {
  /// What is shown.
  enum Body {
    case robot(ReportSubject)
    case person(MotionClip)
  }

  /// The file.
  var path: String
  var body: Body
  var report: MotionReport

  var isOfRobot: Bool {
    if case .robot = body { true } else { false }
  }
}

/// Reads what is reported on.
struct ReportLoader {
  /// The robot that the user names.
  let robot: String?
  let options: ImportOptions
  /// The mapping that the user names.
  let mapping: Mapping?
  /// The files that were read for robots.
  private(set) var files: [String] = []
  private var robots: [String: Robot] = [:]
  private var clip: (clip: MotionClip, path: String, fingerprint: String)?

  init(robot: String?, options: ImportOptions, mapping: Mapping?) {
    (self.robot, self.options, self.mapping) = (robot, options, mapping)
  }

  /// Reads the motion that trajectories are compared with.
  mutating func read(against path: String) throws {
    let input = try MotionInput(contentsOf: path)
    clip = (try person(input, path), path, input.fingerprint)
  }

  private func person(_ input: MotionInput, _ path: String) throws -> MotionClip {
    if let refusal = input.refusalOfRobot { throw refusal }
    let (clip, report) = try input.clip(options: options)
    for finding in report.findings { Console.note("note: '\(path)': \(finding.message)") }
    guard clip.frameCount > 0 else {
      throw ReportRefusal(description: "'\(path.shownPath)' has no frames")
    }
    return clip
  }

  /// Reads and measures one motion.
  mutating func load(_ path: String) throws -> ReportedMotion {
    let isTrajectory = FileContents.safetensorsMetadata(of: path)?["format"]
      .map { $0.hasPrefix("motionc trajectory") }
    guard isTrajectory == true else {
      if SafeTrajectory.isHeld(by: path) {
        throw ReportRefusal(
          description:
            "'\(path.shownPath)' is an export of a trajectory, which holds samples only: "
            + "give the .trajectory.safetensors beside it")
      }
      let input = try MotionInput(contentsOf: path)
      guard clip == nil else {
        throw ReportRefusal(
          description: "'\(path.shownPath)' is no trajectory, and --against goes with trajectories")
      }
      let clip = try person(input, path)
      return ReportedMotion(path: path, body: .person(clip), report: MotionReport(of: clip))
    }
    let trajectory = try SafeTrajectory(contentsOf: path)
    let robot = try robot(of: trajectory, path)
    let subject = ReportSubject(
      trajectory, robot: robot, person: try person(for: trajectory, path), mapping: mapping)
    return ReportedMotion(path: path, body: .robot(subject), report: subject.measured())
  }

  private func person(for trajectory: SafeTrajectory, _ path: String) throws -> Person? {
    guard let clip else { return nil }
    let person = Person(
      clip.clip, pace: (trajectory.speed ?? 1) / (trajectory.stretch ?? 1))
    let slack = max(2 * trajectory.period, 2 / clip.clip.frameRate, 0.01 * trajectory.duration)
    guard abs(person.duration - trajectory.duration) <= slack else {
      throw ReportRefusal(
        description: "'\(path.shownPath)' lasts \(Console.fixed(trajectory.duration, 2)) s and "
          + "'\(clip.path.shownPath)' \(Console.fixed(person.duration, 2)) s at the trajectory's "
          + "speed: they are not of one motion")
    }
    if let compiled = trajectory.provenance["input_sha256"], compiled != clip.fingerprint {
      Console.note(
        "note: '\(path.shownPath)' was compiled from another file than '\(clip.path.shownPath)' (SHA-256 "
          + "\(compiled.prefix(12).printable)… and \(clip.fingerprint.prefix(12))…): is it the same motion?"
      )
    }
    return person
  }

  /// The robot that a trajectory is for: the user's, or the one of Robots/ with its fingerprint.
  private mutating func robot(of trajectory: SafeTrajectory, _ path: String) throws -> Robot {
    let known = trajectory.robotFingerprint.flatMap { $0.isEmpty ? nil : $0 }
    if let robot {
      let named = try robots[robot] ?? Robot.chosen(robot)
      robots[robot] = named
      files += named.files
      if let known, known != named.fingerprint {
        throw UnsafeMotion.robotDiffers(
          found: "'\(trajectory.robotName ?? "unnamed")' (SHA-256 \(known.prefix(12))…)",
          expected: "'\(named.name)' (\(named.fingerprint.prefix(12))…)")
      }
      return try checked(named, trajectory)
    }
    guard let known, let folder = ProjectFolder.locate("Robots") else {
      throw ReportRefusal(
        description: "'\(path.shownPath)' does not say which robot it is for: --robot names it")
    }
    if let found = robots[known] { return found }
    for name in (FileSystem.names(in: folder) ?? []).sorted() {
      let urdf = "\(folder)/\(name)/robot.urdf"
      guard let bytes = try? InputFile.bytes(of: urdf), Fingerprint.sha256(bytes) == known else {
        continue
      }
      let found = try Robot.chosen(name)
      robots[known] = found
      files += found.files
      return try checked(found, trajectory)
    }
    throw ReportRefusal(
      description: "'\(path.shownPath)' is for the robot "
        + "'\((trajectory.robotName ?? "unnamed").printable)' (SHA-256 \(known.prefix(12).printable)…)"
        + ", which is none of Robots/ as they are now: --robot names its URDF")
  }

  private func checked(_ robot: Robot, _ trajectory: SafeTrajectory) throws -> Robot {
    guard robot.coordinateNames == trajectory.jointNames else {
      throw UnsafeMotion.jointsDiffer(
        found: trajectory.jointNames, expected: robot.coordinateNames)
    }
    return robot
  }
}
