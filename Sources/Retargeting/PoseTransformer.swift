public import Autodiff
public import Learning

/// The retargeting network: one token per human joint in, one number per robot joint out.
///
/// Legend: *sample* a pose, *token* one of the 21 joints, *feature* what `HumanTargets` gives for
/// each. Pre-norm encoder layers, then one linear map of all tokens side by side. The output is
/// raw: `Tape.bounded` turns it into positions within the limits.
public struct PoseTransformer: Parameterized, Sendable {
  /// The sizes of a network.
  public struct Configuration: Sendable, Hashable, Codable {
    /// The width of a token.
    public var width = 64
    /// The number of attention heads.
    public var heads = 4
    /// The number of encoder layers.
    public var layers = 3
    /// The width inside of the feed-forward parts.
    public var feedForward = 256

    /// The default sizes: 6.6 MFLOP a pose, against 640 of the published network.
    public init() {}

    /// Creates a configuration with these sizes.
    public init(width: Int, heads: Int, layers: Int, feedForward: Int) {
      self.width = width
      self.heads = heads
      self.layers = layers
      self.feedForward = feedForward
    }

    /// Whether the sizes are consistent.
    public var isValid: Bool {
      (1...4096).contains(width) && (1...64).contains(heads) && width % heads == 0
        && (1...64).contains(layers) && (1...16384).contains(feedForward)
        && parameterEstimate(joints: 1000) < 100_000_000
    }

    /// The approximate number of weights of a network of these sizes.
    func parameterEstimate(joints: Int) -> Int {
      layers * (4 * width * width + 2 * width * feedForward)
        + HumanTargets.tokenCount * width * (joints + 1)
    }
  }

  /// The sizes.
  public let configuration: Configuration
  var embedding: Linear
  var position: Parameter
  var layers: [TransformerEncoderLayer]
  var norm: LayerNorm
  var head: Linear

  /// Creates a network for a number of robot joints; its parameters have no memory yet.
  public init(_ configuration: Configuration, joints: Int) {
    let tokens = HumanTargets.tokenCount
    self.configuration = configuration
    embedding = Linear(HumanTargets.featuresPerJoint, configuration.width)
    position = Parameter([tokens, configuration.width], start: .normal(0.5))
    layers = (0..<configuration.layers).map { _ in
      TransformerEncoderLayer(
        width: configuration.width, heads: configuration.heads, hidden: configuration.feedForward)
    }
    norm = LayerNorm(configuration.width)
    head = Linear(tokens * configuration.width, joints, bound: 0.002)
  }

  /// Calls `visit` with every parameter and its name.
  public mutating func visitParameters(_ visit: (_ name: String, inout Parameter) -> Void) {
    embedding.visitParameters(below: "embedding", visit)
    visit("position", &position)
    for index in layers.indices { layers[index].visitParameters(below: "layers.\(index)", visit) }
    norm.visitParameters(below: "norm", visit)
    head.visitParameters(below: "head", visit)
  }

  /// Raw outputs [sample, joint] of features [sample, token, feature].
  ///
  /// `neutral` is the raw output for the robot's rest pose, the initial output of a network.
  public func callAsFunction(
    _ features: Variable, neutral: [Float], on tape: inout Tape
  ) -> Variable {
    let samples = features.shape[0]
    let tokens = HumanTargets.tokenCount
    let embedded = embedding(features, on: &tape)  // [sample, token, width]
    var x = tape.add(embedded, tape.parameter(position))
    tape.release(embedded)
    for layer in layers {
      let next = layer(x, on: &tape)
      tape.release(x)
      x = next
    }
    let normal = norm(x, on: &tape)
    tape.release(x)
    let joined = tape.reshape(normal, to: [samples, tokens * configuration.width])
    let output = head(joined, on: &tape)  // [sample, joint]
    let raw = tape.add(output, tape.input(neutral, shape: [neutral.count]))
    tape.release(normal)
    return raw
  }

  /// Floating-point operations of one pose's forward pass, a multiplication and addition as two.
  public func operations(joints: Int) -> Int {
    let (w, f, t) = (configuration.width, configuration.feedForward, HumanTargets.tokenCount)
    let layer = t * (4 * w * w + 2 * w * f) + 2 * t * t * w
    return 2
      * (t * HumanTargets.featuresPerJoint * w + configuration.layers * layer + t * w * joints)
  }
}
