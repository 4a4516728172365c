import Files
import Geometry

extension RobotTree {
  /// The SHA-256 of what decides where links are: a line for each joint, in the order of their names, and
  /// the movable joints' names in the file's order, which is that of configurations; in hexadecimal.
  ///
  /// Numbers are rounded to 1e-9, so that writing them in another way changes nothing.
  var kinematicFingerprint: String {
    let lines = joints.map { joint in
      var parts = [
        joint.name, joint.kind.rawValue, links[joint.parentLink].name,
        links[joint.childLink].name, Self.text(joint.parentFromJoint.translation),
        Self.text(joint.parentFromJoint.rotation.columns),
      ]
      if joint.kind != .fixed {
        parts += [
          Self.text(joint.axis), Self.text(joint.limits.lower?.value),
          Self.text(joint.limits.upper?.value),
        ]
      }
      if let mimic = joint.mimic {
        parts += [
          joints[mimic.leader].name, Self.text(mimic.multiplier), Self.text(mimic.offset),
        ]
      }
      return parts.map { "\($0.utf8.count):\($0)" }.joined(separator: " ")
    }
    let order = joints.indices.sorted { fileOrder[$0] < fileOrder[$1] }.map { joints[$0] }
      .filter { $0.kind != .fixed }.map(\.name)
    return Fingerprint.sha256(Array((lines.sorted() + order).joined(separator: "\n").utf8))
  }

  private static func text(_ columns: (Vector3, Vector3, Vector3)) -> String {
    [columns.0, columns.1, columns.2].map(text).joined(separator: ",")
  }

  private static func text(_ vector: Vector3) -> String {
    [vector.x, vector.y, vector.z].map { text($0) }.joined(separator: ",")
  }

  private static func text(_ value: Double?) -> String {
    guard let value else { return "-" }
    let rounded = (value * 1e9).rounded()
    return abs(rounded) < 9e15 ? "\(Int(rounded))" : "\(value)"
  }
}
