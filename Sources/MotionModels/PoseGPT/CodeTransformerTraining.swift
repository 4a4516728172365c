public import Autodiff
import HumanBody
public import Learning
public import MotionData

/// Training of PoseGPT's GPT on the codes of motion.
public struct CodeTransformerTraining: TrainableModel {
  /// How to train.
  public struct Options: Sendable {
    /// The network's sizes; books, codes and labels are those of the tokenizer and the data.
    public var network = CodeTransformer.Configuration()
    /// Batch of sequences, steps, rate, checkpoint, time limit.
    public var run = TrainingRunOptions(batch: 32, steps: 6000, rate: 1e-3)
    /// The share of sequences trained without their action, for classifier-free guidance.
    public var dropped: Float = 0.1
    /// The share of tokens that are read with random codes, so that the network does not lean on
    /// the past being right, nor learns sequences by heart.
    public var corrupted: Float = 0.2
    /// The decay of weights.
    public var decay: Float = 0.3
    /// The precision of the network's linear maps.
    public var precision = BLAS.supportsBFloat16 ? Precision.bfloat16 : .float32

    /// Usual options.
    public init() {}
  }

  /// The bodies that samples without a past are drawn from.
  static let bodies = 64

  /// The options.
  public private(set) var options: Options
  /// The network's sizes.
  public let configuration: CodeTransformer.Configuration
  private let tokenizer: MotionTokenizer
  private let source: SequenceSource
  private let codes: ClipCodes

  /// A training on the clips of a shard.
  public init(
    tokenizer: MotionTokenizer, shard: DatasetShard, options: Options
  ) throws(GenerationError) {
    guard tokenizer.configuration.causality != .none else {
      throw .training(
        "the tokenizer's encoder is not causal: its codes depend on later frames, and no motion "
          + "can be continued from them")
    }
    var configuration = options.network
    configuration.books = tokenizer.configuration.books
    configuration.codesPerBook = tokenizer.configuration.codesPerBook
    configuration.labels = shard.labels
    configuration.coverage = shard.coverage(ofClips: shard.clips.indices)
    guard configuration.isValid else { throw .training("no GPT has the sizes \(configuration)") }
    self.options = options
    self.configuration = configuration
    self.tokenizer = tokenizer
    let frames = tokenizer.configuration.framesPerToken
    source = try SequenceSource(
      shard: shard, frames: configuration.context * frames, shortest: max(2, 8 * frames))
    codes = ClipCodes(source, tokenizer: tokenizer, precision: options.precision)
  }

  /// What the user chose.
  public var runOptions: TrainingRunOptions {
    get { options.run }
    set { options.run = newValue }
  }

  /// How the steps are made.
  public var recipe: TrainingRecipe {
    TrainingRecipe(
      microbatch: 8, rateDecay: 50, optimizer: AdamW(beta2: 0.99, weightDecay: options.decay),
      averageDecay: 0.998, precision: options.precision)
  }

  /// Everything that the result depends on besides the seed.
  public var signature: String {
    var sizes = configuration
    // A dictionary, whose order is another one in each process; the shard's fingerprint covers it.
    sizes.coverage = nil
    return
      "posegpt, tokenizer \(tokenizer.fingerprint.prefix(16)), pack \(source.shard.fingerprint), "
      + "\(sizes), batch \(options.run.batch), steps \(options.run.steps), rate "
      + "\(options.run.rate), decay \(options.decay), dropped \(options.dropped), corrupted "
      + "\(options.corrupted), precision \(options.precision)"
  }

  /// A network of the sizes of the options.
  public func makeNetwork() -> CodeTransformer { CodeTransformer(configuration) }

  /// The trained model.
  public func finish(
    _ network: CodeTransformer, weights: [Float], history: [String: String]
  ) -> PoseGPT {
    PoseGPT(
      tokenizer: tokenizer, network: network, weights: weights,
      bodies: source.bodies(Self.bodies, seed: options.run.seed), history: history)
  }

  /// The loss of a microbatch.
  public func step(_ network: CodeTransformer) -> Trainer.StepFunction {
    let (source, codes, options) = (source, codes, options)
    return { part, tape in
      var batch = CodeBatch(network.configuration)
      let drawn = part.samples.map { _ in source.draw(using: &part.random) }
      for (stretch, codes) in zip(drawn, codes(drawn)) {
        let isTold = part.random.uniform() >= options.dropped
        batch.add(
          codes, label: isTold ? source.shard.clips[stretch.clip].label : nil,
          corrupted: options.corrupted, using: &part.random)
      }
      var none: KeyValueCache?
      let read = network(batch.input, cache: &none, on: &tape)
      let tokens = tape.reshape(
        read,
        to: [batch.targets.count / network.configuration.books, network.configuration.width])
      let loss = network.head.loss(
        of: tokens, codes: batch.targets, weights: batch.weights, using: &part.random, on: &tape)
      part.report("bits per code", tape.scalar(loss) / 0.693_147_18)
      return loss
    }
  }
}

/// The sequences of one part of a batch.
private struct CodeBatch {
  var input = CodeTransformer.Input(codes: [], actions: [], durations: [])
  /// [batch, context, books]; those behind a sequence's end count nothing.
  var targets: [Int] = []
  /// The counts of each place, so that the mean over all places is one; [batch, context].
  private var isThere: [Bool] = []
  private let configuration: CodeTransformer.Configuration

  init(_ configuration: CodeTransformer.Configuration) { self.configuration = configuration }

  var weights: [Float] {
    let count = Float(max(1, isThere.count { $0 }))
    return isThere.map { $0 ? 1 / count : 0 }
  }

  /// Adds the codes of a sequence; none where its file could not be read.
  mutating func add(
    _ codes: [Int], label: Int?, corrupted: Float, using random: inout RandomSource
  ) {
    let (books, start) = (configuration.books, configuration.codesPerBook)
    let count = codes.count / books
    guard count > 0 else {
      // A NaN duration ends the training.
      fill(0, codes: [], read: [], label: label, duration: .nan)
      return
    }
    var read = [Int](repeating: start, count: books) + codes.dropLast(books)
    for token in 1..<max(2, count) where random.uniform() < corrupted {
      for book in 0..<books where token < count {
        read[token * books + book] = Int(random.next() % UInt64(start))
      }
    }
    fill(
      count, codes: codes, read: read, label: label,
      duration: Float(count) / Float(configuration.context))
  }

  private mutating func fill(
    _ count: Int, codes: [Int], read: [Int], label: Int?, duration: Float
  ) {
    let rest = (configuration.context - count)
    let (books, start) = (configuration.books, configuration.codesPerBook)
    input.codes += read + repeatElement(start, count: rest * books)
    targets += codes + repeatElement(0, count: rest * books)
    isThere += [Bool](repeating: true, count: count) + repeatElement(false, count: rest)
    input.actions.append(label ?? configuration.labels.count)
    input.durations.append(duration)
  }
}
