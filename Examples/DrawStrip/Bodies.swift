import Geometry
import Kinematics
import Motions

/// The person of a clip in one frame.
func person(_ clip: MotionClip, frame: Int) -> [Limb] {
  let poses = clip.jointPoses(frame: frame)
  func place(_ joint: Skeleton.Joint) -> Vector3 { poses[joint.rawValue].translation }
  func place(_ joint: Skeleton.Joint, _ offset: Vector3) -> Vector3 {
    poses[joint.rawValue] * offset
  }
  // Offsets have the skeleton's axes: x left, y up, z forward.
  let chest = 0.4 * place(.spine3) + 0.6 * place(.neck)
  let skull = place(.head, [0, 0.07, 0.02])
  var limbs = [
    Limb(points: [place(.pelvis), place(.spine2), chest], width: 0.21),
    Limb(points: [place(.leftShoulder), place(.neck), place(.rightShoulder)], width: 0.10),
    Limb(points: [place(.neck), skull], width: 0.07),
    Limb(points: [skull, skull + [0, 0, 0.02]], width: 0.20),
  ]
  let legs: [(Limb.Side, Skeleton.Joint, Skeleton.Joint, Skeleton.Joint, Skeleton.Joint)] = [
    (.far, .leftHip, .leftKnee, .leftAnkle, .leftFoot),
    (.near, .rightHip, .rightKnee, .rightAnkle, .rightFoot),
  ]
  for (side, hip, knee, ankle, ball) in legs {
    // Toes bend where the ball of the foot stands.
    var toes = place(ball, [0, 0, 0.05])
    toes.z = max(toes.z, 0.02)
    let heel = place(ankle, [0, clip.skeleton.restOffset(of: ball).y, -0.04])
    limbs += [
      Limb(points: [place(hip), place(knee)], width: 0.12, side: side),
      Limb(points: [place(knee), place(ankle)], width: 0.085, side: side),
      Limb(points: [place(ankle), heel, place(ball)], width: 0.04, side: side),
      Limb(points: [place(ball), toes], width: 0.04, side: side),
    ]
  }
  let arms: [(Limb.Side, Skeleton.Joint, Skeleton.Joint, Skeleton.Joint, Double)] = [
    (.far, .leftShoulder, .leftElbow, .leftWrist, 1),
    (.near, .rightShoulder, .rightElbow, .rightWrist, -1),
  ]
  for (side, shoulder, elbow, wrist, sign) in arms {
    limbs += [
      Limb(points: [place(shoulder), place(elbow)], width: 0.08, side: side),
      Limb(
        points: [place(elbow), place(wrist), place(wrist, [sign * 0.09, 0, 0])], width: 0.06,
        side: side),
    ]
  }
  return limbs
}

/// The links of a Unitree G1, from their poses.
func g1(_ robot: Robot, _ worldFromLinks: [Pose]) throws -> [Limb] {
  func place(_ link: String, _ offset: Vector3 = .zero) throws -> Vector3 {
    try worldFromLinks[robot.linkIndex(named: link)] * offset
  }
  let head = try place("torso_link", [0.01, 0, 0.40])
  var limbs = [
    Limb(points: [try place("pelvis", [0, 0, -0.06]), try place("torso_link")], width: 0.13),
    Limb(points: [try place("torso_link"), try place("torso_link", [0, 0, 0.22])], width: 0.18),
    Limb(
      points: [try place("left_shoulder_roll_link"), try place("right_shoulder_roll_link")],
      width: 0.08),
    Limb(points: [head, head + [0, 0, 0.03]], width: 0.15),
  ]
  for (name, side) in [("left", Limb.Side.far), ("right", .near)] {
    limbs += [
      Limb(
        points: [try place("\(name)_hip_roll_link"), try place("\(name)_knee_link")], width: 0.10,
        side: side),
      Limb(
        points: [try place("\(name)_knee_link"), try place("\(name)_ankle_roll_link")],
        width: 0.075, side: side),
      // The sole of the URDF: 3.5 cm below the ankle, 6 cm behind it to 13 cm before it.
      Limb(
        points: [
          try place("\(name)_ankle_roll_link", [-0.05, 0, -0.025]),
          try place("\(name)_ankle_roll_link", [0.12, 0, -0.025]),
        ], width: 0.02, side: side),
      Limb(
        points: [
          try place("\(name)_ankle_roll_link"),
          try place("\(name)_ankle_roll_link", [0, 0, -0.025]),
        ], width: 0.05, side: side),
      Limb(
        points: [try place("\(name)_shoulder_roll_link"), try place("\(name)_elbow_link")],
        width: 0.07, side: side),
      Limb(
        points: [
          try place("\(name)_elbow_link"), try place("\(name)_wrist_pitch_link"),
          try place("\(name)_rubber_hand", [0.06, 0, 0]),
        ], width: 0.055, side: side),
    ]
  }
  return limbs
}

/// The links of a uArm Swift Pro, from their poses.
func uArm(_ robot: Robot, _ worldFromLinks: [Pose]) throws -> [Limb] {
  func place(_ link: String, _ offset: Vector3 = .zero) throws -> Vector3 {
    try worldFromLinks[robot.linkIndex(named: link)] * offset
  }
  let base = try place("base_link", [0.035, 0, 0.02])
  return [
    Limb(points: [try place("base_link", [-0.035, 0, 0.02]), base], width: 0.04, side: .far),
    Limb(
      points: [try place("base_link", [0, 0, 0.03]), try place("turret")], width: 0.06, side: .far),
    Limb(points: [try place("turret"), try place("lower_arm")], width: 0.055, side: .far),
    Limb(points: [try place("lower_arm"), try place("elbow")], width: 0.026, side: .near),
    Limb(points: [try place("elbow"), try place("end_plate")], width: 0.022, side: .middle),
    Limb(
      points: [try place("end_plate"), try place("tool"), try place("tip")], width: 0.016,
      side: .near),
  ]
}
