public import Autodiff
import Files
import Foundation
public import HumanBody
public import Learning
import Motions

/// Training of a smoother: noise is added to true motion, the network learns to take it away.
public struct SmootherTraining {
  /// A window of true motion, whose length is that of the network's windows.
  public typealias Source = @Sendable (inout RandomSource) -> MotionWindow

  /// How to train.
  public struct Options: Sendable {
    /// The network's sizes.
    public var network = SmootherNetwork.Configuration()
    /// The weights of the losses.
    public var weights = SmootherWeights()
    /// Windows in a step.
    public var batch = 64
    /// Steps to do.
    public var steps = 6000
    /// What all random numbers depend on.
    public var seed: UInt64 = 1
    /// Threads that work on a step.
    public var threads = 2
    /// The learning rate after warming up.
    public var rate: Float = 1e-3
    /// The precision of the network's linear maps; sums, weights and optimiser are float32.
    public var precision = BLAS.supportsBFloat16 ? Precision.bfloat16 : .float32
    /// The checkpoint's file; nil for none.
    public var checkpoint: String?
    /// Steps between checkpoints.
    public var checkpointInterval = 500
    /// When to stop; nil for when the steps are done.
    public var timeLimit: Duration?
    /// Texts for the model's file: data, licence, tool version.
    public var history: [String: String] = [:]

    /// Usual options.
    public init() {}
  }

  /// The options.
  public let options: Options
  private let source: Source
  private let sourceText: String

  /// A training on windows from a source; `sourceText` tells one source from another.
  public init(
    options: Options, sourceText: String, source: @escaping Source
  ) throws(GenerationError) {
    guard options.network.isValid else {
      throw .training("no smoother has the sizes \(options.network)")
    }
    self.options = options
    self.source = source
    self.sourceText = sourceText
  }

  /// Trains from the beginning, or from the checkpoint where `resume` is set.
  ///
  /// Covariances are left as the network says them; `calibrate` scales them on other clips.
  public func run(
    resume: Bool = false, isCancelled: () -> Bool = { false },
    progress: (Trainer.Progress) -> Void = { _ in }
  ) throws -> (smoother: Smoother, ending: Trainer.Ending) {
    var network = SmootherNetwork(options.network)
    let layout = ParameterLayout(placing: &network)
    let trainer = try makeTrainer(layout, resume: resume)
    let clock = ContinuousClock()
    let start = clock.now
    let ending = try trainer.run(
      step(network), isCancelled: isCancelled, progress: progress)
    var history = options.history
    history["seed"] = "\(options.seed)"
    history["steps"] = "\(trainer.step)"
    history["training"] = trainingText
    history["training_seconds"] = "\((clock.now - start).components.seconds)"
    return (
      Smoother(network: network, weights: trainer.averagedParameters, history: history), ending
    )
  }

  /// The time of a step with these options, the median of some [s].
  public func secondsPerStep(steps: Int = 7) throws -> Double {
    var network = SmootherNetwork(options.network)
    let layout = ParameterLayout(placing: &network)
    let trainer = try makeTrainer(layout, resume: false)
    let step = step(network)
    var times: [Double] = []
    for round in 0..<(steps + 2) {
      let clock = ContinuousClock()
      let start = clock.now
      try trainer.advance(step)
      let time = (clock.now - start).components
      if round >= 2 { times.append(Double(time.seconds) + Double(time.attoseconds) * 1e-18) }
    }
    return times.sorted()[times.count / 2]
  }

  private func makeTrainer(_ layout: ParameterLayout, resume: Bool) throws -> Trainer {
    var optimizer = AdamW()
    optimizer.weightDecay = 0.01
    let training = TrainingOptions(
      batch: options.batch, part: 8, shards: 4, threads: options.threads,
      precision: options.precision, seed: options.seed,
      schedule: Schedule(
        peak: options.rate, minimum: options.rate / 100,
        warmUp: min(500, max(1, options.steps / 20)), steps: options.steps),
      optimizer: optimizer, averageDecay: 0.998, timeLimit: options.timeLimit,
      checkpoint: options.checkpoint, checkpointInterval: options.checkpointInterval,
      metadata: ["training": trainingText])
    guard resume, let path = options.checkpoint else {
      return Trainer(layout, options: training)
    }
    let found = try Safetensors(contentsOf: path).metadata["training"] ?? "unknown"
    guard found == trainingText else {
      throw GenerationError.training(
        "checkpoint '\(path)' is of another training: found '\(found)', expected "
          + "'\(trainingText)'")
    }
    return try Trainer(layout, resuming: path, options: training)
  }

  /// What the training depends on, so that a checkpoint of another one is not taken up.
  private var trainingText: String {
    "smoother on \(sourceText), \(SmootherFile.text(of: options.network)), batch "
      + "\(options.batch), steps \(options.steps), rate \(options.rate), precision \(options.precision), losses "
      + SmootherFile.text(of: options.weights)
  }

  // MARK: - A step

  func step(_ network: SmootherNetwork) -> Trainer.StepFunction {
    let source = source
    let loss = SmootherLoss(
      weights: options.weights, frames: options.network.backbone.frames)
    let filter = TrackFilter(frames: options.network.backbone.frames)
    return { part, tape in
      var inputs: [SmootherInput] = []
      var truths: [SmootherTruth] = []
      for _ in part.samples {
        let (input, truth) = Self.sample(source, filter, using: &part.random)
        inputs.append(input)
        truths.append(truth.seen(from: input))
      }
      let answer = network(inputs, on: &tape)
      let (total, terms) = loss(answer, truths, on: &tape)
      for (name, value, unit) in terms { part.report(name, tape.scalar(value), unit: unit) }
      return total
    }
  }

  /// One window with noise, and its truth in the world.
  static func sample(
    _ source: Source, _ filter: TrackFilter, using random: inout RandomSource
  ) -> (input: SmootherInput, truth: SmootherTruth) {
    let truth = SmootherTruth.varied(source(&random), using: &random)
    let gaps = TrackGaps.random(frames: filter.frames, using: &random)
    var positions = TrackNoise.random(using: &random).applied(to: truth.positions, using: &random)
    gaps.applyDoubt(to: &positions, using: &random)
    let input = SmootherInput(positions, confidences: gaps.confidences, filter: filter)
    return (input, truth)
  }
}
