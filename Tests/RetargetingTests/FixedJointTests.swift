import Files
import Foundation
import Geometry
import Kinematics
import Learning
import Motions
import Testing

@testable import Retargeting

@Suite("Joints whose limits leave one position, or less than a Float can say")
struct FixedJointTests {
  private static let ranges: [(Double, Double)] = [
    (0.1, 0.1), (0.1, 0.1.nextUp), (0.3, 0.3 + 1e-9), (0, 0), (-0.2, -0.2),
    (0, Double.leastNonzeroMagnitude), (1, 1 + 1e-7),
  ]

  /// A robot that ships with other limits on top.
  private func robot(_ limits: String) throws -> Robot {
    let path = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).yaml").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try AtomicFile.write(limits, to: path)
    return try Robot.named("unitree_g1", limits: path)
  }

  @Test(
    "Such a joint is trained with, its model is read back, and the answer is within its limits",
    arguments: ranges)
  func fixed(lower: Double, upper: Double) throws {
    let names = ["left_elbow_joint", "waist_yaw_joint", "right_shoulder_roll_joint"]
    let robot = try robot(
      "joint_limits:\n"
        + names.map { "  \($0): {lower: \(lower), upper: \(upper)}\n" }.joined())
    var options = RetargeterTraining.Options()
    options.network = .init(width: 8, heads: 2, layers: 1, feedForward: 16)
    (options.run.batch, options.run.steps, options.run.threads) = (32, 3, 1)
    let training = try RetargeterTraining(
      robot: robot, mapping: Mapping.shipped(for: "unitree_g1"), poses: PosePool(),
      options: options)
    let trained = try TrainingRun(training).run().model
    let path = FileManager.default.temporaryDirectory.appending(path: "\(UUID())").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try trained.write(to: path)
    let model = try Retargeter(contentsOf: path, robot: robot)
    let poses = Subjects.poses(40, seed: 3)
    let motion = try model.retarget(
      MotionClip(
        name: "random", skeleton: .canonical, frameRate: 30,
        rootTranslations: poses.map { _ in [0, 0, 0.9] }, rotations: poses.flatMap { $0 }))
    #expect(motion.positions.allSatisfy { $0.isFinite })
    for name in names {
      let joint = try robot.coordinateIndex(named: name)
      for frame in 0..<motion.frameCount {
        let q = motion.positions[frame * robot.coordinateCount + joint]
        #expect(lower <= q && q <= upper, "\(name), frame \(frame): \(q)")
      }
    }
    let moving = try robot.coordinateIndex(named: "right_elbow_joint")
    let others = Set(
      (0..<motion.frameCount).map {
        motion.positions[$0 * robot.coordinateCount + moving]
      })
    #expect(others.count > 1, "the other joints still answer")
  }
}
