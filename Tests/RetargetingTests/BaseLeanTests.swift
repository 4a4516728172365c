import Foundation
import Geometry
import Kinematics
import Learning
import Motions
import TestSupport
import Testing

@testable import Retargeting

@Suite("A robot with a rigid trunk leans with its base")
struct BaseLeanTests {
  /// A person who bows by an angle, from the lowest spine joint up [rad].
  private func bow(_ angle: Double) -> [Quaternion] {
    var pose = Subjects.tPose
    pose[Skeleton.Joint.spine1.rawValue] = Quaternion(angle: angle, axis: .unitX)
    return pose
  }

  private func targets(_ name: String, leaning: Bool) throws -> HumanTargets {
    try HumanTargets(
      mapping: Mapping.shipped(for: name), robot: Subjects.robot(name), leaning: leaning)
  }

  @Test("A bow tips the OP3's base forward by as much as the line from hips to shoulders")
  func bow() throws {
    let targets = try targets("robotis_op3", leaning: true)
    #expect(targets.isLeaning)
    let still = targets.base(of: bow(0)[...])
    #expect(still.translation.length < 1e-3 && still.rotation.rotationVector.length < 1e-2)
    let angle = 50.0 * .pi / 180
    let turn = targets.base(of: bow(angle)[...]).rotation.rotationVector
    // About the left axis, and a little less than the spine's joint, which sits above the hips.
    #expect(abs(turn.x) < 1e-6 && abs(turn.z) < 1e-6, "\(turn)")
    #expect(0.6 * angle < turn.y && turn.y < angle, "\(turn)")
  }

  @Test(
    "Seen from the base that leans, hips and shoulders are where they are at rest, and all targets are the same in the world",
    arguments: 0..<10)
  func sameTargets(seed: Int) throws {
    let leaning = try targets("robotis_op3", leaning: true)
    let fixed = try targets("robotis_op3", leaning: false)
    let pose = Subjects.poses(1, seed: UInt64(seed))[0]
    let base = leaning.base(of: pose[...])
    #expect(fixed.base(of: pose[...]) == .identity)
    let (seen, wanted) = (leaning.targets(of: pose), fixed.targets(of: pose))
    for (own, place) in zip(seen.positions, wanted.positions) {
      #expect((base * own - place).length < 1e-6)
    }
    for (own, direction) in zip(seen.directions, wanted.directions) {
      #expect((base.rotation * own - direction).length < 1e-6)
    }
    func trunk(_ positions: [Vector3]) throws -> (middle: Vector3, line: Vector3) {
      func middle(_ joints: [Skeleton.Joint]) -> Vector3 {
        let rows = leaning.weightedPoints.indices.filter {
          joints.contains(leaning.mapping.points[leaning.weightedPoints[$0]].joint)
        }
        return rows.reduce(.zero) { $0 + positions[$1] } / Double(rows.count)
      }
      let hips = middle([.leftHip, .rightHip])
      return (
        hips, try #require((middle([.leftShoulder, .rightShoulder]) - hips).normalized)
      )
    }
    let rest = try trunk(leaning.targets(of: Subjects.tPose).positions)
    let found = try trunk(seen.positions)
    #expect((found.middle - rest.middle).length < 1e-6)
    #expect((found.line - rest.line).length < 1e-6)
  }

  @Test(
    "A robot that bends its waist, and an arm, leave the base where it is",
    arguments: Subjects.names)
  func others(name: String) throws {
    let targets = try targets(name, leaning: true)
    #expect(!targets.isLeaning)
    #expect(targets.base(of: bow(0.8)[...]) == .identity)
  }

  /// A small model of a robot, hardly trained.
  private func model(_ robot: Robot) throws -> Retargeter {
    var options = RetargeterTraining.Options()
    options.network = .init(width: 16, heads: 2, layers: 1, feedForward: 32)
    (options.run.batch, options.run.steps) = (16, 2)
    let training = try RetargeterTraining(
      robot: robot, mapping: Mapping.shipped(for: "robotis_op3"), poses: PosePool(),
      options: options)
    return try TrainingRun(training).run().model
  }

  /// One frame of a person who bows.
  private var bowing: MotionClip {
    MotionClip(
      name: "bow", skeleton: .canonical, frameRate: 30, rootTranslations: [[0, 0, 0.9]],
      rotations: [Skeleton.worldFromBodyAtRest] + bow(0.8).dropFirst())
  }

  @Test("A network's motion has the base that its targets are seen from, and its file says so")
  func motion() throws {
    let robot = try Subjects.robot("robotis_op3")
    let model = try model(robot)
    let path = FileManager.default.temporaryDirectory.appending(path: "motionc-\(UUID())").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try model.write(to: path)
    let read = try Retargeter(contentsOf: path, robot: robot)
    #expect(model.targets.isLeaning && read.targets.isLeaning)
    let motion = try read.rawMotion(of: bowing)
    let root = try #require(motion.root)
    let wanted = read.targets.base(of: bowing.rotations[...])
    // The robot's base is upright where the person's pelvis is.
    #expect((root.rotations[0].rotationVector - wanted.rotation.rotationVector).length < 1e-6)
    #expect(motion.provenance["base"] == "leaning")
  }

  @Test("The base of a robot with legs is free where no file says that it is fixed")
  func unstatedBase() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "motionc-\(UUID()).urdf").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try FileManager.default.copyItem(atPath: Subjects.robot("robotis_op3").path, toPath: path)
    let robot = try Robot(urdf: path)
    #expect(!robot.isBaseStated && !robot.hasFloatingBase)
    let model = try model(robot)
    #expect(model.targets.isLeaning)
    let own = try #require(model.rawMotion(of: bowing).root)
    let stated = try #require(
      self.model(Subjects.robot("robotis_op3")).rawMotion(of: bowing).root)
    #expect(own.translations == stated.translations && own.rotations == stated.rotations)
  }
}
