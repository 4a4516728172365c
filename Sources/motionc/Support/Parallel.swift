import Dispatch
import Synchronization

/// Work on many files at once.
enum Parallel {
  /// The results in the order of the inputs; each thread takes the next input that is free.
  static func map<Input: Sendable, Output: Sendable>(
    _ inputs: [Input], threads: Int, _ body: @Sendable (Input) -> Output
  ) -> [Output] {
    let next = Atomic<Int>(0)
    let results = Mutex<[Int: Output]>([:])
    DispatchQueue.concurrentPerform(iterations: max(1, min(threads, inputs.count))) { _ in
      while true {
        let index = next.add(1, ordering: .relaxed).oldValue
        guard index < inputs.count else { return }
        let output = body(inputs[index])
        results.withLock { $0[index] = output }
      }
    }
    return results.withLock { found in inputs.indices.compactMap { found[$0] } }
  }
}
