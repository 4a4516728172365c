import Files
import Foundation
import Geometry
import Yams

/// How one kind of source skeleton maps onto the canonical one: a file of `Skeletons/`.
public struct SkeletonTable: Sendable {
  /// How a source joint is turned in the T-pose, before its bone is aimed.
  enum Reference: Sendable, Hashable {
    /// As its parent, with no rotation of its own.
    case parent
    /// As in the zero pose, where all frames are aligned with the file's axes.
    case zero
    /// Two or three of the joint's own axes as directions in the body's frame.
    case axes([Int: Vector3])
  }

  /// What the skeleton is called: the file's name without its extension.
  public var name: String
  /// The source's joint for each canonical joint.
  public var joints: [Skeleton.Joint: String]
  /// Further names that tell the skeleton from similar ones.
  public var others: [String] = []
  /// One unit of the file where that is certain [m]; nil to find it from the size of the body.
  var metresPerUnit: Double?
  /// The directions of the body's left, up and forward in the file's axes at the T-pose; nil
  /// where the zero pose shows them.
  var axes: [Vector3]?
  /// How joints are turned in the T-pose where it is not as their parent.
  var references: [Skeleton.Joint: Reference] = [:]
  /// The joints whose bone points in the T-pose exactly where the canonical one points.
  var aimed: [Skeleton.Joint] = []

  /// The joints that a source must have; the others are filled in where they are absent.
  static let required: [Skeleton.Joint] = [
    .pelvis, .leftHip, .rightHip, .leftKnee, .rightKnee, .leftAnkle, .rightAnkle, .spine3, .neck,
    .leftShoulder, .rightShoulder, .leftElbow, .rightElbow, .leftWrist, .rightWrist,
  ]
}

// MARK: - Reading

extension SkeletonTable {
  /// Reads all tables of the folder `Skeletons`, sorted by name.
  public static func shipped() throws(MotionError) -> [SkeletonTable] {
    guard let folder = ProjectFolder.locate("Skeletons") else {
      throw .unreadable(
        path: "Skeletons", reason: "the folder of skeleton tables was not found; set MOTIONC_HOME")
    }
    return try all(in: folder)
  }

  /// Reads all tables of a folder, sorted by name.
  static func all(in folder: String) throws(MotionError) -> [SkeletonTable] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    var tables: [SkeletonTable] = []
    for name in names.sorted() where name.hasSuffix(".yaml") {
      tables.append(try SkeletonTable(contentsOf: "\(folder)/\(name)"))
    }
    guard !tables.isEmpty else {
      throw .unreadable(path: folder, reason: "the folder holds no skeleton table (*.yaml)")
    }
    return tables
  }

  /// Reads a table; unknown keys are refused.
  public init(contentsOf path: String) throws(MotionError) {
    let text: String
    do throws(FileError) { text = try InputFile.text(of: path) } catch {
      throw .unreadable(path: path, reason: "\(error)")
    }
    try self.init(yaml: text, path: path)
  }

  /// Reads a table from its text.
  init(yaml: String, path: String) throws(MotionError) {
    let root: Yams.Node?
    do { root = try Yams.compose(yaml: yaml) } catch {
      throw .malformed(path: path, reason: "the YAML cannot be read: \(error)".printable)
    }
    guard let mapping = root?.mapping else {
      throw .malformed(path: path, reason: "expected a mapping with 'skeleton' and 'joints'")
    }
    name = ""
    joints = [:]
    for (key, value) in mapping {
      try read(key: key.string ?? "", value: value, path: path)
    }
    guard !name.isEmpty, !joints.isEmpty else {
      throw .malformed(path: path, reason: "'skeleton' and 'joints' must both be given")
    }
  }

  private static let keys = ["skeleton", "joints", "others", "unit", "axes", "tpose", "aim"]

  private mutating func read(key: String, value: Yams.Node, path: String) throws(MotionError) {
    switch key {
    case "skeleton": name = value.string ?? ""
    case "joints":
      for (joint, source) in try Self.entries(value, key, path) {
        joints[joint] = try Self.text(source, "joints: \(joint)", path)
      }
    case "others":
      others = try Self.list(value, key, path).map { $0.string ?? "" }
    case "unit":
      guard let unit = value.float, unit > 0, unit.isFinite else {
        throw .malformed(path: path, reason: "'unit' should be a positive number of metres")
      }
      metresPerUnit = unit
    case "axes":
      let names = try Self.list(value, key, path)
      guard names.count == 3 else {
        throw .malformed(path: path, reason: "'axes' needs 3 entries: left, up, forward")
      }
      var directions: [Vector3] = []
      for name in names { directions.append(try Self.fileAxis(name, path)) }
      axes = directions
    case "tpose":
      for (joint, reference) in try Self.entries(value, key, path) {
        references[joint] = try Self.reference(reference, joint, path)
      }
    case "aim":
      aimed = []
      for name in try Self.list(value, key, path) {
        aimed.append(try Skeleton.Joint(named: try Self.text(name, key, path)))
      }
    default:
      throw .malformed(
        path: path,
        reason: "unknown key '\(key)'; the keys are \(Self.keys.joined(separator: ", "))")
    }
  }

  private static func entries(_ node: Yams.Node, _ key: String, _ path: String)
    throws(MotionError) -> [(Skeleton.Joint, Yams.Node)]
  {
    guard let mapping = node.mapping else {
      throw .malformed(path: path, reason: "'\(key)' should be a mapping by joint names")
    }
    var entries: [(Skeleton.Joint, Yams.Node)] = []
    for (name, value) in mapping {
      entries.append((try Skeleton.Joint(named: name.string ?? ""), value))
    }
    return entries
  }

  private static func list(_ node: Yams.Node, _ key: String, _ path: String)
    throws(MotionError) -> [Yams.Node]
  {
    guard let sequence = node.sequence else {
      throw .malformed(path: path, reason: "'\(key)' should be a list")
    }
    return Array(sequence)
  }

  private static func text(_ node: Yams.Node, _ key: String, _ path: String)
    throws(MotionError) -> String
  {
    guard let text = node.string, !text.isEmpty else {
      throw .malformed(path: path, reason: "'\(key)' should be a name")
    }
    return text
  }

  private static func reference(_ node: Yams.Node, _ joint: Skeleton.Joint, _ path: String)
    throws(MotionError) -> Reference
  {
    if node.string == "parent" { return .parent }
    if node.string == "zero" { return .zero }
    guard let mapping = node.mapping, mapping.count == 2 else {
      throw .malformed(
        path: path,
        reason: "tpose of \(joint) should be 'parent', 'zero' or two axes such as {x: up, z: left}")
    }
    var axes: [Int: Vector3] = [:]
    for (axis, direction) in mapping {
      guard let index = ["x", "y", "z"].firstIndex(of: axis.string ?? "") else {
        throw .malformed(path: path, reason: "tpose of \(joint): the axes are x, y, z")
      }
      axes[index] = try bodyDirection(direction, path)
    }
    return .axes(axes)
  }

  private static let bodyDirections: [String: Vector3] = [
    "left": .unitX, "right": -.unitX, "up": .unitY, "down": -.unitY, "forward": .unitZ,
    "backward": -.unitZ,
  ]

  /// A direction in the body's frame, by name or as three numbers (left, up, forward).
  private static func bodyDirection(_ node: Yams.Node, _ path: String) throws(MotionError)
    -> Vector3
  {
    if let name = node.string, let direction = bodyDirections[name] { return direction }
    let numbers = node.sequence?.compactMap(\.float) ?? []
    guard numbers.count == 3,
      let direction = Vector3(numbers[0], numbers[1], numbers[2]).normalized
    else {
      throw .malformed(
        path: path,
        reason: "a direction should be one of \(bodyDirections.keys.sorted()) or three numbers")
    }
    return direction
  }

  /// One of the file's axes: `+x`, `-y`, ...
  private static func fileAxis(_ node: Yams.Node, _ path: String) throws(MotionError) -> Vector3 {
    let axes: [String: Vector3] = [
      "+x": .unitX, "-x": -.unitX, "+y": .unitY, "-y": -.unitY, "+z": .unitZ, "-z": -.unitZ,
    ]
    guard let axis = axes[node.string ?? ""] else {
      throw .malformed(
        path: path, reason: "an entry of 'axes' should be one of \(axes.keys.sorted())")
    }
    return axis
  }
}
