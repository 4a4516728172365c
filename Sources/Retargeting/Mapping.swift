import Files
public import Geometry
public import Kinematics
public import Motions

/// The mapping of a human skeleton onto a robot: `Mappings/<skeleton>-to-<robot>.yaml`.
///
/// A mapping is a tree of *points*. Each point ties a human joint to a robot link. Its target is
/// its parent point's target plus a part of the human body, rotated as the human's and scaled to
/// the robot's size (see `Mapping.Limb`). Mappings/README.md has the format.
public struct Mapping: Sendable, Hashable {
  /// How a point's target is derived from its parent's.
  public enum Limb: Sendable, Hashable {
    /// The human's bones from the parent's joint to this one, drawn to the canonical person's size, times
    /// a factor.
    case scaled(Double)
    /// The human's bones, times the factor that gives them the length of the robot's segment.
    case fitted
    /// A fixed offset [m], robot axes with the human upright, carried by a frame of the human's.
    case offset(Vector3, frame: Frame)
    /// As `offset`, taken from the robot in its rest posture.
    case robotOffset(frame: Frame)
  }

  /// A frame that a part of the robot is carried by.
  public enum Frame: Sendable, Hashable {
    /// A joint's of the human.
    case joint(Skeleton.Joint)
    /// A rigid trunk's: up from the middle of the hips to the middle of the shoulders, left as the chest
    /// has it (`Trunk`).
    case trunk
    /// The same, left as the pelvis has it (`Lean`): for robots that cannot turn their chest.
    case lean
  }

  /// A human joint tied to a robot link.
  public struct Point: Sendable, Hashable {
    /// The human joint.
    public var joint: Skeleton.Joint
    /// The robot's link.
    public var link: String
    /// The weight of the squared distance; a point of weight 0 only carries others.
    public var weight: Double
    /// The index of the parent point; nil for points attached to the origin.
    public var parent: Int?
    /// How it is attached.
    public var limb: Limb
    /// The place in the link's frame that should be at the target; its origin by default [m].
    public var place: Vector3 = .zero
  }

  /// Where human and robot are aligned.
  public struct Origin: Sendable, Hashable {
    /// The human joint.
    public var joint: Skeleton.Joint
    /// The human joint whose frame stands for the robot's base axes.
    public var frame: Skeleton.Joint
    /// The position of the human joint in the robot's base frame [m].
    public var position: Vector3
    /// Where the robot looks, and up, in its base frame in its rest posture: unit vectors at a right
    /// angle.
    public var forward = Vector3.unitX, up = Vector3.unitZ

    /// The axes of an upright human (x left, y up, z forward) in those of the robot's base.
    public var baseFromBody: Quaternion { Quaternion(columns: up.cross(forward), up, forward) }
    /// The axes x forward, y left, z up in those of the robot's base.
    var baseFromUpright: Quaternion { Quaternion(columns: forward, up.cross(forward), up) }
  }

  /// Two points whose connecting line should point as the human's does.
  public struct Bone: Sendable, Hashable {
    /// The index of the point where the line begins.
    public var from: Int
    /// The index of the point where it ends.
    public var to: Int
  }

  /// A robot joint that takes the twist of a human joint about an axis.
  public struct DirectMap: Sendable, Hashable {
    /// The human joint.
    public var joint: Skeleton.Joint
    /// The unit axis in the skeleton's frame (x left, y up, z forward).
    public var axis: Vector3
    /// The factor on the angle, usually 1 or -1.
    public var factor: Double
    /// The offset [rad].
    public var offset: Double
    /// The robot's joint.
    public var target: String
    /// The weight of the squared difference.
    public var weight: Double
  }

  /// The skeleton's name.
  public var skeleton: String
  /// The robot's name.
  public var robot: String
  /// Where human and robot are aligned.
  public var origin: Origin
  /// The points; each comes after its parent.
  public var points: [Point]
  /// The lines whose directions are compared.
  public var bones: [Bone]
  /// The joints that follow a twist.
  public var directMaps: [DirectMap]
  /// The positions of joints in the robot's rest posture, in which it stands as the human does at rest
  /// but for its arms, which may hang; joints that are not named are at zero, or as near as they come to
  /// it [rad or m].
  public var rest: [String: Double] = [:]
  /// The file, for errors and for the model's card.
  public var path: String
  /// The file's text, kept with a model that is trained on it.
  public var text: String
  /// The SHA-256 of the text.
  public var fingerprint: String { Fingerprint.sha256(Array(text.utf8)) }

  /// What stands for the file of a mapping that `RobotMap` found.
  public static let foundPath = "mapping found by 'motionc map'"

  /// The rest posture as a configuration, within the limits.
  ///
  /// - Parameter robot: The robot that the mapping is for.
  /// - Throws: `RetargetingError.mapping` where a joint is not the robot's.
  public func restConfiguration(of robot: Robot) throws(RetargetingError) -> [Double] {
    let limits = robot.foldedLimits
    var rest = limits.map { limit in
      min(max(0, limit.lower?.value ?? 0), limit.upper?.value ?? 0)
    }
    for (name, position) in self.rest.sorted(by: { $0.key < $1.key }) {
      let coordinate: Int
      do { coordinate = try robot.coordinateIndex(named: name) } catch {
        throw .mapping("'\(path)', rest: \(error)")
      }
      let limit = limits[coordinate]
      rest[coordinate] = min(
        max(position, limit.lower?.value ?? -.infinity), limit.upper?.value ?? .infinity)
    }
    return rest
  }

  /// Whether the base of a robot is free to move: it is not bolted down, and not known to be where there
  /// are two mapped legs.
  func leavesBaseFree(of robot: Robot) -> Bool {
    let hasLegs = [Skeleton.Joint.leftAnkle, .rightAnkle].allSatisfy { ankle in
      points.contains { $0.joint == ankle && $0.weight > 0 }
    }
    return robot.hasFloatingBase || (hasLegs && !robot.isBaseStated)
  }

  /// Whether the robot's trunk is rigid, so that it bends forward with its base alone: whether a point is
  /// carried by the frame of a rigid trunk.
  var hasRigidTrunk: Bool {
    points.contains { point in
      switch point.limb {
      case .offset(_, let frame), .robotOffset(let frame): frame == .trunk || frame == .lean
      case .scaled, .fitted: false
      }
    }
  }

  /// Whether all points are central or come in left and right pairs of equal weight.
  public var isSymmetric: Bool {
    origin.joint == origin.joint.mirrored && origin.frame == origin.frame.mirrored
      && origin.position.y == 0
      && points.allSatisfy { point in
        points.contains { $0.joint == point.joint.mirrored && $0.weight == point.weight }
      }
  }
}
