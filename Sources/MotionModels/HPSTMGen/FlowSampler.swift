import Foundation

/// The time grid of the steps from noise to data.
enum FlowGrid: Sendable, Hashable {
  /// Steps of the same length.
  case uniform
  /// Steps of the same length in log(t / (1 − t)), between two times.
  ///
  /// A component of the data with variance λ is determined where t² λ ≈ (1 − t)². Motion is so
  /// correlated in time and between joints that λ ranges from about 1000 (position and posture) to
  /// below 0.01 (the tremor of a hand): from t ≈ 0.03 to t ≈ 0.9.
  case logistic(first: Float, last: Float)

  /// Interpolates between two times in log(t / (1 − t)).
  static func time(between first: Float, and last: Float, at place: Float) -> Float {
    let (from, to) = (log(first / (1 - first)), log(last / (1 - last)))
    return 1 / (1 + exp(-(from + (to - from) * place)))
  }
}

/// Integrates the flow of a model that predicts clean data.
///
/// On the path X_t = t X₁ + (1 − t) X₀ from noise X₀ at t = 0 to data X₁ at t = 1 the velocity is
/// v = (X̂ − X_t) / (1 − t), where X̂ is the model's prediction of the clean data (flow matching,
/// Lipman et al. 2023). Intermediate states are mixtures of noise and data and are never projected.
/// The last step is always Euler's, which ends at X̂ itself: if X̂ is a pose of the skeleton, so is
/// the result.
enum FlowSampler {
  /// The times at which steps begin.
  static func times(steps: Int, grid: FlowGrid) -> [Float] {
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

  /// Integrates the flow from `state` (standard normal noise) to data.
  ///
  /// - Parameters:
  ///   - state: X₀, any number of samples one after another; where the first time is not 0, data
  ///     of mean 0 is taken to be noise still there.
  ///   - steps: The number of steps; at least 1.
  ///   - solver: The integration method.
  ///   - grid: The time grid.
  ///   - known: A part of the flow that is integrated exactly; the steps then only have to resolve
  ///     the rest.
  ///   - hold: Writes the given values (observed frames) into a state.
  ///   - clean: X̂ of a state and its time.
  static func sample(
    state: [Float], steps: Int, solver: FlowSolver, grid: FlowGrid = .uniform,
    known: AnalyticFlow = .none,
    hold: (_ state: inout [Float], _ time: Float) -> Void = { _, _ in },
    clean: (_ state: [Float], _ time: Float) -> [Float]
  ) -> [Float] {
    var state = state
    let times = times(steps: steps, grid: grid)
    /// The velocity without the analytic part, at a state and time.
    func rest(_ state: [Float], _ time: Float) -> [Float] {
      let (clean, known) = (clean(state, time), known.clean(state, time))
      precondition(clean.count == state.count, "\(clean.count) numbers for \(state.count)")
      let factor = 1 / (1 - time)
      return state.indices.map { (clean[$0] - known[$0]) * factor }
    }
    hold(&state, times[0])
    for (time, next) in zip(times, times.dropFirst()) {
      let length = next - time
      let velocity = rest(state, time)
      switch solver {
      case .euler:
        state = known.transport(state, time, next)
        move(&state, along: velocity, by: length)
        hold(&state, next)
      case .midpoint:
        let halfway = time + length / 2
        var middle = known.transport(state, time, halfway)
        move(&middle, along: velocity, by: length / 2)
        hold(&middle, halfway)
        state = known.transport(state, time, next)
        move(&state, along: rest(middle, halfway), by: length)
        hold(&state, next)
      case .heun:
        var end = known.transport(state, time, next)
        state = end
        move(&end, along: velocity, by: length)
        hold(&end, next)
        move(&state, along: velocity, by: length / 2)
        move(&state, along: rest(end, next), by: length / 2)
        hold(&state, next)
      }
    }
    return clean(state, times[steps - 1])
  }

  private static func move(_ state: inout [Float], along velocity: [Float], by length: Float) {
    for index in state.indices { state[index] += length * velocity[index] }
  }
}

/// A part of a flow whose solution is known in closed form.
struct AnalyticFlow {
  /// The analytic prediction of the clean data, for a state and time.
  let clean: (_ state: [Float], _ time: Float) -> [Float]
  /// Advances a state from one time to another.
  let transport: (_ state: [Float], _ from: Float, _ to: Float) -> [Float]

  /// No analytic part: states do not change.
  static var none: AnalyticFlow {
    AnalyticFlow(clean: { state, _ in state }, transport: { state, _, _ in state })
  }
}
