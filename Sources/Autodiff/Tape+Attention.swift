extension Tape {
  /// Self-attention among the tokens of each sample, from packed queries, keys and values.
  ///
  /// - Parameters:
  ///   - packed: [batch, tokens, 3 width]: queries, keys, values side by side
  ///   - heads: The number of heads that the width is divided among.
  ///   - causal: Whether token i sees only tokens 0...i.
  /// - Returns: [batch, tokens, width]
  public mutating func selfAttention(
    _ packed: Variable, heads: Int, causal: Bool = false
  ) -> Variable {
    precondition(
      packed.shape.rank == 3 && packed.shape[-1] % (3 * heads) == 0,
      "\(packed.shape) is not [batch, tokens, 3 width] with a width for \(heads) heads")
    let width = packed.shape[-1] / 3
    let sources = (0..<3).map {
      AttentionSource(variable: packed.index, offset: $0 * width, stride: 3 * width)
    }
    return attend(
      sources[0], sources[1], sources[2],
      AttentionLayout(
        batch: packed.shape[0], queryCount: packed.shape[1], keyCount: packed.shape[1],
        heads: heads, headWidth: width / heads, causal: causal))
  }

  /// Cross-attention of one sequence to another, from queries and packed keys and values.
  ///
  /// - Parameters:
  ///   - queries: [batch, tokens, width]
  ///   - packed: [batch, others, 2 width]: keys, values side by side
  ///   - heads: The number of heads that the width is divided among.
  /// - Returns: [batch, tokens, width]
  public mutating func crossAttention(
    queries: Variable, packed: Variable, heads: Int
  ) -> Variable {
    let width = queries.shape[-1]
    precondition(
      queries.shape.rank == 3 && packed.shape.rank == 3 && width % heads == 0
        && packed.shape[-1] == 2 * width && packed.shape[0] == queries.shape[0],
      "\(queries.shape) cannot attend to \(packed.shape)")
    return attend(
      AttentionSource(variable: queries.index, offset: 0, stride: width),
      AttentionSource(variable: packed.index, offset: 0, stride: 2 * width),
      AttentionSource(variable: packed.index, offset: width, stride: 2 * width),
      AttentionLayout(
        batch: queries.shape[0], queryCount: queries.shape[1], keyCount: packed.shape[1],
        heads: heads, headWidth: width / heads, causal: false))
  }

  /// Attention of queries [batch, tokens, width] to keys and values [batch, others, width].
  public mutating func attention(
    queries: Variable, keys: Variable, values: Variable, heads: Int, causal: Bool = false
  ) -> Variable {
    let width = queries.shape[-1]
    precondition(
      queries.shape.rank == 3 && keys.shape == values.shape && keys.shape.rank == 3
        && keys.shape[-1] == width && keys.shape[0] == queries.shape[0] && width % heads == 0,
      "\(queries.shape) cannot attend to \(keys.shape) and \(values.shape)")
    return attend(
      AttentionSource(variable: queries.index, offset: 0, stride: width),
      AttentionSource(variable: keys.index, offset: 0, stride: width),
      AttentionSource(variable: values.index, offset: 0, stride: width),
      AttentionLayout(
        batch: queries.shape[0], queryCount: queries.shape[1], keyCount: keys.shape[1],
        heads: heads, headWidth: width / heads, causal: causal))
  }

  private mutating func attend(
    _ query: AttentionSource, _ key: AttentionSource, _ value: AttentionSource,
    _ layout: AttentionLayout
  ) -> Variable {
    let shape: Shape = [layout.batch, layout.queryCount, layout.heads * layout.headWidth]
    let result = arena.allocate(shape.count)
    let wanted =
      isRecording && [query, key, value].contains { nodes[$0.variable].needsGradient }
    let rows = layout.batch * layout.heads * layout.queryCount
    let probabilityCount = rows * FloatBuffer.padded(layout.keyCount)
    let probabilities = arena.allocate(probabilityCount)
    let scratchCount = AttentionScratch.size(layout)
    let scratch = arena.allocate(scratchCount)
    AttentionKernels.forward(
      layout, query: nodes[query.variable].value + query.offset, queryStride: query.stride,
      key: nodes[key.variable].value + key.offset, keyStride: key.stride,
      value: nodes[value.variable].value + value.offset, valueStride: value.stride,
      output: result, probabilities: probabilities, scratch: scratch)
    arena.release(scratch, count: scratchCount)
    if !wanted { arena.release(probabilities, count: probabilityCount) }
    return append(
      .attention(query: query, key: key, value: value, layout, probabilities: probabilities),
      shape, result, needsGradient: wanted)
  }
}
