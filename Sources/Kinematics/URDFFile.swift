import CURDF
import Files
import Geometry

/// The contents of a URDF in the file's order, each number checked; not yet a tree.
struct URDFFile {
  /// One `<joint>`.
  struct Element {
    var name: String
    var kind: Joint.Kind
    var parent: String
    var child: String
    var parentFromJoint: Pose
    var axis: Vector3
    var limits: JointLimits
    var mimic: (leader: String, multiplier: Double, offset: Double)?
    var armature: Double?
  }

  /// Bounds beyond this are written by tools that mean "none" [rad, m, or per second].
  static let absurd = 1e6
  /// The velocity limit by which some tools mean that they know none.
  static let notGiven = -1.0

  var name: String
  var links: [String]
  /// The shapes of each link.
  var shapes: [Shapes]
  /// The mass of each link.
  var masses: [LinkMass?]
  var joints: [Element]
  var warnings: [String]

  /// Reads the bytes of a URDF.
  init(_ bytes: [UInt8], path: String) throws(KinematicsError) {
    if let reason = MarkupGuard.defect(in: bytes) {
      throw .invalidRobot(path: path, reason: reason)
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw .invalidRobot(path: path, reason: "it is not UTF-8 text")
    }
    guard let model = curdf_parse(text) else {
      throw .invalidRobot(path: path, reason: "there is no memory to read it")
    }
    defer { curdf_free(model) }
    if let message = curdf_error(model) {
      let lines = String(cString: message).split(separator: "\n").map { $0.printable(limit: 500) }
        .joined(separator: "; ")
      throw .invalidRobot(path: path, reason: lines)
    }
    do {
      let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
      self = try URDFFile(model, meshes: MeshStore(MeshFinder(folder: folder)))
    } catch {
      throw .invalidRobot(path: path, reason: error.reason)
    }
  }

  /// Why a joint is refused.
  private struct Refusal: Error {
    var reason: String
  }

  private init(_ model: OpaquePointer, meshes: consuming MeshStore) throws(Refusal) {
    name = String(cString: curdf_name(model))
    links = (0..<curdf_link_count(model)).map { String(cString: curdf_link_name(model, $0)) }
    shapes = links.indices.map { Self.shapes(of: $0, in: model, &meshes) }
    masses = links.indices.map { Self.massPoint(of: $0, in: model) }
    warnings = String(cString: curdf_messages(model)).split(separator: "\n").map {
      "urdfdom: \($0)"
    }
    warnings += meshes.warnings
    joints = []
    guard !links.contains("") else { throw Refusal(reason: "a link's name is empty") }
    var withoutVelocity: [String] = []
    var minusOne: [String] = []
    var softened: [String] = []
    for index in 0..<curdf_joint_count(model) {
      let reader = Reader(model: model, index: index)
      let joint = try reader.element(warnings: &warnings)
      let moves = joint.kind != .fixed && joint.kind != .floating && joint.kind != .planar
      if moves, reader.velocity == Self.notGiven {
        minusOne.append(joint.name)
      } else if moves, joint.limits.velocity == nil {
        withoutVelocity.append(joint.name)
      }
      if [joint.limits.lower, joint.limits.upper].contains(where: {
        $0?.source == FurtherLimits.safetySource
      }) {
        softened.append(joint.name)
      }
      joints.append(joint)
    }
    if !softened.isEmpty {
      warnings.append(
        "the soft limits of <safety_controller> are narrower than those of <limit> and hold: "
          + KinematicsError.list(softened))
    }
    if !withoutVelocity.isEmpty {
      warnings.append(
        "the URDF gives no velocity limit (absent, 0 or absurd) for "
          + KinematicsError.list(withoutVelocity))
    }
    if !minusOne.isEmpty {
      warnings.append(
        "a velocity limit of -1 is taken for none given: " + KinematicsError.list(minusOne))
    }
  }

  /// Reads one joint out of urdfdom's model, and holds its numbers against the file's own text.
  private struct Reader {
    var model: OpaquePointer
    var index: Int

    func element(warnings: inout [String]) throws(Refusal) -> Element {
      let name = String(cString: curdf_joint_name(model, index))
      guard !name.isEmpty else { throw Refusal(reason: "a joint's name is empty") }
      try checkTexts(of: name)
      let kind = try kind(of: name)
      var origin = [Double](repeating: 0, count: 7)
      curdf_joint_origin(model, index, &origin)
      let rotation = Quaternion(w: origin[6], x: origin[3], y: origin[4], z: origin[5])
      return Element(
        name: name, kind: kind,
        parent: String(cString: curdf_joint_parent(model, index)),
        child: String(cString: curdf_joint_child(model, index)),
        parentFromJoint: Pose(
          rotation: rotation.normalized, translation: [origin[0], origin[1], origin[2]]),
        axis: try axis(of: name, kind: kind),
        limits: try limits(of: name, kind: kind, warnings: &warnings),
        mimic: mimic(), armature: armature)
    }

    /// The velocity limit as it is written; nil where the joint has no limits.
    var velocity: Double? {
      var values = [0.0, 0.0, 0.0, 0.0]
      return curdf_joint_limit(model, index, &values) != 0 ? values[2] : nil
    }

    /// The rotor's inertia, which some tools write; nil where it is absent or none.
    private var armature: Double? {
      number("dynamics", "armature").flatMap { 0 < $0 && $0 < URDFFile.absurd ? $0 : nil }
    }

    /// urdfdom takes "2.10.110", "1,5" or two numbers for an axis; here each must be a number.
    private func checkTexts(of name: String) throws(Refusal) {
      let expected: [(element: String, attribute: String, count: Int)] = [
        ("origin", "xyz", 3), ("origin", "rpy", 3), ("axis", "xyz", 3), ("limit", "lower", 1),
        ("limit", "upper", 1), ("limit", "velocity", 1), ("limit", "effort", 1),
        ("mimic", "multiplier", 1), ("mimic", "offset", 1), ("limit", "acceleration", 1),
        ("limit", "deceleration", 1), ("limit", "jerk", 1), ("dynamics", "armature", 1),
        ("safety_controller", "soft_lower_limit", 1), ("safety_controller", "soft_upper_limit", 1),
      ]
      for (element, attribute, count) in expected {
        guard let text = text(element, attribute) else { continue }
        let parts = text.split { $0 == " " || $0 == "\t" || $0 == "\n" || $0 == "\r\n" }
        guard parts.count == count, parts.allSatisfy({ Self.isNumber($0) }) else {
          let hint =
            text.contains("${") || text.contains("$(")
            ? " (an unexpanded xacro expression: expand the file with the xacro tool)" : ""
          throw Refusal(
            reason:
              "joint '\(name)', <\(element) \(attribute)>: found \"\(text.printable(limit: 80))\"\(hint)"
              + ", expected \(count == 1 ? "a finite number" : "\(count) finite numbers")")
        }
      }
    }

    private static func isNumber(_ text: Substring) -> Bool {
      let plain = text.utf8.allSatisfy { "0123456789+-.eE".utf8.contains($0) }
      guard plain, let value = Double(text) else { return false }
      return value.isFinite
    }

    private func text(_ element: String, _ attribute: String) -> String? {
      curdf_joint_text(model, index, element, attribute).map { String(cString: $0) }
    }

    private func number(_ element: String, _ attribute: String) -> Double? {
      text(element, attribute).flatMap { Double($0.filter { !$0.isWhitespace }) }
    }

    private func kind(of name: String) throws(Refusal) -> Joint.Kind {
      switch Int(curdf_joint_type(model, index)) {
      case CURDF_REVOLUTE: .revolute
      case CURDF_CONTINUOUS: .continuous
      case CURDF_PRISMATIC: .prismatic
      case CURDF_FLOATING: .floating
      case CURDF_PLANAR: .planar
      case CURDF_FIXED: .fixed
      default: throw Refusal(reason: "joint '\(name)' is of an unknown type")
      }
    }

    private func axis(of name: String, kind: Joint.Kind) throws(Refusal) -> Vector3 {
      guard kind == .revolute || kind == .continuous || kind == .prismatic else { return .unitX }
      var values = [Double](repeating: 0, count: 3)
      curdf_joint_axis(model, index, &values)
      guard let axis = Vector3(values[0], values[1], values[2]).normalized else {
        throw Refusal(reason: "joint '\(name)': its axis is 0 0 0, expected a direction")
      }
      return axis
    }

    private func mimic() -> (leader: String, multiplier: Double, offset: Double)? {
      var values = [0.0, 0.0]
      guard let leader = curdf_joint_mimic(model, index, &values) else { return nil }
      return (String(cString: leader), values[0], values[1])
    }

    private func limits(
      of name: String, kind: Joint.Kind, warnings: inout [String]
    ) throws(Refusal) -> JointLimits {
      var limits = JointLimits()
      var values = [0.0, 0.0, 0.0, 0.0]
      guard curdf_joint_limit(model, index, &values) != 0 else { return limits }
      if kind == .revolute || kind == .prismatic {
        let (lower, upper) = (values[0], values[1])
        guard lower <= upper else {
          throw Refusal(
            reason: "joint '\(name)': its lower limit \(lower) is above its upper limit \(upper)")
        }
        if number("limit", "lower") == nil || number("limit", "upper") == nil {
          warnings.append("joint '\(name)': an absent position limit is 0, as URDF defines")
        }
        limits.lower = bound(lower, "lower", of: name, warnings: &warnings)
        limits.upper = bound(upper, "upper", of: name, warnings: &warnings)
        if let reason = further.narrow(&limits, of: name, warnings: &warnings) {
          throw Refusal(reason: "joint '\(name)': \(reason)")
        }
      }
      further.readRates(into: &limits)
      guard values[2] >= 0 || values[2] == URDFFile.notGiven else {
        throw Refusal(
          reason: "joint '\(name)': its velocity limit is \(values[2]), expected more than 0, or 0 "
            + "or -1 where it is not known")
      }
      if values[2] > 0 {
        limits.velocity = bound(values[2], "velocity", of: name, warnings: &warnings)
      }
      if values[3] > 0 { limits.effort = SourcedLimit(values[3], source: "URDF") }
      return limits
    }

    private var further: FurtherLimits { FurtherLimits { number($0, $1) } }

    private func bound(
      _ value: Double, _ which: String, of name: String, warnings: inout [String]
    ) -> SourcedLimit? {
      guard abs(value) <= URDFFile.absurd else {
        warnings.append("joint '\(name)': the \(which) limit \(value) is taken for none")
        return nil
      }
      return SourcedLimit(value, source: "URDF")
    }
  }
}
