extension Tape {
  /// activation(x Wᵀ + bias) + residual, with W as [out, in] and any axes before the last of x.
  ///
  /// - Parameters:
  ///   - x: [..., in]
  ///   - weight: [out, in]
  ///   - bias: [out]
  ///   - activation: The activation of the sum; only without a residual.
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
    multiply(
      input, rows: shape.rows, inner: inputs, by: matrix, columns: outputs, into: value
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
