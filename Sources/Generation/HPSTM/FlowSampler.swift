import Foundation

/// How the flow from noise to data is followed.
public enum FlowSolver: String, Sendable, Hashable, CaseIterable {
  /// One evaluation a step.
  case euler
  /// The velocity halfway through each step; two evaluations a step.
  case midpoint
  /// The mean of the velocities at both ends of each step; two evaluations a step.
  case heun
}

/// Where the steps from noise to data begin.
public enum FlowGrid: Sendable, Hashable {
  /// Steps of the same length.
  case uniform
  /// Steps of the same length in log(t / (1 − t)), between two times.
  ///
  /// A component of the data with variance λ is decided where t² λ ≈ (1 − t)². Motion is so
  /// correlated in time and between joints that λ reaches from about 1000 (where someone stands,
  /// and in which pose) to below 0.01 (the tremor of a hand): from t ≈ 0.03 to t ≈ 0.9.
  case logistic(first: Float, last: Float)

  /// The time a fraction of the way from one to another, in log(t / (1 − t)).
  static func time(between first: Float, and last: Float, at place: Float) -> Float {
    let (from, to) = (log(first / (1 - first)), log(last / (1 - last)))
    return 1 / (1 + exp(-(from + (to - from) * place)))
  }
}

/// Follows the flow of a model that predicts clean data.
///
/// On the path X_t = t X₁ + (1 − t) X₀ from noise X₀ at t = 0 to data X₁ at t = 1 the velocity is
/// v = (X̂ − X_t) / (1 − t), with X̂ what the model takes the clean data to be. Intermediate states
/// are mixtures of noise and data and are never projected. The last step is always Euler's, which
/// ends at X̂ itself: where X̂ lies on the skeleton, so does the result.
public enum FlowSampler {
  /// The times at which steps begin.
  public static func times(steps: Int, grid: FlowGrid) -> [Float] {
    precondition(steps > 0, "a flow is followed in at least one step")
    switch grid {
    case .uniform: return (0..<steps).map { Float($0) / Float(steps) }
    case .logistic(let first, let last):
      return (0..<steps).map { step in
        let place = steps > 1 ? Float(step) / Float(steps - 1) : 0
        return FlowGrid.time(between: first, and: last, at: place)
      }
    }
  }

  /// The end of the flow that begins at `state` (standard normal noise) at t = 0.
  ///
  /// - Parameters:
  ///   - state: X₀, any number of samples one after another.
  ///   - steps: The number of steps; at least 1.
  ///   - solver: How a step is made.
  ///   - grid: Where steps begin.
  ///   - clean: X̂ of a state and its time.
  public static func sample(
    state: [Float], steps: Int, solver: FlowSolver, grid: FlowGrid = .uniform,
    clean: (_ state: [Float], _ time: Float) -> [Float]
  ) -> [Float] {
    // where the first time is not 0, the state is noise still, for data of mean 0
    var state = state
    let times = times(steps: steps, grid: grid)
    for step in 0..<(steps - 1) {
      let time = times[step]
      let length = times[step + 1] - time
      let velocity = self.velocity(state, clean(state, time), time)
      switch solver {
      case .euler: move(&state, along: velocity, by: length)
      case .midpoint:
        var middle = state
        move(&middle, along: velocity, by: length / 2)
        let there = time + length / 2
        move(&state, along: self.velocity(middle, clean(middle, there), there), by: length)
      case .heun:
        var end = state
        move(&end, along: velocity, by: length)
        let after = self.velocity(end, clean(end, time + length), time + length)
        move(&state, along: velocity, by: length / 2)
        move(&state, along: after, by: length / 2)
      }
    }
    return clean(state, times[steps - 1])
  }

  private static func velocity(_ state: [Float], _ clean: [Float], _ time: Float) -> [Float] {
    precondition(clean.count == state.count, "\(clean.count) numbers for \(state.count)")
    let factor = 1 / (1 - time)
    return state.indices.map { (clean[$0] - state[$0]) * factor }
  }

  private static func move(_ state: inout [Float], along velocity: [Float], by length: Float) {
    for index in state.indices { state[index] += length * velocity[index] }
  }
}
