import Files
import Foundation
import Geometry
import Kinematics
import Learning
import Motions
import Testing

@testable import Retargeting

@Suite("The solver of poses")
struct PoseSolverTests {
  /// A person's bow, spread over pelvis and spine, and the rest of the body at ease.
  static func bow(_ angle: Double) -> [Quaternion] {
    var pose = Subjects.tPose
    pose[Skeleton.Joint.pelvis.rawValue] =
      Skeleton.worldFromBodyAtRest * Quaternion(angle: 0.4 * angle, axis: .unitX)
    for joint in [Skeleton.Joint.spine1, .spine2, .spine3] {
      pose[joint.rawValue] = Quaternion(angle: 0.2 * angle, axis: .unitX)
    }
    for joint in [Skeleton.Joint.leftHip, .rightHip] {
      pose[joint.rawValue] = Quaternion(angle: -0.4 * angle, axis: .unitX)
    }
    for (joint, sign) in [(Skeleton.Joint.leftShoulder, -1.0), (.rightShoulder, 1)] {
      pose[joint.rawValue] = Quaternion(angle: sign * 1.2, axis: .unitZ)
    }
    return pose
  }

  private func retargeter(_ name: String) throws -> InverseKinematicsRetargeter {
    try InverseKinematicsRetargeter(robot: Subjects.robot(name), mapping: .shipped(for: name))
  }

  private func goal(
    _ retargeter: InverseKinematicsRetargeter, _ pose: [Quaternion]
  ) -> PoseProblem.Goal {
    var batch = PoseBatch(count: 1, targets: retargeter.targets)
    batch.set(0, to: pose[...])
    return retargeter.goal(batch)
  }

  private func answer(
    _ problem: PoseProblem, using random: inout RandomSource
  ) -> PoseAnswer {
    var answer = PoseAnswer(
      configuration: zip(problem.lower, problem.upper).map { lower, upper in
        lower + (upper - lower) * (0.1 + 0.8 * Double(random.uniform()))
      })
    guard problem.hasFreeBase else { return answer }
    func vector() -> Vector3 {
      0.3 * Vector3(Double(random.normal()), Double(random.normal()), Double(random.normal()))
    }
    answer.base = Pose(rotation: Quaternion(rotationVector: vector()), translation: vector())
    return answer
  }

  @Test("The gradient is that of finite differences, base and all terms", arguments: Subjects.names)
  func gradient(name: String) throws {
    let retargeter = try retargeter(name)
    let problem = retargeter.problem
    var solver = PoseSolver(problem)
    var random = RandomSource(seed: 3)
    for pose in Subjects.poses(10, seed: 4) {
      let goal = goal(retargeter, pose)
      let here = answer(problem, using: &random)
      let previous = answer(problem, using: &random).configuration
      let gradient = solver.halfGradient(at: here, goal, previous: previous)
      for column in 0..<problem.columnCount {
        func value(_ change: Double) -> Double {
          var moved = here
          let index = column - problem.active.count
          if index < 0 {
            moved.configuration[problem.active[column]] += change
          } else if index < 3 {
            var turn = Vector3.zero
            turn[index] = change
            moved.base.rotation = Quaternion(rotationVector: turn) * here.base.rotation
          } else {
            moved.base.translation[index - 3] += change
          }
          return solver.value(moved, goal, previous)
        }
        let slope = (value(1e-5) - value(-1e-5)) / 2e-5 / 2
        #expect(
          abs(slope - gradient[column]) < 1e-3 * max(1, abs(slope)),
          "column \(column): \(gradient[column]), finite differences \(slope)")
      }
    }
  }

  @Test("A warm start finds what a cold one does")
  func warmStart() throws {
    let retargeter = try retargeter("unitree_g1")
    var solver = PoseSolver(retargeter.problem)
    var random = RandomSource(seed: 5)
    var (equal, all) = (0, 0)
    for pose in Subjects.poses(40, seed: 6) {
      // Half of the way from the T-pose: poses that a person takes.
      let pose = pose.map { Quaternion.identity.interpolated(to: $0, fraction: 0.5) }
      let near = PoseChange.perturbed(pose, deviation: 0.05, using: &random).pose
      let before = solver.solve(goal(retargeter, near), starts: retargeter.starts)
      let wanted = goal(retargeter, pose)
      let warm = solver.solve(wanted, starts: [before])
      let cold = solver.solve(wanted, starts: retargeter.starts)
      all += 1
      if warm.objective <= cold.objective * 1.001 + 1e-6 { equal += 1 }
    }
    #expect(equal >= all * 9 / 10, "\(equal) of \(all)")
  }

  @Test("The answers of a clip keep the limits and are near the optimum of distances")
  func nearOptimum() throws {
    let retargeter = try retargeter("unitree_g1")
    let clip = try MotionFile.read(
      try #require(ProjectFolder.locate("Examples")) + "/Motions/walk.bvh"
    ).clip
    let evaluation = try retargeter.evaluate([clip], optimumPoses: 30).evaluation
    #expect(evaluation.posesOutsideLimits == 0)
    #expect(
      evaluation.meanDistanceOfOptimumPoses
        < max(1.02 * evaluation.optimumDistance, evaluation.optimumDistance + 0.002),
      "\(evaluation.meanDistanceOfOptimumPoses) against \(evaluation.optimumDistance)")
  }

  @Test("A robot without waist joints leans with its base", arguments: [0.4, 0.9])
  func lean(angle: Double) throws {
    let robot = try Self.stiff()
    let map = RobotMap(of: robot)
    let mapping = try Mapping(parsing: map.mapping(robot: "stiff"), path: "found")
    let retargeter = try InverseKinematicsRetargeter(robot: robot, mapping: mapping)
    #expect(retargeter.hasFreeBase)
    let pose = Self.bow(angle)
    let clip = MotionClip(
      name: "bow", skeleton: .canonical, frameRate: 30,
      rootTranslations: [[0, 0, 1], [0, 0, 1]], rotations: pose + pose)
    let motion = try retargeter.retarget(clip)
    let root = try #require(motion.root)
    let places = robot.worldFromLinks(Array(motion.positions.prefix(robot.coordinateCount)))
    func middle(_ joints: [Skeleton.Joint]) throws -> Vector3 {
      let points = mapping.points.filter { joints.contains($0.joint) }
      let sum = try points.reduce(Vector3.zero) {
        $0 + places[try robot.linkIndex(named: $1.link)] * $1.place
      }
      return sum / Double(points.count)
    }
    let line =
      root.rotations[0]
      * (try middle([.leftShoulder, .rightShoulder]) - middle([.leftHip, .rightHip]))
    let person = clip.jointPositions(frame: 0)
    func between(_ a: Skeleton.Joint, _ b: Skeleton.Joint) -> Vector3 {
      (person[a.rawValue] + person[b.rawValue]) / 2
    }
    let wanted = between(.leftShoulder, .rightShoulder) - between(.leftHip, .rightHip)
    let robotLean = atan2(line.x, line.z)
    let humanLean = atan2(wanted.x, wanted.z)
    #expect(abs(robotLean - humanLean) < 5 * Double.pi / 180, "\(robotLean), human \(humanLean)")
    #expect(humanLean > 0.5 * angle)
  }

  /// The G1 with its waist welded.
  private static func stiff() throws -> Robot {
    let path = try #require(ProjectFolder.locate("Robots")) + "/unitree_g1/robot.urdf"
    var text = try String(contentsOfFile: path, encoding: .utf8)
    for joint in ["waist_yaw_joint", "waist_roll_joint", "waist_pitch_joint"] {
      let moving = "<joint name=\"\(joint)\" type=\"revolute\">"
      try #require(text.contains(moving))
      text = text.replacingOccurrences(
        of: moving, with: "<joint name=\"\(joint)\" type=\"fixed\">")
    }
    let file = FileManager.default.temporaryDirectory.appending(path: "stiff-\(UUID()).urdf")
    try Data(text.utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    return try Robot(urdf: file.path)
  }
}
