import Foundation
import Geometry
import Kinematics
import Testing

@testable import Trajectories

/// Bases over joints that put the robot into the ground, judged by the shapes of the URDF.
@Suite("A base raised above the ground")
struct GroundLiftTests {
  /// A robot that sways on the spot, its lowest point on the ground in its first frame.
  private func motion(
    _ robot: Robot, seed: Int, size: Double, rate: Double = 30
  ) throws -> JointMotion {
    var random = SeededGenerator(seed)
    let limits = try SafetyLimits(robot: robot)
    let waves = limits.coordinates.map { limit -> (middle: Double, size: Double, pace: Double) in
      let (low, high) = (max(limit.lower.value, -0.5), min(limit.upper.value, 0.5))
      return (
        min(max(0, low), high), random.uniform(0...size) * (high - low), random.uniform(1...5)
      )
    }
    let frames = Int(2 * rate)
    var positions: [Double] = []
    for frame in 0..<frames {
      for (wave, limit) in zip(waves, limits.coordinates) {
        // Nothing at first, most of it in the middle.
        let share = sin(.pi * Double(frame) / Double(frames - 1))
        let value = wave.middle + share * wave.size * sin(wave.pace * Double(frame) / rate)
        positions.append(min(max(value, limit.lower.value), limit.upper.value))
      }
    }
    let first = Array(positions.prefix(limits.coordinates.count))
    let height = depth(robot, first, .identity)
    var motion = JointMotion(
      name: "sway", jointNames: limits.jointNames, frameRate: rate, positions: positions,
      root: JointMotion.Root(
        translations: [Vector3](repeating: [0.1, 0.2, height], count: frames),
        rotations: [Quaternion](repeating: .identity, count: frames)))
    motion.ground = MotionGround()
    return motion
  }

  /// How deep the deepest shape is below z = 0 [m]; negative above it.
  private func depth(_ robot: Robot, _ configuration: [Double], _ base: Pose) -> Double {
    let poses = robot.worldFromLinks(configuration)
    return robot.links.indices.reduce(-Double.infinity) { deepest, link in
      robot.links[link].shapes.reduce(deepest) {
        let pose = base * poses[link]
        let down = pose.rotation.inverse * -Vector3.unitZ
        return max($0, $1.extent(along: down) - pose.translation.z)
      }
    }
  }

  private func depths(_ trajectory: SafeTrajectory, _ robot: Robot) throws -> [Double] {
    try (0...400).map { step in
      let time = trajectory.duration * Double(step) / 400
      let base = try #require(trajectory.rootPose(at: time))
      return depth(robot, trajectory.state(at: time).positions, base)
    }
  }

  private func compiled(
    _ motion: JointMotion, _ robot: Robot, ground: Bool, rate: Double? = nil, atRest: Bool = true
  ) throws -> SafeTrajectory {
    try compile(
      motion, within: SafetyLimits(robot: robot), rate: rate, atRest: atRest,
      robot: RobotIdentity(robot), ground: ground ? ClearanceProver(robot) : nil)
  }

  @Test(
    "Nothing is deeper than allowed, the base is raised only there, and limits hold",
    arguments: ["unitree_g1", "robotis_op3"])
  func raised(_ name: String) throws {
    let robot = try Robot.named(name)
    var deepest = 0.0
    for seed in 0..<20 {
      let motion = try motion(robot, seed: seed, size: [0.1, 0.4][seed % 2])
      let rates: [Double?] = [nil, 20, 100]
      let (rate, atRest) = (rates[seed % 3], seed % 5 != 4)
      let plain = try compiled(motion, robot, ground: false, rate: rate, atRest: atRest)
      let raised = try compiled(motion, robot, ground: true, rate: rate, atRest: atRest)
      let before = try depths(plain, robot)
      deepest = max(deepest, before.max() ?? 0)
      #expect(try depths(raised, robot).allSatisfy { $0 < 0.0015 }, "\(name) \(seed)")
      #expect(raised.controlPoints == plain.controlPoints)
      let (a, b) = (try #require(plain.base), try #require(raised.base))
      #expect(a.rotations == b.rotations)
      let reach = 0.45
      for step in 0...400 {
        let time = plain.duration * Double(step) / 400
        let rise = b.pose(at: time).translation - a.pose(at: time).translation
        #expect(rise.z > -1e-3 && abs(rise.x) < 1e-9 && abs(rise.y) < 1e-9)
        let isNear = before.indices.contains {
          before[$0] > 0.0009 && abs(plain.duration * Double($0) / 400 - time) < reach
        }
        if !isNear { #expect(abs(rise.z) < 1e-3, "\(name) \(seed) at \(time): \(rise.z)") }
      }
    }
    // Otherwise nothing was tried.
    #expect(deepest > 0.02)
  }

  @Test("What does not say that it stands on the ground stays where it is")
  func elsewhere() throws {
    let robot = try Robot.named("unitree_g1")
    var motion = try motion(robot, seed: 3, size: 0.4)
    motion.ground = nil
    #expect(
      try compiled(motion, robot, ground: true).base
        == compiled(motion, robot, ground: false).base)
  }

  @Test("A foot over a step stays above it, the rest above z = 0")
  func steps() throws {
    let robot = try Robot.named("unitree_g1")
    let foot = "left_ankle_roll_link"
    let link = try robot.linkIndex(named: foot)
    for (seed, speed) in [(1, 1.0), (2, 1), (3, 2)] {
      var motion = try motion(robot, seed: seed, size: 0.1)
      let plain = try compile(
        motion, within: SafetyLimits(robot: robot), speed: speed, robot: RobotIdentity(robot),
        ground: ClearanceProver(robot))
      let level = MotionGround.Foot(
        links: [foot, "a link that bears nothing"],
        heights: [Double](repeating: 0, count: motion.frameCount))
      motion.ground = MotionGround(feet: [level])
      let flat = try compile(
        motion, within: SafetyLimits(robot: robot), speed: speed, robot: RobotIdentity(robot),
        ground: ClearanceProver(robot))
      #expect(flat.base == plain.base)
      var step = level
      for frame in 40..<55 { step.heights[frame] = 0.04 }
      motion.ground = MotionGround(feet: [step])
      let raised = try compile(
        motion, within: SafetyLimits(robot: robot), speed: speed, robot: RobotIdentity(robot),
        ground: ClearanceProver(robot))
      #expect(try depths(raised, robot).allSatisfy { $0 < 0.0015 })
      for time in stride(from: 40.2, to: 53.8, by: 0.2) {
        let at = time / 30 / speed
        let base = try #require(raised.rootPose(at: at))
        let pose = base * robot.worldFromLinks(raised.state(at: at).positions)[link]
        let down = pose.rotation.inverse * -Vector3.unitZ
        let lowest = robot.links[link].shapes.map {
          pose.translation.z - $0.extent(along: down)
        }.min()
        #expect(try #require(lowest) > 0.04 - 0.0015, "\(seed) \(time)")
      }
      // Long before it, nothing is raised.
      let (a, b) = (try #require(plain.rootPose(at: 0.1)), try #require(raised.rootPose(at: 0.1)))
      #expect((a.translation - b.translation).length < 1e-3)
    }
  }

  @Test("A foot that goes deep all at once raises the base as far as its limits let it")
  func sudden() throws {
    let robot = try Robot.named("unitree_g1")
    var motion = try motion(robot, seed: 1, size: 0)
    for frame in 28..<32 { motion.root?.translations[frame].z -= 0.3 }
    let plain = try compiled(motion, robot, ground: false)
    let raised = try compiled(motion, robot, ground: true)
    let (before, after) = try (depths(plain, robot), depths(raised, robot))
    #expect((before.max() ?? 0) > 0.05)
    #expect((after.max() ?? 1) < 0.2 * (before.max() ?? 0), "\(after.max() ?? 0)")
  }
}
