internal import Dispatch

/// The benchmark of matrix products.
public enum BLASBenchmark {
  /// GFLOP/s of square products together, the best of several rounds.
  public static func speed(size: Int, threads: Int, repetitions: Int) -> Double {
    let buffers = (0..<(3 * threads)).map { _ in FloatBuffer(count: size * size) }
    for buffer in buffers { buffer.pointer.update(repeating: 0.5, count: buffer.count) }
    let rounds = max(1, Int(1e8 / Double(2 * size * size * size)))
    nonisolated(unsafe) let shared = buffers
    var best = Double.infinity
    for _ in 0..<repetitions {
      let duration = ContinuousClock().measure {
        DispatchQueue.concurrentPerform(iterations: threads) { worker in
          for _ in 0..<rounds {
            BLAS.multiply(
              shared[3 * worker].pointer, stride: size, transposed: false,
              shared[3 * worker + 1].pointer, stride: size, transposed: false,
              into: shared[3 * worker + 2].pointer, stride: size, rows: size, columns: size,
              inner: size, beta: 0)
          }
        }
      }
      let parts = duration.components
      best = min(best, Double(parts.seconds) + 1e-18 * Double(parts.attoseconds))
    }
    return Double(rounds * threads) * 2 * Double(size * size * size) / best * 1e-9
  }
}
