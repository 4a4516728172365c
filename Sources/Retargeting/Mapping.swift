import Files
public import Geometry
public import Motions

/// The mapping of a human skeleton onto a robot: `Mappings/<skeleton>-to-<robot>.yaml`.
///
/// A mapping is a tree of *points*. Each point ties a human joint to a robot link. Its target is
/// its parent point's target plus a part of the human body, rotated as the human's and scaled to
/// the robot's size (see `Mapping.Limb`). Mappings/README.md has the format.
public struct Mapping: Sendable, Hashable {
  /// How a point's target is derived from its parent's.
  public enum Limb: Sendable, Hashable {
    /// The human's bones from the parent's joint to this one, times a factor.
    case scaled(Double)
    /// As `scaled`, the factor fitted from the lengths of limb and robot segment.
    case fitted
    /// A fixed offset [m], robot axes with the human upright, carried by a human joint's frame.
    case offset(Vector3, frame: Skeleton.Joint)
    /// As `offset`, taken from the robot at its zero configuration.
    case robotOffset(frame: Skeleton.Joint)
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
  }

  /// Where human and robot are aligned.
  public struct Origin: Sendable, Hashable {
    /// The human joint.
    public var joint: Skeleton.Joint
    /// The human joint whose frame stands for the robot's base axes.
    public var frame: Skeleton.Joint
    /// The position of the human joint in the robot's base frame [m].
    public var position: Vector3
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
  /// The file, for errors and for the model's card.
  public var path: String
  /// The file's text, kept with a model that is trained on it.
  public var text: String

  /// Whether all points are central or come in left and right pairs of equal weight.
  public var isSymmetric: Bool {
    origin.joint == origin.joint.mirrored && origin.frame == origin.frame.mirrored
      && origin.position.y == 0
      && points.allSatisfy { point in
        points.contains { $0.joint == point.joint.mirrored && $0.weight == point.weight }
      }
  }
}
