public import Autodiff

/// One block of a Transformer encoder, normalising before each part.
///
/// h = x + attention(norm(x)); y = h + feedForward(norm(h)). Vaswani et al. (2017), with the norms
/// as in Xiong et al., "On layer normalization in the Transformer architecture" (2020).
public struct TransformerEncoderLayer: Parameterized, Sendable {
  /// The norm before attention.
  public var norm1: LayerNorm
  /// Attention among the tokens.
  var attention: SelfAttention
  /// The norm before the feed-forward part.
  public var norm2: LayerNorm
  /// The feed-forward part.
  var feedForward: FeedForward

  /// A block of this width.
  public init(width: Int, heads: Int, hidden: Int, activation: Activation = .gelu) {
    norm1 = LayerNorm(width)
    attention = SelfAttention(width: width, heads: heads)
    norm2 = LayerNorm(width)
    feedForward = FeedForward(width: width, hidden: hidden, activation: activation)
  }

  /// Visits the parameters of all parts.
  public mutating func visitParameters(_ visit: (_ name: String, inout Parameter) -> Void) {
    norm1.visitParameters(below: "norm1", visit)
    attention.visitParameters(below: "attention", visit)
    norm2.visitParameters(below: "norm2", visit)
    feedForward.visitParameters(below: "feed_forward", visit)
  }

  /// [batch, tokens, width] to the same shape.
  public func callAsFunction(
    _ x: Variable, causal: Bool = false, on tape: inout Tape
  ) -> Variable {
    let attended = attend(x, causal: causal, on: &tape)
    let normal = norm2(attended, on: &tape)
    let result = feedForward(normal, residual: attended, on: &tape)
    tape.release(normal)
    tape.release(attended)
    return result
  }

  /// The same followed by the mean over tokens: [batch, tokens, width] to [batch, width].
  ///
  /// The last map of the block commutes with the mean, so it runs on one row a sample instead of
  /// one a token; the result differs from the long way by rounding only.
  public func pooled(_ x: Variable, on tape: inout Tape) -> Variable {
    let attended = attend(x, causal: false, on: &tape)
    let normal = norm2(attended, on: &tape)
    let hidden = feedForward.expand(normal, activation: feedForward.activation, on: &tape)
    tape.release(normal)
    let hiddenMean = tape.tokenMean(hidden)
    tape.release(hidden)
    let residual = tape.tokenMean(attended)
    tape.release(attended)
    let result = feedForward.contract(hiddenMean, residual: residual, on: &tape)
    tape.release(hiddenMean)
    tape.release(residual)
    return result
  }

  private func attend(_ x: Variable, causal: Bool, on tape: inout Tape) -> Variable {
    let normal = norm1(x, on: &tape)
    let attended = attention(normal, causal: causal, residual: x, on: &tape)
    tape.release(normal)
    return attended
  }
}

/// One block of a Transformer decoder, normalising before each part.
public struct TransformerDecoderLayer: Parameterized, Sendable {
  /// The norm before attention among the tokens.
  public var norm1: LayerNorm
  /// Attention among the tokens.
  var attention: SelfAttention
  /// The norm before attention to the encoder's tokens.
  public var norm2: LayerNorm
  /// Attention to the encoder's tokens.
  var crossAttention: CrossAttention
  /// The norm before the feed-forward part.
  public var norm3: LayerNorm
  /// The feed-forward part.
  var feedForward: FeedForward

  /// A block of this width.
  public init(width: Int, heads: Int, hidden: Int, activation: Activation = .gelu) {
    norm1 = LayerNorm(width)
    attention = SelfAttention(width: width, heads: heads)
    norm2 = LayerNorm(width)
    crossAttention = CrossAttention(width: width, heads: heads)
    norm3 = LayerNorm(width)
    feedForward = FeedForward(width: width, hidden: hidden, activation: activation)
  }

  /// Visits the parameters of all parts.
  public mutating func visitParameters(_ visit: (_ name: String, inout Parameter) -> Void) {
    norm1.visitParameters(below: "norm1", visit)
    attention.visitParameters(below: "attention", visit)
    norm2.visitParameters(below: "norm2", visit)
    crossAttention.visitParameters(below: "cross_attention", visit)
    norm3.visitParameters(below: "norm3", visit)
    feedForward.visitParameters(below: "feed_forward", visit)
  }

  /// [batch, tokens, width] and the encoder's [batch, others, width] to [batch, tokens, width].
  public func callAsFunction(
    _ x: Variable, memory: Variable, causal: Bool = false, on tape: inout Tape
  ) -> Variable {
    let first = norm1(x, on: &tape)
    let own = attention(first, causal: causal, residual: x, on: &tape)
    tape.release(first)
    let second = norm2(own, on: &tape)
    let crossed = crossAttention(second, to: memory, residual: own, on: &tape)
    tape.release(second)
    tape.release(own)
    let third = norm3(crossed, on: &tape)
    let result = feedForward(third, residual: crossed, on: &tape)
    tape.release(third)
    tape.release(crossed)
    return result
  }
}
