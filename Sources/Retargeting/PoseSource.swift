import Geometry
import Learning
import Motions

/// Draws poses to train on: from motions, from human joint ranges, or from both.
struct PoseSource: Sendable {
  /// Poses of motions.
  let pool: PosePool
  /// The part of poses that is drawn from human joint ranges; all where there are no motions.
  let randomShare: Double
  /// Half of the motions' poses are turned a little, by so much a coordinate [rad].
  static let jitter = 0.15

  init(pool: PosePool, randomShare: Double) {
    self.pool = pool
    self.randomShare = pool.count == 0 ? 1 : randomShare
  }

  /// One pose, 22 rotations, and its index in the pool where it is one of its own.
  func draw(using random: inout RandomSource) -> (pose: [Quaternion], index: Int?) {
    if Double(random.uniform()) < randomShare {
      return (RandomPose.sample(using: &random), nil)
    }
    let index = Int(random.next() % UInt64(pool.count))
    let pose = pool.pose(index)
    guard random.uniform() < 0.5 else { return (pose, index) }
    let turned = PoseChange.perturbed(pose, deviation: Self.jitter, using: &random)
    return (turned.pose, nil)
  }
}
