import Foundation
import Geometry
import Kinematics
import Testing

@testable import Trajectories

@Suite("Curves through another program's motion")
struct MeasuredMotionTests {
  private static func motion(_ frames: Int, seed: Int, turn: Double = 0.2) -> JointMotion {
    var random = SeededGenerator(seed)
    var root = JointMotion.Root(translations: [], rotations: [])
    var rotation = Quaternion.identity
    for _ in 0..<frames {
      rotation =
        rotation
        * Quaternion(
          rotationVector: [
            random.uniform(-turn...turn), random.uniform(-turn...turn),
            random.uniform(-turn...turn),
          ])
      root.rotations.append(rotation)
      root.translations.append(
        [random.uniform(-1...1), random.uniform(-1...1), random.uniform(-1...1)])
    }
    return JointMotion(
      name: "other", jointNames: ["a", "b"], frameRate: 30,
      positions: (0..<(2 * frames)).map { _ in random.uniform(-3...3) }, root: root)
  }

  private static func curve(_ motion: JointMotion) throws -> SafeTrajectory {
    try SafeTrajectory.unlimited(
      through: motion, robot: RobotIdentity(name: "made up", fingerprint: "abc"),
      isAngular: [true, false])
  }

  @Test("The curve passes through every frame of joints and base", arguments: 1...40)
  func passes(_ frames: Int) throws {
    let motion = Self.motion(frames, seed: frames)
    let root = try #require(motion.root)
    let trajectory = try Self.curve(motion)
    #expect(trajectory.sampleCount == frames && trajectory.base != nil)
    for frame in 0..<frames {
      let time = Double(frame) * trajectory.period
      let state = trajectory.state(at: time)
      for joint in 0..<2 {
        #expect(abs(state.positions[joint] - motion.positions[2 * frame + joint]) < 1e-9)
      }
      let pose = try #require(trajectory.rootPose(at: time))
      #expect((pose.translation - root.translations[frame]).length < 1e-9)
      #expect((pose.rotation.inverse * root.rotations[frame]).angle < 1e-7, "\(frame)")
    }
    for end in [0, trajectory.duration] where frames > 1 {
      #expect(trajectory.state(at: end).accelerations.allSatisfy { abs($0) < 1e-6 })
    }
  }

  @Test("A motion without speed has none between its frames, and a smooth one is followed")
  func between() throws {
    let wave = JointMotion(
      name: "wave", jointNames: ["a", "b"], frameRate: 30,
      positions: (0..<90).flatMap { [sin(Double($0) / 10), 0.25] })
    let trajectory = try Self.curve(wave)
    for step in 300..<2000 {
      let time = Double(step) / 900
      let state = trajectory.state(at: time)
      #expect(abs(state.positions[0] - sin(3 * time)) < 1e-4)
      #expect(abs(state.accelerations[0] + 9 * sin(3 * time)) < 0.05)
      #expect(abs(state.positions[1] - 0.25) < 1e-12 && abs(state.velocities[1]) < 1e-9)
    }
  }

  @Test("A base that leaps about is kept frame by frame; no frames and no numbers are refused")
  func edges() throws {
    let wild = Self.motion(30, seed: 7, turn: 2)
    let trajectory = try Self.curve(wild)
    #expect(trajectory.base == nil)
    let root = try #require(wild.root)
    let pose = try #require(trajectory.rootPose(at: 11 * trajectory.period))
    #expect((pose.rotation.inverse * root.rotations[11]).angle < 1e-6)
    for change in [
      { (motion: inout JointMotion) in motion.positions[3] = .nan },
      { $0.root?.translations.removeLast() }, { $0.frameRate = 0 },
    ] {
      var motion = Self.motion(5, seed: 1)
      change(&motion)
      #expect(throws: UnsafeMotion.self) { _ = try Self.curve(motion) }
    }
  }

  @Test("It is under no limit, and a robot's limits refuse it")
  func unlimited() throws {
    let trajectory = try Self.curve(Self.motion(30, seed: 3))
    let limits = try SafetyLimits(
      coordinates: [coordinate("a", -1, 1, 3, 30, 500), coordinate("b", -1, 1, 3, 30, 500)])
    #expect(throws: UnsafeMotion.self) { _ = try trajectory.verified(within: limits) }
  }
}
