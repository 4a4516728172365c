import Geometry
import Kinematics
import Learning
import Motions
import Testing

@testable import Retargeting

/// The shipped robots and mappings that the tests work on.
enum Subjects {
  static let names = ["unitree_g1", "uarm_swift_pro"]

  static func robot(_ name: String) throws -> Robot { try Robot.named(name) }

  static func targets(_ name: String) throws -> HumanTargets {
    try HumanTargets(mapping: Mapping.shipped(for: name), robot: robot(name))
  }

  static func poses(_ count: Int, seed: UInt64) -> [[Quaternion]] {
    var random = RandomSource(seed: seed)
    return (0..<count).map { _ in RandomPose.sample(using: &random) }
  }

  static let tPose = [Quaternion](repeating: .identity, count: Skeleton.jointCount)

  /// A retargeter of random weights, which answers wildly.
  static func untrained(_ name: String, seed: UInt64 = 1, loudness: Float = 1) throws -> Retargeter
  {
    let robot = try robot(name)
    var network = PoseTransformer(
      .init(width: 16, heads: 2, layers: 1, feedForward: 32), joints: robot.coordinateCount)
    let layout = ParameterLayout(placing: &network)
    var random = RandomSource(seed: seed)
    let weights = (0..<layout.count).map { _ in random.normal() * loudness }
    return Retargeter(
      network: network, weights: weights, targets: try targets(name), robot: robot,
      bounds: try JointBounds(robot: robot), history: [:])
  }
}
