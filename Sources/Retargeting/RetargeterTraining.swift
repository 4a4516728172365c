public import Autodiff
import Files
import Geometry
public import Kinematics
public import Learning

/// Training of a retargeter: self-supervised, through the robot's forward kinematics.
public struct RetargeterTraining: TrainableModel {
  /// How to train.
  public struct Options: Sendable {
    /// The network's sizes.
    public var network = PoseTransformer.Configuration()
    /// The weights of the losses.
    public var weights = LossWeights()
    /// Batch of poses (mirror images among them), steps, rate, checkpoint, time limit.
    public var run = TrainingRunOptions(
      batch: 64, steps: 40_000, rate: 2e-3, checkpointInterval: 1000)
    /// The part of poses drawn from human joint ranges, where there are motions too.
    public var randomShare = 0.3
    /// The deviation of the small changes that the disturbance loss measures [rad].
    public var noise = 0.02
    /// The precision of the network's linear maps; sums, weights, kinematics and optimiser are float32.
    public var precision = BLAS.supportsBFloat16 ? Precision.bfloat16 : .float32

    /// The model that the weights are taken from at the start; nil to start from random ones.
    public var start: RetargeterStart?

    /// Usual options.
    public init() {}
  }

  /// The options.
  public private(set) var options: Options
  private let robot: Robot
  private let targets: HumanTargets
  private let loss: RetargetingLoss
  private let source: PoseSource
  private let references: [[Float]]

  /// A training of a robot's retargeter on poses, captured or sampled; without any, on random ones.
  public init(
    robot: Robot, mapping: Mapping, poses: PosePool, generated: GeneratedPoses? = nil,
    options: Options
  ) throws(RetargetingError) {
    guard options.weights.isTrainable else {
      throw .training("every loss is switched off; at least one besides 'disturbance' is needed")
    }
    guard options.weights.reference == 0 || poses.count > 0 else {
      throw .training("the loss 'reference' needs motions, and there are none")
    }
    try options.start?.check(options.network)
    self.robot = robot
    self.options = options
    targets = try HumanTargets(mapping: mapping, robot: robot, leaning: true)
    loss = try RetargetingLoss(targets: targets, robot: robot, weights: options.weights)
    source = PoseSource(pool: poses, generated: generated, randomShare: options.randomShare)
    references =
      options.weights.reference > 0
      ? Self.referenceConfigurations(of: poses, targets: targets, robot: robot) : []
  }

  /// Whether mirror images are trained on together with their originals.
  public var isSymmetric: Bool { loss.mirror != nil }

  /// What the user chose.
  public var runOptions: TrainingRunOptions {
    get { options.run }
    set { options.run = newValue }
  }

  /// How the steps are made.
  public var recipe: TrainingRecipe {
    TrainingRecipe(microbatch: 16, rateDecay: 200, precision: options.precision)
  }

  /// A network of the sizes of the options.
  public func makeNetwork() -> PoseTransformer {
    PoseTransformer(options.network, joints: robot.coordinateCount)
  }

  /// The weights of the model that the training starts from; nil where it starts from random ones.
  public func startValues(_ layout: ParameterLayout, seed: UInt64) -> [Float]? {
    options.start?.values(layout, joints: robot.coordinateNames, seed: seed)
  }

  /// The trained model.
  public func finish(
    _ network: PoseTransformer, weights: [Float], history: [String: String]
  ) -> Retargeter {
    var history = history
    // Without the limits, which the model's file has as numbers.
    history["training"] = trainingText
    return Retargeter(
      network: network, weights: weights, targets: targets, robot: robot, bounds: loss.bounds,
      history: history)
  }

  /// The training, and the limits that bound the answers.
  public var signature: String {
    let limits = "\(loss.bounds.lower) \(loss.bounds.upper) \(robot.coupledLimits)"
    return "\(trainingText), limits \(Fingerprint.sha256(Array(limits.utf8)).prefix(16))"
  }

  private var trainingText: String {
    let weights = LossWeights.names.compactMap { name, _ in
      options.weights[name].map { "\(name)=\($0)" }
    }
    let mapping = targets.mapping.fingerprint
    let generated = source.generated.map {
      "\($0.description) (share \(source.generatedShare)), "
    }
    let start = options.start.map { "from \($0.fingerprint.prefix(16)), " } ?? ""
    return "robot \(robot.kinematicFingerprint.prefix(16)), \(start)mapping \(mapping.prefix(16)), "
      + "\(generated ?? "")\(source.pool.count) poses (\(source.pool.fingerprint)), random share "
      + "\(source.randomShare), batch \(options.run.batch), steps \(options.run.steps), rate "
      + "\(options.run.rate)\(targets.isLeaning ? ", leaning base" : ""), precision \(options.precision), noise \(options.noise), "
      + weights.joined(separator: " ")
  }

  /// How much a network evaluation costs a step: evaluations for a batch of this many poses.
  public var evaluationsPerStep: Int {
    options.run.batch
      + (options.weights.disturbance > 0 ? options.run.batch / Self.posesForEachChanged : 0)
  }

  // MARK: - A step

  /// The disturbance is a mean over poses, and every fourth pose is enough to estimate it: it costs
  /// a second evaluation of the network.
  private static let posesForEachChanged = 4

  /// The loss of a microbatch.
  public func step(_ network: PoseTransformer) -> Trainer.StepFunction {
    let (source, targets, loss, options) = (source, targets, loss, options)
    let (references, neutral) = (references, loss.bounds.neutralRaw)
    let joints = loss.bounds.lower.count
    return { part, tape in
      let rows = part.samples.count
      let changed = options.weights.disturbance > 0 ? max(1, rows / Self.posesForEachChanged) : 0
      var draft = PoseBatchBuilder(rows: rows, changed: changed, targets: targets, joints: joints)
      draft.fill(
        from: source, sampled: source.generated?.pool(step: part.step),
        mirrored: loss.mirror != nil, noise: options.noise,
        references: references, using: &part.random)
      let features = tape.input(
        draft.everything.features,
        shape: [rows + changed, HumanTargets.tokenCount, HumanTargets.featuresPerJoint])
      let raw = network(features, neutral: neutral, on: &tape)
      let result = loss(
        raw: raw, input: draft.input(),
        progress: Double(part.step) / Double(max(1, options.run.steps)), on: &tape)
      for (name, value) in result.values {
        RetargetingLoss.report(name, tape.scalar(value), to: &part)
      }
      return result.total
    }
  }

  /// The best configuration for each pose of a pool.
  private static func referenceConfigurations(
    of poses: PosePool, targets: HumanTargets, robot: Robot
  ) -> [[Float]] {
    let points = targets.weightedPoints.map { targets.mapping.points[$0] }
    guard let links = try? points.map({ try robot.linkIndex(named: $0.link) }) else { return [] }
    let problem = InverseKinematics(robot: robot, links: links, weights: points.map(\.weight))
    let start = [Double](repeating: 0, count: robot.coordinateCount)
    var batch = PoseBatch(count: 1, targets: targets)
    return (0..<poses.count).map { index in
      batch.set(0, to: poses.pose(index)[...])
      return problem.solve(targets: batch.positions.map(Double.init), starts: [start])
        .configuration.map { Float($0) }
    }
  }
}

/// The poses of one part of a batch on their way into arrays.
private struct PoseBatchBuilder {
  /// The poses, then the first of them a little changed.
  var everything: PoseBatch
  private let rows: Int
  private let changed: Int
  private var lengths: [Float]
  private var reference: [Float]
  private var hasReference: [Float]

  init(rows: Int, changed: Int, targets: HumanTargets, joints: Int) {
    self.rows = rows
    self.changed = changed
    everything = PoseBatch(count: rows + changed, targets: targets)
    reference = [Float](repeating: 0, count: rows * joints)
    hasReference = [Float](repeating: 0, count: rows)
    lengths = [Float](repeating: 1, count: changed)
  }

  mutating func fill(
    from source: PoseSource, sampled: PosePool?, mirrored: Bool, noise: Double,
    references: [[Float]],
    using random: inout RandomSource
  ) {
    let drawn = mirrored ? rows / 2 : rows
    for row in 0..<drawn {
      let (pose, index) = source.draw(sampled: sampled, using: &random)
      put(pose, row, noise: noise, using: &random)
      if mirrored { put(PoseChange.mirrored(pose), row + drawn, noise: noise, using: &random) }
      if let index, index < references.count {
        let width = references[index].count
        reference.replaceSubrange((row * width)..<((row + 1) * width), with: references[index])
        hasReference[row] = 1
      }
    }
  }

  private mutating func put(
    _ pose: [Quaternion], _ row: Int, noise: Double, using random: inout RandomSource
  ) {
    everything.set(row, to: pose[...])
    guard row < changed else { return }
    let changed = PoseChange.perturbed(pose, deviation: noise, using: &random)
    everything.set(rows + row, to: changed.pose[...])
    lengths[row] = Float(changed.length)
  }

  func input() -> LossInput {
    LossInput(
      batch: everything.prefix(rows), noiseLengths: lengths, reference: reference,
      hasReference: hasReference)
  }
}
