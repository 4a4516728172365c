public import Autodiff

/// The keys and values of the tokens that a causal Transformer has read, for all its layers.
///
/// With them the next token costs one row instead of the whole sequence again.
public struct KeyValueCache: Sendable {
  private let batch: Int
  private let width: Int
  private var layers: [AttentionMemory?]
  /// The number of tokens read.
  public var tokens: Int { layers.first??.tokens ?? 0 }

  /// An empty cache.
  public init(layers: Int, batch: Int, width: Int) {
    (self.batch, self.width) = (batch, width)
    self.layers = [AttentionMemory?](repeating: nil, count: layers)
  }

  /// Calls `body` with the memory of a layer, which is empty at first.
  fileprivate mutating func withMemory(
    layer: Int, heads: Int, _ body: (inout AttentionMemory) -> Variable
  ) -> Variable {
    var memory =
      layers[layer] ?? AttentionMemory(batch: batch, heads: heads, headWidth: width / heads)
    // Its arrays would be copied if there were two of it.
    layers[layer] = nil
    let result = body(&memory)
    layers[layer] = memory
    return result
  }
}

extension TransformerEncoderLayer {
  /// The block for the next tokens alone, which see all tokens in the cache and each other up to
  /// themselves; the same numbers as the causal block on the whole sequence, by rounding.
  ///
  /// - Parameters:
  ///   - x: [batch, new tokens, width]
  ///   - cache: The keys and values so far; those of the new tokens are added.
  ///   - layer: The index of this block in the cache.
  ///   - tape: What computes.
  /// - Returns: [batch, new tokens, width]
  public func callAsFunction(
    _ x: Variable, cache: inout KeyValueCache, layer: Int, on tape: inout Tape
  ) -> Variable {
    let normal = norm1(x, on: &tape)
    let mixed = attention(normal, cache: &cache, layer: layer, residual: x, on: &tape)
    tape.release(normal)
    let second = norm2(mixed, on: &tape)
    let result = feedForward(second, residual: mixed, on: &tape)
    tape.release(second)
    tape.release(mixed)
    return result
  }
}

extension SelfAttention {
  fileprivate func callAsFunction(
    _ x: Variable, cache: inout KeyValueCache, layer: Int, residual: Variable,
    on tape: inout Tape
  ) -> Variable {
    let packed = projection(x, on: &tape)
    let mixed = cache.withMemory(layer: layer, heads: heads) {
      tape.selfAttention(packed, memory: &$0)
    }
    tape.release(packed)
    let result = output(mixed, residual: residual, on: &tape)
    tape.release(mixed)
    return result
  }
}
