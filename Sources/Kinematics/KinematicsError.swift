/// An error in a robot's files or a lookup; its description is one sentence.
public enum KinematicsError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file does not exist or cannot be read.
  case unreadable(path: String, reason: String)
  /// No robot of this name ships.
  case unknownRobot(name: String, existing: [String])
  /// The URDF does not describe a valid robot.
  case invalidRobot(path: String, reason: String)
  /// The file of limits is invalid.
  case invalidLimits(path: String, reason: String)
  /// A robot has no link or joint of this name.
  case unknownName(kind: String, name: String, robot: String, existing: [String])

  /// The sentence for the user.
  public var description: String {
    switch self {
    case .unreadable(let path, let reason):
      "'\(path)' cannot be read: \(reason)"
    case .unknownRobot(let name, let existing):
      "no robot of Robots/ is called '\(name)'; those that ship: \(Self.list(existing)); "
        + "a path of your own is written with a slash: './\(name)'"
    case .invalidRobot(let path, let reason):
      "URDF '\(path)': \(reason)"
    case .invalidLimits(let path, let reason):
      "limits '\(path)': \(reason)"
    case .unknownName(let kind, let name, let robot, let existing):
      "robot '\(robot)' has no \(kind) '\(name)'; it has \(Self.list(existing))"
    }
  }

  /// Names in one line, the first hundred of them.
  static func list(_ names: [String]) -> String {
    guard !names.isEmpty else { return "none" }
    let shown = names.prefix(100).map { "'\($0)'" }.joined(separator: ", ")
    return names.count > 100 ? shown + " and \(names.count - 100) more" : shown
  }
}
