import Files

/// The names under which programs keep a robot's motion as arrays.
struct RobotMotionLayout {
  /// Where the pose of the base is.
  enum Root {
    /// Nowhere: the base is fixed.
    case none
    /// In arrays of positions [frame, 3] and of quaternions [frame, 4].
    case arrays(position: String, rotation: String)
    /// In the first body of arrays [frame, body, 3] and [frame, body, 4].
    case firstBody(positions: String, rotations: String)
    /// In the first seven columns of the joints' array: place, then quaternion.
    case columns
  }

  /// The program or layout.
  var kind: String
  /// Arrays that must be there.
  var names: [String]
  /// The array of the joints' positions [frame, joint], radians or metres.
  var joints: String
  /// Where the base is.
  var root: Root
  /// The order of the base's quaternions, and whether the name of the array states it.
  var order = QuaternionOrder.wxyz
  var statesOrder = false
  /// Whether motionc itself wrote it.
  var isOwn = false

  /// The names of frame rates and of joints.
  static let (rates, jointNames) = (["fps", "frequency"], ["joint_names", "dof_names"])

  private static let all = [
    RobotMotionLayout(
      kind: "a trajectory of motionc", names: ["joint_pos", "joint_acc", "joint_names", "time"],
      joints: "joint_pos",
      root: .arrays(position: "root_position", rotation: "root_rotation_wxyz"), statesOrder: true,
      isOwn: true),
    RobotMotionLayout(
      kind: "BeyondMimic", names: ["joint_pos", "body_quat_w", "body_pos_w"], joints: "joint_pos",
      root: .firstBody(positions: "body_pos_w", rotations: "body_quat_w")),
    RobotMotionLayout(
      kind: "BeyondMimic", names: ["joint_pos", "body_quat_w"], joints: "joint_pos", root: .none),
    RobotMotionLayout(
      kind: "BeyondMimic", names: ["joint_pos", "body_pos_w"], joints: "joint_pos", root: .none),
    RobotMotionLayout(
      kind: "GMR", names: ["root_pos", "root_rot", "dof_pos"], joints: "dof_pos",
      root: .arrays(position: "root_pos", rotation: "root_rot"), order: .xyzw),
    RobotMotionLayout(
      kind: "PHC's motion library", names: ["root_trans_offset", "dof"], joints: "dof",
      root: .arrays(position: "root_trans_offset", rotation: "root_rot"), order: .xyzw),
    RobotMotionLayout(
      kind: "Isaac Lab", names: ["dof_positions", "body_rotations", "body_positions"],
      joints: "dof_positions",
      root: .firstBody(positions: "body_positions", rotations: "body_rotations")),
    RobotMotionLayout(
      kind: "PyRoki", names: ["base_frame_pos", "joint_angles"], joints: "joint_angles",
      root: .arrays(position: "base_frame_pos", rotation: "base_frame_wxyz"), statesOrder: true),
    RobotMotionLayout(kind: "MuJoCo's qpos", names: ["qpos"], joints: "qpos", root: .columns),
  ]

  /// The layout of arrays of these names, with the names as the file has them; nil for other arrays.
  static func of(_ names: [String]) -> (layout: RobotMotionLayout, leaves: [String: String])? {
    // A pickle may hold a dictionary for each clip: the last part of a name tells.
    let leaves = Dictionary(names.map { (leaf($0), $0) }) { first, _ in first }
    guard let layout = all.first(where: { $0.names.allSatisfy { leaves[$0] != nil } }) else {
      return nil
    }
    return (layout, leaves)
  }

  /// The last part of a name.
  static func leaf(_ name: String) -> String { String(name.split(separator: "/").last ?? "") }

  /// The arrays of the base, positions before rotations.
  var rootNames: [String] {
    switch root {
    case .none, .columns: []
    case .arrays(let position, let rotation): [position, rotation]
    case .firstBody(let positions, let rotations): [positions, rotations]
    }
  }

  /// The arrays to read of a file with these names; nil for other arrays.
  static func wanted(of names: [String]) -> Set<String>? {
    guard let (layout, _) = of(names) else { return nil }
    let wanted = Set(
      [layout.joints, "time"] + layout.rootNames + rates + jointNames)
    return Set(names.filter { wanted.contains(leaf($0)) })
  }

  /// The columns of the joints' array that are the base's, for so many names of joints.
  func rootColumns(of width: Int, names: Int?) -> Int {
    if case .columns = root { return 7 }
    // holosoma: place and quaternion of the base stand before the joints.
    return names.map { $0 + 7 == width } == true ? 7 : 0
  }
}
