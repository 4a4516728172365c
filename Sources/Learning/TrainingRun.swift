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
  var runOptions: TrainingRunOptions { get set }
  /// A network of this training's sizes.
  func makeNetwork() -> Network
  /// The loss of a microbatch.
  func step(_ network: Network) -> Trainer.StepFunction
  /// The parameters to start from, in the places of the layout; nil for random ones.
  ///
  /// - Parameters:
  ///   - layout: The places of the network's parameters.
  ///   - seed: The seed of what is drawn at random.
  func startValues(_ layout: ParameterLayout, seed: UInt64) -> [Float]?
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
  /// Random parameters.
  public func startValues(_ layout: ParameterLayout, seed: UInt64) -> [Float]? { nil }

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
  /// Whether the number of steps was stated, so that a time limit may lower it and not raise it.
  public var stepsAreStated = true
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
  private var options: TrainingRunOptions
  /// Whether a time limit decided the number of steps.
  private var isPlanned = false
  /// The most steps that are planned again while the training runs; nil where the schedule stays.
  private var mostSteps: Int?

  /// A run that has not begun.
  public init(_ subject: Subject) {
    self.subject = subject
    options = subject.runOptions
  }

  /// Trains.
  ///
  /// With a time limit of ten seconds or more, the first steps are measured on a copy, and the schedule is
  /// planned over as many steps as fit, so that warming up and half a cosine end with the time. While
  /// it runs, what is left of the half cosine is spread again over the steps that fit into the time that
  /// is left. The checkpoint holds these plans: a resumed training goes on with the last one, measures
  /// nothing, and ends in the bytes of a training with the same plans that was never interrupted.
  ///
  /// - Parameters:
  ///   - resume: Whether to resume from the checkpoint, which must have this training's signature.
  ///   - isCancelled: Asked before each step; true ends training with a checkpoint.
  ///   - planned: Called with the number of steps where a time limit decides it.
  ///   - metrics: The sink of what each step reports.
  /// - Returns: The model, of the averaged parameters, and why the training ended.
  /// - Throws: `LearningError` where the loss diverges or the checkpoint is of another training;
  ///   `FileError` where the checkpoint cannot be read or written.
  public func run(
    resume: Bool = false, isCancelled: () -> Bool = { false },
    planned: (Int) -> Void = { _ in }, metrics: (Trainer.Progress) -> Void = { _ in }
  ) throws -> (model: Subject.Model, ending: Trainer.Ending) {
    let begin = ContinuousClock.now
    let steps = try plannedSteps(resume: resume, isCancelled: isCancelled)
    var subject = subject
    if let steps { subject.runOptions.steps = steps }
    var run = TrainingRun(subject)
    run.isPlanned = steps != nil
    if !resume, let limit = options.timeLimit, limit >= Self.leastLimit {
      run.mostSteps = options.stepsAreStated ? options.steps : .max
    }
    // What was measured is of the same budget.
    run.options.timeLimit = options.timeLimit.map { max(.zero, $0 - (.now - begin)) }
    if let steps { planned(steps) }
    return try run.train(resume: resume, isCancelled: isCancelled, metrics: metrics)
  }

  private func train(
    resume: Bool, isCancelled: () -> Bool, metrics: (Trainer.Progress) -> Void
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
    let times = try stepTimes(steps)
    return times.map(\.clock).sorted()[times.count / 2] / .seconds(1)
  }

  /// The processor time of a step, the least of `steps` after two that warm up [s]: on one thread what a
  /// step costs, whatever else the machine does.
  public func processorSecondsPerStep(steps: Int = 15) throws -> Double {
    try stepTimes(steps).map(\.processor).min() ?? 0
  }

  private func stepTimes(_ steps: Int) throws -> [(clock: Duration, processor: Double)] {
    var network = subject.makeNetwork()
    let layout = ParameterLayout(placing: &network)
    let trainer = try trainer(layout, resume: false)
    let step = subject.step(network)
    var times: [(clock: Duration, processor: Double)] = []
    for round in 0..<(steps + 2) {
      let (start, used) = (ContinuousClock.now, ProcessorTime.seconds)
      _ = try trainer.advance(step)
      guard round >= 2 else { continue }
      times.append((.now - start, ProcessorTime.seconds - used))
    }
    return times
  }

  // MARK: - The plan of a time limit

  /// The shortest time that is planned by: less is too short to measure steps in.
  private static var leastLimit: Duration { .seconds(10) }
  /// The share of a limit that steps may fill, measured ones included.
  private static var filling: Double { 0.97 }

  /// How long steps are measured: a twentieth of a limit, of short ones a sixth and at most ten seconds.
  private static func measuring(of limit: Double) -> Double {
    max(0.05 * limit, min(10, limit / 6))
  }
  /// Fewer steps than this are no schedule.
  private static var leastSteps: Int { 20 }
  private static var plannedKey: String { "planned_steps" }

  /// The steps that the checkpoint was planned for, or that fit into the time limit; nil where neither
  /// says anything.
  private func plannedSteps(resume: Bool, isCancelled: () -> Bool) throws -> Int? {
    if resume {
      guard let path = options.checkpoint,
        let text = try Safetensors(contentsOf: path).metadata[Self.plannedKey],
        let steps = Int(text), steps > 0
      else { return nil }
      return steps
    }
    let begin = ContinuousClock.now
    guard let limit = options.timeLimit, limit >= Self.leastLimit,
      let seconds = try secondsPerStep(within: limit, isCancelled: isCancelled)
    else { return nil }
    let left = Self.filling * (limit / .seconds(1)) - (ContinuousClock.now - begin) / .seconds(1)
    let fitting = Int(min(1e9, max(0, left / seconds)))
    let steps = options.stepsAreStated ? min(options.steps, fitting) : fitting
    return steps >= Self.leastSteps && steps != options.steps ? steps : nil
  }

  /// The time of a step, the mean of the middle half of those measured on a copy [s]; nil where not one step
  /// is done in the time for it.
  private func secondsPerStep(
    within limit: Duration, isCancelled: () -> Bool
  ) throws -> Double? {
    var network = subject.makeNetwork()
    let layout = ParameterLayout(placing: &network)
    let trainer = try trainer(layout, resume: false)
    let step = subject.step(network)
    let end = ContinuousClock.now + .seconds(Self.measuring(of: limit / .seconds(1)))
    var times: [Double] = []
    var before = ContinuousClock.now
    while times.count < 200, before < end, !isCancelled(),
      try trainer.advance(step, before: end) != nil
    {
      let now = ContinuousClock.now
      times.append((now - before) / .seconds(1))
      before = now
    }
    // The first steps take longer, since memory is fetched in them, and single ones where others work.
    let sorted = times.dropFirst(times.count > 4 ? 2 : 0).sorted()
    let middle = sorted[(sorted.count / 4)..<(sorted.count - sorted.count / 4)]
    return middle.isEmpty ? nil : middle.reduce(0, +) / Double(middle.count)
  }

  private func trainer(_ layout: ParameterLayout, resume: Bool) throws -> Trainer {
    let recipe = subject.recipe
    var metadata = ["training": subject.signature]
    if isPlanned { metadata[Self.plannedKey] = "\(options.steps)" }
    var training = TrainingOptions(
      batch: options.batch, part: recipe.microbatch, shards: 4, threads: options.threads,
      precision: recipe.precision, seed: options.seed,
      schedule: Schedule(
        peak: options.rate, minimum: options.rate / recipe.rateDecay,
        warmUp: min(500, max(1, options.steps / 20)), steps: options.steps),
      optimizer: recipe.optimizer, averageDecay: recipe.averageDecay,
      timeLimit: options.timeLimit, checkpoint: options.checkpoint,
      checkpointInterval: options.checkpointInterval, metadata: metadata)
    training.mostSteps = mostSteps
    guard resume, let path = options.checkpoint else {
      guard let start = subject.startValues(layout, seed: options.seed) else {
        return Trainer(layout, options: training)
      }
      return Trainer(layout, startingFrom: start, options: training)
    }
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
