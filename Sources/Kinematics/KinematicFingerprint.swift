import Files
import Foundation
import Geometry

/// The kinematics of a URDF as one text, whose SHA-256 tells robots apart that move differently.
struct KinematicFingerprint {
  private let lines: [String]
  /// The movable joints' names in the file's order, which is that of configurations.
  private let order: [String]

  /// The text of a tree: a line for each joint, by name, with what decides where its links are.
  ///
  /// Numbers are rounded to 1e-9, so that writing them in another way changes nothing.
  static func text(of tree: RobotTree) -> KinematicFingerprint {
    KinematicFingerprint(
      lines: tree.joints.map { joint in
        var parts = [
          joint.name, joint.kind.rawValue, tree.links[joint.parentLink].name,
          tree.links[joint.childLink].name, numbers(joint.parentFromJoint.translation),
          numbers(joint.parentFromJoint.rotation.columns),
        ]
        if joint.kind != .fixed {
          parts += [
            numbers(joint.axis), number(joint.limits.lower?.value),
            number(joint.limits.upper?.value),
          ]
        }
        if let mimic = joint.mimic {
          parts += [
            tree.joints[mimic.leader].name, number(mimic.multiplier), number(mimic.offset),
          ]
        }
        return parts.map { "\($0.utf8.count):\($0)" }.joined(separator: " ")
      },
      order: tree.fileOrder.enumerated().sorted { $0.element < $1.element }.map {
        tree.joints[$0.offset]
      }.filter { $0.kind != .fixed }.map(\.name))
  }

  /// The SHA-256 of the lines in the order of their joints' names, then the order of configurations, in
  /// hexadecimal.
  var sha256: String {
    Fingerprint.sha256(Array((lines.sorted() + order).joined(separator: "\n").utf8))
  }

  private static func numbers(_ columns: (Vector3, Vector3, Vector3)) -> String {
    [columns.0, columns.1, columns.2].map(numbers).joined(separator: ",")
  }

  private static func numbers(_ vector: Vector3) -> String {
    [vector.x, vector.y, vector.z].map { number($0) }.joined(separator: ",")
  }

  private static func number(_ value: Double?) -> String {
    guard let value else { return "-" }
    let rounded = (value * 1e9).rounded()
    return abs(rounded) < 9e15 ? "\(Int(rounded))" : "\(value)"
  }
}
