import Geometry
import Kinematics
import Motions
import Trajectories

@testable import TrajectoryMetrics

/// A G1 that stands, and what it is made to do.
enum Standing {
  static func robot() throws -> Robot { try Robot.named("unitree_g1") }

  /// The height of the base at which the soles lie on the ground, the joints being at zero [m].
  static func height(_ robot: Robot) throws -> Double {
    let zero = robot.worldFromLinks([Double](repeating: 0, count: robot.coordinateCount))
    let drops = try ["left", "right"].map { side in
      let foot = try robot.linkIndex(named: "\(side)_ankle_roll_link")
      let down = zero[foot].rotation.inverse * -.unitZ
      let sole = robot.links[foot].shapes.map { $0.extent(along: down) }.max() ?? 0
      return sole - zero[foot].translation.z
    }
    return drops.max() ?? 0
  }

  /// A trajectory whose base and joints are given for each of its frames.
  static func trajectory(
    _ robot: Robot, frames: Int = 61, rate: Double = 30, turned: Quaternion = .identity,
    provenance: [String: String] = [:], footholds: [Foothold] = [], base: (Int) -> Vector3,
    joints: (Int) -> [String: Double] = { _ in [:] }
  ) throws -> SafeTrajectory {
    var positions: [Double] = []
    for frame in 0..<frames {
      let values = joints(frame)
      positions += robot.coordinateNames.map { values[$0] ?? 0 }
    }
    var motion = JointMotion(
      name: "made up", jointNames: robot.coordinateNames, frameRate: rate, positions: positions,
      root: JointMotion.Root(
        translations: (0..<frames).map(base),
        rotations: [Quaternion](repeating: turned, count: frames)),
      provenance: provenance)
    motion.footholds = footholds
    return try Trajectories.compile(
      motion, within: SafetyLimits(robot: robot), robot: RobotIdentity(robot))
  }

  /// A person who stands still on both feet.
  static func person(frames: Int = 61, rate: Double = 30) -> MotionClip {
    let skeleton = Skeleton.canonical
    let count = frames * Skeleton.jointCount
    var rotations = [Quaternion](repeating: .identity, count: count)
    for frame in 0..<frames {
      rotations[frame * Skeleton.jointCount] = Skeleton.worldFromBodyAtRest
    }
    var clip = MotionClip(
      name: "still", skeleton: skeleton, frameRate: rate,
      rootTranslations: [Vector3](
        repeating: [0, 0, skeleton.standingPelvisHeight], count: frames), rotations: rotations)
    // As import does: the ground under standing feet is z = 0.
    let ground = Contact(clip).ground ?? 0
    for frame in 0..<frames { clip.rootTranslations[frame].z -= ground }
    return clip
  }
}
