internal import CBLAS

/// The keys and values of the tokens that causal attention has read, as its products read them: keys
/// turned, both apart for each sample and head.
///
/// With it the next token costs one row instead of the whole sequence again.
public struct AttentionMemory: Sendable {
  /// The number of tokens read.
  public private(set) var tokens = 0
  let batch: Int
  let heads: Int
  let headWidth: Int
  /// The tokens that there is room for, in whole vectors.
  private(set) var capacity = 0
  /// [batch, heads, head width, capacity], divided by the root of the head width.
  private(set) var keys: [Float] = []
  /// [batch, heads, capacity, padded head width].
  private(set) var values: [Float] = []

  private static let leastCapacity = 64

  /// An empty memory.
  public init(batch: Int, heads: Int, headWidth: Int) {
    (self.batch, self.heads, self.headWidth) = (batch, heads, headWidth)
  }

  var paddedWidth: Int { FloatBuffer.padded(headWidth) }

  /// Adds tokens from packed queries, keys and values, [batch, count, 3 width].
  mutating func append(_ packed: UnsafeMutablePointer<Float>, count: Int) {
    makeRoom(for: tokens + count)
    let (width, wide) = (heads * headWidth, paddedWidth)
    let scale = 1 / Float(headWidth).squareRoot()
    for part in 0..<(batch * heads) {
      let (sample, head) = (part / heads, part % heads)
      for token in 0..<count {
        let key = packed + (sample * count + token) * 3 * width + width + head * headWidth
        let (column, row) = (tokens + token, part * capacity + tokens + token)
        for index in 0..<headWidth {
          keys[(part * headWidth + index) * capacity + column] = scale * key[index]
          values[row * wide + index] = key[width + index]
        }
      }
    }
    tokens += count
  }

  private mutating func makeRoom(for count: Int) {
    guard count > capacity else { return }
    let size = max(Self.leastCapacity, FloatBuffer.padded(max(count, 2 * capacity)))
    var more = self
    more.capacity = size
    more.keys = [Float](repeating: 0, count: batch * heads * headWidth * size)
    more.values = [Float](repeating: 0, count: batch * heads * size * paddedWidth)
    for row in 0..<(batch * heads * headWidth) {
      for token in 0..<tokens { more.keys[row * size + token] = keys[row * capacity + token] }
    }
    for part in 0..<(batch * heads) {
      let (from, to) = (part * capacity * paddedWidth, part * size * paddedWidth)
      for index in 0..<(tokens * paddedWidth) { more.values[to + index] = values[from + index] }
    }
    self = more
  }
}

extension Tape {
  /// Causal self-attention of the next tokens of each sample, on a tape that does not record.
  ///
  /// They see all tokens in the memory and each other up to themselves, and are added to it.
  ///
  /// - Parameters:
  ///   - packed: [batch, tokens, 3 width]: queries, keys, values side by side
  ///   - memory: The tokens before.
  /// - Returns: [batch, tokens, width]
  public mutating func selfAttention(
    _ packed: Variable, memory: inout AttentionMemory
  ) -> Variable {
    let (heads, d) = (memory.heads, memory.headWidth)
    let (count, width) = (packed.shape[1], heads * d)
    precondition(!isRecording, "gradients do not go through a memory")
    precondition(
      packed.shape == [memory.batch, count, 3 * width],
      "\(packed.shape) does not fit a memory of \(memory.batch) samples and \(heads) x \(d)")
    let before = memory.tokens
    memory.append(pointer(packed), count: count)
    let (columns, wide) = (FloatBuffer.padded(memory.tokens), memory.paddedWidth)
    let result = arena.allocate(memory.batch * count * width)
    let scores = arena.allocate(count * columns)
    let mixed = arena.allocate(count * wide)
    let queries = pointer(packed)
    memory.keys.withUnsafeBufferPointer { keys in
      memory.values.withUnsafeBufferPointer { values in
        guard let keys = keys.baseAddress, let values = values.baseAddress else { return }
        for part in 0..<(memory.batch * heads) {
          let (sample, head) = (part / heads, part % heads)
          motionc_small_product(
            Int32(count), Int32(columns), Int32(d),
            queries + sample * count * 3 * width + head * d, Int32(3 * width), 1,
            keys + part * d * memory.capacity, Int32(memory.capacity), scores, Int32(columns))
          for row in 0..<count {
            let (line, seen) = (scores + row * columns, before + row + 1)
            Rows.softmax(line, line, seen)
            for hidden in seen..<max(seen, memory.tokens) { line[hidden] = 0 }
          }
          motionc_small_product(
            Int32(count), Int32(wide), Int32(memory.tokens), scores, Int32(columns), 1,
            values + part * memory.capacity * wide, Int32(wide), mixed, Int32(wide))
          for row in 0..<count {
            let target = result + (sample * count + row) * width + head * d
            for index in stride(from: 0, to: d, by: 16) {
              Rows.store(mixed.vector(row * wide + index), target, index, d)
            }
          }
        }
      }
    }
    arena.release(scores, count: count * columns)
    arena.release(mixed, count: count * wide)
    return append(
      .leaf, [memory.batch, count, width], result, needsGradient: false)
  }
}
