internal import Foundation

/// A learning rate that rises linearly and then falls along half a cosine.
public struct Schedule: Sendable, Hashable {
  /// The largest rate.
  public var peak: Float
  /// The rate at the end.
  public var minimum: Float
  /// The steps in which the rate rises: step e has (e + 1) / warmUp of the peak.
  public var warmUp: Int
  /// The steps until the end.
  public var steps: Int

  /// A schedule over this many steps.
  public init(peak: Float, minimum: Float = 0, warmUp: Int, steps: Int) {
    self.peak = peak
    self.minimum = minimum
    self.warmUp = warmUp
    self.steps = steps
  }

  /// The rate of a step, counted from 0.
  public func rate(at step: Int) -> Float {
    if step < warmUp { return peak * Float(step + 1) / Float(warmUp) }
    let progress = Double(step - warmUp) / Double(max(1, steps - warmUp))
    let fraction = 0.5 * (1 + cos(Double.pi * min(1, progress)))
    return minimum + (peak - minimum) * Float(fraction)
  }
}
