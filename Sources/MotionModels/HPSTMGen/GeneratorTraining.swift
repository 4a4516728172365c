public import Autodiff
import HumanBody
public import Learning
public import MotionData

/// Training of a generator: flow matching on windows of motion.
public struct GeneratorTraining: TrainableModel {
  /// How to train.
  public struct Options: Sendable {
    /// The Transformer's sizes.
    public var backbone = Backbone.Configuration()
    /// Batch of windows, steps, rate, checkpoint, time limit.
    public var run = TrainingRunOptions(batch: 32, steps: 10_000, rate: 5e-4)
    /// The share of windows trained without their label, and of those without their embedding, for
    /// classifier-free guidance.
    public var dropped: Float = 0.15
    /// The share of windows trained without their description: half, since a network that is nearly
    /// always told what happens learns little from the action alone.
    public var droppedTexts: Float = 0.5
    /// The share of windows trained without a past.
    public var withoutPast: Float = 0.6
    /// The number of mixture components of the prior.
    public var components = 64
    /// The words of the descriptions, if these are the windows' embeddings.
    public var vocabulary: [String]?
    /// The decay of weights.
    public var decay: Float = 0.01
    /// The precision of the network's linear maps; sums, weights and optimiser are float32.
    public var precision = BLAS.supportsBFloat16 ? Precision.bfloat16 : .float32

    /// Usual options.
    public init() {}
  }

  /// The times that are trained, as dense as samplers' steps: `FlowGrid` says why.
  static let times: ClosedRange<Float> = 0.007...0.97

  /// The options.
  public private(set) var options: Options
  /// The network's sizes and what it can be told.
  public let configuration: GeneratorNetwork.Configuration
  private let source: WindowSource
  private let model: PriorStatistics
  private let components: MotionMixture
  private let likelihood: PastLikelihood
  private let loss: FlowLoss

  /// A training on windows, whose labels and embeddings the network learns.
  public init(source: WindowSource, options: Options) throws(GenerationError) {
    guard (1...4096).contains(options.components) else {
      throw .training("\(options.components) mixture components were asked for, 1 to 4096 expected")
    }
    guard options.backbone.isValid else {
      throw .training("no network has the sizes \(options.backbone)")
    }
    self.options = options
    self.source = source
    var configuration = GeneratorNetwork.Configuration()
    configuration.backbone = options.backbone
    configuration.labels = source.shard.labels
    configuration.embeddingWidth = source.shard.embeddingWidth
    configuration.vocabulary = options.vocabulary
    configuration.coverage = source.shard.coverage(ofClips: source.usable)
    let measured: WindowStatistics
    do {
      measured = try WindowStatistics(
        source: source, components: options.components, seed: options.run.seed)
    } catch { throw .training("\(error)") }
    components = measured.components
    likelihood = PastLikelihood(measured.prior)
    configuration.components = measured.prior.components
    self.configuration = configuration
    model = PriorStatistics(
      standardization: measured.standardization, prior: measured.prior, bodies: measured.bodies,
      choice: measured.choice, forecast: measured.forecast)
    loss = FlowLoss(
      layer: SkeletonLayer(
        mean: measured.standardization.mean, deviation: measured.standardization.deviation,
        bodySpread: measured.bodies.spread),
      weights: FlowLoss.Weights(), scales: (measured.velocity, measured.acceleration))
  }

  /// What the user chose.
  public var runOptions: TrainingRunOptions {
    get { options.run }
    set { options.run = newValue }
  }

  /// How the steps are made.
  public var recipe: TrainingRecipe {
    TrainingRecipe(
      optimizer: AdamW(weightDecay: options.decay), averageDecay: 0.999,
      precision: options.precision)
  }

  /// A network of the sizes of the options.
  public func makeNetwork() -> GeneratorNetwork { GeneratorNetwork(configuration) }

  /// The trained model.
  public func finish(
    _ network: GeneratorNetwork, weights: [Float], history: [String: String]
  ) -> Generator {
    Generator(network: network, weights: weights, model: model, history: history)
  }

  /// Everything that the result depends on besides the seed.
  public var signature: String {
    "generator, pack \(source.shard.fingerprint), \(configuration.backbone), "
      + "\(configuration.labels.count) labels, embedding \(configuration.embeddingWidth), batch "
      + "\(options.run.batch), steps \(options.run.steps), rate \(options.run.rate), decay \(options.decay), "
      + "components \(options.components) by label and past, forecast, dropped \(options.dropped) and \(options.droppedTexts), without past \(options.withoutPast), \(FlowLoss.Weights()), precision \(options.precision)"
  }

  /// The loss of a microbatch.
  public func step(_ network: GeneratorNetwork) -> Trainer.StepFunction {
    let (source, model, components, loss, options) = (source, model, components, loss, options)
    let likelihood = likelihood
    return { part, tape in
      var draft = FlowBatchBuilder(
        part: part, configuration: network.configuration, batch: options.run.batch)
      for index in 0..<part.samples.count {
        let window = source.draw(using: &part.random)
        draft.add(window, index, model, options: options, using: &part.random)
      }
      var sorted = components.components(of: draft.target.state, labels: draft.labels)
      // A window that goes on has the component that its past suggests, as it has in sampling: its
      // own would tell the network where it goes.
      for (index, past) in draft.pasts.enumerated() {
        guard let past else { continue }
        sorted[index] = model.prior.drawComponent(
          label: draft.told[index], favours: likelihood(past), using: &part.random)
      }
      let estimate = PosteriorMean(
        states: draft.states, times: draft.target.times, components: sorted, pasts: draft.pasts,
        model: model)
      draft.input.set(components: sorted)
      draft.input.set(estimate)
      let raw = network(draft.input, on: &tape)
      return loss(raw: raw, estimate: estimate, target: draft.target, part: &part, on: &tape)
    }
  }
}

/// The windows of one part of a batch on their way into arrays.
private struct FlowBatchBuilder {
  var input: GeneratorInput
  var target = FlowLoss.Target()
  /// X_t, [batch, frames, 66], standardised.
  var states: [Float] = []
  var pasts: [ObservedFrames?] = []
  /// The windows' own labels, those included that the network is not told.
  var labels: [Int?] = []
  /// The labels that the network is told.
  var told: [Int?] = []
  private let first: Int
  private let batch: Int
  private let frames: Int

  init(part: Microbatch, configuration: GeneratorNetwork.Configuration, batch: Int) {
    input = GeneratorInput(batch: part.samples.count, configuration: configuration)
    first = part.samples.lowerBound
    self.batch = batch
    frames = configuration.backbone.frames
  }

  mutating func add(
    _ window: MotionWindow, _ index: Int, _ model: PriorStatistics,
    options: GeneratorTraining.Options, using random: inout RandomSource
  ) {
    // Spread evenly over the batch: the mean over t has less noise that way.
    let place = (Float(first + index) + random.uniform()) / Float(batch)
    let range = GeneratorTraining.times
    let time = FlowGrid.time(between: range.lowerBound, and: range.upperBound, at: place)
    let clean = model.standardization.standardized(window)
    var state = clean
    for at in state.indices { state[at] = time * clean[at] + (1 - time) * random.normal() }
    input.set(state: state[...], of: index)
    input.set(time: time, of: index)
    let label = random.uniform() < options.dropped ? nil : window.label
    let share = options.vocabulary == nil ? options.dropped : options.droppedTexts
    let embedding = random.uniform() < share ? nil : window.embedding
    input.set(label: label, embedding: embedding, of: index)
    let hasPast = random.uniform() >= options.withoutPast
    let past = hasPast ? 1 + Int(random.uniform() * Float(frames - 1)) : 0
    let observed =
      past > 0
      ? ObservedFrames(window, count: past, standardization: model.standardization) : nil
    input.set(past: observed?.state ?? [], of: index)
    states += state
    pasts.append(observed)
    labels.append(window.label)
    told.append(label)
    target.state += clean
    target.positions += BodyModel.positions(of: window)
    target.rotations += BodyModel.rotationColumns(of: window)
    target.offsets += window.offsets
    target.contacts += window.contacts
    target.isGiven.append(past > 0 ? 1 : 0)
    target.times.append(time)
  }
}
