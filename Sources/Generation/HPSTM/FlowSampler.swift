/// How the flow from noise to data is followed.
public enum FlowSolver: String, Sendable, Hashable, CaseIterable {
  /// One evaluation a step.
  case euler
  /// The velocity halfway through each step; two evaluations a step.
  case midpoint
  /// The mean of the velocities at both ends of each step; two evaluations a step.
  case heun
}

/// Follows the flow of a model that predicts clean data.
///
/// On the path X_t = t X₁ + (1 − t) X₀ from noise X₀ at t = 0 to data X₁ at t = 1 the velocity is
/// v = (X̂ − X_t) / (1 − t), with X̂ what the model takes the clean data to be. Intermediate states
/// are mixtures of noise and data and are never projected. The last step is always Euler's, which
/// ends at X̂ itself: where X̂ lies on the skeleton, so does the result.
public enum FlowSampler {
  /// The end of the flow that begins at `state` (standard normal noise) at t = 0.
  ///
  /// - Parameters:
  ///   - state: X₀, any number of samples one after another.
  ///   - steps: Steps of the same length; at least 1.
  ///   - solver: How a step is made.
  ///   - clean: X̂ of a state and its time.
  public static func sample(
    state: [Float], steps: Int, solver: FlowSolver,
    clean: (_ state: [Float], _ time: Float) -> [Float]
  ) -> [Float] {
    precondition(steps > 0, "a flow is followed in at least one step")
    var state = state
    let length = 1 / Float(steps)
    for step in 0..<(steps - 1) {
      let time = Float(step) * length
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
    return clean(state, Float(steps - 1) * length)
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
