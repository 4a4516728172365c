public import Motions
import Synchronization

/// Poses of motions that a model samples anew for every stretch of a training.
///
/// What is sampled depends on the stretch alone, so that a training that is taken up again sees
/// what it would have seen without the break. A class because its threads share the poses of the
/// stretch that they are in.
public final class GeneratedPoses: Sendable {
  /// The part of poses that is sampled, of those that are not drawn from human joint ranges.
  public let share: Double
  /// The steps that are trained on the same motions.
  public let stepsPerStretch: Int
  /// What tells this source from others; it stands in checkpoints and models.
  public let description: String
  private let sample: @Sendable (_ stretch: Int) -> [MotionClip]
  private let current = Mutex<(stretch: Int, pool: PosePool)?>(nil)

  /// Poses that `sample` makes, asked once for each stretch; the same for the same number.
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

  /// The poses of a step; the first thread that asks in a stretch samples, the others wait.
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
