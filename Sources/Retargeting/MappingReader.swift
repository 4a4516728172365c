import Files
import Geometry
import Motions
import Yams

extension Mapping {
  /// Reads a mapping's file; unknown keys and names are refused.
  public init(contentsOf path: String) throws(RetargetingError) {
    let text: String
    do throws(FileError) { text = try InputFile.text(of: path, limit: 1 << 20) } catch {
      throw .file(error)
    }
    try self.init(parsing: text, path: path)
  }

  /// Reads a mapping's text; the path is for errors.
  public init(parsing text: String, path: String) throws(RetargetingError) {
    do {
      self = try MappingReader(text: text, path: path).mapping()
    } catch let error as RetargetingError {
      throw error
    } catch {
      throw .mapping("\(error)")
    }
  }

  /// The shipped mapping of the canonical skeleton onto a robot.
  public static func shipped(for robotFolder: String) throws(RetargetingError) -> Mapping {
    guard let folder = ProjectFolder.locate("Mappings") else {
      throw .mapping(
        "the folder Mappings was not found; MOTIONC_HOME may name the folder that holds it")
    }
    let path = "\(folder)/human-to-\(robotFolder).yaml"
    guard (try? InputFile.bytes(of: path, limit: 1 << 20)) != nil else {
      throw .mapping(
        "there is no mapping for robot '\(robotFolder)' ('\(path)'); --mapping FILE names one")
    }
    return try Mapping(contentsOf: path)
  }
}

/// Reads the YAML of a mapping.
private struct MappingReader {
  let text: String
  let path: String

  func mapping() throws -> Mapping {
    let top = try StrictYAML(
      parsing: text, path: path, what: "the mapping",
      keys: ["skeleton", "robot", "origin", "rest", "points", "bones", "direct"])
    let origin = try origin(top)
    let points = try points(top, origin: origin)
    guard points.contains(where: { $0.weight > 0 }) else {
      throw top.error("points", "no point has a weight above 0")
    }
    return Mapping(
      skeleton: try top.requiredText("skeleton"), robot: try top.requiredText("robot"),
      origin: origin, points: points, bones: try bones(top, points: points),
      directMaps: try directMaps(top), rest: try rest(top), path: path, text: text)
  }

  private func rest(_ top: StrictYAML) throws -> [String: Double] {
    guard let yaml = try top.mapping("rest", what: "the rest posture", keys: nil) else {
      return [:]
    }
    var rest: [String: Double] = [:]
    for name in yaml.names { rest[name] = try yaml.requiredNumber(name) }
    return rest
  }

  private func origin(_ top: StrictYAML) throws -> Mapping.Origin {
    guard let node = top.node("origin") else { throw top.error("origin", "the key is missing") }
    let yaml = try StrictYAML(
      node, path: path, what: "the origin", keys: ["joint", "frame", "position", "forward", "up"])
    let joint = try joint(yaml, "joint") ?? .pelvis
    let forward = try direction(yaml, "forward") ?? .unitX
    let up = try direction(yaml, "up") ?? .unitZ
    guard abs(forward.dot(up)) < 0.02, let across = (up - up.dot(forward) * forward).normalized
    else { throw yaml.error("up", "it is not at a right angle to 'forward'") }
    return Mapping.Origin(
      joint: joint, frame: try self.joint(yaml, "frame") ?? joint,
      position: try vector(yaml, "position") ?? .zero, forward: forward, up: across)
  }

  private func points(_ top: StrictYAML, origin: Mapping.Origin) throws -> [Mapping.Point] {
    var points: [Mapping.Point] = []
    let keys = ["joint", "link", "place", "weight", "from", "frame", "scale", "offset"]
    for yaml in try top.list("points", of: "a point", keys: keys) {
      guard let joint = try joint(yaml, "joint") else {
        throw yaml.error("joint", "the key is missing")
      }
      guard !points.contains(where: { $0.joint == joint }) else {
        throw yaml.error("joint", "'\(joint.name)' has a point already")
      }
      let weight = try yaml.number("weight") ?? 1
      guard weight >= 0 else { throw yaml.error("weight", "found \(weight), at least 0 expected") }
      var parent: Int?
      if let from = try self.joint(yaml, "from"), from != origin.joint {
        guard let index = points.firstIndex(where: { $0.joint == from }) else {
          throw yaml.error("from", "'\(from.name)' has no point above this one")
        }
        parent = index
      } else if !yaml.has("from") {
        parent = nearestAncestor(of: joint, in: points)
      }
      let holder = parent.map { points[$0].joint } ?? origin.joint
      points.append(
        Mapping.Point(
          joint: joint, link: try yaml.requiredText("link"), weight: weight, parent: parent,
          limb: try limb(yaml, joint: joint, parent: holder),
          place: try vector(yaml, "place") ?? .zero))
    }
    return points
  }

  private func limb(
    _ yaml: StrictYAML, joint: Skeleton.Joint, parent: Skeleton.Joint
  ) throws -> Mapping.Limb {
    let frame = try self.frame(yaml)
    if yaml.has("offset") {
      guard !yaml.has("scale") else { throw yaml.error("scale", "stands beside 'offset'") }
      if let word = yaml.node("offset")?.string {
        guard word == "robot" else {
          throw yaml.error("offset", "found '\(word)', 'robot' or three numbers expected")
        }
        return .robotOffset(frame: frame ?? .joint(parent))
      }
      return .offset(try vector(yaml, "offset") ?? .zero, frame: frame ?? .joint(parent))
    }
    guard frame == nil else { throw yaml.error("frame", "goes with 'offset' only") }
    guard joint.isBelow(parent) else {
      throw yaml.error("joint", "'\(joint.name)' is not below '\(parent.name)' in the skeleton")
    }
    guard let scale = try yaml.number("scale") else { return .fitted }
    guard scale > 0 else { throw yaml.error("scale", "found \(scale), more than 0 expected") }
    return .scaled(scale)
  }

  private func frame(_ yaml: StrictYAML) throws -> Mapping.Frame? {
    switch try yaml.text("frame") {
    case nil: nil
    case "Trunk": .trunk
    case "Lean": .lean
    default: try joint(yaml, "frame").map { .joint($0) }
    }
  }

  private func bones(_ top: StrictYAML, points: [Mapping.Point]) throws -> [Mapping.Bone] {
    try top.list("bones", of: "a bone", keys: ["from", "to"]).map { yaml in
      func index(_ key: String) throws -> Int {
        guard let joint = try joint(yaml, key),
          let index = points.firstIndex(where: { $0.joint == joint })
        else {
          let names = points.map(\.joint.name).joined(separator: ", ")
          throw yaml.error(key, "a joint that has a point was expected: \(names)")
        }
        return index
      }
      let bone = Mapping.Bone(from: try index("from"), to: try index("to"))
      guard bone.from != bone.to else { throw yaml.error("to", "a bone has two different ends") }
      return bone
    }
  }

  private func directMaps(_ top: StrictYAML) throws -> [Mapping.DirectMap] {
    let keys = ["joint", "axis", "factor", "offset", "target", "weight"]
    return try top.list("direct", of: "a direct map", keys: keys).map { yaml in
      guard let joint = try joint(yaml, "joint") else {
        throw yaml.error("joint", "the key is missing")
      }
      guard let axis = try vector(yaml, "axis")?.normalized else {
        throw yaml.error("axis", "three numbers that are not all zero were expected")
      }
      let weight = try yaml.number("weight") ?? 1
      guard weight >= 0 else { throw yaml.error("weight", "found \(weight), at least 0 expected") }
      return Mapping.DirectMap(
        joint: joint, axis: axis, factor: try yaml.number("factor") ?? 1,
        offset: try yaml.number("offset") ?? 0, target: try yaml.requiredText("target"),
        weight: weight)
    }
  }

  private func joint(_ yaml: StrictYAML, _ key: String) throws -> Skeleton.Joint? {
    guard let name = try yaml.text(key) else { return nil }
    guard let joint = Skeleton.Joint.allCases.first(where: { $0.name == name }) else {
      let names = Skeleton.Joint.allCases.map(\.name).joined(separator: ", ")
      throw yaml.error(key, "there is no human joint '\(name)'; there are \(names)")
    }
    return joint
  }

  private func direction(_ yaml: StrictYAML, _ key: String) throws -> Vector3? {
    guard let vector = try vector(yaml, key) else { return nil }
    guard let direction = vector.normalized else {
      throw yaml.error(key, "a direction was expected, found zeros")
    }
    return direction
  }

  private func vector(_ yaml: StrictYAML, _ key: String) throws -> Vector3? {
    try yaml.numbers(key, count: 3).map { [$0[0], $0[1], $0[2]] }
  }

  private func nearestAncestor(of joint: Skeleton.Joint, in points: [Mapping.Point]) -> Int? {
    var index = Skeleton.parents[joint.rawValue]
    while index >= 0 {
      if let found = points.firstIndex(where: { $0.joint.rawValue == index }) { return found }
      index = Skeleton.parents[index]
    }
    return nil
  }
}

extension Skeleton.Joint {
  /// Whether another joint lies on the way from this one to the pelvis.
  func isBelow(_ other: Skeleton.Joint) -> Bool {
    var index = Skeleton.parents[rawValue]
    while index >= 0 {
      if index == other.rawValue { return true }
      index = Skeleton.parents[index]
    }
    return false
  }
}
