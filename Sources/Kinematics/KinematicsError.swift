public import Files

/// An error in a robot's files or a lookup; its description is one sentence.
public enum KinematicsError: CategorizedError, Equatable, Sendable {
  /// The file does not exist or cannot be read.
  case unreadable(path: String, reason: String)
  /// No robot of this name ships.
  case unknownRobot(name: String, existing: [String])
  /// The folder holds no robot.urdf; the URDFs that it does hold.
  case noRobotInFolder(folder: String, files: [String])
  /// The URDF does not describe a valid robot.
  case invalidRobot(path: String, reason: String)
  /// The file of limits is invalid.
  case invalidLimits(path: String, reason: String)
  /// A robot has no link or joint of this name.
  case unknownName(kind: String, name: String, robot: String, existing: [String])

  /// The kind of failure.
  public var category: ErrorCategory {
    switch self {
    case .unreadable, .unknownRobot, .noRobotInFolder: .noInput
    case .invalidRobot, .invalidLimits, .unknownName: .data
    }
  }

  /// The sentence for the user.
  public var description: String {
    switch self {
    case .unreadable(let path, let reason):
      "'\(path.shownPath)' cannot be read: \(reason.shownReason)"
    case .unknownRobot(let name, let existing):
      "no robot of Robots/ is called '\(name.printable)'; those that ship: "
        + Self.list(existing)
        + "; a path of your own is written with a slash: './\(name.printable)'"
    case .noRobotInFolder(let folder, let files):
      files.isEmpty
        ? "the folder '\(folder.shownPath)' has no robot.urdf, nor any other URDF"
        : "the folder '\(folder.shownPath)' has no robot.urdf; name the file itself: "
          + Self.list(files.map { "\(folder)/\($0)" })
    case .invalidRobot(let path, let reason):
      "URDF '\(path.shownPath)': \(reason.shownReason)"
    case .invalidLimits(let path, let reason):
      "limits '\(path.shownPath)': \(reason.shownReason)"
    case .unknownName(let kind, let name, let robot, let existing):
      "robot '\(robot.printable)' has no \(kind) '\(name.printable)'; it has "
        + Self.list(existing)
    }
  }

  /// Names in one line, the first hundred of them.
  static func list(_ names: [String]) -> String { names.shownList }
}
