public import Autodiff

/// A Transformer encoder for measuring the cost of a training step and of a frame.
public struct BenchmarkEncoder: Parameterized, Sendable {
  /// Tokens in a sample.
  public let tokens: Int
  /// The number of input features of a token.
  public let inputs: Int
  var embedding: Linear
  var positions: Parameter
  var layers: [TransformerEncoderLayer]
  var head: Linear

  /// An encoder with one token for each of 21 joints.
  public init(
    layers: Int, width: Int, heads: Int, hidden: Int, tokens: Int = 21, inputs: Int = 3,
    outputs: Int = 29, activation: Activation = .gelu
  ) {
    self.tokens = tokens
    self.inputs = inputs
    embedding = Linear(inputs, width)
    positions = Parameter([tokens, width], start: .normal(0.02))
    self.layers = (0..<layers).map { _ in
      TransformerEncoderLayer(width: width, heads: heads, hidden: hidden, activation: activation)
    }
    head = Linear(width, outputs)
  }

  /// Visits the parameters of all parts.
  public mutating func visitParameters(_ visit: (_ name: String, inout Parameter) -> Void) {
    embedding.visitParameters(below: "embedding", visit)
    visit("positions", &positions)
    for index in layers.indices {
      layers[index].visitParameters(below: "layers.\(index)", visit)
    }
    head.visitParameters(below: "head", visit)
  }

  /// [batch, tokens, inputs] to [batch, outputs].
  public func callAsFunction(_ x: Variable, on tape: inout Tape) -> Variable {
    let embedded = embedding(x, on: &tape)
    var hidden = tape.add(embedded, tape.parameter(positions))
    tape.release(embedded)
    for layer in layers.dropLast() {
      let next = layer(hidden, on: &tape)
      tape.release(hidden)
      hidden = next
    }
    guard let last = layers.last else { return head(tape.tokenMean(hidden), on: &tape) }
    let pooled = last.pooled(hidden, on: &tape)
    tape.release(hidden)
    return head(pooled, on: &tape)
  }

  /// The multiplications and additions of one sample forward, as the network is defined.
  public var operations: Double {
    let width = Double(positions.shape[1])
    let hidden = Double(layers.first?.feedForward.expand.weight.shape[0] ?? 0)
    let block =
      Double(tokens) * (8 * width * width + 4 * width * hidden + 4 * Double(tokens) * width)
    return Double(layers.count) * block
  }
}

/// Benchmarks of training and matrix products on this machine.
public enum LearningBenchmark {
  /// GFLOP/s of square products, the best of several, by 1 or more workers at once.
  public static func blasSpeed(size: Int, threads: Int, repetitions: Int = 12) -> Double {
    BLASBenchmark.speed(size: size, threads: threads, repetitions: repetitions)
  }

  /// Statistics of repeated timings [s].
  public struct Timing: Sendable {
    /// The smallest time.
    public let best: Double
    /// The median.
    public let median: Double
  }

  /// The time of a training step: three evaluations, squared error, gradients, AdamW.
  public static func step(
    of encoder: BenchmarkEncoder, batch: Int, part: Int = 8, shards: Int = 4, threads: Int,
    steps: Int = 7
  ) throws -> Timing {
    var model = encoder
    let layout = ParameterLayout(placing: &model)
    let options = TrainingOptions(
      batch: batch, part: part, shards: shards, threads: threads, seed: 1,
      schedule: Schedule(peak: 1e-4, warmUp: 10, steps: 1000))
    let trainer = Trainer(layout, options: options)
    let placed = model
    let times = try (0..<(steps + 2)).map { _ in
      try seconds {
        try trainer.advance { part, tape in
          let count = 3 * part.samples.count
          var random = part.random
          let x = tape.input(shape: [count, placed.tokens, placed.inputs]) { values in
            for index in values.indices { values[index] = random.uniform(from: -1, to: 1) }
          }
          let y = placed(x, on: &tape)
          return tape.scale(tape.mean(tape.square(y)), by: 3)
        }
      }
    }
    return timing(Array(times.dropFirst(2)))
  }

  /// The time of one sample forward on one core, without recording [s].
  public static func inference(
    of encoder: BenchmarkEncoder, batch: Int, repetitions: Int = 9
  ) -> Timing {
    var model = encoder
    let layout = ParameterLayout(placing: &model)
    var random = RandomSource(seed: 1)
    let parameters = FloatBuffer(layout.startValues(using: &random))
    var tape = Tape(parameters: parameters, recording: false)
    let input = (0..<(batch * model.tokens * model.inputs)).map { _ in random.normal() }
    let times = (0..<repetitions).map { _ in
      seconds {
        tape.reset()
        let x = tape.input(input, shape: [batch, model.tokens, model.inputs])
        _ = model(x, on: &tape)
      } / Double(batch)
    }
    return timing(times)
  }

  private static func seconds(_ body: () throws -> Void) rethrows -> Double {
    let duration = try ContinuousClock().measure(body)
    return Double(duration.components.seconds) + 1e-18 * Double(duration.components.attoseconds)
  }

  private static func timing(_ times: [Double]) -> Timing {
    let sorted = times.sorted()
    return Timing(best: sorted[0], median: sorted[sorted.count / 2])
  }
}
