import Dispatch
import Synchronization

/// Work on many files at once.
enum Parallel {
  /// The results in the order of the inputs; each thread takes the next input that is free.
  ///
  /// `whenDone` hears of each result, one at a time and in the order of the inputs, as soon as those
  /// before it are there.
  static func map<Input: Sendable, Output: Sendable>(
    _ inputs: [Input], threads: Int, _ body: @Sendable (Input) -> Output,
    whenDone: @Sendable (Output) -> Void = { _ in }
  ) -> [Output] {
    let next = Atomic<Int>(0)
    let state = Mutex<(results: [Int: Output], told: Int)>(([:], 0))
    DispatchQueue.concurrentPerform(iterations: max(1, min(threads, inputs.count))) { _ in
      while true {
        let index = next.add(1, ordering: .relaxed).oldValue
        guard index < inputs.count else { return }
        let output = body(inputs[index])
        state.withLock { state in
          state.results[index] = output
          while let next = state.results[state.told] {
            whenDone(next)
            state.told += 1
          }
        }
      }
    }
    return state.withLock { state in inputs.indices.compactMap { state.results[$0] } }
  }
}
