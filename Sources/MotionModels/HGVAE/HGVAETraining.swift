public import Autodiff
import HumanBody
public import Learning
public import MotionData
import Motions

/// Training of an HG-VAE: the evidence lower bound of windows of motion, of which the encoder sees a
/// part only in three of five.
///
/// A posterior from a part of a window gives a lower bound too; trained that way, the encoder can
/// read windows with joints missing.
public struct HGVAETraining: TrainableModel {
  /// How to train.
  public struct Options: Sendable {
    /// The network's sizes; its labels are those of the data.
    public var network = HGVAENetwork.Configuration()
    /// Batch of windows, steps, rate, checkpoint, time limit.
    public var run = TrainingRunOptions(batch: 64, steps: 8000, rate: 1e-3)
    /// The share of windows trained without their label.
    public var dropped: Float = 0.3
    /// The share of the steps over which the weight of the divergence rises to 1.
    public var warmUp: Float = 0.3
    /// The precision of the network's linear maps; sums, weights and optimiser are float32.
    public var precision = BLAS.supportsBFloat16 ? Precision.bfloat16 : .float32

    /// Usual options.
    public init() {}
  }

  /// The windows that statistics are measured on.
  private static let measured = 4000

  /// The options.
  public private(set) var options: Options
  private let source: WindowSource
  private let statistics: SpectralStatistics
  private var configuration: HGVAENetwork.Configuration

  /// A training on windows of `source`.
  ///
  /// - Throws: `GenerationError.training` where no network has the sizes or the windows another
  ///   length.
  public init(source: WindowSource, options: Options) throws(GenerationError) {
    var configuration = options.network
    configuration.labels = source.shard.labels
    guard configuration.isValid, source.frames == configuration.frames else {
      throw .training(
        "no HG-VAE has the sizes \(ModelFile.json(options.network)) on windows of "
          + "\(source.frames) frames")
    }
    self.options = options
    self.source = source
    self.configuration = configuration
    var random = RandomSource(seed: options.run.seed, stream: 0x7370_6563)
    statistics = SpectralStatistics(
      (0..<Self.measured).map { _ in Self.draw(source, using: &random).window },
      frames: source.frames)
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
  public func makeNetwork() -> HGVAENetwork { HGVAENetwork(configuration) }

  /// The trained model; `HGVAE.calibrate` measures its thresholds on other clips.
  public func finish(
    _ network: HGVAENetwork, weights: [Float], history: [String: String]
  ) -> HGVAE {
    HGVAE(network: network, weights: weights, statistics: statistics, history: history)
  }

  /// Everything that the result depends on besides the seed.
  public var signature: String {
    "hgvae, pack \(source.shard.fingerprint), \(source.shard.clips.count) clips, "
      + "\(ModelFile.json(configuration)), batch \(options.run.batch), steps \(options.run.steps), "
      + "rate \(options.run.rate), dropped \(options.dropped), warm-up \(options.warmUp), "
      + "precision \(options.precision)"
  }

  /// The loss of a microbatch.
  public func step(_ network: HGVAENetwork) -> Trainer.StepFunction {
    let (source, statistics, options) = (source, statistics, options)
    let labels = configuration.labels.count
    let warmUp = max(1, Float(options.run.steps) * options.warmUp)
    return { part, tape in
      var input = HGVAEInput(statistics: statistics, labels: labels)
      var truth: [Float] = []
      for _ in part.samples {
        truth += Self.add(
          Self.draw(source, using: &part.random), to: &input, dropped: options.dropped,
          using: &part.random)
      }
      let loss = HGVAELoss(divergenceWeight: min(1, 1e-3 + Float(part.step) / warmUp))
      return Self.loss(loss, network, input, truth: truth, statistics, &part, on: &tape)
    }
  }

  /// Adds a window to an input, some of it hidden; returns the standardised cosines of all of it.
  private static func add(
    _ drawn: (window: BodyWindow, label: Int?), to input: inout HGVAEInput, dropped: Float,
    using random: inout RandomSource
  ) -> [Float] {
    let occlusion = Occlusion.random(frames: drawn.window.frames, using: &random)
    let told = random.uniform() < dropped ? nil : drawn.label
    input.add(drawn.window.signals, occlusion, label: told)
    return input.statistics.standardized(drawn.window.signals)
  }

  /// What a step begins with, for so many windows; for measuring how long it takes.
  func draw(_ count: Int, using random: inout RandomSource) {
    var input = HGVAEInput(statistics: statistics, labels: configuration.labels.count)
    for _ in 0..<count {
      _ = Self.add(
        Self.draw(source, using: &random), to: &input, dropped: options.dropped, using: &random)
    }
  }

  private static func loss(
    _ loss: HGVAELoss, _ network: HGVAENetwork, _ input: HGVAEInput, truth: [Float],
    _ statistics: SpectralStatistics, _ part: inout Microbatch, on tape: inout Tape
  ) -> Variable {
    let activations = network.encode(input.variable(on: &tape), on: &tape)
    var random = part.random
    let decoded = network.decode(
      activations, batch: input.batch, labels: input.labels, least: statistics.leastLogVariance,
      on: &tape
    ) { _, distributions, tape in
      let shape = distributions.posterior.mean.shape
      let noise = tape.input(random.normals(shape.count), shape: shape)
      return tape.sample(distributions.posterior, noise: noise)
    }
    let target = tape.input(
      HGVAEInput.nodesFirst(truth, batch: input.batch),
      shape: [BodyWindow.nodes, input.batch, statistics.transform.count])
    let terms = loss(decoded, truth: target, on: &tape)
    part.report("reconstruction", tape.scalar(terms.reconstruction), unit: "nats")
    part.report("divergence", tape.scalar(terms.divergence), unit: "nats")
    let error = Self.error(
      HGVAEInput.windowsFirst(tape.values(of: decoded.output.mean), batch: input.batch), truth,
      deviation: statistics.deviation)
    part.report("error", error, unit: "m")
    return terms.total
  }

  /// The root mean square of the error of a coordinate [m].
  private static func error(_ found: [Float], _ truth: [Float], deviation: [Float]) -> Float {
    var sum: Float = 0
    for index in found.indices {
      let d = (found[index] - truth[index]) * deviation[index % deviation.count]
      sum += d * d
    }
    return (sum / Float(max(1, found.count))).squareRoot()
  }

  /// A window of motion, half of them on another body and tilted a little, with its label.
  static func draw(
    _ source: WindowSource, using random: inout RandomSource
  ) -> (window: BodyWindow, label: Int?) {
    let window = source.draw(using: &random)
    let truth =
      random.uniform() < 0.5
      ? SmootherTruth(window) : SmootherTruth.varied(window, using: &random)
    return (BodyWindow(truth.positions), window.label)
  }
}
