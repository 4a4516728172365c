/// The feed of each block of a stream, with which the firmware's planner takes the time of the
/// trajectory.
///
/// grbl carries out a block at one speed and changes speed at a fixed acceleration: into a faster
/// block at its beginning, into a slower one at the end of the block before. In both cases the lost
/// distance is Δv²/(2a), for most of which the block's speed compensates. The remaining delay,
/// measured from the step counts, is corrected by a fraction of a percent: a larger gain would
/// exceed the limits of the trajectory (1.2 on the feed was measured as 1.15 times the speed and
/// 1.36 times the acceleration).
struct UArmFeed: Sendable, Hashable {
  /// The greatest increase and decrease of the feed for a measured delay.
  static let (hurry, slack) = (0.005, 0.03)
  /// The share of the lost distance that is compensated; all of it would reach the acceleration of
  /// the trajectory and, by the motors' steps of an eightieth of a degree, a percent more.
  private static let share = 0.6
  /// The greatest change of the correction between two blocks.
  private static let change = 0.001

  /// The acceleration that the firmware has stored [degrees/s²].
  var acceleration: Double
  /// The greatest speed of base, left and right [degrees/s].
  var limits: SIMD3<Double>
  /// The velocity of the last block: base, left, right [degrees/s].
  private var velocity = SIMD3<Double>.zero
  /// The factor on the nominal speed.
  private(set) var correction = 1.0

  /// Creates feeds that begin at rest.
  init(acceleration: Double, limits: SIMD3<Double>) {
    self.acceleration = acceleration
    self.limits = limits
  }

  /// Notes that the arm is at rest before the next block.
  mutating func rest() { velocity = .zero }

  /// Sets the correction for a delay [s], which is positive if the arm is late.
  mutating func correct(for delay: Double) {
    let wanted = min(max(1 + 0.05 * delay, 1 - Self.slack), 1 + Self.hurry)
    correction += min(max(wanted - correction, -Self.change), Self.change)
  }

  /// Returns the feed of a block, and by how much it takes longer than `time` as far as this is
  /// compensated [s]; the rest appears in the measured delay.
  ///
  /// - Parameters:
  ///   - step: The step of base, left and right, not zero [degrees].
  ///   - time: The duration in the trajectory [s].
  mutating func next(
    _ step: SIMD3<Double>, in time: Double
  ) -> (feed: Double, excess: Double) {
    let length = (step * step).sum().squareRoot()
    let share = max(abs(step.x), abs(step.y), abs(step.z)) / length
    let lost = min(
      Self.share * lostWay(to: step / time) * share / (2 * acceleration), 0.2 * length)
    var wanted = correction * (length + lost) / time
    for axis in 0..<3 where abs(step[axis]) > 0 {
      // The limit applies to any duration, since frames may have been skipped; the tolerance is for
      // a nominal speed that rounding to thousandths of a degree puts above the limit.
      let greatest = limits[axis] * length / abs(step[axis])
      wanted = min(wanted, max(greatest, min(length / time, 1.002 * greatest)))
    }
    let least = UArmCommand.leastFeed * 80 / 60
    let taken = min(max(wanted, least), UArmCommand.greatestFeed * 80 / 60)
    velocity = step * (taken / length)
    return (0.75 * taken, (length + lost) / taken - time)
  }

  /// The distance lost by a change of velocity, times twice the acceleration [degrees²/s²]; the
  /// loss at the end of the previous block counts by its time at this block's speed.
  private func lostWay(to next: SIMD3<Double>) -> Double {
    let (before, after) = (norm(velocity), norm(next))
    guard before > 0 else { return after * after }
    // The planner stops where the path reverses.
    guard (velocity * next).sum() > 0 else { return after * after + before * after }
    let change = after - before
    return change * change * (change < 0 ? after / before : 1)
  }
}

private func norm(_ v: SIMD3<Double>) -> Double { (v * v).sum().squareRoot() }
