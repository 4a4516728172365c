import Files
import Kinematics
import MotionData
import Motions
import Retargeting
import Trajectories
import TrajectoryMetrics

/// A robot's motions that another program made of clips, in a folder.
struct OtherMotions {
  private let folder: String
  private let robot: Robot
  private let limits: SafetyLimits
  /// The files by their names without ending.
  private let files: [String: [String]]

  init(_ folder: String, robot: Robot, limits: SafetyLimits) throws {
    (self.folder, self.robot, self.limits) = (folder, robot, limits)
    guard let names = FileSystem.names(in: folder) else {
      throw FileError.unreadable(path: folder, reason: "it is no folder that can be read")
    }
    files = Dictionary(grouping: names.sorted().map { "\(folder)/\($0)" }, by: ClipName.of)
  }

  /// All files of the folder.
  var allFiles: [String] { files.values.flatMap { $0 } }

  /// The motion of a clip, as it is, measured against the robot's limits.
  func subject(for clip: MotionClip) throws -> ReportSubject {
    let inputs = (files[clip.name] ?? []).compactMap { try? MotionInput(contentsOf: $0) }
      .filter { $0.contents == .robot }
    guard inputs.count < 2 else {
      throw FileError.malformed(
        path: folder,
        reason: "\(inputs.count) motions of a robot in it are called '\(clip.name.printable)'")
    }
    guard let source = try inputs.first?.robotMotion(), let file = inputs.first?.path else {
      throw FileError.malformed(
        path: folder, reason: "it has no motion of a robot called '\(clip.name.printable)'")
    }
    let motion = try source.motion(of: robot).motion
    let trajectory = try SafeTrajectory.unlimited(
      through: motion, robot: RobotIdentity(robot),
      isAngular: limits.coordinates.map(\.isAngular))
    guard abs(trajectory.duration - clip.duration) <= 2 * max(trajectory.period, 1 / clip.frameRate)
    else {
      throw FileError.malformed(
        path: file,
        reason: "it lasts \(Console.fixed(trajectory.duration, 2)) s and the clip "
          + "\(Console.fixed(clip.duration, 2)) s: they are not of one motion")
    }
    return ReportSubject(trajectory, robot: robot, person: Person(clip), limits: limits)
  }
}
