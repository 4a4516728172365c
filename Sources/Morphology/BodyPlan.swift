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

  /// A joint that the plan names.
  public enum Slot: CaseIterable, Sendable, Hashable {
    case pelvis, chest, neck, head
    case leftHip, leftKnee, leftAnkle, leftToe, rightHip, rightKnee, rightAnkle, rightToe
    case leftCollar, leftShoulder, leftElbow, leftWrist
    case rightCollar, rightShoulder, rightElbow, rightWrist
  }

  /// How sure a finding is, and what was measured for it.
  public struct Support: Sendable, Hashable {
    /// The share of the likelihood of all readings that agree with it, 0...1.
    public var confidence: Double
    /// What was measured, as the part of a sentence.
    public var evidence: String
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
  /// Why each joint is taken for what it is, whichever side it is on.
  public var support: [Slot: Support] = [:]
  /// Why left is left.
  public var sides = Support(confidence: 0.5, evidence: "")

  /// The node from which both arms leave.
  public var chest: Int { trunk.last ?? pelvis }

  /// The node of a joint; nil where the body has none.
  public subscript(slot: Slot) -> Int? {
    switch slot {
    case .pelvis: pelvis
    case .chest: chest
    case .neck: neck.first
    case .head: neck.last
    case .leftHip: left.hip
    case .leftKnee: left.knee
    case .leftAnkle: left.ankle
    case .leftToe: left.toe
    case .rightHip: right.hip
    case .rightKnee: right.knee
    case .rightAnkle: right.ankle
    case .rightToe: right.toe
    case .leftCollar: leftArm.collar
    case .leftShoulder: leftArm.shoulder
    case .leftElbow: leftArm.elbow
    case .leftWrist: leftArm.wrist
    case .rightCollar: rightArm.collar
    case .rightShoulder: rightArm.shoulder
    case .rightElbow: rightArm.elbow
    case .rightWrist: rightArm.wrist
    }
  }
}

/// Why a tree is no body.
public struct NoBody: Error, Hashable, CustomStringConvertible {
  /// What was found instead, as the part of a sentence.
  public var description: String

  /// The reason, as the part of a sentence.
  public init(description: String) { self.description = description }
}
