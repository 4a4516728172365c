internal import CBLAS

// Scaled dot-product attention for short sequences.
//
// Each sample and head is copied into small padded matrices that stay in the first-level cache,
// and every product has the form "broadcast number times row of vectors", which needs keys and
// values transposed once. Nothing of the size batch × heads is transposed.

/// The small matrices of one sample and head, all in one block of memory.
struct AttentionScratch {
  typealias Pointer = UnsafeMutablePointer<Float>
  /// Head width, queries and keys rounded up to whole vectors.
  let width: Int
  let keys: Int
  let query: Pointer
  let key: Pointer
  let value: Pointer
  let turned: Pointer
  let output: Pointer
  let scores: Pointer
  let mask: Pointer

  /// The numbers that the block needs.
  static func size(_ layout: AttentionLayout) -> Int {
    let width = FloatBuffer.padded(layout.headWidth)
    let keys = FloatBuffer.padded(layout.keyCount)
    let rows = max(layout.queryCount, layout.keyCount)
    return width * (3 * rows + layout.queryCount) + width * keys + 2 * layout.queryCount * keys
  }

  init(_ layout: AttentionLayout, memory: Pointer) {
    width = FloatBuffer.padded(layout.headWidth)
    keys = FloatBuffer.padded(layout.keyCount)
    let rows = max(layout.queryCount, layout.keyCount)
    query = memory
    key = query + width * rows
    value = key + width * rows
    output = value + width * rows
    turned = output + width * layout.queryCount
    scores = turned + width * keys
    mask = scores + layout.queryCount * keys
    for i in 0..<layout.queryCount {
      let seen = layout.causal ? min(i + 1, layout.keyCount) : layout.keyCount
      for j in 0..<keys { mask[i * keys + j] = j < seen ? 0 : -.infinity }
    }
  }
}

enum AttentionKernels {
  typealias Pointer = UnsafeMutablePointer<Float>

  /// c[m, n] = Σ_k a[m am + k ak] b[k, n], with n in whole vectors; rows of b and c are `stride` apart.
  @inline(__always)
  static func product(
    _ a: Pointer, _ am: Int, _ ak: Int, _ b: Pointer, _ c: Pointer, rows: Int, columns: Int,
    inner: Int, stride: Int
  ) {
    motionc_small_product(
      Int32(rows), Int32(columns), Int32(inner), a, Int32(am), Int32(ak), b, Int32(stride), c,
      Int32(stride))
  }

  /// The tokens that are attended from or to together: with causality so many that what none of them
  /// sees, or is seen by, need not be multiplied; without it all.
  private static func blocks(_ layout: AttentionLayout, of count: Int) -> [Range<Int>] {
    guard layout.causal, layout.queryCount == layout.keyCount else { return [0..<count] }
    // As many rows as the product takes at once.
    let size = 12
    return Swift.stride(from: 0, to: count, by: size).map { $0..<min($0 + size, count) }
  }

  /// Copies some columns of a matrix into rows of whole vectors, times a factor.
  ///
  /// The columns to the right are asked for: those of the next head, too far apart from row to row
  /// for the processor to foresee.
  @inline(__always)
  static func pack(
    _ source: Pointer, stride: Int, rows: Int, columns: Int, into target: Pointer, width: Int,
    factor: Float
  ) {
    let k = Vector(repeating: factor)
    for row in 0..<rows {
      var index = 0
      while index < columns {
        motionc_prefetch(source + row * stride + columns + index)
        let part = Rows.load(source + row * stride, index, columns, fill: 0)
        target.store(part * k, row * width + index)
        index += 16
      }
    }
  }

  /// The reverse of `pack`; adds where the target is not fresh.
  @inline(__always)
  static func unpack(
    _ source: Pointer, width: Int, rows: Int, columns: Int, into target: Pointer, stride: Int,
    factor: Float, fresh: Bool
  ) {
    let k = Vector(repeating: factor)
    for row in 0..<rows {
      var index = 0
      while index < columns {
        motionc_prefetch(target + row * stride + columns + index)
        let part = source.vector(row * width + index) * k
        Rows.put(part, target + row * stride, index, columns, fresh: fresh)
        index += 16
      }
    }
  }

  /// Transposes 16 × 16 blocks: target[c, r] = source[r, c]; rows beyond `rows` become zero.
  @inline(__always)
  static func turn(
    _ source: Pointer, rows: Int, width: Int, into target: Pointer, stride: Int
  ) {
    for block in Swift.stride(from: 0, to: stride, by: 16) {
      for column in Swift.stride(from: 0, to: width, by: 16) {
        Transposition.block(
          source + block * width + column, stride: width, rows: min(16, rows - block),
          into: target + column * stride + block, stride: stride)
      }
    }
  }

  /// Attention of all samples and heads; `probabilities` has [batch, heads, query, padded key].
  static func forward(
    _ layout: AttentionLayout, query: Pointer, queryStride: Int, key: Pointer, keyStride: Int,
    value: Pointer, valueStride: Int, output: Pointer, probabilities: Pointer, scratch: Pointer
  ) {
    let s = AttentionScratch(layout, memory: scratch)
    let (tq, tk, d) = (layout.queryCount, layout.keyCount, layout.headWidth)
    let outputStride = layout.heads * d
    let scale = 1 / Float(d).squareRoot()
    let blocks = blocks(layout, of: tq)
    let isBlocked = blocks.count > 1
    for sample in 0..<layout.batch {
      for head in 0..<layout.heads {
        let p = probabilities + (sample * layout.heads + head) * tq * s.keys
        pack(
          query + sample * tq * queryStride + head * d, stride: queryStride, rows: tq, columns: d,
          into: s.query, width: s.width, factor: scale)
        pack(
          key + sample * tk * keyStride + head * d, stride: keyStride, rows: tk, columns: d,
          into: s.key, width: s.width, factor: 1)
        pack(
          value + sample * tk * valueStride + head * d, stride: valueStride, rows: tk, columns: d,
          into: s.value, width: s.width, factor: 1)
        turn(s.key, rows: tk, width: s.width, into: s.turned, stride: s.keys)
        for rows in blocks {
          let seen = isBlocked ? rows.upperBound : tk
          let (first, columns) = (rows.lowerBound * s.keys, FloatBuffer.padded(seen))
          product(
            s.query + rows.lowerBound * s.width, s.width, 1, s.turned, p + first, rows: rows.count,
            columns: columns, inner: s.width, stride: s.keys)
          softmax(
            p + first, mask: s.mask + first, rows: rows.count, columns: columns, stride: s.keys)
          product(
            p + first, s.keys, 1, s.value, s.output + rows.lowerBound * s.width, rows: rows.count,
            columns: s.width, inner: seen, stride: s.width)
        }
        unpack(
          s.output, width: s.width, rows: tq, columns: d,
          into: output + sample * tq * outputStride + head * d, stride: outputStride, factor: 1,
          fresh: true)
      }
    }
  }

  /// The softmax of masked rows of whole vectors, in place.
  @inline(__always)
  private static func softmax(
    _ x: Pointer, mask: Pointer, rows: Int, columns: Int, stride: Int
  ) {
    for row in 0..<rows {
      let line = x + row * stride
      let hidden = mask + row * stride
      var largest = Vector(repeating: -.infinity)
      for index in Swift.stride(from: 0, to: columns, by: 16) {
        largest = VectorMath.larger(largest, line.vector(index) + hidden.vector(index))
      }
      let top = Vector(repeating: largest.max())
      var sum = Vector.zero
      for index in Swift.stride(from: 0, to: columns, by: 16) {
        let seen = hidden.vector(index)
        let e = VectorMath.exp(line.vector(index) - top).replacing(with: 0, where: seen .< 0)
        line.store(e, index)
        sum += e
      }
      let factor = Vector(repeating: 1 / sum.sum())
      for index in Swift.stride(from: 0, to: columns, by: 16) {
        line.store(line.vector(index) * factor, index)
      }
    }
  }

  /// Where a gradient goes; nil where it is not wanted.
  struct Target {
    var pointer: Pointer?
    var stride: Int
    var fresh: Bool
  }

  /// The gradients of `forward`.
  static func backward(
    _ layout: AttentionLayout, query: Pointer, queryStride: Int, key: Pointer, keyStride: Int,
    value: Pointer, valueStride: Int, probabilities: Pointer, gradient: Pointer,
    targets: (query: Target, key: Target, value: Target), scratch: Pointer
  ) {
    let s = AttentionScratch(layout, memory: scratch)
    let (tq, tk, d) = (layout.queryCount, layout.keyCount, layout.headWidth)
    let outputStride = layout.heads * d
    let scale = 1 / Float(d).squareRoot()
    let (queries, keys) = (blocks(layout, of: tq), blocks(layout, of: tk))
    let isBlocked = queries.count > 1
    /// The keys that some queries see.
    func seen(_ rows: Range<Int>) -> Int { isBlocked ? rows.upperBound : tk }
    /// The transpose of scores times rows of queries.
    func turned(_ scores: Pointer, _ right: Pointer, into target: Pointer) {
      for rows in keys {
        let first = isBlocked ? rows.lowerBound : 0
        product(
          scores + first * s.keys + rows.lowerBound, 1, s.keys, right + first * s.width,
          target + rows.lowerBound * s.width, rows: rows.count, columns: s.width,
          inner: tq - first, stride: s.width)
      }
    }
    for sample in 0..<layout.batch {
      for head in 0..<layout.heads {
        let p = probabilities + (sample * layout.heads + head) * tq * s.keys
        pack(
          value + sample * tk * valueStride + head * d, stride: valueStride, rows: tk, columns: d,
          into: s.value, width: s.width, factor: 1)
        pack(
          gradient + sample * tq * outputStride + head * d, stride: outputStride, rows: tq,
          columns: d, into: s.output, width: s.width, factor: 1)
        // dV = Pᵀ dO
        put(
          targets.value, sample: sample, rows: tk, head: head, columns: d, from: s.key,
          width: s.width, factor: 1
        ) { turned(p, s.output, into: s.key) }
        // dS = P ∘ (dP - rowsum(P ∘ dP)), dP = dO Vᵀ
        turn(s.value, rows: tk, width: s.width, into: s.turned, stride: s.keys)
        for rows in queries {
          let (start, columns) = (rows.lowerBound * s.keys, FloatBuffer.padded(seen(rows)))
          product(
            s.output + rows.lowerBound * s.width, s.width, 1, s.turned, s.scores + start,
            rows: rows.count, columns: columns, inner: s.width, stride: s.keys)
          pullSoftmax(
            p + start, s.scores + start, rows: rows.count, columns: columns, stride: s.keys)
        }
        // dQ = dS K, dK = dSᵀ Q
        pack(
          key + sample * tk * keyStride + head * d, stride: keyStride, rows: tk, columns: d,
          into: s.key, width: s.width, factor: 1)
        put(
          targets.query, sample: sample, rows: tq, head: head, columns: d, from: s.output,
          width: s.width, factor: scale
        ) {
          for rows in queries {
            product(
              s.scores + rows.lowerBound * s.keys, s.keys, 1, s.key,
              s.output + rows.lowerBound * s.width, rows: rows.count, columns: s.width,
              inner: seen(rows), stride: s.width)
          }
        }
        pack(
          query + sample * tq * queryStride + head * d, stride: queryStride, rows: tq, columns: d,
          into: s.query, width: s.width, factor: 1)
        put(
          targets.key, sample: sample, rows: tk, head: head, columns: d, from: s.value,
          width: s.width, factor: scale
        ) { turned(s.scores, s.query, into: s.value) }
      }
    }
  }

  @inline(__always)
  private static func put(
    _ target: Target, sample: Int, rows: Int, head: Int, columns: Int, from source: Pointer,
    width: Int, factor: Float, compute: () -> Void
  ) {
    guard let pointer = target.pointer else { return }
    compute()
    unpack(
      source, width: width, rows: rows, columns: columns,
      into: pointer + sample * rows * target.stride + head * columns, stride: target.stride,
      factor: factor, fresh: target.fresh)
  }

  @inline(__always)
  private static func pullSoftmax(
    _ p: Pointer, _ g: Pointer, rows: Int, columns: Int, stride: Int
  ) {
    for row in 0..<rows {
      var sum = Vector.zero
      for index in Swift.stride(from: row * stride, to: row * stride + columns, by: 16) {
        sum.addProduct(p.vector(index), g.vector(index))
      }
      let mean = Vector(repeating: sum.sum())
      for index in Swift.stride(from: row * stride, to: row * stride + columns, by: 16) {
        g.store(p.vector(index) * (g.vector(index) - mean), index)
      }
    }
  }
}
