/// How fast each block of a stream is to go, so that the firmware's planner takes the time that the
/// trajectory has for it.
///
/// grbl goes through a block at one speed and changes speed at a fixed acceleration: into a faster
/// block at its beginning, into a slower one at the end of the block before. Either way the way that
/// is lost is Δv²/(2a), and the block's speed makes up for most of it. What is left of the delay,
/// measured at the step counts, is corrected by a fraction of a percent: a gain large enough to catch
/// up quickly would exceed the limits that the trajectory was compiled for (1.2 on the feed was
/// measured as 1.15 times the speed and 1.36 times the acceleration).
struct UArmFeed: Sendable, Hashable {
  /// The most that a block is hurried, and slowed, for a measured delay.
  static let (hurry, slack) = (0.005, 0.03)
  /// The part of the lost way that is made up for; all of it would give the motors the trajectory's
  /// very acceleration, and a percent more by their steps of an eightieth of a degree.
  private static let share = 0.6
  /// How much the correction may change from block to block.
  private static let change = 0.001

  /// The acceleration that the firmware has stored [degrees/s²].
  var acceleration: Double
  /// The greatest speed of base, left and right [degrees/s].
  var limits: SIMD3<Double>
  /// The velocity of the last block: base, left, right [degrees/s].
  private var velocity = SIMD3<Double>.zero
  /// The factor on the nominal speed.
  private(set) var correction = 1.0

  /// Feeds that begin at rest.
  init(acceleration: Double, limits: SIMD3<Double>) {
    self.acceleration = acceleration
    self.limits = limits
  }

  /// The arm rests: the next block begins from there.
  mutating func rest() { velocity = .zero }

  /// Sets the correction for a delay [s]: later than wanted is positive.
  mutating func correct(for delay: Double) {
    let wanted = min(max(1 + 0.05 * delay, 1 - Self.slack), 1 + Self.hurry)
    correction += min(max(wanted - correction, -Self.change), Self.change)
  }

  /// The feed of a block, and how much longer than `time` the firmware takes for it [s], as far as it
  /// is made up for; the rest shows in the measured delay.
  ///
  /// - Parameters:
  ///   - step: The way of base, left and right, not zero [degrees].
  ///   - time: What the trajectory has for it [s].
  mutating func next(
    _ step: SIMD3<Double>, in time: Double
  ) -> (feed: Double, excess: Double) {
    let length = (step * step).sum().squareRoot()
    let share = max(abs(step.x), abs(step.y), abs(step.z)) / length
    let lost = min(
      Self.share * lostWay(to: step / time) * share / (2 * acceleration), 0.2 * length)
    var wanted = correction * (length + lost) / time
    for axis in 0..<3 where abs(step[axis]) > 0 {
      // Whatever time it is for: frames may have been left out. What thousandths of a degree make of
      // a nominal speed at the limit is let pass.
      let greatest = limits[axis] * length / abs(step[axis])
      wanted = min(wanted, max(greatest, min(length / time, 1.002 * greatest)))
    }
    let least = UArmCommand.leastFeed * 80 / 60
    let taken = min(max(wanted, least), UArmCommand.greatestFeed * 80 / 60)
    velocity = step * (taken / length)
    return (0.75 * taken, (length + lost) / taken - time)
  }

  /// The way that a change of velocity costs, times twice the acceleration [degrees²/s²]; what the
  /// block before lost at its end counts by the time that it takes at this block's speed.
  private func lostWay(to next: SIMD3<Double>) -> Double {
    let (before, after) = (norm(velocity), norm(next))
    guard before > 0 else { return after * after }
    // Where the way turns back, the planner stops.
    guard (velocity * next).sum() > 0 else { return after * after + before * after }
    let change = after - before
    return change * change * (change < 0 ? after / before : 1)
  }
}

private func norm(_ v: SIMD3<Double>) -> Double { (v * v).sum().squareRoot() }
