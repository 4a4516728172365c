import Files
import Foundation
public import Kinematics

extension Wiring {
  /// The name of the wiring file beside a robot's URDF.
  public static let fileName = "wire.yaml"
  private static let largestFile = 256 << 10

  /// Reads a wiring and checks it against its robot.
  ///
  /// - Parameters:
  ///   - path: The path of the `wire.yaml`.
  ///   - robot: The robot, whose limits must include velocities.
  ///   - calibration: The calibration of one physical robot, which replaces zeros, directions and
  ///     ranges of the wiring.
  public init(
    contentsOf path: String, for robot: Robot, calibration: String? = nil
  ) throws(WiringError) {
    let text = try Self.text(of: path)
    do throws(YAMLError) {
      self = try WiringReader(text: text, path: path, robot: robot).wiring()
    } catch {
      throw .invalidWiring(path: path, reason: error.reason)
    }
    if let calibration {
      self = try Calibration(contentsOf: calibration).applied(
        to: self, of: robot, path: calibration)
    }
  }

  /// Reads the wiring beside a robot's URDF.
  public init(of robot: Robot, calibration: String? = nil) throws(WiringError) {
    let path = URL(filePath: robot.path).deletingLastPathComponent().appending(path: Self.fileName)
      .path
    guard FileManager.default.fileExists(atPath: path) else {
      throw .unreadable(
        path: path,
        reason: "robot '\(robot.name)' has no wiring yet; Robots/README.md says how to write one")
    }
    try self.init(contentsOf: path, for: robot, calibration: calibration)
  }

  static func text(of path: String) throws(WiringError) -> String {
    do {
      return try InputFile.text(of: path, limit: largestFile)
    } catch {
      throw .unreadable(path: path, reason: error.reason)
    }
  }
}
