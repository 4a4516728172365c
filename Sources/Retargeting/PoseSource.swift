import Geometry
import Learning
import Motions

/// Draws poses to train on: from motions, captured or sampled, from human joint ranges, or from
/// all.
struct PoseSource: Sendable {
  /// Poses of motions.
  let pool: PosePool
  /// Poses of motions sampled during training; nil for none.
  let generated: GeneratedPoses?
  /// The fraction of poses drawn from human joint ranges; 1 without motions.
  let randomShare: Double
  /// The standard deviation of random rotations of half of the motions' poses [rad].
  static let jitter = 0.15

  init(pool: PosePool, generated: GeneratedPoses? = nil, randomShare: Double) {
    self.pool = pool
    self.generated = generated
    self.randomShare = pool.count == 0 && generated == nil ? 1 : randomShare
  }

  /// The fraction of motion poses that are sampled; 1 without captured motions.
  var generatedShare: Double { pool.count == 0 ? 1 : generated?.share ?? 0 }

  /// One pose, 22 rotations, and its index in the pool where it is one of its own.
  ///
  /// - Parameters:
  ///   - sampled: The poses that are sampled for the step; nil where none are.
  ///   - random: The random number generator.
  func draw(
    sampled: PosePool?, using random: inout RandomSource
  ) -> (pose: [Quaternion], index: Int?) {
    if Double(random.uniform()) < randomShare {
      return (RandomPose.sample(using: &random), nil)
    }
    if let sampled, sampled.count > 0, Double(random.uniform()) < generatedShare {
      let pose = sampled.pose(Int(random.next() % UInt64(sampled.count)))
      guard random.uniform() < 0.5 else { return (pose, nil) }
      return (PoseChange.perturbed(pose, deviation: Self.jitter, using: &random).pose, nil)
    }
    guard pool.count > 0 else { return (RandomPose.sample(using: &random), nil) }
    let index = Int(random.next() % UInt64(pool.count))
    let pose = pool.pose(index)
    guard random.uniform() < 0.5 else { return (pose, index) }
    let turned = PoseChange.perturbed(pose, deviation: Self.jitter, using: &random)
    return (turned.pose, nil)
  }
}
