internal import Autodiff

extension Trainer {
  /// Replaces some parameters between two steps, as if they had just been initialised: their
  /// running means are the new values, and the optimiser forgets their gradients.
  ///
  /// A training resumes to the same bytes only if what it replaces follows from the parameters, the
  /// seed and the step.
  ///
  /// - Parameters:
  ///   - values: The new numbers.
  ///   - offset: The index of the first in the buffer of all parameters.
  public func replace(_ values: [Float], at offset: Int) {
    precondition(
      offset >= 0 && offset + values.count <= state.parameters.count,
      "\(values.count) numbers at \(offset) of \(state.parameters.count)")
    for (index, value) in values.enumerated() {
      state.parameters.pointer[offset + index] = value
      state.average?.pointer[offset + index] = value
      state.first.pointer[offset + index] = 0
      state.second.pointer[offset + index] = 0
    }
  }
}
