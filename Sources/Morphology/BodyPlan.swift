/// Which nodes of a tree are the joints of a human body, found by geometry.
public struct BodyPlan: Sendable, Hashable {
  /// A leg.
  public struct Leg: Sendable, Hashable {
    /// The joint at the upper end of the thigh.
    public var hip: Int
    /// The joint between thigh and shank.
    public var knee: Int
    /// The joint at the lower end of the shank.
    public var ankle: Int
    /// The ball of the foot: a joint, or the tip of the foot; nil where the leg ends at the ankle.
    public var toe: Int?
  }

  /// An arm.
  public struct Arm: Sendable, Hashable {
    /// The first joint between the chest and the shoulder; nil where there is none.
    public var collar: Int?
    /// The joint at the upper end of the upper arm.
    public var shoulder: Int
    /// The joint between upper arm and forearm.
    public var elbow: Int
    /// The joint at the lower end of the forearm.
    public var wrist: Int
  }

  /// Something that the geometry leaves open.
  public struct Doubt: Sendable, Hashable {
    /// What about.
    public enum Matter: String, Sendable, Hashable {
      /// Which joints are which.
      case joints
      /// Which side is left.
      case sides
    }
    /// What about.
    public var matter: Matter
    /// One sentence for the user, with the candidates.
    public var message: String
  }

  /// The node from which both legs leave.
  public var pelvis: Int
  /// The nodes from above the pelvis to the chest, the chest included.
  public var trunk: [Int]
  /// The joints from above the chest to the head, the head included; empty where there is none.
  public var neck: [Int]
  /// The legs.
  public var left: Leg, right: Leg
  /// The arms.
  public var leftArm: Arm, rightArm: Arm
  /// What is doubtful.
  public var doubts: [Doubt] = []

  /// The node from which both arms leave.
  public var chest: Int { trunk.last ?? pelvis }
}

/// Why a tree is no body.
public struct NoBody: Error, Hashable, CustomStringConvertible {
  /// What was found instead, as the part of a sentence.
  public var description: String

  /// The reason, as the part of a sentence.
  public init(description: String) { self.description = description }
}
