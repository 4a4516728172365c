import Geometry
import Kinematics
import Testing

@testable import Retargeting

@Suite("What it costs to begin and end at rest")
struct RestAtEndsTests {
  private static let frames = 40

  /// A motion of the G1 at 30 Hz: a knee and the base move at these speeds [rad/s, m/s], but for the frames at
  /// the ends that are said to rest.
  private static func motion(
    _ robot: Robot, knee: Double, base: Double, rest: Int = 0
  ) throws -> JointMotion {
    let joints = robot.configurationJoints.map { robot.joints[$0].name }
    let moving = try #require(joints.firstIndex(of: "left_knee_joint"))
    var positions = [Double](repeating: 0, count: frames * joints.count)
    var translations: [Vector3] = []
    for frame in 0..<frames {
      let time = Double(min(max(frame, rest), frames - 1 - rest)) / 30
      positions[frame * joints.count + moving] = knee * time
      translations.append([base * time, 0, 0.8])
    }
    return JointMotion(
      name: "moved", jointNames: joints, frameRate: 30, positions: positions,
      root: .init(
        translations: translations,
        rotations: Array(repeating: .identity, count: frames)))
  }

  @Test("Who moves at an end is said to be so far from the pose of rest, by base and joint")
  func moves() throws {
    let robot = try Robot.named("unitree_g1")
    let motion = try Self.motion(robot, knee: 0.9, base: 1.2)
    let refined = try Self.motion(robot, knee: 0.9, base: 1.2, rest: 6)
    let sentence = try #require(RestAtEnds(motion, refined, in: robot).sentence)
    // Six frames of 1/30 s.
    #expect(
      sentence.contains("it begins 0.240 m and 0.180 rad (joint 'left_knee_joint'), and it ends"),
      "\(sentence)")
    #expect(sentence.contains("ends 0.240 m"), "\(sentence)")
  }

  @Test("Who rests already, and what changes by millimetres, is not worth a word")
  func rests() throws {
    let robot = try Robot.named("unitree_g1")
    let resting = try Self.motion(robot, knee: 0.9, base: 1.2, rest: 3)
    let later = try Self.motion(robot, knee: 0.9, base: 1.2, rest: 9)
    #expect(RestAtEnds(resting, later, in: robot).sentence == nil)
    let motion = try Self.motion(robot, knee: 0.2, base: 0.2)
    let near = try Self.motion(robot, knee: 0.2, base: 0.2, rest: 6)
    #expect(RestAtEnds(motion, near, in: robot).sentence == nil)
    let short = try Self.motion(robot, knee: 0, base: 0)
    #expect(RestAtEnds(short, short, in: robot).sentence == nil)
  }
}
