public import Autodiff
public import HumanBody
public import Learning
import Motions

/// Training of a smoother: noise is added to true motion, the network learns to take it away.
public struct SmootherTraining: TrainableModel {
  /// A window of true motion, whose length is that of the network's windows.
  public typealias Source = @Sendable (inout RandomSource) -> MotionWindow

  /// How to train.
  public struct Options: Sendable {
    /// The network's sizes.
    public var network = SmootherNetwork.Configuration()
    /// The weights of the losses.
    public var weights = SmootherWeights()
    /// Batch of windows, steps, rate, checkpoint, time limit.
    public var run = TrainingRunOptions(batch: 64, steps: 6000, rate: 1e-3)
    /// The precision of the network's linear maps; sums, weights and optimiser are float32.
    public var precision = BLAS.supportsBFloat16 ? Precision.bfloat16 : .float32

    /// Usual options.
    public init() {}
  }

  /// The options.
  public private(set) var options: Options
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

  /// What the user chose.
  public var runOptions: TrainingRunOptions {
    get { options.run }
    set { options.run = newValue }
  }

  /// How the steps are made.
  public var recipe: TrainingRecipe {
    TrainingRecipe(
      optimizer: AdamW(weightDecay: 0.01), averageDecay: 0.998, precision: options.precision)
  }

  /// A network of the sizes of the options.
  public func makeNetwork() -> SmootherNetwork { SmootherNetwork(options.network) }

  /// The trained smoother; `calibrate` scales its covariances on other clips.
  public func finish(
    _ network: SmootherNetwork, weights: [Float], history: [String: String]
  ) -> Smoother {
    Smoother(network: network, weights: weights, history: history)
  }

  /// Everything that the result depends on besides the seed.
  public var signature: String {
    "smoother on \(sourceText), \(ModelFile.json(options.network)), batch "
      + "\(options.run.batch), steps \(options.run.steps), rate \(options.run.rate), precision \(options.precision), losses "
      + ModelFile.json(options.weights)
  }

  // MARK: - A step

  /// The loss of a microbatch.
  public func step(_ network: SmootherNetwork) -> Trainer.StepFunction {
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
      var total: Variable?
      var last: [(name: String, value: Variable, unit: String)] = []
      network.forEachPass(inputs, on: &tape) { answer, tape in
        let (sum, terms) = loss(answer, truths, on: &tape)
        total = total.map { tape.add($0, sum) } ?? sum
        last = terms
      }
      for (name, value, unit) in last { part.report(name, tape.scalar(value), unit: unit) }
      return total ?? tape.input([0], shape: [1])
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
