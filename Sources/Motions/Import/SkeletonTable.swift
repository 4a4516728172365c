import Files
import Foundation
import Geometry

/// How one kind of source skeleton maps onto the canonical one: a file of `Skeletons/`.
public struct SkeletonTable: Sendable {
  /// The orientation of a source joint in the T-pose, before its bone is aligned.
  enum Reference: Sendable, Hashable {
    /// As its parent, with no rotation of its own.
    case parent
    /// As in the zero pose, where all frames are aligned with the file's axes.
    case zero
    /// Two or three of the joint's own axes as directions in the body's frame.
    case axes([Int: Vector3])
  }

  /// The skeleton's name: the file name without its extension.
  public var name: String
  /// The source's joint for each canonical joint.
  public var joints: [Skeleton.Joint: String]
  /// Further joint names that distinguish the skeleton from similar ones.
  public var others: [String] = []
  /// One unit of the file, if fixed [m]; nil to detect it from the size of the body.
  var metresPerUnit: Double?
  /// The directions of the body's left, up and forward in the file's axes at the T-pose; nil
  /// where the zero pose shows them.
  var axes: [Vector3]?
  /// How joints are turned in the T-pose where it is not as their parent.
  var references: [Skeleton.Joint: Reference] = [:]
  /// The joints whose bone points in the T-pose exactly where the canonical one points.
  var aimed: [Skeleton.Joint] = []

  /// The name of the table of files that motionc writes.
  static let own = "canonical"

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
    do throws(FileError) { text = try InputFile.text(of: path, limit: 1 << 20) } catch {
      throw .unreadable(path: path, reason: error.reason)
    }
    try self.init(yaml: text, path: path)
  }

  /// Reads a table from its text.
  init(yaml text: String, path: String) throws(MotionError) {
    do throws(YAMLError) {
      try self.init(
        StrictYAML(parsing: text, path: path, what: "the skeleton table", keys: Self.keys))
    } catch {
      throw .malformed(path: path, reason: error.reason)
    }
  }

  private static let keys = ["skeleton", "joints", "others", "unit", "axes", "tpose", "aim"]

  private init(_ yaml: StrictYAML) throws(YAMLError) {
    name = try yaml.requiredText("skeleton")
    joints = [:]
    let names = try yaml.mapping("joints", what: "joints", keys: nil)
    for key in names?.names ?? [] {
      joints[try Self.joint(key) { names?.error(key, $0) ?? yaml.error($0) }] =
        try names?.requiredText(key)
    }
    guard !joints.isEmpty else { throw yaml.error("joints", "at least one joint was expected") }
    others = try yaml.texts("others") ?? []
    metresPerUnit = try yaml.positiveNumber("unit")
    if let texts = try yaml.texts("axes") { axes = try Self.fileAxes(texts, yaml) }
    let poses = try yaml.mapping("tpose", what: "tpose", keys: nil)
    for key in poses?.names ?? [] {
      guard let poses else { break }
      references[try Self.joint(key) { poses.error(key, $0) }] = try Self.reference(key, poses)
    }
    for text in try yaml.texts("aim") ?? [] {
      aimed.append(try Self.joint(text) { yaml.error("aim", $0) })
    }
  }

  private static func joint(
    _ name: String, error: (String) -> YAMLError
  ) throws(YAMLError) -> Skeleton.Joint {
    do throws(MotionError) {
      return try Skeleton.Joint(named: name)
    } catch let unknown {
      throw error(unknown.description)
    }
  }

  private static func reference(
    _ key: String, _ poses: StrictYAML
  ) throws(YAMLError) -> Reference {
    if poses.isText(key) {
      switch try poses.requiredText(key) {
      case "parent": return .parent
      case "zero": return .zero
      default: break
      }
    }
    guard !poses.isText(key), !poses.isList(key),
      let yaml = try poses.mapping(key, what: "tpose of \(key)", keys: ["x", "y", "z"]),
      yaml.names.count == 2
    else {
      throw poses.error(
        key, "expected 'parent', 'zero' or two axes such as {x: up, z: left}")
    }
    var axes: [Int: Vector3] = [:]
    for (index, axis) in ["x", "y", "z"].enumerated() where yaml.has(axis) {
      axes[index] = try bodyDirection(axis, yaml)
    }
    return .axes(axes)
  }

  private static let bodyDirections: [String: Vector3] = [
    "left": .unitX, "right": -.unitX, "up": .unitY, "down": -.unitY, "forward": .unitZ,
    "backward": -.unitZ,
  ]

  /// A direction in the body's frame, by name or as three numbers (left, up, forward).
  private static func bodyDirection(_ key: String, _ yaml: StrictYAML) throws(YAMLError) -> Vector3
  {
    if yaml.isText(key), let direction = bodyDirections[try yaml.requiredText(key)] {
      return direction
    }
    if yaml.isList(key), let numbers = try yaml.numbers(key, count: 3),
      let direction = Vector3(numbers[0], numbers[1], numbers[2]).normalized
    {
      return direction
    }
    throw yaml.error(
      key,
      "expected \(bodyDirections.keys.sorted().joined(separator: ", ")) or three numbers that are"
        + " not all zero")
  }

  /// The file's axes (`+x`, `-y`, ...) that point left, up and forward.
  private static func fileAxes(_ names: [String], _ yaml: StrictYAML) throws(YAMLError) -> [Vector3]
  {
    let known: [String: Vector3] = [
      "+x": .unitX, "-x": -.unitX, "+y": .unitY, "-y": -.unitY, "+z": .unitZ, "-z": -.unitZ,
    ]
    let axes = names.compactMap { known[$0] }
    guard names.count == 3, axes.count == 3 else {
      throw yaml.error(
        "axes",
        "expected three of \(known.keys.sorted().joined(separator: ", ")): left, up, forward")
    }
    return axes
  }
}
