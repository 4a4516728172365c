import Autodiff
import Foundation
import HumanBody
import Learning

/// A small Transformer that classifies actions from windows of motion.
///
/// The pose and velocity features of every third frame (130 numbers, standardised by the training
/// windows) are the tokens. Two encoder layers of width 64 are followed by the mean over tokens and
/// a linear map to the classes. Classes are balanced in training: a batch draws a class first and
/// then one of its windows, with a little noise.
public struct ActionClassifier: Sendable {
  /// Options of the training.
  public struct Options: Sendable {
    /// The number of training steps.
    public var steps = 700
    /// The batch size.
    public var batch = 32
    /// The learning rate after warming up.
    public var rate: Float = 1e-3
    /// The amplitude of the uniform noise on standardised features.
    public var noise: Float = 0.1
    /// The random seed.
    public var seed: UInt64 = 1
    /// The number of threads.
    public var threads = 1

    /// The default options.
    public init() {}
  }

  private struct Network: Parameterized {
    var embedding: Linear
    var places: Parameter
    var layers: [TransformerEncoderLayer]
    var norm: LayerNorm
    var head: Linear

    init(inputs: Int, tokens: Int, classes: Int) {
      let width = 64
      embedding = Linear(inputs, width)
      places = Parameter([tokens, width], start: .normal(0.02))
      layers = (0..<2).map { _ in TransformerEncoderLayer(width: width, heads: 4, hidden: 128) }
      norm = LayerNorm(width)
      head = Linear(width, classes)
    }

    mutating func visitParameters(_ visit: (_ name: String, inout Parameter) -> Void) {
      embedding.visitParameters(below: "embedding", visit)
      visit("places", &places)
      for index in layers.indices { layers[index].visitParameters(below: "layers.\(index)", visit) }
      norm.visitParameters(below: "norm", visit)
      head.visitParameters(below: "head", visit)
    }

    func callAsFunction(_ x: Variable, on tape: inout Tape) -> Variable {
      let tokens = tape.add(embedding(x, on: &tape), tape.parameter(places))
      let mixed = layers[0](tokens, on: &tape)
      let pooled = layers[1].pooled(mixed, on: &tape)
      return head(norm(pooled, on: &tape), on: &tape)
    }
  }

  /// The labels that it distinguishes, in the order of its outputs.
  public let labels: [Int]
  private let network: Network
  private let weights: [Float]
  private let scale: FeatureScale
  private let tokens: Int

  /// Trains a classifier for these labels; windows with other labels are left out.
  public init(
    training windows: EvaluationSet, labels: [Int], options: Options = Options()
  ) throws {
    let rows = labels.map { label in
      windows.windows.indices.filter { windows.windows[$0].label == label }
    }
    precondition(
      labels.count > 1 && rows.allSatisfy { !$0.isEmpty },
      "a classifier tells at least two labels apart and sees each of them in training")
    let frames = windows.windows[0].frames
    let columns = MotionFeatures.pose.columns + MotionFeatures.velocity.columns
    var table = FeatureTable(columns: columns)
    let used = rows.flatMap { $0 }
    for row in used { table.append(Self.features(of: windows, row)[...], trial: row) }
    let scale = FeatureScale(table, floors: Self.floors)
    let scaled = scale(table)
    let tokens = Self.frames(frames).count
    var network = Network(inputs: columns, tokens: tokens, classes: labels.count)
    let layout = ParameterLayout(placing: &network)
    let place = Dictionary(uniqueKeysWithValues: used.enumerated().map { ($1, $0) })
    let classes = rows.map { rows in rows.map { place[$0] ?? 0 } }
    let trainer = Trainer(
      layout,
      options: TrainingOptions(
        batch: options.batch, part: 16, shards: 2, threads: options.threads, seed: options.seed,
        schedule: Schedule(
          peak: options.rate, minimum: options.rate / 100, warmUp: options.steps / 20 + 1,
          steps: options.steps),
        optimizer: AdamW(weightDecay: 0.1), averageDecay: 0.99))
    let (model, spread) = (network, options.noise * Float(3).squareRoot())
    _ = try trainer.run({ part, tape in
      let count = part.samples.count
      var random = part.random
      var targets: [Int] = []
      let x = tape.input(shape: [count, tokens, columns]) { values in
        for row in 0..<count {
          let target = Int.random(in: 0..<classes.count, using: &random)
          let members = classes[target]
          let member = members[Int.random(in: 0..<members.count, using: &random)]
          targets.append(target)
          for token in 0..<tokens {
            for (column, value) in scaled.row(member * tokens + token).enumerated() {
              values[(row * tokens + token) * columns + column] =
                value + spread * random.uniform(from: -1, to: 1)
            }
          }
        }
      }
      let logs = tape.logSoftmax(model(x, on: &tape))
      let chosen = tape.input(shape: [count, classes.count]) { values in
        for (row, target) in targets.enumerated() {
          values[row * classes.count + target] = -1 / Float(count)
        }
      }
      return tape.sum(tape.multiply(logs, chosen))
    })
    self.labels = labels
    self.network = network
    self.scale = scale
    self.tokens = tokens
    weights = trainer.averagedParameters
  }

  /// The predicted labels of windows.
  public func labels(of windows: EvaluationSet) -> [Int] {
    let columns = MotionFeatures.pose.columns + MotionFeatures.velocity.columns
    var tape = Tape(parameters: FloatBuffer(weights), recording: false)
    var found: [Int] = []
    for row in windows.windows.indices {
      tape.reset()
      var table = FeatureTable(columns: columns)
      table.append(Self.features(of: windows, row)[...], trial: 0)
      let scaled = scale(table)
      precondition(scaled.rows == tokens, "\(scaled.rows) tokens, \(tokens) expected")
      let x = tape.input((0..<tokens).flatMap { scaled.row($0) }, shape: [1, tokens, columns])
      let scores = tape.values(of: network(x, on: &tape))
      let best = scores.indices.max { scores[$0] < scores[$1] } ?? 0
      found.append(labels[best])
    }
    return found
  }

  /// The fraction of windows that are classified correctly, 0...1, over all windows, averaged over
  /// the labels, and of each label.
  ///
  /// Windows with unknown labels are left out.
  public func accuracy(on windows: EvaluationSet)
    -> (overall: Double, balanced: Double, each: [Int: Double])
  {
    let known = windows.selecting(
      windows.windows.indices.filter { windows.windows[$0].label.map(labels.contains) ?? false })
    var right: [Int: Int] = [:]
    var all: [Int: Int] = [:]
    for (window, found) in zip(known.windows, labels(of: known)) {
      guard let label = window.label else { continue }
      all[label, default: 0] += 1
      if found == label { right[label, default: 0] += 1 }
    }
    guard !all.isEmpty else { return (0, 0, [:]) }
    let shares = all.keys.sorted().map { ($0, Double(right[$0] ?? 0) / Double(all[$0] ?? 1)) }
    return (
      Double(right.values.reduce(0, +)) / Double(all.values.reduce(0, +)),
      shares.reduce(0) { $0 + $1.1 } / Double(shares.count),
      Dictionary(uniqueKeysWithValues: shares)
    )
  }

  private static let floors = MotionFeatures.pose.floors + MotionFeatures.velocity.floors

  private static func frames(_ count: Int) -> [Int] {
    Array(stride(from: 0, to: count - 1, by: 3))
  }

  private static func features(of windows: EvaluationSet, _ row: Int) -> [Float] {
    let headings = windows.headings[row]
    return frames(headings.count).flatMap { frame in
      MotionFeatures.pose(windows.positions[row], frame, heading: headings[frame])
        + MotionFeatures.velocities(
          windows.positions[row], frame, heading: headings[frame], Float(windows.frameRate))
    }
  }
}
