internal import Foundation

/// A learning rate that rises linearly and then falls along half a cosine.
public struct Schedule: Sendable, Hashable {
  /// The largest rate.
  public var peak: Float
  /// The rate at the end.
  public var minimum: Float
  /// The steps in which the rate rises: step e has (e + 1) / warmUp of the peak.
  public var warmUp: Int
  /// The steps until the end, as they were planned at the beginning.
  public var steps: Int
  /// Later plans of the steps until the end, in the order in which they were made.
  public internal(set) var revisions: [Revision] = []

  /// A later plan: from a step on, what is left of the half cosine is spread over what is left of the steps.
  public struct Revision: Sendable, Hashable {
    /// The steps done when it was made.
    public var step: Int
    /// The steps until the end, those done included.
    public var steps: Int
  }

  /// The steps until the end, as they were planned last.
  public var lastSteps: Int { revisions.last?.steps ?? steps }

  /// Plans the steps until the end again; the rate of the step at hand stays what it is.
  ///
  /// - Parameters:
  ///   - step: The steps done, after warming up and not before an earlier revision.
  ///   - steps: The steps until the end, more than those done.
  public mutating func revise(at step: Int, steps: Int) {
    precondition(
      step >= max(warmUp, revisions.last?.step ?? 0) && steps > step,
      "\(steps) steps planned at step \(step), with a warm-up of \(warmUp)")
    revisions.append(Revision(step: step, steps: steps))
  }

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
    let fraction = 0.5 * (1 + cos(Double.pi * progress(at: step)))
    return minimum + (peak - minimum) * Float(fraction)
  }

  /// How far along the half cosine a step after warming up is, 0...1.
  private func progress(at step: Int) -> Double {
    var (start, done, end) = (warmUp, 0.0, steps)
    func share(_ step: Int) -> Double {
      done + (1 - done) * min(1, Double(step - start) / Double(max(1, end - start)))
    }
    for revision in revisions where revision.step <= step {
      (done, start, end) = (share(revision.step), revision.step, revision.steps)
    }
    return share(step)
  }
}
