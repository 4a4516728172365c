public import Autodiff
import HumanBody
public import Learning
public import MotionData
import Motions

/// Training of PoseGPT's autoencoder on windows of motion.
public struct TokenizerTraining: TrainableModel {
  /// How to train.
  public struct Options: Sendable {
    /// The network's sizes.
    public var network = MotionTokenizerNetwork.Configuration()
    /// Batch of windows, steps, rate, checkpoint, time limit.
    public var run = TrainingRunOptions(batch: 64, steps: 8000, rate: 1e-3)
    /// The precision of the network's linear maps.
    public var precision = BLAS.supportsBFloat16 ? Precision.bfloat16 : .float32

    /// Usual options.
    public init() {}
  }

  /// The steps between searches for codes that nothing uses.
  static let revivalInterval = 100
  /// No code is replaced in this last share of the steps.
  private static let calmShare = 0.15
  /// The positions at which training places a window's first token.
  private static let places = 64
  /// The windows whose principal components are the start.
  private static let startWindows = 400

  /// The options.
  public private(set) var options: Options
  private let source: WindowSource
  private let scaling: FeatureScaling

  /// A training on windows of the configuration's length.
  public init(source: WindowSource, options: Options) throws(GenerationError) {
    guard options.network.isValid, source.frames == options.network.frames else {
      throw .training(
        "no autoencoder has the sizes \(options.network) for windows of \(source.frames) frames")
    }
    self.options = options
    self.source = source
    var random = RandomSource(seed: options.run.seed, stream: 0x7363_616c_65)
    scaling = FeatureScaling(
      (0..<1500).lazy.map { _ in PoseFeatures.features(of: source.draw(using: &random)) })
  }

  /// What the user chose.
  public var runOptions: TrainingRunOptions {
    get { options.run }
    set { options.run = newValue }
  }

  /// How the steps are made.
  public var recipe: TrainingRecipe {
    TrainingRecipe(
      microbatch: 16, rateDecay: 50, optimizer: AdamW(beta2: 0.99, weightDecay: 1e-4),
      averageDecay: 0.995, precision: options.precision)
  }

  /// Everything that the result depends on besides the seed.
  public var signature: String {
    "motion tokenizer, pack \(source.shard.fingerprint), \(options.network), batch "
      + "\(options.run.batch), steps \(options.run.steps), rate \(options.run.rate), precision "
      + "\(options.precision)"
  }

  /// A network of the sizes of the options.
  public func makeNetwork() -> MotionTokenizerNetwork { MotionTokenizerNetwork(options.network) }

  /// Random values, but for linear maps beside the Transformers, which begin at the principal
  /// components of some windows.
  public func startValues(_ layout: ParameterLayout, seed: UInt64) -> [Float]? {
    var network = makeNetwork()
    _ = ParameterLayout(placing: &network)
    guard let to = network.directTo, let from = network.directFrom else { return nil }
    var random = RandomSource(seed: seed, stream: 0x6469_7265_6374)
    let windows = (0..<Self.startWindows).map { _ in
      scaling.standardized(PoseFeatures.features(of: source.draw(using: &random)))
    }
    let components = PatchComponents(
      windows, scaling: scaling, framesPerToken: options.network.framesPerToken,
      latent: network.quantizer.latentWidth, books: options.network.books)
    var values = Trainer.randomStart(layout, seed: seed)
    func set(_ parameter: Parameter?, to numbers: [Float]) {
      guard let parameter else { return }
      values.replaceSubrange(
        parameter.offset..<(parameter.offset + parameter.shape.count), with: numbers)
    }
    set(to.weight, to: components.toLatent)
    set(from.weight, to: components.fromLatent)
    for bias in [to.bias, from.bias] {
      set(bias, to: [Float](repeating: 0, count: bias?.shape.count ?? 0))
    }
    return values
  }

  /// The trained model.
  public func finish(
    _ network: MotionTokenizerNetwork, weights: [Float], history: [String: String]
  ) -> MotionTokenizer {
    MotionTokenizer(network: network, weights: weights, scaling: scaling, history: history)
  }

  /// The loss of a microbatch.
  public func step(_ network: MotionTokenizerNetwork) -> Trainer.StepFunction {
    let (source, scaling) = (source, scaling)
    let loss = TokenizerLoss(scaling: scaling)
    return { part, tape in
      var target = TokenizerLoss.Target()
      for _ in part.samples {
        let window = Self.window(of: source, using: &part.random)
        target.add(PoseFeatures.features(of: window), offsets: window.offsets)
      }
      let place = Int(part.random.next() % UInt64(Self.places))
      let shape: Shape = [target.batch, target.frames, PoseFeatures.columns]
      let frames = tape.input(scaling.standardized(target.features), shape: shape)
      let latents = network.latents(of: frames, place: place, on: &tape)
      let quantized = network.quantizer(latents, on: &tape)
      let predicted = network.frames(
        of: quantized.output, batch: target.batch, place: place, on: &tape)
      return loss(predicted, target: target, quantized: quantized, part: &part, on: &tape)
    }
  }

  /// Arms, and what is above the pelvis without them.
  private static let parts: [[Skeleton.Joint]] = [
    [.leftCollar, .leftShoulder, .leftElbow, .leftWrist],
    [.rightCollar, .rightShoulder, .rightElbow, .rightWrist],
    [.spine1, .spine2, .spine3, .neck, .head],
  ]

  /// A random window, in half of which some parts of the upper body move as in another window: codes are
  /// to describe poses, also those that go together in nobody who was recorded.
  private static func window(
    of source: WindowSource, using random: inout RandomSource
  ) -> MotionWindow {
    var window = source.draw(using: &random)
    guard random.uniform() < 0.5 else { return window }
    let other = source.draw(using: &random)
    for joints in parts where random.uniform() < 0.5 {
      for frame in 0..<window.frames {
        for joint in joints {
          let at = 4 * (frame * Skeleton.jointCount + joint.rawValue)
          window.rotations.replaceSubrange(at..<(at + 4), with: other.rotations[at..<(at + 4)])
        }
      }
    }
    return window
  }

  /// Replaces codes that no window uses by latents of random windows: all of them after the first
  /// step, so that codes begin where latents are.
  public func adjust(_ network: MotionTokenizerNetwork, _ trainer: Trainer) {
    let step = trainer.step
    guard let quantizer = network.quantizer as? VectorQuantizer,
      step == 1 || step.isMultiple(of: Self.revivalInterval),
      Double(step) < (1 - Self.calmShare) * Double(trainer.schedule.lastSteps)
    else { return }
    var random = RandomSource(seed: options.run.seed, stream: UInt64(step), 0x7265_7669_7665)
    let latents = latents(network, trainer.parameters, using: &random)
    let width = quantizer.latentWidth / quantizer.books
    let places = latents.count / quantizer.latentWidth
    let table = Array(
      trainer.parameters[
        quantizer.table.offset..<(quantizer.table.offset + quantizer.table.shape.count)])
    var isUsed = [Bool](repeating: false, count: quantizer.table.shape[0])
    for (part, code) in quantizer.nearest(latents, table).enumerated() {
      isUsed[part % quantizer.books * quantizer.codesPerBook + code] = true
    }
    for row in isUsed.indices where step == 1 || !isUsed[row] {
      let place = Int(random.next() % UInt64(places))
      let start = place * quantizer.latentWidth + row / quantizer.codesPerBook * width
      let values = latents[start..<(start + width)].map { $0 + 0.01 * random.normal() }
      trainer.replace(values, at: quantizer.table.offset + row * width)
    }
  }

  /// The latents of some random windows.
  private func latents(
    _ network: MotionTokenizerNetwork, _ parameters: [Float], using random: inout RandomSource
  ) -> [Float] {
    var tape = Tape(parameters: FloatBuffer(parameters), recording: false)
    var found: [Float] = []
    for _ in 0..<4 {
      tape.reset()
      var features: [Float] = []
      for _ in 0..<16 { features += PoseFeatures.features(of: source.draw(using: &random)) }
      let frames = tape.input(
        scaling.standardized(features), shape: [16, source.frames, PoseFeatures.columns])
      found += tape.values(of: network.latents(of: frames, on: &tape))
    }
    return found
  }
}
