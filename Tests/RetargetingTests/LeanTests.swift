import Foundation
import Geometry
import Kinematics
import Motions
import TestSupport
import Testing

@testable import Retargeting

/// How far the line from a robot's hips to its shoulders is from the person's, in the world.
struct TrunkLean {
  let retargeter: InverseKinematicsRetargeter
  private let rest: Vector3

  init(_ retargeter: InverseKinematicsRetargeter) throws {
    self.retargeter = retargeter
    let robot = retargeter.robot
    let configuration = try retargeter.targets.mapping.restConfiguration(of: robot)
    rest = try Self.line(retargeter, robot.worldFromLinks(configuration))
  }

  private static func line(
    _ retargeter: InverseKinematicsRetargeter, _ places: [Pose]
  ) throws -> Vector3 {
    func middle(_ joints: [Skeleton.Joint]) throws -> Vector3 {
      let points = retargeter.targets.mapping.points.filter { joints.contains($0.joint) }
      return try points.reduce(Vector3.zero) {
        $0 + places[try retargeter.robot.linkIndex(named: $1.link)] * $1.place
      } / Double(points.count)
    }
    return try #require(
      (middle([.leftShoulder, .rightShoulder]) - middle([.leftHip, .rightHip])).normalized)
  }

  private static func line(_ places: [Vector3]) throws -> Vector3 {
    func middle(_ a: Skeleton.Joint, _ b: Skeleton.Joint) -> Vector3 {
      places[a.rawValue] + places[b.rawValue]
    }
    return try #require(
      (middle(.leftShoulder, .rightShoulder) - middle(.leftHip, .rightHip)).normalized)
  }

  /// The mean angle over the frames of a clip, both lines counted from where they are at rest
  /// [degrees].
  func error(_ clip: MotionClip) throws -> Double {
    let robot = retargeter.robot
    let motion = try retargeter.retarget(clip)
    let root = try #require(motion.root)
    let still = MotionClip(
      name: "rest", skeleton: clip.skeleton, frameRate: 30, rootTranslations: [.zero],
      rotations: [Quaternion](repeating: .identity, count: Skeleton.jointCount))
    let bodyFromBase = retargeter.targets.mapping.origin.baseFromBody.inverse
    let correction = Quaternion(
      turning: bodyFromBase * rest, into: try Self.line(still.jointPositions(frame: 0)))
    var sum = 0.0
    for frame in 0..<clip.frameCount {
      let start = frame * robot.coordinateCount
      let places = robot.worldFromLinks(
        Array(motion.positions[start..<(start + robot.coordinateCount)]))
      let own = try bodyFromBase * Self.line(retargeter, places)
      let world = root.rotations[frame] * (bodyFromBase.inverse * (correction * own))
      let human = try Self.line(clip.jointPositions(frame: frame))
      sum += acos(max(-1, min(1, world.dot(human)))) * 180 / .pi
    }
    return sum / Double(clip.frameCount)
  }
}

@Suite(
  "Robots without waist pitch lean with their base",
  .enabled(if: SharedData.isPresent, Comment(rawValue: SharedData.absence)))
struct LeanTests {
  static let clips = ["02_01", "02_06", "02_09", "01_05_a", "01_14_a"]

  @Test(
    "Mean error of the trunk's direction over captured motions, bows among them",
    arguments: [
      "unitree_h1/h1", "booster_t1/t1_23dof", "booster_k1/K1_22dof",
      "unitree_g1_23dof/g1_23dof_rev_1_0", "unitree_h1_2/h1_2",
    ])
  func lean(path: String) throws {
    let robot = try Robot(urdf: SharedData.url("data/robots/\(path).urdf").path)
    let mapping = try Mapping(parsing: RobotMap(of: robot).mapping(robot: "x"), path: "found")
    let lean = try TrunkLean(InverseKinematicsRetargeter(robot: robot, mapping: mapping))
    for name in Self.clips {
      let file = try SharedData.url("data/motions/cmu/\(name).bvh").path
      let error = try lean.error(MotionFile.read(file).clip)
      print("lean \(path) \(name): \((error * 10).rounded() / 10)°")
      #expect(error <= 5, "\(path), \(name): \(error)°")
    }
  }
}
