public import Autodiff
internal import Files

/// A model that can be trained: what differs from one model to another.
///
/// `TrainingRun` does what all have in common: start values, checkpoints, resuming, time budget,
/// progress, and the texts of the model's file.
public protocol TrainableModel {
  /// The layers with their parameters.
  associatedtype Network: Parameterized
  /// What a training ends in.
  associatedtype Model

  /// Everything that the result depends on besides the seed: data, sizes, rates. A checkpoint with
  /// another signature is refused.
  var signature: String { get }
  /// How the steps are made.
  var recipe: TrainingRecipe { get }
  /// What the user chose.
  var runOptions: TrainingRunOptions { get }
  /// A network of this training's sizes.
  func makeNetwork() -> Network
  /// The loss of a microbatch.
  func step(_ network: Network) -> Trainer.StepFunction
  /// Called after each step: may replace parameters by what follows from the parameters, the seed
  /// and the step alone; by default nothing.
  func adjust(_ network: Network, _ trainer: Trainer)
  /// The trained model.
  ///
  /// - Parameters:
  ///   - network: The network whose parameters have their places.
  ///   - weights: The averaged parameters in these places.
  ///   - history: Texts for the model's file: the run's own, `seed`, `steps`, `training`.
  func finish(_ network: Network, weights: [Float], history: [String: String]) -> Model
}

extension TrainableModel {
  /// Replaces nothing.
  public func adjust(_ network: Network, _ trainer: Trainer) {}
}

/// How the steps of a training are made; each model has found its own figures.
public struct TrainingRecipe: Sendable, Hashable {
  /// The samples that go through the network at once.
  public var microbatch: Int
  /// The learning rate falls from its peak to the peak divided by this.
  public var rateDecay: Float
  /// The optimiser.
  public var optimizer: AdamW
  /// The decay of the running mean of parameters.
  public var averageDecay: Float
  /// The precision of linear maps; sums, weights and optimiser are float32.
  public var precision: Precision

  /// A recipe of these figures.
  public init(
    microbatch: Int = 8, rateDecay: Float = 100, optimizer: AdamW = AdamW(),
    averageDecay: Float = 0.999, precision: Precision = .float32
  ) {
    self.microbatch = microbatch
    self.rateDecay = rateDecay
    self.optimizer = optimizer
    self.averageDecay = averageDecay
    self.precision = precision
  }
}

/// What a user chooses of any training.
public struct TrainingRunOptions: Sendable, Hashable {
  /// The samples of a step.
  public var batch: Int
  /// The number of steps.
  public var steps: Int
  /// The random seed.
  public var seed: UInt64 = 1
  /// The threads that work on a step; the result does not depend on it.
  public var threads = 2
  /// The peak of the learning rate, after warming up.
  public var rate: Float
  /// The checkpoint's file; nil for none.
  public var checkpoint: String?
  /// The steps between checkpoints.
  public var checkpointInterval: Int
  /// The time after which training stops with a checkpoint; nil for none.
  public var timeLimit: Duration?
  /// Texts for the model's file: data, licence, tool version.
  public var history: [String: String] = [:]

  /// Options of these figures.
  public init(batch: Int, steps: Int, rate: Float, checkpointInterval: Int = 500) {
    self.batch = batch
    self.steps = steps
    self.rate = rate
    self.checkpointInterval = checkpointInterval
  }
}

/// One training of a model from its start, or from its checkpoint, to its end.
///
/// A training that was killed at any moment and is resumed ends in the same bytes.
public struct TrainingRun<Subject: TrainableModel> {
  /// What is trained.
  public let subject: Subject
  private let options: TrainingRunOptions

  /// A run that has not begun.
  public init(_ subject: Subject) {
    self.subject = subject
    options = subject.runOptions
  }

  /// Trains.
  ///
  /// - Parameters:
  ///   - resume: Whether to resume from the checkpoint, which must have this training's signature.
  ///   - isCancelled: Asked before each step; true ends training with a checkpoint.
  ///   - metrics: The sink of what each step reports.
  /// - Returns: The model, of the averaged parameters, and why the training ended.
  /// - Throws: `LearningError` where the loss diverges or the checkpoint is of another training;
  ///   `FileError` where the checkpoint cannot be read or written.
  public func run(
    resume: Bool = false, isCancelled: () -> Bool = { false },
    metrics: (Trainer.Progress) -> Void = { _ in }
  ) throws -> (model: Subject.Model, ending: Trainer.Ending) {
    var network = subject.makeNetwork()
    let layout = ParameterLayout(placing: &network)
    let trainer = try trainer(layout, resume: resume)
    let ending = try trainer.run(
      subject.step(network), isCancelled: isCancelled,
      adjust: { subject.adjust(network, $0) }, progress: metrics)
    var history = options.history
    history["seed"] = "\(options.seed)"
    history["steps"] = "\(trainer.step)"
    history["training"] = subject.signature
    let model = subject.finish(network, weights: trainer.averagedParameters, history: history)
    return (model, ending)
  }

  /// The time of a step, the median of `steps` after two that warm up [s].
  public func secondsPerStep(steps: Int = 7) throws -> Double {
    var network = subject.makeNetwork()
    let layout = ParameterLayout(placing: &network)
    let trainer = try trainer(layout, resume: false)
    let step = subject.step(network)
    let clock = ContinuousClock()
    var times: [Duration] = []
    for round in 0..<(steps + 2) {
      let time = try clock.measure { try trainer.advance(step) }
      if round >= 2 { times.append(time) }
    }
    return times.sorted()[times.count / 2] / .seconds(1)
  }

  private func trainer(_ layout: ParameterLayout, resume: Bool) throws -> Trainer {
    let recipe = subject.recipe
    let training = TrainingOptions(
      batch: options.batch, part: recipe.microbatch, shards: 4, threads: options.threads,
      precision: recipe.precision, seed: options.seed,
      schedule: Schedule(
        peak: options.rate, minimum: options.rate / recipe.rateDecay,
        warmUp: min(500, max(1, options.steps / 20)), steps: options.steps),
      optimizer: recipe.optimizer, averageDecay: recipe.averageDecay,
      timeLimit: options.timeLimit, checkpoint: options.checkpoint,
      checkpointInterval: options.checkpointInterval, metadata: ["training": subject.signature])
    guard resume, let path = options.checkpoint else { return Trainer(layout, options: training) }
    let found = try Safetensors(contentsOf: path).metadata["training"] ?? "unknown"
    guard found == subject.signature else {
      throw LearningError.mismatch(
        path: path,
        reason: "the checkpoint is of another training: found '\(found)', expected "
          + "'\(subject.signature)'")
    }
    return try Trainer(layout, resuming: path, options: training)
  }
}
