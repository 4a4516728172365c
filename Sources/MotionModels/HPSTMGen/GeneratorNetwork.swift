public import Autodiff
import Foundation
import HumanBody
public import Learning
import MotionData

/// HPSTM-Gen's network, which predicts the clean motion from a mixture of it with noise.
///
/// Its inputs are the mixture, the time and the conditions: an action, an outside embedding,
/// observed frames. Its outputs are corrections of the rotations, the root and the body of a linear
/// estimate, which the skeleton layer turns into positions.
public struct GeneratorNetwork: Parameterized, Sendable {
  /// The sizes and conditions of the network.
  public struct Configuration: Sendable, Hashable, Codable {
    /// The Transformer's sizes.
    public var backbone = Backbone.Configuration()
    /// The names of the actions that it is conditioned on.
    public var labels: [String] = []
    /// The width of an outside embedding; 0 for none.
    public var embeddingWidth = 0
    /// The words of the descriptions that it was trained on, if embeddings are those of
    /// `TextFeatures`; nil for embeddings of other programs.
    public var vocabulary: [String]?
    /// The number of mixture components of the prior.
    public var components = 1
    /// How much motion of each action it was trained on; nil for models of earlier versions.
    public var coverage: LabelCoverage?

    // The files' key for the components is "kinds".
    private enum CodingKeys: String, CodingKey {
      case backbone, labels, embeddingWidth, vocabulary, coverage
      case components = "kinds"
    }

    /// Creates a configuration without labels and embeddings.
    public init() {}

    /// Whether the sizes are consistent.
    public var isValid: Bool {
      backbone.isValid && labels.count <= 4096 && (1...4096).contains(components)
        && (0...65_536).contains(embeddingWidth)
        && (vocabulary == nil || embeddingWidth == TextFeatures.width)
        && Set(labels).count == labels.count
    }
  }

  /// The channels of a frame's state: the root, then 21 joints relative to it.
  public static let features = 3 * BodyModel.jointCount
  /// The input features of a frame: the state, observed frames, whether they are observed, the
  /// rotations and the root of the estimate.
  static let inputs = 2 * features + 1 + 6 * BodyModel.jointCount + 3
  /// The outputs of a frame: rotations, root, rest offsets, and of each of
  /// `MotionWindow.contactParts` the logits of moving and of standing on the ground.
  static let outputs = contacts.upperBound
  /// Where contacts are among the outputs.
  static let contacts = figure..<(figure + 2 * MotionWindow.contactParts.count)
  /// The outputs that the skeleton layer turns into a figure.
  private static let figure = 6 * BodyModel.jointCount + 3 + features
  /// The number of sines and cosines that encode the time.
  static let timeFeatures = 64

  /// The sizes.
  public let configuration: Configuration
  var backbone: Backbone
  var timeHidden: Linear
  var timeOutput: Linear
  var label: Linear
  var component: Linear
  var embedding: Linear?

  /// Creates a network of these sizes.
  public init(_ configuration: Configuration) {
    precondition(configuration.isValid, "no generator has the sizes \(configuration)")
    self.configuration = configuration
    let width = configuration.backbone.width
    backbone = Backbone(configuration.backbone, inputs: Self.inputs, outputs: Self.outputs)
    timeHidden = Linear(Self.timeFeatures, width)
    timeOutput = Linear(width, width)
    label = Linear(configuration.labels.count + 1, width, bias: false, bound: 0.1)
    component = Linear(configuration.components, width, bias: false, bound: 0.1)
    embedding =
      configuration.embeddingWidth > 0 ? Linear(configuration.embeddingWidth + 1, width) : nil
  }

  /// Visits the parameters of all parts.
  public mutating func visitParameters(_ visit: (_ name: String, inout Parameter) -> Void) {
    backbone.visitParameters(below: "backbone", visit)
    timeHidden.visitParameters(below: "time.hidden", visit)
    timeOutput.visitParameters(below: "time.output", visit)
    label.visitParameters(below: "label", visit)
    component.visitParameters(below: "kind", visit)  // the name in files
    if var map = embedding {
      map.visitParameters(below: "embedding", visit)
      embedding = map
    }
  }

  /// The raw output, [batch, frames, outputs], which `SkeletonLayer` turns into poses.
  public func callAsFunction(_ input: GeneratorInput, on tape: inout Tape) -> Variable {
    let (batch, frames) = (input.batch, configuration.backbone.frames)
    let time = tape.input(input.timeFeatures, shape: [batch, Self.timeFeatures])
    let hidden = timeHidden(time, activation: .silu, on: &tape)
    var context = timeOutput(hidden, on: &tape)
    let named = tape.input(input.labels, shape: [batch, configuration.labels.count + 1])
    context = tape.add(context, label(named, on: &tape))
    let sorted = tape.input(input.components, shape: [batch, configuration.components])
    context = tape.add(context, component(sorted, on: &tape))
    if let embedding {
      let given = tape.input(input.embeddings, shape: [batch, configuration.embeddingWidth + 1])
      context = tape.add(context, embedding(given, on: &tape))
    }
    let x = tape.input(input.frames, shape: [batch, frames, Self.inputs])
    return backbone(x, context: context, on: &tape)
  }

  /// The number of floating-point operations of one evaluation for one window.
  public var operations: Double { backbone.operations }
}

/// The network's input for a batch of windows.
public struct GeneratorInput {
  /// The number of windows.
  public let batch: Int
  /// [batch, frames, 268]: the mixture X_t, the observed frames (zero elsewhere), 1 where observed,
  /// the rotations and the root of the estimate.
  var frames: [Float]
  /// Sines and cosines of the time, [batch, 64].
  var timeFeatures: [Float]
  /// The action, one-hot, [batch, labels + 1]; the last column means unconditional.
  var labels: [Float]
  /// The mixture component, one-hot, [batch, components].
  var components: [Float]
  /// The embedding and 1 where it is given, [batch, width + 1].
  var embeddings: [Float]

  private let labelCount: Int
  private let componentCount: Int
  private let embeddingWidth: Int
  private let frameCount: Int

  init(batch: Int, configuration: GeneratorNetwork.Configuration) {
    self.batch = batch
    frameCount = configuration.backbone.frames
    labelCount = configuration.labels.count + 1
    embeddingWidth = configuration.embeddingWidth
    frames = [Float](repeating: 0, count: batch * frameCount * GeneratorNetwork.inputs)
    timeFeatures = [Float](repeating: 0, count: batch * GeneratorNetwork.timeFeatures)
    labels = [Float](repeating: 0, count: batch * labelCount)
    componentCount = configuration.components
    components = [Float](repeating: 0, count: batch * componentCount)
    embeddings = [Float](repeating: 0, count: embeddingWidth > 0 ? batch * (embeddingWidth + 1) : 0)
  }

  /// Sets the time of a window.
  mutating func set(time: Float, of window: Int) {
    let half = GeneratorNetwork.timeFeatures / 2
    for index in 0..<half {
      // periods from 2π down to 2π/100, spaced evenly in their logarithm
      let frequency = pow(100, Float(index) / Float(half - 1))
      let at = window * GeneratorNetwork.timeFeatures + index
      timeFeatures[at] = sin(frequency * time)
      timeFeatures[at + half] = cos(frequency * time)
    }
  }

  /// Sets the component of each window.
  mutating func set(components chosen: [Int]) {
    for index in components.indices { components[index] = 0 }
    for (window, component) in chosen.enumerated() {
      components[window * componentCount + component] = 1
    }
  }

  /// Sets the conditions of a window; nil for unconditional.
  mutating func set(label: Int?, embedding: [Float]?, of window: Int) {
    for column in 0..<labelCount { labels[window * labelCount + column] = 0 }
    labels[window * labelCount + (label ?? labelCount - 1)] = 1
    guard embeddingWidth > 0 else { return }
    let first = window * (embeddingWidth + 1)
    for column in 0..<embeddingWidth { embeddings[first + column] = embedding?[column] ?? 0 }
    embeddings[first + embeddingWidth] = embedding == nil ? 0 : 1
  }

  /// Sets the rotations and the root of the estimate.
  mutating func set(_ estimate: PosteriorMean) {
    let (width, first) = (6 * BodyModel.jointCount, 2 * GeneratorNetwork.features + 1)
    for row in 0..<(batch * frameCount) {
      let target = row * GeneratorNetwork.inputs + first
      for column in 0..<width { frames[target + column] = estimate.rotations[row * width + column] }
      for axis in 0..<3 { frames[target + width + axis] = estimate.root[3 * row + axis] }
    }
  }

  /// Sets the state of a window, [frames, 66] standardised.
  mutating func set(state: ArraySlice<Float>, of window: Int) {
    let width = GeneratorNetwork.features
    for frame in 0..<frameCount {
      let target = (window * frameCount + frame) * GeneratorNetwork.inputs
      let source = state.startIndex + frame * width
      for column in 0..<width { frames[target + column] = state[source + column] }
    }
  }

  /// Sets the observed frames of a window, which are its first, [count, 66] standardised.
  mutating func set(past: [Float], of window: Int) {
    let width = GeneratorNetwork.features
    let count = past.count / width
    for frame in 0..<frameCount {
      let target = (window * frameCount + frame) * GeneratorNetwork.inputs + width
      let source = frame * width
      for column in 0..<width {
        frames[target + column] = frame < count ? past[source + column] : 0
      }
      frames[target + width] = frame < count ? 1 : 0
    }
  }
}
