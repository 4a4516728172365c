import Files

/// Lays files of limits over the limits of a URDF, later files over earlier ones.
struct LimitsReader {
  private(set) var joints: [Joint]
  let configurationJoints: [Int]
  private(set) var coupledLimits: [CoupledLimit] = []
  private(set) var hasFloatingBase: Bool?
  private(set) var baseLimits = BaseLimits.usual
  private(set) var warnings: [String] = []
  /// For each joint the quantities whose limit is a default, which a later default replaces.
  private var defaults: [Set<String>]

  private static let largestFile = 256 << 10
  private static let keys = [
    "floating_base", "base_limits", "defaults", "defaults_prismatic", "joint_limits",
    "coupled_limits",
  ]
  private static let coupledKeys = ["name", "terms", "lower", "upper", "unit"]
  /// MoveIt's keys of the same file, which are about its planner and not about the robot.
  private static let ignoredKeys = [
    "default_velocity_scaling_factor", "default_acceleration_scaling_factor",
  ]

  /// Limits as the URDF gives them.
  init(joints: [Joint], fileOrder: [Int]) {
    self.joints = joints
    defaults = Array(repeating: [], count: joints.count)
    configurationJoints = joints.indices
      .filter { joints[$0].isMovable && joints[$0].mimic == nil }
      .sorted { fileOrder[$0] < fileOrder[$1] }
  }

  /// Reads a file of limits; `source` is how its bounds are labelled.
  mutating func read(_ path: String, source: String) throws(KinematicsError) {
    let bytes = try Robot.read(path, limit: Self.largestFile)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw .invalidLimits(path: path, reason: "it is not UTF-8 text")
    }
    do throws(YAMLError) {
      try read(
        StrictYAML(
          parsing: text, path: path, what: "the file", keys: Self.keys + Self.ignoredKeys),
        source: source)
    } catch {
      throw .invalidLimits(path: path, reason: error.reason)
    }
  }

  private mutating func read(_ file: StrictYAML, source: String) throws(YAMLError) {
    for key in Self.ignoredKeys where file.has(key) {
      warnings.append("\(source): '\(key)' is a planner's setting and is not used")
    }
    if let value = try file.bool("floating_base") { hasFloatingBase = value }
    try readBase(file, source: source)
    try readJoints(file, source: source)
    for (key, isAngular) in [("defaults", true), ("defaults_prismatic", false)] {
      try readDefaults(file, key: key, isAngular: isAngular, source: source)
    }
    var names: Set<String> = []
    for item in try file.list("coupled_limits", of: "a coupled limit", keys: Self.coupledKeys) {
      let limit = try coupledLimit(item, source: source)
      // Only a later file replaces: in one file a name that is there twice is a mistake.
      guard names.insert(limit.name).inserted else {
        throw item.error("name", "'\(limit.name)' is the name of another coupled limit of the file")
      }
      coupledLimits.removeAll { $0.name == limit.name }
      coupledLimits.append(limit)
    }
  }

  private mutating func readBase(_ file: StrictYAML, source: String) throws(YAMLError) {
    let quantities: [(String, WritableKeyPath<BaseLimits, SourcedLimit>)] = [
      ("speed", \.speed), ("acceleration", \.acceleration), ("turning_rate", \.turningRate),
      ("turning_acceleration", \.turningAcceleration),
    ]
    guard
      let yaml = try file.mapping("base_limits", what: "base_limits", keys: quantities.map(\.0))
    else { return }
    for (key, limit) in quantities {
      guard let value = try yaml.number(key) else { continue }
      guard value > 0 else { throw yaml.error("\(key): found \(value), expected more than 0") }
      baseLimits[keyPath: limit] = SourcedLimit(value, source: source)
    }
  }

  private mutating func readJoints(_ file: StrictYAML, source: String) throws(YAMLError) {
    guard let entries = try file.mapping("joint_limits", what: "joint_limits", keys: nil) else {
      return
    }
    for name in entries.names {
      let joint = try movableJoint(name, in: entries)
      guard
        let yaml = try entries.mapping(name, what: "joint '\(name)'", keys: LimitsEntry.keys)
      else { continue }
      let entry = try LimitsEntry(yaml)
      guard joints[joint].isAngular || !entry.isInDegrees else {
        throw yaml.error("unit", "the joint is prismatic and has no degrees")
      }
      entry.apply(to: &joints[joint].limits, defaults: &defaults[joint], source: source)
      if let lower = joints[joint].limits.lower, let upper = joints[joint].limits.upper {
        guard lower.value <= upper.value else {
          throw yaml.error(
            "lower \(lower.value) (\(lower.source)) is above "
              + "upper \(upper.value) (\(upper.source))")
        }
      }
    }
  }

  /// Fills what neither the URDF nor `joint_limits` gives, for independent joints of one kind.
  private mutating func readDefaults(
    _ file: StrictYAML, key: String, isAngular: Bool, source: String
  ) throws(YAMLError) {
    guard let yaml = try file.mapping(key, what: key, keys: LimitsEntry.keys) else { return }
    let entry = try LimitsEntry(yaml)
    guard isAngular || !entry.isInDegrees else {
      throw yaml.error("unit", "prismatic joints have no degrees")
    }
    for joint in configurationJoints where joints[joint].isAngular == isAngular {
      entry.fill(
        &joints[joint].limits, defaults: &defaults[joint], source: "\(source), \(key)")
    }
  }

  private func coupledLimit(_ yaml: StrictYAML, source: String) throws(YAMLError) -> CoupledLimit {
    let name = try yaml.requiredText("name")
    let isInDegrees = try yaml.isInDegrees()
    let scale = isInDegrees ? Double.pi / 180 : 1
    let sum = try terms(yaml, of: "coupled limit '\(name)'", isInDegrees: isInDegrees)
    let lower = try yaml.requiredNumber("lower") * scale - sum.offset
    let upper = try yaml.requiredNumber("upper") * scale - sum.offset
    guard lower <= upper else { throw yaml.error("lower", "it is above upper") }
    return CoupledLimit(name: name, terms: sum.terms, lower: lower, upper: upper, source: source)
  }

  /// The summands over coordinates, and what mimic joints' offsets add.
  private func terms(
    _ yaml: StrictYAML, of place: String, isInDegrees: Bool
  ) throws(YAMLError) -> (terms: [CoupledLimit.Term], offset: Double) {
    guard let factors = try yaml.mapping("terms", what: "\(place), terms", keys: nil) else {
      throw yaml.error("terms", "the key is missing")
    }
    var sums: [Int: Double] = [:]
    var offset = 0.0
    for name in factors.names {
      let joint = joints[try movableJoint(name, in: factors)]
      guard joint.isAngular || !isInDegrees else {
        throw factors.error(name, "the joint is prismatic and has no degrees")
      }
      let factor = try factors.requiredNumber(name)
      let leader = joint.mimic.map { joints[$0.leader].name } ?? name
      guard let coordinate = configurationJoints.firstIndex(where: { joints[$0].name == leader })
      else { continue }
      sums[coordinate, default: 0] += factor * (joint.mimic?.multiplier ?? 1)
      offset += factor * (joint.mimic?.offset ?? 0)
    }
    let terms = sums.filter { $0.value != 0 }.sorted { $0.key < $1.key }
      .map { CoupledLimit.Term(coordinate: $0.key, factor: $0.value) }
    guard !terms.isEmpty else { throw yaml.error("terms", "it has no terms") }
    return (terms, offset)
  }

  private func movableJoint(_ name: String, in yaml: StrictYAML) throws(YAMLError) -> Int {
    guard let index = joints.firstIndex(where: { $0.name == name && $0.isMovable }) else {
      throw yaml.error(
        name,
        "there is no such movable joint; there are "
          + KinematicsError.list(joints.filter(\.isMovable).map(\.name)))
    }
    return index
  }
}
