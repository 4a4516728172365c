import ArgumentParser
import Files
import Foundation
import Kinematics
import Retargeting
import Trajectories

/// The options that name a robot.
struct RobotOptions: ParsableArguments {
  /// What names a robot, for the help of every verb.
  static let help: ArgumentHelp =
    "A folder name of Robots/, or with a slash or .urdf a path: ./my_robot/, arm.urdf."

  @Option(help: help, completion: .file())
  var robot: String

  @Option(
    help: "A file of limits whose values take precedence over the robot's own.",
    completion: .file(extensions: ["yaml", "yml"]))
  var limits: String?

  /// The robot.
  func load() throws -> Robot { try Robot.chosen(robot, limits: limits) }
}

extension Robot {
  /// The robot of a name or path that the user gave; the files that were taken are shown.
  static func chosen(_ nameOrPath: String, limits: String? = nil) throws -> Robot {
    let robot = try Robot.named(nameOrPath, limits: limits)
    Console.note("note: robot '\(robot.name)' from \(robot.files.joined(separator: ", "))")
    return robot
  }

  /// The retargeter that ships for this robot.
  ///
  /// Whether it was trained for this very URDF is checked when it is read.
  var shippedModel: String {
    get throws {
      do throws(FileError) { return try ShippedModel.path(of: folderName) } catch {
        throw FileError.unreadable(
          path: "Examples/Models",
          reason: "no retargeter ships for robot '\(folderName)'; --model names one, "
            + "'motionc train retargeter' makes one")
      }
    }
  }

  /// What is not stated of the limits and was estimated, and what is doubtful of those that are: lines
  /// below a map.
  var limitLines: [String] {
    let notes = warnings.filter { $0.contains("limit") || $0.contains("range") }
      .map { "note: \($0.printable)" }
    guard let estimateSummary else { return notes }
    return notes + ["estimated: \(estimateSummary)"] + estimatedLimits.map { "  \($0)" }
  }

  /// All files that are read for the robot: description, limits and, where it has one, wiring.
  var allFiles: [String] {
    files + [URL(filePath: path).deletingLastPathComponent().appending(path: "wire.yaml").path]
  }
}
