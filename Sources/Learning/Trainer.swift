public import Autodiff
internal import Files

/// The training loop that all models share.
///
/// A step function builds the loss of a part of a batch on a tape; the trainer runs it on several
/// threads, sums gradients in a fixed order, clips, steps, averages and stores. Training that was
/// killed at any moment and resumed from its checkpoint ends in the same bytes. A class because
/// it owns large buffers that must not be copied.
public final class Trainer {
  /// The loss of a part of a batch: a variable with one element, the mean over its samples.
  public typealias StepFunction = @Sendable (inout Microbatch, inout Tape) -> Variable

  /// Why training ended.
  public enum Ending: String, Sendable, Hashable {
    /// All steps were done.
    case finished
    /// The time limit came first.
    case timeLimit
    /// It was asked to stop.
    case cancelled
  }

  /// What a training reports while it runs.
  public struct Progress: Sendable {
    /// The steps done.
    public let step: Int
    /// The steps to do.
    public let steps: Int
    /// The time since this run began.
    public let elapsed: Duration
    /// The figures of the last step, "loss" among them.
    public let metrics: [Metric]
    /// The norm of the gradient before clipping.
    public let gradientNorm: Float
    /// The learning rate.
    public let rate: Float
  }

  /// The places of the parameters.
  public let layout: ParameterLayout
  /// How to train.
  public let options: TrainingOptions
  /// The steps done.
  public internal(set) var step = 0
  /// The learning rate over the steps, as it was planned last.
  public internal(set) var schedule: Schedule
  let state: OptimizerState
  private let workers: GradientWorkers

  /// A training from the beginning, its parameters drawn from the options' seed.
  public convenience init(_ layout: ParameterLayout, options: TrainingOptions) {
    self.init(
      layout, startingFrom: Self.randomStart(layout, seed: options.seed), options: options)
  }

  /// The parameters of a training from the beginning.
  ///
  /// - Parameters:
  ///   - layout: The places of the parameters.
  ///   - seed: The seed that they are drawn from.
  public static func randomStart(_ layout: ParameterLayout, seed: UInt64) -> [Float] {
    var random = RandomSource(seed: seed, stream: 0x7374_6172_74)
    return layout.startValues(using: &random)
  }

  /// A training from these parameters.
  public init(_ layout: ParameterLayout, startingFrom values: [Float], options: TrainingOptions) {
    precondition(
      values.count == layout.count, "\(values.count) numbers for a layout of \(layout.count)")
    self.layout = layout
    self.options = options
    schedule = options.schedule
    state = OptimizerState(parameters: values, keepsAverage: options.averageDecay != nil)
    workers = GradientWorkers(layout: layout, parameters: state.parameters, options: options)
  }

  /// The parameters as they are now.
  public var parameters: [Float] { state.parameters.values }

  /// The running mean of the parameters, or the parameters where none is kept.
  public var averagedParameters: [Float] { (state.average ?? state.parameters).values }

  /// The memory that the tapes hold [bytes].
  public var tapeMemory: Int { workers.memory }

  /// One step; returns its figures and the norm of the gradient before clipping.
  @discardableResult
  public func advance(_ loss: StepFunction) throws(LearningError) -> (
    metrics: [Metric], gradientNorm: Float
  ) {
    guard let figures = try advance(loss, before: nil) else {
      preconditionFailure("a step without a time limit was given up")
    }
    return figures
  }

  /// One step, unless its time is over before its last part is done: then nil, and everything is as
  /// it was before the step.
  func advance(
    _ loss: StepFunction, before deadline: ContinuousClock.Instant?
  ) throws(LearningError) -> (metrics: [Metric], gradientNorm: Float)? {
    guard
      let metrics = workers.computeGradient(
        step: step, options: options, before: deadline, loss: loss)
    else { return nil }
    if let term = metrics.first(where: { !$0.value.isFinite }) {
      throw .divergedTerm(step: step, term: term.name, value: term.value)
    }
    let norm = workers.gradientNorm()
    guard norm.isFinite else { throw .diverged(step: step, norm: norm) }
    let coefficients = options.optimizer.coefficients(
      step: step, rate: schedule.rate(at: step),
      gradientFactor: options.optimizer.clipFactor(norm: norm))
    workers.update(
      state, options.optimizer, coefficients, averageDecay: averageDecay(at: step))
    step += 1
    return (metrics, norm)
  }

  /// The decay of the average, smaller in the first steps so that the start is forgotten.
  private func averageDecay(at step: Int) -> Float {
    min(options.averageDecay ?? 0, Float(step + 1) / Float(step + 10))
  }

  /// Trains until the steps are done, the time is over or `isCancelled` says so.
  ///
  /// Time that is over within a step ends the step after the parts that are being computed; what
  /// was done of it is thrown away, so that the training may be resumed to the same bytes.
  ///
  /// - Parameters:
  ///   - loss: The step function; called on several threads.
  ///   - isCancelled: Asked before each step; true ends training with a checkpoint.
  ///   - adjust: Called after each step and before it is stored; may replace parameters.
  ///   - progress: Called after each step.
  ///   - validate: Called every `validationInterval` steps and at the end.
  /// - Returns: Why it ended.
  public func run(
    _ loss: StepFunction, isCancelled: () -> Bool = { false },
    adjust: (Trainer) -> Void = { _ in },
    progress: (Progress) -> Void = { _ in }, validate: (Trainer) -> Void = { _ in }
  ) throws -> Ending {
    let clock = ContinuousClock()
    let start = clock.now
    let deadline = options.timeLimit.map { start + $0 }
    var pacing = options.timeLimit.flatMap { limit in
      options.mostSteps.map { Pacing(limit: limit / .seconds(1), most: $0, step: step) }
    }
    var ending = Ending.finished
    while step < schedule.lastSteps {
      if isCancelled() {
        ending = .cancelled
        break
      }
      let rate = schedule.rate(at: step)
      guard deadline.map({ clock.now < $0 }) ?? true,
        let (metrics, norm) = try advance(loss, before: deadline)
      else {
        ending = .timeLimit
        break
      }
      adjust(self)
      planAgain(&pacing, elapsed: (clock.now - start) / .seconds(1))
      progress(
        Progress(
          step: step, steps: schedule.lastSteps, elapsed: clock.now - start,
          metrics: metrics, gradientNorm: norm, rate: rate))
      if options.validationInterval > 0, step % options.validationInterval == 0 { validate(self) }
      if options.checkpointInterval > 0, step % options.checkpointInterval == 0 {
        try saveCheckpoint()
      }
    }
    try saveCheckpoint()
    if options.validationInterval > 0, step % options.validationInterval != 0 { validate(self) }
    return ending
  }

  /// Spreads what is left of the schedule over the steps that fit into the time that is left.
  private func planAgain(_ pacing: inout Pacing?, elapsed: Double) {
    guard step >= schedule.warmUp,
      let steps = pacing?.revised(step: step, elapsed: elapsed, planned: schedule.lastSteps)
    else { return }
    schedule.revise(at: step, steps: steps)
  }
}
