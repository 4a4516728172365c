import Yams

/// Lays files of limits over the limits of a URDF, later files over earlier ones.
struct LimitsReader {
  private(set) var joints: [Joint]
  let configurationJoints: [Int]
  private(set) var coupledLimits: [CoupledLimit] = []
  private(set) var hasFloatingBase: Bool?
  private(set) var warnings: [String] = []

  private static let largestFile = 256 << 10
  private static let keys = [
    "floating_base", "defaults", "defaults_prismatic", "joint_limits", "coupled_limits",
  ]
  /// MoveIt's keys of the same file, which are about its planner and not about the robot.
  private static let ignoredKeys = [
    "default_velocity_scaling_factor", "default_acceleration_scaling_factor",
  ]

  /// Limits as the URDF gives them.
  init(joints: [Joint], fileOrder: [Int]) {
    self.joints = joints
    configurationJoints = joints.indices
      .filter { joints[$0].isMovable && joints[$0].mimic == nil }
      .sorted { fileOrder[$0] < fileOrder[$1] }
  }

  /// Reads a file of limits; `source` is how its bounds are labelled.
  mutating func read(_ path: String, source: String) throws(KinematicsError) {
    let bytes = try Robot.read(path, limit: Self.largestFile)
    do {
      try read(try Self.document(bytes), source: source)
    } catch {
      throw .invalidLimits(path: path, reason: error.reason)
    }
  }

  private static func document(_ bytes: [UInt8]) throws(LimitsRefusal) -> Node {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw LimitsRefusal("it is not UTF-8 text")
    }
    let opening = bytes.count { $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "{") }
    guard opening <= 1000 else { throw LimitsRefusal("it nests too deeply") }
    do {
      guard let node = try Yams.compose(yaml: text) else { throw LimitsRefusal("it is empty") }
      return node
    } catch {
      let reason = (error as? LimitsRefusal)?.reason ?? "it is not YAML: \(error)"
      throw LimitsRefusal(reason.split(separator: "\n").joined(separator: " "))
    }
  }

  private mutating func read(_ document: Node, source: String) throws(LimitsRefusal) {
    let entries = try document.entries(of: "the file")
    for (key, value) in entries where !(Self.keys + Self.ignoredKeys).contains(key) {
      throw LimitsRefusal(
        "the key '\(key)' is unknown; there are \(KinematicsError.list(Self.keys))", at: value)
    }
    for key in Self.ignoredKeys where entries[key] != nil {
      warnings.append("\(source): '\(key)' is a planner's setting and is not used")
    }
    if let node = entries["floating_base"] {
      guard let value = node.bool else {
        throw LimitsRefusal("floating_base: expected true or false", at: node)
      }
      hasFloatingBase = value
    }
    if let node = entries["joint_limits"] { try readJoints(node, source: source) }
    for (key, angular) in [("defaults", true), ("defaults_prismatic", false)] {
      guard let node = entries[key] else { continue }
      try readDefaults(node, key: key, angular: angular, source: source)
    }
    if let node = entries["coupled_limits"] { try readCoupled(node, source: source) }
  }

  private mutating func readJoints(_ node: Node, source: String) throws(LimitsRefusal) {
    for (name, value) in try node.entries(of: "joint_limits") {
      let joint = try movableJoint(name, of: "joint_limits", at: value)
      let entry = try LimitsEntry(value, of: "joint '\(name)'")
      guard joints[joint].isAngular || !entry.isInDegrees else {
        throw LimitsRefusal("joint '\(name)' is prismatic and has no degrees", at: value)
      }
      entry.apply(to: &joints[joint].limits, source: source)
      if let lower = joints[joint].limits.lower, let upper = joints[joint].limits.upper {
        guard lower.value <= upper.value else {
          throw LimitsRefusal(
            "joint '\(name)': lower \(lower.value) (\(lower.source)) is above "
              + "upper \(upper.value) (\(upper.source))", at: value)
        }
      }
    }
  }

  /// Fills what neither the URDF nor `joint_limits` gives, for independent joints of one kind.
  private mutating func readDefaults(
    _ node: Node, key: String, angular: Bool, source: String
  ) throws(LimitsRefusal) {
    let entry = try LimitsEntry(node, of: key)
    guard angular || !entry.isInDegrees else {
      throw LimitsRefusal("\(key): prismatic joints have no degrees", at: node)
    }
    for joint in configurationJoints where joints[joint].isAngular == angular {
      entry.apply(to: &joints[joint].limits, source: "\(source), \(key)", onlyGaps: true)
    }
  }

  private mutating func readCoupled(_ node: Node, source: String) throws(LimitsRefusal) {
    guard let sequence = node.sequence else {
      throw LimitsRefusal("coupled_limits: expected a list", at: node)
    }
    for item in sequence {
      let limit = try coupledLimit(item, source: source)
      coupledLimits.removeAll { $0.name == limit.name }
      coupledLimits.append(limit)
    }
  }

  private func coupledLimit(_ node: Node, source: String) throws(LimitsRefusal) -> CoupledLimit {
    let entries = try node.entries(of: "coupled_limits")
    let known = ["name", "terms", "lower", "upper", "unit"]
    for (key, value) in entries where !known.contains(key) {
      throw LimitsRefusal(
        "coupled_limits: the key '\(key)' is unknown; there are \(KinematicsError.list(known))",
        at: value)
    }
    guard let name = entries["name"]?.string, !name.isEmpty, let termsNode = entries["terms"],
      let lowerNode = entries["lower"], let upperNode = entries["upper"]
    else {
      throw LimitsRefusal("coupled_limits: expected name, terms, lower and upper", at: node)
    }
    let place = "coupled limit '\(name)'"
    let isInDegrees = try entries["unit"]?.isDegrees(of: place) ?? false
    let scale = isInDegrees ? Double.pi / 180 : 1
    let sum = try terms(termsNode, of: place, isInDegrees: isInDegrees)
    let lower = try lowerNode.number(of: "\(place), lower") * scale - sum.offset
    let upper = try upperNode.number(of: "\(place), upper") * scale - sum.offset
    guard lower <= upper else {
      throw LimitsRefusal("\(place): lower is above upper", at: node)
    }
    return CoupledLimit(name: name, terms: sum.terms, lower: lower, upper: upper, source: source)
  }

  /// The summands over coordinates, and what mimic joints' offsets add.
  private func terms(
    _ node: Node, of place: String, isInDegrees: Bool
  ) throws(LimitsRefusal) -> (terms: [CoupledLimit.Term], offset: Double) {
    var factors: [Int: Double] = [:]
    var offset = 0.0
    for (name, value) in try node.entries(of: "\(place), terms") {
      let joint = joints[try movableJoint(name, of: place, at: value)]
      guard joint.isAngular || !isInDegrees else {
        throw LimitsRefusal("\(place): joint '\(name)' is prismatic, no degrees", at: value)
      }
      let factor = try value.number(of: "\(place), \(name)")
      let leader = joint.mimic.map { joints[$0.leader].name } ?? name
      guard let coordinate = configurationJoints.firstIndex(where: { joints[$0].name == leader })
      else { continue }
      factors[coordinate, default: 0] += factor * (joint.mimic?.multiplier ?? 1)
      offset += factor * (joint.mimic?.offset ?? 0)
    }
    let terms = factors.filter { $0.value != 0 }.sorted { $0.key < $1.key }
      .map { CoupledLimit.Term(coordinate: $0.key, factor: $0.value) }
    guard !terms.isEmpty else { throw LimitsRefusal("\(place): it has no terms", at: node) }
    return (terms, offset)
  }

  private func movableJoint(
    _ name: String, of place: String, at node: Node
  ) throws(LimitsRefusal) -> Int {
    guard let index = joints.firstIndex(where: { $0.name == name && $0.isMovable }) else {
      throw LimitsRefusal(
        "\(place): there is no movable joint '\(name)'; there are "
          + KinematicsError.list(joints.filter(\.isMovable).map(\.name)), at: node)
    }
    return index
  }
}
