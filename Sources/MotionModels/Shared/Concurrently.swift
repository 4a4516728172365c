import Dispatch

/// Work on several threads whose results do not depend on how many there are.
enum Concurrently {
  /// The results for 0 to `count` - 1, in order, or the error of the first that failed.
  ///
  /// - Parameters:
  ///   - count: How many results.
  ///   - threads: The number of threads, at least 1; thread i takes i, i + threads, …
  ///   - body: Makes the result of an index.
  static func map<Result: Sendable>(
    _ count: Int, threads: Int,
    _ body: @Sendable (Int) throws(GenerationError) -> Result
  ) throws(GenerationError) -> [Result] {
    guard count > 0 else { return [] }
    var results = [Swift.Result<Result, GenerationError>?](repeating: nil, count: count)
    results.withUnsafeMutableBufferPointer { buffer in
      nonisolated(unsafe) let slots = buffer
      let workers = min(max(1, threads), count)
      DispatchQueue.concurrentPerform(iterations: workers) { worker in
        for index in stride(from: worker, to: count, by: workers) {
          do throws(GenerationError) {
            slots[index] = .success(try body(index))
          } catch {
            slots[index] = .failure(error)
          }
        }
      }
    }
    var found: [Result] = []
    for case let result? in results { found.append(try result.get()) }
    return found
  }
}
