import Files
import Foundation
import Geometry
import Morphology

extension SkeletonTable {
  /// The table of what is found in a BVH file, as YAML to be edited, with the report's findings.
  ///
  /// A slot that is edited overrides what is found; a slot that is deleted is found again.
  ///
  /// - Parameters:
  ///   - path: the file
  ///   - options: how it is read
  public static func found(in path: String, options: ImportOptions = ImportOptions())
    throws(MotionError) -> (yaml: String, findings: [ImportReport.Finding])
  {
    let bytes: [UInt8]
    do throws(FileError) { bytes = try InputFile.bytes(of: path) } catch {
      throw .unreadable(path: path, reason: error.reason)
    }
    var reader = try BVHReader(bytes, path: path)
    let source = try BVHMotion(&reader, path: path)
    let skeleton = try RecognisedSkeleton(source, path: path, options: options)
    let names = SourceNames(source.nodes)
    for node in skeleton.match.slots.places.compactMap(\.self) {
      guard names.count(of: names.plain(node)) == 1 else {
        throw .malformed(
          path: path,
          reason:
            "two joints are called '\(names.plain(node).printable)', so that no table can name"
            + " one of them")
      }
    }
    return (
      yaml(skeleton.match, names, name: ClipName.of(path)), skeleton.findings
    )
  }

  private static func yaml(_ match: SkeletonMatch, _ names: SourceNames, name: String) -> String {
    var text = """
      # What motionc found. An entry that is changed overrides it; one that is deleted is found again.
      # joints: the file's joint for each of ours. tpose: where the joint's own axes x and y point when
      # the body stands in a T-pose, as left, up, forward. The rest pose is \(match.alignment.restPose).
      # After each joint: how sure geometry is of it, 0 to 1, and what it measured.
      \(sides(match.plan))
      skeleton: \(quoted(name))
      joints:

      """
    for joint in Skeleton.Joint.allCases {
      guard let node = match.slots[joint] else { continue }
      text += "  \(joint.name): \(quoted(names.plain(node)))\(comment(joint, node, match.plan))\n"
    }
    text += "tpose:\n"
    for joint in Skeleton.Joint.allCases where match.slots[joint] != nil {
      let axes = match.alignment.alignments[joint.rawValue].inverse.columns
      text += "  \(joint.name): {x: \(list(axes.0)), y: \(list(axes.1))}\n"
    }
    return text
  }

  private static func sides(_ plan: BodyPlan?) -> String {
    guard let plan else { return "# Geometry alone finds no body." }
    return "# Left is left: \(confidence(plan.sides)) \(plan.sides.evidence)."
  }

  /// What geometry says of a joint; nothing where it found another one or was not asked.
  private static func comment(_ joint: Skeleton.Joint, _ node: Int, _ plan: BodyPlan?) -> String {
    guard let plan, let slot = BodyPlan.Slot(joint), plan[slot] == node,
      let support = plan.support[slot]
    else { return "" }
    return "  # \(confidence(support)) \(support.evidence)"
  }

  private static func confidence(_ support: BodyPlan.Support) -> String {
    // Never rounded up to certainty.
    String(format: "%.2f", (support.confidence * 100).rounded(.down) / 100)
  }

  private static func list(_ vector: Vector3) -> String {
    "["
      + (0..<3).map { index in
        let rounded = (vector[index] * 1e6).rounded() / 1e6
        return "\(rounded == 0 ? 0 : rounded)"
      }.joined(separator: ", ") + "]"
  }

  /// A text as a double-quoted YAML scalar.
  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\\(scalar)"
      case " "..."~": result.unicodeScalars.append(scalar)
      default:
        let hex = String(scalar.value, radix: 16, uppercase: true)
        result += "\\U" + String(repeating: "0", count: 8 - hex.count) + hex
      }
    }
    return result + "\""
  }
}

extension BodyPlan.Slot {
  /// The slots of canonical joints; those inside of the trunk have none.
  private static let ofJoints: [Skeleton.Joint: BodyPlan.Slot] = [
    .pelvis: .pelvis, .spine3: .chest, .neck: .neck, .head: .head,
    .leftHip: .leftHip, .leftKnee: .leftKnee, .leftAnkle: .leftAnkle, .leftFoot: .leftToe,
    .rightHip: .rightHip, .rightKnee: .rightKnee, .rightAnkle: .rightAnkle, .rightFoot: .rightToe,
    .leftCollar: .leftCollar, .leftShoulder: .leftShoulder, .leftElbow: .leftElbow,
    .leftWrist: .leftWrist, .rightCollar: .rightCollar, .rightShoulder: .rightShoulder,
    .rightElbow: .rightElbow, .rightWrist: .rightWrist,
  ]

  /// The slot of a canonical joint; nil for joints inside of the trunk.
  fileprivate init?(_ joint: Skeleton.Joint) {
    guard let slot = Self.ofJoints[joint] else { return nil }
    self = slot
  }
}
