import ArgumentParser
import Files
import Kinematics
import Retargeting

/// The options that name a robot.
struct RobotOptions: ParsableArguments {
  @Option(help: "A folder name of Robots/, or the path of any URDF.", completion: .file())
  var robot: String

  @Option(
    help: "A file of limits whose values go before those of the robot's own.",
    completion: .file(extensions: ["yaml", "yml"]))
  var limits: String?

  /// The robot.
  func load() throws -> Robot { try Robot.named(robot, limits: limits) }
}

extension Robot {
  /// What the robot's folder is called, by which mappings are found.
  var folderName: String {
    let parts = path.split(separator: "/")
    return parts.count >= 2 && parts[parts.count - 1] == "robot.urdf"
      ? String(parts[parts.count - 2]) : name
  }
}
