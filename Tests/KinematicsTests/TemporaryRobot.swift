import Files
import Foundation
import Kinematics

/// Robots of a few lines of XML, for tests.
enum TemporaryRobot {
  /// A robot with these elements and, beside it, these limits.
  static func make(
    _ elements: String, limits: String? = nil, further: String? = nil,
    furtherName: String = "further.yaml"
  ) throws -> Robot {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "motionc-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    func write(_ text: String, _ name: String) throws -> String {
      let url = folder.appending(path: name)
      try Data(text.utf8).write(to: url)
      return url.path
    }
    let path = try write("<robot name=\"odd\">\(elements)</robot>", "robot.urdf")
    if let limits { _ = try write(limits, "limits.yaml") }
    let furtherPath = try further.map { try write($0, furtherName) }
    return try Robot(urdf: path, limits: furtherPath)
  }
}
