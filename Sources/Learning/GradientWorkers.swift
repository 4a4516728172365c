internal import Autodiff
internal import Dispatch
internal import Synchronization

/// Computes the gradient of a batch on several threads, the same bytes for any number of them.
///
/// A batch is cut into shards, each with a gradient buffer of its own; threads take shards from a
/// counter, and the buffers are summed in the order of the shards. A class because it owns
/// buffers and tapes that must not be copied.
final class GradientWorkers {
  /// A tape that one thread at a time uses.
  private final class Worker {
    var tape: Tape
    init(
      parameters: FloatBuffer, gradients: FloatBuffer, packed: PackedWeights?, precision: Precision
    ) {
      tape = Tape(parameters: parameters, gradients: gradients, packed: packed)
      tape.precision = precision
    }
  }

  private static let block = 1 << 14

  private let workers: [Worker]
  private let shards: [FloatBuffer]
  private let packed: PackedWeights?
  private let count: Int
  private let gaps: [Range<Int>]
  private let threads: Int

  init(layout: ParameterLayout, parameters: FloatBuffer, options: TrainingOptions) {
    threads = min(options.threads, options.shards)
    count = parameters.count
    gaps = layout.gaps
    let buffers = (0..<options.shards).map { _ in FloatBuffer(count: parameters.count) }
    shards = buffers
    let packed =
      options.precision == .bfloat16
      ? layout.packedWeights(of: parameters, gradients: true) : nil
    self.packed = packed
    workers = (0..<threads).map { _ in
      Worker(
        parameters: parameters, gradients: buffers[0], packed: packed,
        precision: options.precision)
    }
  }

  /// The gradient of the last batch, summed over the shards.
  var gradient: FloatBuffer { shards[0] }

  /// The bytes that the tapes hold.
  var memory: Int { workers.reduce(0) { $0 + $1.tape.memory } }

  /// Runs `body` for 0 ..< count on the threads, in no particular assignment.
  func parallel(_ count: Int, _ body: (_ worker: Int, _ index: Int) -> Void) {
    if threads == 1 {
      for index in 0..<count { body(0, index) }
      return
    }
    let next = Atomic(0)
    withoutActuallyEscaping(body) { body in
      // each index and each worker belongs to one thread until all are done
      nonisolated(unsafe) let work = body
      DispatchQueue.concurrentPerform(iterations: threads) { worker in
        while true {
          let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
          guard index < count else { return }
          work(worker, index)
        }
      }
    }
  }

  /// The gradient of the mean loss of a batch, left in `gradient`, and the figures reported; nil
  /// where the time was over before all parts were done.
  func computeGradient(
    step: Int, options: TrainingOptions, before deadline: ContinuousClock.Instant?,
    loss: @Sendable (inout Microbatch, inout Tape) -> Variable
  ) -> [Metric]? {
    if let packed { parallel(packed.count) { _, index in packed.refresh(index) } }
    var reports = [[(samples: Int, metrics: [Metric])]?](repeating: [], count: options.shards)
    reports.withUnsafeMutableBufferPointer { buffer in
      nonisolated(unsafe) let slots = buffer
      parallel(options.shards) { worker, shard in
        slots[shard] = self.run(
          shard, on: worker, step: step, options: options, before: deadline, loss: loss)
      }
    }
    let finished = reports.compactMap { $0 }
    guard finished.count == reports.count else { return nil }
    sumShards()
    var sum = MetricSum()
    for (samples, metrics) in finished.joined() { sum.add(metrics, samples: samples) }
    return sum.means
  }

  private func run(
    _ shard: Int, on worker: Int, step: Int, options: TrainingOptions,
    before deadline: ContinuousClock.Instant?,
    loss: @Sendable (inout Microbatch, inout Tape) -> Variable
  ) -> [(samples: Int, metrics: [Metric])]? {
    let gradients = shards[shard]
    gradients.pointer.update(repeating: 0, count: gradients.count)
    var result: [(samples: Int, metrics: [Metric])] = []
    for samples in options.parts(ofShard: shard) {
      guard deadline.map({ ContinuousClock.now < $0 }) ?? true else { return nil }
      var part = Microbatch(step: step, samples: samples, seed: options.seed)
      workers[worker].tape.reset()
      workers[worker].tape.direct(gradientsTo: gradients)
      let value = loss(&part, &workers[worker].tape)
      workers[worker].tape.backward(
        from: value, seed: Float(samples.count) / Float(options.batch))
      part.report("loss", workers[worker].tape.scalar(value))
      result.append((samples.count, part.metrics))
    }
    return result
  }

  /// Sums the shards into the first, in their order.
  private func sumShards() {
    let blocks = (count + Self.block - 1) / Self.block
    parallel(blocks) { _, block in
      let range = self.range(of: block)
      for shard in self.shards.dropFirst() {
        for index in stride(from: range.lowerBound, to: range.upperBound, by: 16) {
          let target = UnsafeMutableRawPointer(self.shards[0].pointer + index)
          let part = UnsafeRawPointer(shard.pointer + index).load(as: SIMD16<Float>.self)
          target.storeBytes(
            of: target.load(as: SIMD16<Float>.self) + part, as: SIMD16<Float>.self)
        }
      }
    }
    for gap in gaps { for index in gap { shards[0].pointer[index] = 0 } }
  }

  private func range(of block: Int) -> Range<Int> {
    block * Self.block..<min(count, (block + 1) * Self.block)
  }

  /// The norm of the gradient, summed in a fixed order.
  func gradientNorm() -> Float {
    let blocks = (count + Self.block - 1) / Self.block
    var sums = [Double](repeating: 0, count: blocks)
    sums.withUnsafeMutableBufferPointer { buffer in
      nonisolated(unsafe) let slots = buffer
      parallel(blocks) { _, block in
        var sum = SIMD16<Float>.zero
        let range = self.range(of: block)
        for index in stride(from: range.lowerBound, to: range.upperBound, by: 16) {
          let g = UnsafeRawPointer(self.gradient.pointer + index).load(as: SIMD16<Float>.self)
          sum += g * g
        }
        slots[block] = Double(sum.sum())
      }
    }
    return Float(sums.reduce(0, +).squareRoot())
  }

  /// One step of the optimiser.
  func update(
    _ state: OptimizerState, _ optimizer: AdamW, _ coefficients: AdamW.Coefficients,
    averageDecay: Float
  ) {
    parallel((count + Self.block - 1) / Self.block) { _, block in
      state.update(
        self.range(of: block), gradient: self.gradient.pointer, optimizer, coefficients,
        averageDecay: averageDecay)
    }
  }
}
