extension Tape {
  /// Rows of one product, so that what follows it finds the result in the cache.
  private static var rowBlock: Int { 512 }
  private static var roundedRowBlock: Int { 96 }

  /// activation(x Wᵀ + bias) + residual, with W as [out, in] and any axes before the last of x.
  ///
  /// - Parameters:
  ///   - x: [..., in]
  ///   - weight: [out, in]
  ///   - bias: [out]
  ///   - activation: What is applied to the sum; only without a residual.
  ///   - residual: [..., out], added at the end.
  public mutating func linear(
    _ x: Variable, weight: Variable, bias: Variable? = nil, activation: Activation = .none,
    residual: Variable? = nil
  ) -> Variable {
    let (outputs, inputs) = (weight.shape[0], weight.shape[-1])
    precondition(
      x.shape.columns == inputs, "a weight of shape \(weight.shape) cannot map \(x.shape)")
    let shape = x.shape.with(columns: outputs)
    precondition(bias == nil || bias?.shape.count == outputs, "the bias does not fit \(shape)")
    precondition(residual == nil || residual?.shape == shape, "the residual is not of \(shape)")
    precondition(residual == nil || activation == .none, "a residual follows no activation")
    let value = arena.allocate(shape.count)
    let wanted =
      isRecording
      && (needsGradient(x) || needsGradient(weight) || bias.map { needsGradient($0) } ?? false
        || residual.map { needsGradient($0) } ?? false)
    let smooth = activation != .none && activation != .relu
    let derivative = wanted && smooth ? arena.allocate(shape.count) : nil
    let (input, matrix) = (pointer(x), pointer(weight))
    let (shift, added) = (bias.map { pointer($0) }, residual.map { pointer($0) })
    multiplyRows(
      input, rows: shape.rows, inner: inputs, by: matrix, transposed: true, columns: outputs,
      into: value, beta: 0
    ) { start, rows in
      if shift == nil && added == nil && activation == .none { return }
      LinearKernels.finish(
        value + start * outputs, rows: rows, columns: outputs, bias: shift,
        residual: added.map { $0 + start * outputs }, activation: activation,
        derivative: derivative.map { $0 + start * outputs })
    }
    return append(
      .linear(
        x: x.index, weight: weight.index, bias: bias?.index, residual: residual?.index,
        activation: activation, derivative: derivative),
      shape, value, needsGradient: wanted)
  }

  /// c = x W + beta c for rows x in the tape's precision, W transposed or not; `finish` sees each
  /// block of rows while the cache has it.
  mutating func multiplyRows(
    _ x: Pointer, rows: Int, inner: Int, by weight: Pointer, transposed: Bool, columns: Int,
    into c: Pointer, beta: Float, finish: (_ start: Int, _ rows: Int) -> Void
  ) {
    let stride = transposed ? inner : columns
    guard rounds else {
      for start in Swift.stride(from: 0, to: rows, by: Self.rowBlock) {
        let count = min(Self.rowBlock, rows - start)
        BLAS.multiply(
          x + start * inner, stride: inner, transposed: false, weight, stride: stride,
          transposed: transposed, into: c + start * columns, stride: columns, rows: count,
          columns: columns, inner: inner, beta: beta)
        finish(start, count)
      }
      return
    }
    let rightCount = BFloat16.rightCount(columns: columns, inner: inner)
    let leftCount = BFloat16.leftCount(rows: min(rows, Self.roundedRowBlock), inner: inner)
    let (left, right) = (arena.allocate(leftCount), arena.allocate(rightCount))
    BFloat16.packRight(
      weight, stride: stride, transposed: transposed, columns: columns, inner: inner, into: right)
    for start in Swift.stride(from: 0, to: rows, by: Self.roundedRowBlock) {
      let count = min(Self.roundedRowBlock, rows - start)
      BFloat16.packLeft(
        x + start * inner, stride: inner, transposed: false, rows: count, inner: inner, into: left)
      BFloat16.multiply(
        left: left, transposed: false, right: right, into: c + start * columns, stride: columns,
        rows: count, columns: columns, inner: inner, beta: beta)
      finish(start, count)
    }
    arena.release(left, count: leftCount)
    arena.release(right, count: rightCount)
  }

  /// c = yᵀ x + beta c in the tape's precision, summed over the rows of both.
  mutating func multiplyColumns(
    _ y: Pointer, _ x: Pointer, rows: Int, outputs: Int, inputs: Int, into c: Pointer, beta: Float
  ) {
    guard rounds else {
      BLAS.multiply(
        y, stride: outputs, transposed: true, x, stride: inputs, transposed: false, into: c,
        stride: inputs, rows: outputs, columns: inputs, inner: rows, beta: beta)
      return
    }
    let rightCount = BFloat16.rightCount(columns: inputs, inner: rows)
    let leftCount = BFloat16.leftCount(rows: outputs, inner: rows)
    let (left, right) = (arena.allocate(leftCount), arena.allocate(rightCount))
    BFloat16.packLeft(
      y, stride: outputs, transposed: true, rows: outputs, inner: rows, into: left)
    BFloat16.packRight(
      x, stride: inputs, transposed: false, columns: inputs, inner: rows, into: right)
    BFloat16.multiply(
      left: left, transposed: true, right: right, into: c, stride: inputs, rows: outputs,
      columns: inputs, inner: rows, beta: beta)
    arena.release(left, count: leftCount)
    arena.release(right, count: rightCount)
  }

  /// The product of two matrices, or of as many pairs as the first axes say.
  ///
  /// - Parameters:
  ///   - a: [..., rows, inner], or [..., inner, rows] where it is to be transposed
  ///   - b: [..., inner, columns], or [..., columns, inner] where it is to be transposed
  ///   - transposingA: Whether the last two axes of `a` are exchanged.
  ///   - transposingB: Whether the last two axes of `b` are exchanged.
  public mutating func product(
    _ a: Variable, _ b: Variable, transposingA: Bool = false, transposingB: Bool = false
  ) -> Variable {
    let size = MatrixProduct(
      a.shape, b.shape, aTransposed: transposingA, bTransposed: transposingB)
    let value = arena.allocate(size.result.count)
    for index in 0..<size.batch {
      BLAS.multiply(
        pointer(a) + index * size.aCount, stride: a.shape[-1], transposed: transposingA,
        pointer(b) + index * size.bCount, stride: b.shape[-1], transposed: transposingB,
        into: value + index * size.rows * size.columns, stride: size.columns,
        rows: size.rows, columns: size.columns, inner: size.inner, beta: 0)
    }
    return append(
      .product(
        a: a.index, b: b.index, aTransposed: transposingA, bTransposed: transposingB),
      size.result, value, needsGradient: needsGradient(a) || needsGradient(b))
  }
}

/// The sizes of a product of matrices, or of as many as the first axes say.
struct MatrixProduct {
  let batch: Int
  let rows: Int
  let columns: Int
  let inner: Int
  let aCount: Int
  let bCount: Int
  let result: Shape

  init(_ a: Shape, _ b: Shape, aTransposed: Bool, bTransposed: Bool) {
    precondition(a.rank >= 2 && a.rank == b.rank, "no product of shapes \(a) and \(b)")
    rows = aTransposed ? a[-1] : a[-2]
    inner = aTransposed ? a[-2] : a[-1]
    columns = bTransposed ? b[-2] : b[-1]
    aCount = a[-1] * a[-2]
    bCount = b[-1] * b[-2]
    let leading = Array(a.array.dropLast(2))
    precondition(
      leading == Array(b.array.dropLast(2)) && inner == (bTransposed ? b[-1] : b[-2]),
      "no product of shapes \(a) and \(b)")
    batch = leading.reduce(1, *)
    result = Shape(leading + [rows, columns])
  }
}
