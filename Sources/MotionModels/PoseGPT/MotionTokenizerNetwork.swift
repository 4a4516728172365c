public import Autodiff
import Foundation
import HumanBody
public import Learning

/// How PoseGPT's codes are made.
public enum QuantizerKind: String, Sendable, Hashable, Codable, CaseIterable {
  /// Codes that are learned.
  case vector
  /// Codes that are the steps of bounded numbers.
  case scalar
}

/// Which parts of PoseGPT's autoencoder see no later frame.
public enum Causality: String, Sendable, Hashable, Codable, CaseIterable {
  /// None: a code may depend on all frames, so that no past can be continued.
  case none
  /// The encoder: the codes of a past do not depend on what comes after it.
  case encoder
  /// The encoder and the decoder: frames can be decoded as their codes come.
  case both
}

/// PoseGPT's autoencoder: a Transformer that turns each few frames into some codes, and one that
/// turns codes back into frames.
///
/// With scalar codes a linear map goes beside each of both, of the frames of a token to its latent and
/// back. Training then begins at the principal components of motion, and the Transformers at almost
/// nothing.
public struct MotionTokenizerNetwork: Parameterized, Sendable {
  /// The sizes.
  public struct Configuration: Sendable, Hashable, Codable {
    /// The frames of a training window, at 30 Hz.
    public var frames = 64
    /// The frames of a token: the down-sampling in time.
    public var framesPerToken = 4
    /// The number of codebooks, K.
    public var books = 8
    /// The number of codes in all books together, C.
    public var codes = 512
    /// How codes are made.
    public var quantizer = QuantizerKind.vector
    /// Which parts see no later frame.
    public var causality = Causality.encoder
    /// The width of a token.
    public var width = 128
    /// The number of attention heads.
    public var heads = 4
    /// The layers of the encoder, and of the decoder.
    public var layers = 4
    /// The hidden width of the feed-forward parts.
    public var feedForward = 512
    /// The width of a latent that is quantised by learned codes.
    public var latent = 128

    /// Usual sizes.
    public init() {}

    /// The number of codes in each book.
    public var codesPerBook: Int { codes / max(1, books) }
    /// The tokens of a training window.
    public var tokens: Int { frames / max(1, framesPerToken) }

    /// Whether the sizes are consistent.
    public var isValid: Bool {
      let sizes =
        (2...1024).contains(frames) && (1...64).contains(framesPerToken)
        && frames % framesPerToken == 0 && frames / framesPerToken >= 2
        && (1...64).contains(books) && (2...65_536).contains(codes) && codes % books == 0
        && codesPerBook >= 2
      // Nothing is divided by what is no size.
      guard sizes else { return false }
      let network =
        (1...4096).contains(width) && (1...256).contains(heads) && width % heads == 0
        && (1...64).contains(layers) && (1...16384).contains(feedForward)
        && (1...4096).contains(latent) && latent % books == 0
      return network
        && (quantizer == .vector || FiniteScalarQuantizer.levels(ofCodes: codesPerBook) != nil)
    }

    /// About as many parameters as a network of these sizes has.
    var parameterEstimate: Double {
      let (width, hidden) = (Double(width), Double(feedForward))
      let patch = Double(PoseFeatures.columns * framesPerToken)
      let levels = quantizer == .scalar ? FiniteScalarQuantizer.levels(ofCodes: codesPerBook) : nil
      let latent = levels.map { books * $0.count } ?? latent
      let direct = quantizer == .scalar ? 2 * patch * Double(latent) : 0
      let ends = 2 * width * (patch + Double(latent)) + direct
      let table = quantizer == .vector ? Double(codes * latent / books) : 0
      return 2 * Double(layers) * (4 * width * width + 2 * width * hidden) + ends + table
    }
  }

  /// The sizes.
  public let configuration: Configuration
  var embedding: Linear
  var encoder: [TransformerEncoderLayer]
  var encoderNorm: LayerNorm
  var toLatent: Linear
  var quantizer: any CodeQuantizer
  var fromLatent: Linear
  var decoder: [TransformerEncoderLayer]
  var decoderNorm: LayerNorm
  var head: Linear
  /// The latent of a token's frames alone, and the frames of a latent alone; nil with learned codes.
  var directTo: Linear?
  var directFrom: Linear?

  /// Creates a network of these sizes.
  public init(_ configuration: Configuration) {
    precondition(configuration.isValid, "no autoencoder has the sizes \(configuration)")
    self.configuration = configuration
    let (width, frames) = (configuration.width, configuration.framesPerToken)
    if configuration.quantizer == .scalar,
      let levels = FiniteScalarQuantizer.levels(ofCodes: configuration.codesPerBook)
    {
      quantizer = FiniteScalarQuantizer(books: configuration.books, levels: levels)
    } else {
      quantizer = VectorQuantizer(
        books: configuration.books, codesPerBook: configuration.codesPerBook,
        latentWidth: configuration.latent)
    }
    func layers() -> [TransformerEncoderLayer] {
      (0..<configuration.layers).map { _ in
        TransformerEncoderLayer(
          width: width, heads: configuration.heads, hidden: configuration.feedForward)
      }
    }
    embedding = Linear(frames * PoseFeatures.columns, width)
    encoder = layers()
    encoderNorm = LayerNorm(width)
    let isScalar = configuration.quantizer == .scalar
    toLatent = Linear(width, quantizer.latentWidth, bound: isScalar ? 0.01 : nil)
    fromLatent = Linear(quantizer.latentWidth, width)
    decoder = layers()
    decoderNorm = LayerNorm(width)
    head = Linear(width, frames * PoseFeatures.columns, bound: 0.01)
    guard isScalar else { return }
    directTo = Linear(frames * PoseFeatures.columns, quantizer.latentWidth)
    directFrom = Linear(quantizer.latentWidth, frames * PoseFeatures.columns)
  }

  /// Visits the parameters of all parts.
  public mutating func visitParameters(_ visit: (_ name: String, inout Parameter) -> Void) {
    embedding.visitParameters(below: "embedding", visit)
    for index in encoder.indices {
      encoder[index].visitParameters(below: "encoder.\(index)", visit)
    }
    encoderNorm.visitParameters(below: "encoder_norm", visit)
    toLatent.visitParameters(below: "to_latent", visit)
    quantizer.visitParameters(below: "codes", visit)
    fromLatent.visitParameters(below: "from_latent", visit)
    for index in decoder.indices {
      decoder[index].visitParameters(below: "decoder.\(index)", visit)
    }
    decoderNorm.visitParameters(below: "decoder_norm", visit)
    head.visitParameters(below: "head", visit)
    directTo?.visitParameters(below: "direct_to_latent", visit)
    directFrom?.visitParameters(below: "direct_from_latent", visit)
  }

  /// The latents of frames, [batch × tokens, latent width].
  ///
  /// - Parameters:
  ///   - frames: [batch, tokens × frames of a token, 140], standardised
  ///   - place: The position of the first token; any, since training draws it.
  func latents(of frames: Variable, place: Int = 0, on tape: inout Tape) -> Variable {
    let (batch, tokens) = (frames.shape[0], frames.shape[1] / configuration.framesPerToken)
    let patches = tape.reshape(
      frames, to: [batch, tokens, configuration.framesPerToken * PoseFeatures.columns])
    let read = placed(embedding(patches, on: &tape), at: place, on: &tape)
    let answer = through(
      encoder, read, causal: configuration.causality != .none, norm: encoderNorm, on: &tape)
    let latents = toLatent(answer, residual: directTo?(patches, on: &tape), on: &tape)
    return tape.reshape(latents, to: [batch * tokens, quantizer.latentWidth])
  }

  /// The frames of quantised latents [batch × tokens, latent width]: [batch, frames, 140],
  /// standardised.
  func frames(
    of latents: Variable, batch: Int, place: Int = 0, on tape: inout Tape
  ) -> Variable {
    let tokens = latents.shape[0] / batch
    let latents = tape.reshape(latents, to: [batch, tokens, quantizer.latentWidth])
    let wide = fromLatent(latents, on: &tape)
    let answer = through(
      decoder, placed(wide, at: place, on: &tape), causal: configuration.causality == .both,
      norm: decoderNorm, on: &tape)
    return tape.reshape(
      head(answer, residual: directFrom?(latents, on: &tape), on: &tape),
      to: [batch, tokens * configuration.framesPerToken, PoseFeatures.columns])
  }

  private func through(
    _ layers: [TransformerEncoderLayer], _ x: Variable, causal: Bool, norm: LayerNorm,
    on tape: inout Tape
  ) -> Variable {
    var x = x
    for layer in layers {
      let next = layer(x, causal: causal, on: &tape)
      tape.release(x)
      x = next
    }
    return norm(x, on: &tape)
  }

  /// Adds fixed sinusoids of the position (Vaswani et al., 2017).
  private func placed(_ x: Variable, at first: Int, on tape: inout Tape) -> Variable {
    let (tokens, width) = (x.shape[1], x.shape[2])
    var values = [Float](repeating: 0, count: tokens * width)
    for token in 0..<tokens {
      for pair in 0..<((width + 1) / 2) {
        let angle = Float(first + token) * pow(1000, -2 * Float(pair) / Float(width))
        values[token * width + 2 * pair] = 0.3 * sin(angle)
        if 2 * pair + 1 < width { values[token * width + 2 * pair + 1] = 0.3 * cos(angle) }
      }
    }
    return tape.add(x, tape.input(values, shape: [tokens, width]))
  }
}
