public import Geometry

/// The mass of a link and where it is, as the URDF's `<inertial>` states them.
public struct LinkMass: Sendable, Hashable {
  /// The mass [kg]; above zero.
  public var mass: Double
  /// The centre of mass in the link's frame [m].
  public var center: Vector3
  /// The inertia about the centre, along the link's axes [kg·m²]; nil where none is given that a
  /// body can have.
  public var inertia: InertiaTensor?

  /// A mass at a place.
  public init(mass: Double, center: Vector3, inertia: InertiaTensor? = nil) {
    self.mass = mass
    self.center = center
    self.inertia = inertia
  }
}

/// A rigid body of a robot.
public struct Link: Sendable, Hashable {
  /// The link's name in the URDF.
  public var name: String
  /// The index of the joint above it; nil for the root link.
  public var parentJoint: Int?
  /// The shapes that it collides with, as far as they are read.
  public var shapes: [LinkShape]
  /// The shapes that it shows; meshes only where it collides with nothing that is read.
  public var visualShapes: [LinkShape]
  /// Its mass; nil where the URDF gives none above zero.
  public var massPoint: LinkMass?
  /// Whether it has a shape that is not read, such as a mesh without its file.
  public var hasUnreadShape: Bool

  /// A link below a joint.
  public init(
    name: String, parentJoint: Int?, shapes: [LinkShape] = [], visualShapes: [LinkShape] = [],
    massPoint: LinkMass? = nil, hasUnreadShape: Bool = false
  ) {
    self.name = name
    self.parentJoint = parentJoint
    self.shapes = shapes
    self.visualShapes = visualShapes
    self.massPoint = massPoint
    self.hasUnreadShape = hasUnreadShape
  }
}

/// A joint between a parent link and a child link.
public struct Joint: Sendable, Hashable {
  /// The kind of motion of the child relative to the parent.
  public enum Kind: String, Sendable, Hashable {
    case fixed, revolute, continuous, prismatic
    /// Six degrees of freedom; only above the root's child, carried as the root's pose.
    case floating
    /// Three degrees of freedom; only above the root's child, carried as the root's pose.
    case planar
  }

  /// `position = multiplier * leader's position + offset`.
  public struct Mimic: Sendable, Hashable {
    /// The index of the joint that is followed (already resolved to an independent joint).
    public var leader: Int
    /// The factor on the leader's position.
    public var multiplier: Double
    /// The offset [rad or m].
    public var offset: Double

    /// Creates a mimic rule.
    public init(leader: Int, multiplier: Double, offset: Double) {
      self.leader = leader
      self.multiplier = multiplier
      self.offset = offset
    }
  }

  /// The joint's name in the URDF.
  public var name: String
  /// The kind of motion.
  public var kind: Kind
  /// The index of the link above.
  public var parentLink: Int
  /// The index of the link below.
  public var childLink: Int
  /// The joint's frame at position zero in the parent link's frame.
  public var parentFromJoint: Pose
  /// The unit axis in the joint's frame.
  public var axis: Vector3
  /// The joint's own limits; those of a mimic joint also apply to its leader.
  public var limits: JointLimits
  /// The mimic rule of a dependent joint.
  public var mimic: Mimic?
  /// The inertia of the motor's rotor, seen at the joint, that `<dynamics armature>` states [kg·m² or kg].
  public var armature: Double?

  /// A joint with these properties.
  public init(
    name: String, kind: Kind, parentLink: Int, childLink: Int, parentFromJoint: Pose,
    axis: Vector3, limits: JointLimits, mimic: Mimic? = nil, armature: Double? = nil
  ) {
    self.name = name
    self.kind = kind
    self.parentLink = parentLink
    self.childLink = childLink
    self.parentFromJoint = parentFromJoint
    self.axis = axis
    self.limits = limits
    self.mimic = mimic
    self.armature = armature
  }
}

/// A robot: links and joints in an order in which each comes after its parent.
///
/// Parsed, sorted and validated once; immutable afterwards. A *configuration* is one number for
/// each independent movable joint (revolute, continuous, prismatic and not mimic), in the order of
/// `configurationJoints`, radians or metres, the root link at the origin.
public struct Robot: Sendable {
  /// The robot's name in the URDF.
  public let name: String
  /// The links; the first is the root.
  public let links: [Link]
  /// The joints; each comes after the joint above it.
  public let joints: [Joint]
  /// The joints that a configuration has a number for, as indices into `joints`, in URDF order.
  public let configurationJoints: [Int]
  /// Limits on sums of joint positions.
  public let coupledLimits: [CoupledLimit]
  /// Whether the root link floats freely (its pose is carried beside the configuration).
  public let hasFloatingBase: Bool
  /// Whether a file of limits says that the base floats or is fixed, or the URDF has a floating joint;
  /// otherwise nothing was said of it, which for a robot with legs means nothing.
  public let isBaseStated: Bool
  /// The limits of a floating base's motion, as a file of limits states them; otherwise the usual ones.
  public let baseLimits: BaseLimits
  /// The file that the robot was read from.
  public let path: String
  /// The files that the robot was read from: the URDF and those of limits.
  public let files: [String]
  /// The SHA-256 of the URDF's bytes, in hexadecimal.
  public let fingerprint: String
  /// The SHA-256 of what decides where links are: the names, kinds, axes, frames, ranges and couplings of
  /// the URDF's movable joints and the frames of links, in hexadecimal.
  ///
  /// It does not change with comments, masses, shapes, meshes, velocities or efforts, nor with files of
  /// limits.
  public let kinematicFingerprint: String
  /// Warnings of the reader (repaired names, ignored elements), one sentence each.
  public let warnings: [String]

  /// The index into a configuration of each independent joint of `joints`, nil for the others.
  let coordinateOfJoint: [Int?]

  /// A robot of parts that are checked already.
  init(
    name: String, links: [Link], joints: [Joint], configurationJoints: [Int],
    coupledLimits: [CoupledLimit], hasFloatingBase: Bool, isBaseStated: Bool,
    baseLimits: BaseLimits, path: String, files: [String], fingerprint: String,
    kinematicFingerprint: String, warnings: [String]
  ) {
    self.name = name
    self.links = links
    self.joints = joints
    self.configurationJoints = configurationJoints
    self.coupledLimits = coupledLimits
    self.hasFloatingBase = hasFloatingBase
    self.isBaseStated = isBaseStated
    self.baseLimits = baseLimits
    self.path = path
    self.files = files
    self.fingerprint = fingerprint
    self.kinematicFingerprint = kinematicFingerprint
    self.warnings = warnings
    var coordinates = [Int?](repeating: nil, count: joints.count)
    for (coordinate, joint) in configurationJoints.enumerated() {
      coordinates[joint] = coordinate
    }
    coordinateOfJoint = coordinates
  }
}
