extension JointSet {
  /// The markers of Pose2Sim's HALPE_26 tables.
  ///
  /// - Exact: hips, knees, ankles, shoulders, elbows, wrists.
  /// - Derived: pelvis and spine on the way from the mid-hips to the neck, head, the balls of the
  ///   feet between heel and big toe.
  /// - Constructed, with a confidence of at most 0.3: collars.
  public static let halpe26 = JointSet(
    "halpe26", "Pose2Sim's HALPE markers",
    joints: [
      "Hip", "RHip", "RKnee", "RAnkle", "RBigToe", "RSmallToe", "RHeel", "LHip", "LKnee", "LAnkle",
      "LBigToe", "LSmallToe", "LHeel", "Neck", "Head", "Nose", "RShoulder", "RElbow", "RWrist",
      "LShoulder", "LElbow", "LWrist",
    ],
    markerLimbs.merging([
      .pelvis: .mean(certainty: 0.8, ("Hip", 0.84), ("Neck", 0.16)),
      .neck: .mean(certainty: 0.8, ("Neck", 1)),
      .head: .mean(certainty: 0.6, ("Neck", 0.59), ("Head", 0.41)),
    ]) { $1 })

  /// The markers of OpenPose's BODY_25 tables.
  ///
  /// As `halpe26`; the head from neck and ears.
  public static let body25 = JointSet(
    "body25", "OpenPose's BODY_25 markers",
    joints: [
      "Nose", "Neck", "RShoulder", "RElbow", "RWrist", "LShoulder", "LElbow", "LWrist", "MidHip",
      "RHip", "RKnee", "RAnkle", "LHip", "LKnee", "LAnkle", "REye", "LEye", "REar", "LEar",
      "LBigToe", "LSmallToe", "LHeel", "RBigToe", "RSmallToe", "RHeel",
    ],
    markerLimbs.merging([
      .pelvis: .mean(certainty: 0.8, ("MidHip", 0.84), ("Neck", 0.16)),
      .neck: .mean(certainty: 0.6, ("Neck", 0.7), ("LEar", 0.15), ("REar", 0.15)),
      .head: .mean(
        certainty: 0.7, ("Neck", 0.27), ("LEar", 0.26), ("REar", 0.26), ("Nose", 0.21)),
    ]) { $1 })

  /// Limbs, spine, collars and feet of both.
  private static let markerLimbs: [Skeleton.Joint: Part] = {
    var parts: [Skeleton.Joint: Part] = [
      .leftHip: .exact("LHip"), .rightHip: .exact("RHip"), .leftKnee: .exact("LKnee"),
      .rightKnee: .exact("RKnee"), .leftAnkle: .exact("LAnkle"), .rightAnkle: .exact("RAnkle"),
      .leftShoulder: .exact("LShoulder"), .rightShoulder: .exact("RShoulder"),
      .leftElbow: .exact("LElbow"), .rightElbow: .exact("RElbow"), .leftWrist: .exact("LWrist"),
      .rightWrist: .exact("RWrist"),
      .leftFoot: .mean(certainty: 0.8, ("LHeel", 0.29), ("LBigToe", 0.71)),
      .rightFoot: .mean(certainty: 0.8, ("RHeel", 0.29), ("RBigToe", 0.71)),
      .leftCollar: .mean(certainty: Part.constructed, ("LShoulder", 0.675), ("RShoulder", 0.325)),
      .rightCollar: .mean(certainty: Part.constructed, ("RShoulder", 0.675), ("LShoulder", 0.325)),
    ]
    // The shares of the canonical skeleton's spine between mid-hips and mid-shoulders.
    for (joint, share) in [(Skeleton.Joint.spine1, 0.382), (.spine2, 0.608), (.spine3, 0.733)] {
      parts[joint] = .mean(
        certainty: Part.constructed, ("LHip", (1 - share) / 2), ("RHip", (1 - share) / 2),
        ("LShoulder", share / 2), ("RShoulder", share / 2))
    }
    return parts
  }()
}
