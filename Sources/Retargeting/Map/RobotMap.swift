public import Geometry
public import Kinematics
public import Morphology

/// Which joints and links of a robot are the parts of a human body, found from its URDF.
public struct RobotMap: Sendable {
  /// One part: a list of joints, a hinge or a link.
  public struct Slot: Sendable, Hashable {
    /// The name: `left_knee`.
    public var name: String
    /// The joints, from the trunk outwards or from the pelvis upwards.
    public var joints: [String]
    /// The link.
    public var link: String?
    /// Whether the joint bends the limb when its position grows; nil where that is open.
    public var positiveFlexes: Bool?
    /// The part's point in the link's frame, where the link's origin is not there [m].
    public var offset: Vector3?
    /// How it was found.
    public var evidence: String
    /// What is doubtful about it; nil where nothing is.
    public var doubt: String?
  }

  /// The parts, from the feet upwards.
  public var slots: [Slot]
  /// The axis of the base's frame along which the robot looks: "+x"; nil where it has no front.
  public var facing: String?
  /// The direction in which it looks, and up, in the base's frame.
  public var forward: Vector3?, up: Vector3?
  /// What showed the front.
  public var facingEvidence: [String]
  /// Whether the base is free in space.
  public var isFloating: Bool
  /// Why the robot is refused; nil where it is mapped.
  public var refusal: String?
  /// What is doubtful, one sentence each.
  public var doubts: [String]
  /// What is worth knowing and not doubtful.
  public var notes: [String]
  /// Joints that belong to no part.
  public var leftAlone: [String]
  /// What its waist cannot do: `waist pitch`, `waist roll`, `waist yaw`.
  public var lacks: [String] = []
  /// What inverse kinematics makes of the mapping, one sentence each; filled by `judge`.
  public var verdict: [String] = []
  /// The limits that were estimated, one line a joint.
  public var estimatedLimits: [String] = []
  /// What kind of body it is.
  public var kind: String
  /// How a single arm follows a person's; filled by `fitArm`.
  public var arm: ArmFit?
  /// What was found, for writing a mapping; nil where the robot is refused.
  var found: (tree: HingedTree, plan: HingedPlan)?

  /// The map of a robot.
  ///
  /// - Parameters:
  ///   - robot: The robot.
  ///   - front: The axis of the base's frame along which it looks, where the user states it.
  public init(of robot: Robot, front: BaseAxis? = nil) {
    self.init(of: HingedTree(robot), front: front)
    guard refusal == nil else { return }
    estimatedLimits = robot.estimatedLimits
    doubts += Self.doubts(aboutLimitsOf: robot)
    let open = robot.configurationJoints.map { robot.joints[$0] }.filter {
      $0.limits.acceleration == nil
    }
    if !open.isEmpty {
      notes.append(
        "no limit of acceleration is stated or can be estimated, which takes an effort and a mass: "
          + Self.list(open))
    }
    if isFloating, !robot.hasFloatingBase {
      notes.append(
        "the file has no joint between the base and the world: with legs it is taken to float")
    }
  }

  /// The map of a mechanism.
  public init(of tree: HingedTree, front: BaseAxis? = nil) {
    do throws(NoBody) {
      let plan = try HingedPlan(findingIn: tree)
      self = RobotMapBuilder(tree: tree).map(plan, front: front)
    } catch {
      self.init(refusing: error.description)
    }
  }

  init(refusing reason: String) {
    slots = []
    facingEvidence = []
    isFloating = false
    refusal = reason
    doubts = []
    notes = []
    leftAlone = []
    kind = "none"
  }

  /// All doubts, of the whole and of each part, one sentence each.
  public var allDoubts: [String] {
    doubts
      + slots.compactMap { slot in slot.doubt.map { "\(shownName(of: slot)): \($0)" } }
  }

  /// Whether the robot is one arm.
  public var isSingleArm: Bool { kind == HingedPlan.Kind.arm.rawValue }

  /// Finds how a single arm follows a person's.
  ///
  /// - Parameters:
  ///   - robot: The robot that the map is of.
  ///   - options: What the user states.
  /// - Throws: `NoMapping` where it cannot.
  public mutating func fitArm(
    _ robot: Robot, options: ArmFit.Options = ArmFit.Options()
  ) throws(NoMapping) {
    arm = try ArmFit(self, of: robot, options: options)
  }

  /// The map as a mapping, which no file holds.
  ///
  /// - Parameters:
  ///   - robot: The robot that the map is of.
  ///   - options: What the user states of a single arm that is not fitted yet.
  /// - Throws: `NoMapping` where the format of mappings cannot state it.
  public func foundMapping(
    of robot: Robot, options: ArmFit.Options = ArmFit.Options()
  ) throws -> Mapping {
    var map = self
    if isSingleArm, arm == nil { try map.fitArm(robot, options: options) }
    return try Mapping(parsing: map.mapping(robot: robot.name), path: Mapping.foundPath)
  }

  /// Fills the verdict where a mapping can be written: what inverse kinematics reaches on random poses.
  ///
  /// - Parameter robot: The robot that the map is of.
  public mutating func judge(_ robot: Robot) {
    guard let mapping = try? foundMapping(of: robot),
      let retargeter = try? InverseKinematicsRetargeter(robot: robot, mapping: mapping)
    else { return }
    verdict = MappingVerdict(retargeter).sentences
  }

  /// A slot's name for people; one arm has no side of its own.
  func shownName(of slot: Slot) -> String {
    let words = slot.name.split(separator: "_")
    return (isSingleArm ? words.dropFirst() : words[...]).joined(separator: " ")
  }

  /// A slot by its name.
  public subscript(name: String) -> Slot? { slots.first { $0.name == name } }

  private static func list(_ joints: [Joint]) -> String {
    let names = joints.prefix(4).map { "'\($0.name)'" }.joined(separator: ", ")
    return joints.count > 4 ? "\(names) and \(joints.count - 4) more" : names
  }

  /// What the file says of limits that cannot be so.
  private static func doubts(aboutLimitsOf robot: Robot) -> [String] {
    let movable = robot.joints.filter { $0.isMovable }
    var doubts: [String] = []
    func say(_ text: String, _ joints: [Joint]) {
      if !joints.isEmpty { doubts.append("\(text): \(list(joints))") }
    }
    say(
      "a range of no width cannot move",
      movable.filter {
        guard $0.kind != .continuous, let lower = $0.limits.lower?.value,
          let upper = $0.limits.upper?.value
        else { return false }
        return lower == upper
      })
    say(
      "a range beyond two turns is no limit",
      movable.filter {
        guard $0.kind == .revolute, let lower = $0.limits.lower?.value,
          let upper = $0.limits.upper?.value
        else { return false }
        return upper - lower > 4 * Double.pi
      })
    return doubts
  }
}

/// An axis of the base's frame with its direction.
public enum BaseAxis: String, Sendable, CaseIterable {
  case plusX = "+x"
  case minusX = "-x"
  case plusY = "+y"
  case minusY = "-y"
  case plusZ = "+z"
  case minusZ = "-z"

  /// The unit vector.
  public var direction: Vector3 {
    switch self {
    case .plusX: .unitX
    case .minusX: -.unitX
    case .plusY: .unitY
    case .minusY: -.unitY
    case .plusZ: .unitZ
    case .minusZ: -.unitZ
    }
  }

  /// The axis that is nearest to a direction.
  public init(nearestTo direction: Vector3) {
    self =
      Self.allCases.max { $0.direction.dot(direction) < $1.direction.dot(direction) } ?? .plusX
  }
}
