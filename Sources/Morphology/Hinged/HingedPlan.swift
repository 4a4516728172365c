public import Geometry

/// Which hinges of a mechanism are the joints of a human body, found by geometry.
public struct HingedPlan: Sendable, Hashable {
  /// A leg or an arm.
  public struct Limb: Sendable, Hashable {
    /// The hinges above the knee or elbow, from the trunk outwards.
    public var upper: [Int]
    /// The knee or elbow.
    public var middle: Int
    /// The hinges below it, without fingers and jaws.
    public var lower: [Int]
    /// Whether the middle hinge bends the limb when its position grows; nil where nothing shows it.
    public var positiveFlexes: Bool?
    /// The position at which the limb is straight [rad]; nil where the lower bone is not seen.
    public var straight: Double?
    /// The centre of hip or shoulder in the frame of the body below the second hinge [m].
    public var center: Vector3
    /// The end of the last body, in its frame [m], and what shows it; nil where nothing does.
    public var end: Vector3?
    /// What the end was found from.
    public var endSource: String
    /// The lengths of the upper bone and, where it is seen, of the lower one [m].
    public var upperLength: Double, lowerLength: Double?
    /// Why the middle hinge is taken for it.
    public var evidence: String
    /// What is doubtful about the limb, or about which way its middle hinge bends.
    public var doubts: [String]
    /// Positions of the hinges above the middle one that let a leg stand and an arm hang [rad].
    public var rest: [Double]

    /// The last hinge.
    public var last: Int { lower.last ?? middle }
    /// All hinges from the trunk outwards.
    public var hinges: [Int] { upper + [middle] + lower }
  }

  /// What kind of body it is.
  public enum Kind: String, Sendable, Hashable {
    /// Two legs and two arms.
    case person
    /// Two legs and no arms.
    case legs
    /// Two arms and no legs.
    case upperBody
    /// One arm.
    case arm
  }

  /// The kind of body.
  public var kind: Kind
  /// The legs; nil where there are none.
  public var leftLeg: Limb?, rightLeg: Limb?
  /// The arms; one arm is the left one.
  public var leftArm: Limb?, rightArm: Limb?
  /// The hinges between legs and arms, from the legs upwards.
  public var waist: [Int] = []
  /// The hinges of the neck, upwards.
  public var neck: [Int] = []
  /// The body from which the legs leave, and the one from which the arms do.
  public var pelvis: Int, chest: Int
  /// Forward and up in the root's frame, unit vectors; nil for one arm.
  public var forward: Vector3?, up: Vector3?
  /// How clear it is which way the body faces, 0...1.
  public var facingConfidence = 1.0
  /// What showed which way it faces, the strongest first, and what spoke against it.
  public var facingEvidence: [String] = [], facingObjections: [String] = []
  /// Whether left and right are open, since nothing shows the front.
  public var sidesAreOpen = false
  /// What else is doubtful, one sentence each.
  public var doubts: [String] = []
  /// Hinges that belong to no limb: fingers, wheels, rods, sensors.
  public var leftAlone: [Int] = []
}

extension HingedPlan {
  /// The plan of a mechanism, by geometry alone.
  public init(findingIn tree: HingedTree) throws(NoBody) {
    self = try HingedPlanSearch(tree).plan()
  }
}
