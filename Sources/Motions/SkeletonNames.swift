extension Skeleton.Joint: CustomStringConvertible {
  /// The name shown to users and used in files, from `Pelvis` to `R_Wrist`.
  public var name: String { Self.names[rawValue] }

  /// The same as `name`.
  public var description: String { name }

  /// The names of all joints, in their order.
  public static let names = [
    "Pelvis", "L_Hip", "R_Hip", "Torso", "L_Knee", "R_Knee", "Spine", "L_Ankle", "R_Ankle",
    "Chest", "L_Toe", "R_Toe", "Neck", "L_Thorax", "R_Thorax", "Head", "L_Shoulder",
    "R_Shoulder", "L_Elbow", "R_Elbow", "L_Wrist", "R_Wrist",
  ]

  /// The joint of a name; the error lists the names that exist.
  public init(named name: String) throws(MotionError) {
    guard let index = Self.names.firstIndex(of: name), let joint = Self(rawValue: index) else {
      throw .unknownJoint(name: name, known: Self.names)
    }
    self = joint
  }

  /// The parent joint; nil for the pelvis.
  public var parent: Skeleton.Joint? { Self(rawValue: Skeleton.parents[rawValue]) }

  /// The joint on the other side of the body; itself for joints in the middle.
  public var mirrored: Skeleton.Joint { Self.mirrorImages[rawValue] }

  /// The next joint along the limb or the trunk, which gives the direction of this joint's bone.
  ///
  /// Nil for the pelvis, which has three children, and for the tips.
  public var next: Skeleton.Joint? { Self.nextJoints[self] }

  private static let mirrorImages: [Skeleton.Joint] = [
    .pelvis, .rightHip, .leftHip, .spine1, .rightKnee, .leftKnee, .spine2, .rightAnkle,
    .leftAnkle, .spine3, .rightFoot, .leftFoot, .neck, .rightCollar, .leftCollar, .head,
    .rightShoulder, .leftShoulder, .rightElbow, .leftElbow, .rightWrist, .leftWrist,
  ]

  private static let nextJoints: [Skeleton.Joint: Skeleton.Joint] = [
    .leftHip: .leftKnee, .rightHip: .rightKnee, .spine1: .spine2, .leftKnee: .leftAnkle,
    .rightKnee: .rightAnkle, .spine2: .spine3, .leftAnkle: .leftFoot, .rightAnkle: .rightFoot,
    .neck: .head, .leftCollar: .leftShoulder, .rightCollar: .rightShoulder,
    .leftShoulder: .leftElbow, .rightShoulder: .rightElbow, .leftElbow: .leftWrist,
    .rightElbow: .rightWrist,
  ]
}
