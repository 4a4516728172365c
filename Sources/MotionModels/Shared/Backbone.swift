public import Autodiff
public import Learning

/// The Transformer of smoother and generator: an encoder over the frames, and a decoder with
/// learned queries that produces an output for each of them.
///
/// The architecture is that of HPSTM (no masks, not autoregressive), but with pre-normalisation,
/// learned positional embeddings, and the frames added to the decoder's queries. One token holds
/// `framesPerToken` consecutive frames.
public struct Backbone: Parameterized, Sendable {
  /// The sizes.
  public struct Configuration: Sendable, Hashable, Codable {
    /// The width of a token.
    public var width = 256
    /// The number of attention heads.
    public var heads = 8
    /// The number of encoder layers.
    public var encoderLayers = 4
    /// The number of decoder layers.
    public var decoderLayers = 4
    /// The hidden width of the feed-forward parts.
    public var feedForward = 1024
    /// The number of frames of a window.
    public var frames = 64
    /// The number of frames per token; `frames` is a multiple of it.
    public var framesPerToken = 1

    /// The published configuration.
    public init() {}

    /// The number of tokens of a window.
    public var tokens: Int { frames / framesPerToken }

    /// Whether the sizes are consistent.
    public var isValid: Bool {
      (1...4096).contains(width) && (1...256).contains(heads) && width % heads == 0
        && (0...64).contains(encoderLayers) && (1...64).contains(decoderLayers)
        && (1...16384).contains(feedForward) && (1...4096).contains(frames)
        && (1...64).contains(framesPerToken) && frames % framesPerToken == 0
    }
  }

  /// The sizes.
  public let configuration: Configuration
  /// The number of input features of a frame.
  public let inputs: Int
  /// The number of outputs of a frame.
  public let outputs: Int
  /// The linear map from frames to tokens.
  public var embedding: Linear
  /// The learned positional embeddings, [tokens, width].
  public var positions: Parameter
  /// The learned queries of the decoder, [tokens, width].
  public var queries: Parameter
  /// The encoder layers.
  public var encoder: [TransformerEncoderLayer]
  /// The layer norm after the encoder.
  public var memoryNorm: LayerNorm
  /// The decoder layers.
  public var decoder: [TransformerDecoderLayer]
  /// The layer norm before the head.
  public var outputNorm: LayerNorm
  /// The linear map from tokens to frames.
  public var head: Linear

  /// Creates a network of these sizes.
  public init(_ configuration: Configuration, inputs: Int, outputs: Int) {
    precondition(configuration.isValid, "no backbone has the sizes \(configuration)")
    self.configuration = configuration
    self.inputs = inputs
    self.outputs = outputs
    let (width, tokens) = (configuration.width, configuration.tokens)
    embedding = Linear(inputs * configuration.framesPerToken, width)
    positions = Parameter([tokens, width], start: .normal(0.02))
    queries = Parameter([tokens, width], start: .normal(0.02))
    encoder = (0..<configuration.encoderLayers).map { _ in
      TransformerEncoderLayer(
        width: width, heads: configuration.heads, hidden: configuration.feedForward)
    }
    memoryNorm = LayerNorm(width)
    decoder = (0..<configuration.decoderLayers).map { _ in
      TransformerDecoderLayer(
        width: width, heads: configuration.heads, hidden: configuration.feedForward)
    }
    outputNorm = LayerNorm(width)
    head = Linear(width, outputs * configuration.framesPerToken, bound: 0.001)
  }

  /// Visits the parameters of all parts.
  public mutating func visitParameters(_ visit: (_ name: String, inout Parameter) -> Void) {
    embedding.visitParameters(below: "embedding", visit)
    visit("positions", &positions)
    visit("queries", &queries)
    for index in encoder.indices {
      encoder[index].visitParameters(below: "encoder.\(index)", visit)
    }
    memoryNorm.visitParameters(below: "memory_norm", visit)
    for index in decoder.indices {
      decoder[index].visitParameters(below: "decoder.\(index)", visit)
    }
    outputNorm.visitParameters(below: "output_norm", visit)
    head.visitParameters(below: "head", visit)
  }

  /// Applies the network.
  ///
  /// - Parameters:
  ///   - x: [batch, frames, inputs]
  ///   - context: [batch, width], added to each token; nil for none
  ///   - tape: what records the operations
  /// - Returns: [batch, frames, outputs]
  public func callAsFunction(_ x: Variable, context: Variable?, on tape: inout Tape) -> Variable {
    let batch = x.shape[0]
    let tokens = configuration.tokens
    let together = tape.reshape(x, to: [batch, tokens, inputs * configuration.framesPerToken])
    let shared = context.map { spread($0, batch: batch, on: &tape) }
    let places = tape.parameter(positions)
    let embedded = embedding(together, on: &tape)
    var read = tape.add(embedded, places)
    if let shared { read = replace(read, with: tape.add(read, shared), on: &tape) }
    for layer in encoder { read = replace(read, with: layer(read, on: &tape), on: &tape) }
    let memory = memoryNorm(read, on: &tape)
    tape.release(read)
    // The decoder's input includes the frames themselves: the output for a frame depends mostly on
    // that frame, which attention alone would have to learn to find.
    var answer = tape.add(embedded, tape.add(tape.parameter(queries), places))
    tape.release(embedded)
    if let shared {
      answer = replace(answer, with: tape.add(answer, shared), on: &tape)
      tape.release(shared)
    }
    for layer in decoder {
      answer = replace(answer, with: layer(answer, memory: memory, on: &tape), on: &tape)
    }
    tape.release(memory)
    let normal = outputNorm(answer, on: &tape)
    tape.release(answer)
    let result = head(normal, on: &tape)
    tape.release(normal)
    return tape.reshape(result, to: [batch, configuration.frames, outputs])
  }

  private func replace(
    _ old: Variable, with new: Variable, on tape: inout Tape
  ) -> Variable {
    tape.release(old)
    return new
  }

  /// [batch, width] repeated for each token: [batch, tokens, width].
  private func spread(_ context: Variable, batch: Int, on tape: inout Tape) -> Variable {
    let ones = tape.input(shape: [batch, configuration.tokens, 1]) { values in
      values.update(repeating: 1)
    }
    let rows = tape.reshape(context, to: [batch, 1, configuration.width])
    return tape.product(ones, rows)
  }

  /// The number of floating-point operations of a forward pass for one window.
  public var operations: Double {
    let width = Double(configuration.width)
    let hidden = Double(configuration.feedForward)
    let tokens = Double(configuration.tokens)
    let attention = tokens * (8 * width * width + 4 * tokens * width)
    let block = attention + tokens * 4 * width * hidden
    let ends = 2 * tokens * width * Double((inputs + outputs) * configuration.framesPerToken)
    return Double(configuration.encoderLayers) * block
      + Double(configuration.decoderLayers) * (block + attention) + ends
  }
}
