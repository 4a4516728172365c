import Geometry
import Kinematics
import TrajectoryMetrics

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
