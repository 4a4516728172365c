public import Motions
import Synchronization

/// Poses of motions that a generator samples during training, anew for every group of steps.
///
/// The samples depend on the index of the group alone, so that a resumed training sees the same
/// data as an uninterrupted one. A class because threads share the poses of the current group.
public final class GeneratedPoses: Sendable {
  /// The fraction of sampled poses among those that are not drawn from human joint ranges.
  public let share: Double
  /// The number of steps that use the same motions.
  public let stepsPerStretch: Int
  /// An identification of this source, stored in checkpoints and models.
  public let description: String
  private let sample: @Sendable (_ stretch: Int) -> [MotionClip]
  private let current = Mutex<(stretch: Int, pool: PosePool)?>(nil)

  /// Creates a source; `sample` is called once for each group and must be a function of its index.
  public init(
    share: Double, stepsPerStretch: Int, description: String,
    sample: @escaping @Sendable (_ stretch: Int) -> [MotionClip]
  ) {
    precondition(0 <= share && share <= 1, "a share of \(share)")
    precondition(stepsPerStretch > 0, "stretches of \(stepsPerStretch) steps")
    self.share = share
    self.stepsPerStretch = stepsPerStretch
    self.description = description
    self.sample = sample
  }

  /// The poses of a step.
  ///
  /// The first thread that needs a group samples it; the others wait.
  func pool(step: Int) -> PosePool {
    let stretch = step / stepsPerStretch
    return current.withLock { current in
      if let current, current.stretch == stretch { return current.pool }
      var pool = PosePool()
      for clip in sample(stretch) { pool.add(clip) }
      current = (stretch, pool)
      return pool
    }
  }
}
