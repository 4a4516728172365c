import Files

extension JointSet {
  /// All known sets.
  public static let all = [
    coco17, h36m, mediapipe, kinect, smpl22, smpl24, climb53, halpe26, body25, canonical,
  ]

  /// The set of a name; the error lists the names that exist.
  public static func named(_ name: String) throws(MotionError) -> JointSet {
    guard let set = all.first(where: { $0.name == name }) else {
      throw .invalidRequest(
        reason: "there is no joint set '\(name.printable)'; the sets are "
          + all.map(\.name).joined(separator: ", "))
    }
    return set
  }

  /// COCO's 17 keypoints: face, shoulders, arms, hips, legs.
  ///
  /// - Exact: hips, knees, ankles, shoulders, elbows, wrists.
  /// - Derived: pelvis (above the hips on the way to the shoulders), head (from ears, nose and
  ///   shoulders), neck.
  /// - Constructed, with a confidence of at most 0.3: the spine on the straight line from hips to
  ///   shoulders, collars, the balls of the feet at a right angle to the shanks.
  public static let coco17 = JointSet(
    "coco17", "COCO's 17 keypoints", joints: cocoNames,
    limbs.merging(upperBody) { $1 }.merging(feetBelowShanks) { $1 })

  /// MediaPipe Pose's 33 landmarks.
  ///
  /// - Exact: hips, knees, ankles, shoulders, elbows, wrists.
  /// - Derived: pelvis, head and neck as for COCO; the balls of the feet between heel and tip of
  ///   the big toe.
  /// - Constructed, with a confidence of at most 0.3: spine, collars as for COCO.
  public static let mediapipe = JointSet(
    "mediapipe", "MediaPipe Pose's 33 landmarks", joints: mediapipeNames,
    limbs.merging(upperBody) { $1 }.merging([
      .leftFoot: .mean(certainty: 0.8, ("left_heel", 0.29), ("left_foot_index", 0.71)),
      .rightFoot: .mean(certainty: 0.8, ("right_heel", 0.29), ("right_foot_index", 0.71)),
    ]) { $1 })

  /// Human3.6M's 17 joints, in the order most networks report (right leg first).
  ///
  /// - Exact: hips, knees, ankles, shoulders, elbows, wrists.
  /// - Derived: pelvis (its root lies between the hips, ours above), spine, neck (its thorax), head
  ///   (base of the skull, between thorax and top of the head).
  /// - Constructed, with a confidence of at most 0.3: collars, the balls of the feet.
  public static let h36m = JointSet(
    "h36m", "Human3.6M's 17 joints",
    joints: [
      "pelvis", "right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle",
      "spine", "thorax", "neck", "head_top", "left_shoulder", "left_elbow", "left_wrist",
      "right_shoulder", "right_elbow", "right_wrist",
    ],
    limbs.merging(feetBelowShanks) { $1 }.merging([
      .pelvis: .mean(certainty: 0.8, ("pelvis", 0.68), ("spine", 0.32)),
      .spine1: .mean(certainty: 0.6, ("pelvis", 0.33), ("spine", 0.67)),
      .spine2: .mean(certainty: 0.6, ("spine", 0.94), ("thorax", 0.06)),
      .spine3: .mean(certainty: 0.6, ("spine", 0.72), ("thorax", 0.28)),
      .neck: .mean(certainty: 0.8, ("thorax", 1)),
      .head: .mean(certainty: 0.6, ("thorax", 0.59), ("head_top", 0.41)),
      .leftCollar: collar("left"), .rightCollar: collar("right"),
    ]) { $1 })

  /// Kinect v2's 25 joints.
  ///
  /// - Exact: hips, knees, ankles, shoulders, elbows, wrists.
  /// - Derived: pelvis (its base of the spine lies between the hips), spine, neck, head (its head
  ///   is the middle of the head, ours the base of the skull), feet (its feet lie on the instep).
  /// - Constructed, with a confidence of at most 0.3: collars.
  public static let kinect = JointSet(
    "kinect", "Kinect v2's 25 joints",
    joints: [
      "spine_base", "spine_mid", "neck", "head", "shoulder_left", "elbow_left", "wrist_left",
      "hand_left", "shoulder_right", "elbow_right", "wrist_right", "hand_right", "hip_left",
      "knee_left", "ankle_left", "foot_left", "hip_right", "knee_right", "ankle_right",
      "foot_right", "spine_shoulder", "hand_tip_left", "thumb_left", "hand_tip_right",
      "thumb_right",
    ],
    [
      .leftHip: .exact("hip_left"), .rightHip: .exact("hip_right"),
      .leftKnee: .exact("knee_left"), .rightKnee: .exact("knee_right"),
      .leftAnkle: .exact("ankle_left"), .rightAnkle: .exact("ankle_right"),
      .leftShoulder: .exact("shoulder_left"), .rightShoulder: .exact("shoulder_right"),
      .leftElbow: .exact("elbow_left"), .rightElbow: .exact("elbow_right"),
      .leftWrist: .exact("wrist_left"), .rightWrist: .exact("wrist_right"),
      .leftFoot: .mean(certainty: 0.6, ("foot_left", 1)),
      .rightFoot: .mean(certainty: 0.6, ("foot_right", 1)),
      .pelvis: .mean(certainty: 0.8, ("spine_base", 0.63), ("spine_mid", 0.37)),
      .spine1: .mean(certainty: 0.6, ("spine_base", 0.24), ("spine_mid", 0.76)),
      .spine2: .mean(certainty: 0.6, ("spine_mid", 0.78), ("spine_shoulder", 0.22)),
      .spine3: .mean(certainty: 0.6, ("spine_mid", 0.53), ("spine_shoulder", 0.47)),
      .neck: .mean(certainty: 0.8, ("spine_shoulder", 0.3), ("neck", 0.7)),
      .head: .mean(certainty: 0.6, ("neck", 0.5), ("head", 0.5)),
      .leftCollar: .mean(
        certainty: Part.constructed, ("spine_shoulder", 0.65), ("shoulder_left", 0.35)),
      .rightCollar: .mean(
        certainty: Part.constructed, ("spine_shoulder", 0.65), ("shoulder_right", 0.35)),
    ])

  /// SMPL's 22 body joints (SMPL-H and SMPL-X begin with them): all of ours, exact.
  public static let smpl22 = JointSet(
    "smpl22", "SMPL's 22 body joints", joints: smplNames, mayGoOn: true,
    Dictionary(uniqueKeysWithValues: zip(Skeleton.Joint.allCases, smplNames.map(Part.exact))))

  /// SMPL's 24 joints: all of ours, exact; the hands are left out.
  public static let smpl24 = JointSet(
    "smpl24", "SMPL's 24 joints", joints: smplNames + ["left_hand", "right_hand"], mayGoOn: true,
    Dictionary(uniqueKeysWithValues: zip(Skeleton.Joint.allCases, smplNames.map(Part.exact))))

  /// An optical system's 53 joints, fingers included: hips, two joints of the spine, neck, head.
  ///
  /// - Exact: hips, knees, ankles, feet, shoulders, elbows, wrists, collars, neck, head.
  /// - Derived: pelvis and spine (its hips lie between the legs, ours above them).
  public static let climb53 = JointSet(
    "climb53", "53 joints of optical capture with fingers", joints: climbNames,
    [
      .pelvis: .mean(certainty: 0.8, ("Spine", 0.93), ("Spine1", 0.07)),
      .spine1: .mean(certainty: 0.8, ("Spine", 0.53), ("Spine1", 0.47)),
      .spine2: .mean(certainty: 0.8, ("Spine", 0.05), ("Spine1", 0.95)),
      .spine3: .mean(certainty: 0.8, ("Spine1", 0.82), ("Neck", 0.18)),
      .neck: .exact("Neck"), .head: .exact("Head"),
      .leftCollar: .exact("LeftShoulder"), .rightCollar: .exact("RightShoulder"),
      .leftShoulder: .exact("LeftArm"), .rightShoulder: .exact("RightArm"),
      .leftElbow: .exact("LeftForeArm"), .rightElbow: .exact("RightForeArm"),
      .leftWrist: .exact("LeftHand"), .rightWrist: .exact("RightHand"),
      .leftHip: .exact("LeftUpLeg"), .rightHip: .exact("RightUpLeg"),
      .leftKnee: .exact("LeftLeg"), .rightKnee: .exact("RightLeg"),
      .leftAnkle: .exact("LeftFoot"), .rightAnkle: .exact("RightFoot"),
      .leftFoot: .exact("LeftToeBase"), .rightFoot: .exact("RightToeBase"),
    ])

  /// Our own 22 joints by our own names, all exact.
  public static let canonical = JointSet(
    "canonical", "our own 22 joints", joints: Skeleton.Joint.names,
    Dictionary(
      uniqueKeysWithValues: Skeleton.Joint.allCases.map { ($0, Part.exact($0.name)) }))
}

// The proportions are the canonical skeleton's: mid-hips 0.053 of the stature below the pelvis,
// mid-shoulders 0.288 above the mid-hips, spine 0.110, 0.175, 0.211, neck 0.330, base of the skull
// 0.387, ears 0.429. The weights of head and feet were fitted to an SMPL body's own face and toe
// keypoints: they leave 6 mm (head) and 27 mm (feet) there.
extension JointSet {
  /// Joints that are the same in COCO, MediaPipe and Human3.6M.
  private static let limbs: [Skeleton.Joint: Part] = [
    .leftHip: .exact("left_hip"), .rightHip: .exact("right_hip"),
    .leftKnee: .exact("left_knee"), .rightKnee: .exact("right_knee"),
    .leftAnkle: .exact("left_ankle"), .rightAnkle: .exact("right_ankle"),
    .leftShoulder: .exact("left_shoulder"), .rightShoulder: .exact("right_shoulder"),
    .leftElbow: .exact("left_elbow"), .rightElbow: .exact("right_elbow"),
    .leftWrist: .exact("left_wrist"), .rightWrist: .exact("right_wrist"),
  ]

  /// Trunk, neck and head from hips, shoulders and face.
  private static let upperBody: [Skeleton.Joint: Part] = [
    .pelvis: trunk(0.184, certainty: 0.7),
    .spine1: trunk(0.382, certainty: Part.constructed),
    .spine2: trunk(0.608, certainty: Part.constructed),
    .spine3: trunk(0.733, certainty: Part.constructed),
    .neck: .mean(
      certainty: 0.6, ("left_shoulder", 0.35), ("right_shoulder", 0.35), ("left_ear", 0.15),
      ("right_ear", 0.15)),
    .head: .mean(
      certainty: 0.7, ("left_shoulder", 0.135), ("right_shoulder", 0.135), ("left_ear", 0.26),
      ("right_ear", 0.26), ("nose", 0.21)),
    .leftCollar: collar("left"), .rightCollar: collar("right"),
  ]

  /// A point of the trunk, so far on the way from the mid-hips to the mid-shoulders.
  private static func trunk(_ share: Double, certainty: Float) -> Part {
    .mean(
      certainty: certainty, ("left_hip", (1 - share) / 2), ("right_hip", (1 - share) / 2),
      ("left_shoulder", share / 2), ("right_shoulder", share / 2))
  }

  /// A collar: a third of the way from the mid-shoulders to a shoulder.
  private static func collar(_ side: String) -> Part {
    let other = side == "left" ? "right" : "left"
    return .mean(
      certainty: Part.constructed, ("\(side)_shoulder", 0.675), ("\(other)_shoulder", 0.325))
  }

  private static let feetBelowShanks: [Skeleton.Joint: Part] = [
    .leftFoot: .foot(knee: "left_knee", ankle: "left_ankle", hips: ("left_hip", "right_hip")),
    .rightFoot: .foot(knee: "right_knee", ankle: "right_ankle", hips: ("left_hip", "right_hip")),
  ]

  private static let cocoNames = [
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder",
    "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip",
    "left_knee", "right_knee", "left_ankle", "right_ankle",
  ]

  private static let mediapipeNames = [
    "nose", "left_eye_inner", "left_eye", "left_eye_outer", "right_eye_inner", "right_eye",
    "right_eye_outer", "left_ear", "right_ear", "mouth_left", "mouth_right", "left_shoulder",
    "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_pinky",
    "right_pinky", "left_index", "right_index", "left_thumb", "right_thumb", "left_hip",
    "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle", "left_heel",
    "right_heel", "left_foot_index", "right_foot_index",
  ]

  private static let smplNames = [
    "pelvis", "left_hip", "right_hip", "spine1", "left_knee", "right_knee", "spine2",
    "left_ankle", "right_ankle", "spine3", "left_foot", "right_foot", "neck", "left_collar",
    "right_collar", "head", "left_shoulder", "right_shoulder", "left_elbow", "right_elbow",
    "left_wrist", "right_wrist",
  ]

  private static let climbNames: [String] = {
    func hand(_ side: String) -> [String] {
      ["Thumb", "Index", "Middle", "Ring", "Pinky"].flatMap { finger in
        (1...3).map { "\(side)Hand\(finger)\($0)" }
      }
    }
    func arm(_ side: String) -> [String] {
      ["Shoulder", "Arm", "ForeArm", "Hand"].map { side + $0 } + hand(side)
    }
    func leg(_ side: String) -> [String] { ["UpLeg", "Leg", "Foot", "ToeBase"].map { side + $0 } }
    return ["Hips", "Spine", "Spine1", "Neck", "Head"] + arm("Left") + arm("Right") + leg("Left")
      + leg("Right") + ["LeftFootMod", "RightFootMod"]
  }()
}
