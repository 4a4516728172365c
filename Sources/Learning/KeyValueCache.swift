public import Autodiff

/// The keys and values of the tokens that a causal Transformer has read, for all its layers.
///
/// With them the next token costs one row instead of the whole sequence again.
public struct KeyValueCache: Sendable {
  /// The keys and values of one layer.
  struct Layer: Sendable {
    /// [batch][tokens, width], one list for each sequence.
    var keys: [[Float]]
    var values: [[Float]]
  }

  var layers: [Layer]
  /// The number of tokens read.
  public var tokens: Int { (layers.first?.keys.first?.count ?? 0) / width }
  private let width: Int

  /// An empty cache.
  public init(layers: Int, batch: Int, width: Int) {
    self.width = width
    let none = [[Float]](repeating: [], count: batch)
    self.layers = (0..<layers).map { _ in Layer(keys: none, values: none) }
  }
}

extension TransformerEncoderLayer {
  /// The block for the next tokens alone, which see all tokens in the cache and each other up to
  /// themselves; the same numbers as the causal block on the whole sequence, by rounding.
  ///
  /// - Parameters:
  ///   - x: [batch, new tokens, width]; more than one new token only on an empty cache
  ///   - cache: The keys and values so far; those of the new tokens are added.
  ///   - layer: The index of this block in the cache.
  ///   - tape: What computes.
  /// - Returns: [batch, new tokens, width]
  public func callAsFunction(
    _ x: Variable, cache: inout KeyValueCache, layer: Int, on tape: inout Tape
  ) -> Variable {
    let normal = norm1(x, on: &tape)
    let mixed = attention(normal, cache: &cache.layers[layer], residual: x, on: &tape)
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
    _ x: Variable, cache: inout KeyValueCache.Layer, residual: Variable, on tape: inout Tape
  ) -> Variable {
    let (batch, count, width) = (x.shape[0], x.shape[1], x.shape[2])
    let packed = projection(x, on: &tape)
    let numbers = tape.values(of: packed)
    let isEmpty = cache.keys.allSatisfy(\.isEmpty)
    precondition(isEmpty || count == 1, "\(count) new tokens at once behind others")
    for row in 0..<(batch * count) {
      let start = 3 * width * row
      cache.keys[row / count] += numbers[(start + width)..<(start + 2 * width)]
      cache.values[row / count] += numbers[(start + 2 * width)..<(start + 3 * width)]
    }
    let all = cache.keys[0].count / width
    let queries = tape.columns(packed, 0..<width)
    let keys = tape.input(cache.keys.flatMap { $0 }, shape: [batch, all, width])
    let values = tape.input(cache.values.flatMap { $0 }, shape: [batch, all, width])
    let mixed = tape.attention(
      queries: queries, keys: keys, values: values, heads: heads, causal: isEmpty)
    let result = output(mixed, residual: residual, on: &tape)
    for used in [packed, queries, keys, values, mixed] { tape.release(used) }
    return result
  }
}
