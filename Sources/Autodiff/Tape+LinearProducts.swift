// The products of a linear map and of its gradients, in the tape's precision, by blocks of rows, so
// that what goes before or follows finds its rows in the cache.

extension Tape {
  /// Rows of one product.
  private static var rowBlock: Int { 512 }
  /// Rows of one product of rounded factors; even.
  private static var roundedRowBlock: Int { 96 }

  /// c = x Wᵀ for rows x, W [columns, inner]; `finish` sees each block of rows.
  mutating func multiply(
    _ x: Pointer, rows: Int, inner: Int, by weight: Pointer, columns: Int, into c: Pointer,
    finish: (_ start: Int, _ rows: Int) -> Void
  ) {
    guard rounds else {
      if panels?.multiply(x, rows: rows, inner: inner, by: weight, columns: columns, into: c)
        == true
      {
        finish(0, rows)
        return
      }
      for start in stride(from: 0, to: rows, by: Self.rowBlock) {
        let count = min(Self.rowBlock, rows - start)
        BLAS.multiply(
          x + start * inner, stride: inner, transposed: false, weight, stride: inner,
          transposed: true, into: c + start * columns, stride: columns, rows: count,
          columns: columns, inner: inner, beta: 0)
        finish(start, count)
      }
      return
    }
    let leftCount = BFloat16.leftCount(rows: min(rows, Self.roundedRowBlock), inner: inner)
    let left = arena.allocate(leftCount)
    let right = packedRight(weight, transposed: true, columns: columns, inner: inner)
    for start in stride(from: 0, to: rows, by: Self.roundedRowBlock) {
      let count = min(Self.roundedRowBlock, rows - start)
      BFloat16.packLeft(
        x + start * inner, stride: inner, transposed: false, rows: count, inner: inner, into: left)
      BFloat16.multiply(
        left: left, transposed: false, right: right.pointer, into: c + start * columns,
        stride: columns, rows: count, columns: columns, inner: inner, beta: 0)
      finish(start, count)
    }
    arena.release(left, count: leftCount)
    release(right)
  }

  /// A gradient that is written first, or added to.
  typealias Place = (pointer: Pointer, fresh: Bool)

  /// The sizes of a linear map.
  struct LinearSize {
    var rows: Int
    var outputs: Int
    var inputs: Int
  }

  /// dW += gᵀ x and dx += g W for W [outputs, inputs]; `prepare` makes each block of rows of g
  /// ready before it is read.
  mutating func multiplyGradients(
    _ g: Pointer, x: Pointer, weight: Pointer, _ size: LinearSize, weightTarget: Place?,
    inputTarget: Place?, prepare: (_ start: Int, _ rows: Int) -> Void
  ) {
    // a map of its own weight would read what it adds to
    if rounds && weightTarget?.pointer != inputTarget?.pointer {
      multiplyRoundedGradients(
        g, x: x, weight: weight, size, weightTarget: weightTarget, inputTarget: inputTarget,
        prepare: prepare)
      return
    }
    let (rows, outputs, inputs) = (size.rows, size.outputs, size.inputs)
    prepare(0, rows)
    if let (pointer, fresh) = weightTarget {
      BLAS.multiply(
        g, stride: outputs, transposed: true, x, stride: inputs, transposed: false, into: pointer,
        stride: inputs, rows: outputs, columns: inputs, inner: rows, beta: fresh ? 0 : 1)
    }
    if let (pointer, fresh) = inputTarget {
      BLAS.multiply(
        g, stride: outputs, transposed: false, weight, stride: inputs, transposed: false,
        into: pointer, stride: inputs, rows: rows, columns: inputs, inner: outputs,
        beta: fresh ? 0 : 1)
    }
  }

  private mutating func multiplyRoundedGradients(
    _ g: Pointer, x: Pointer, weight: Pointer, _ size: LinearSize, weightTarget: Place?,
    inputTarget: Place?, prepare: (_ start: Int, _ rows: Int) -> Void
  ) {
    let (rows, outputs, inputs) = (size.rows, size.outputs, size.inputs)
    let leftCount = BFloat16.leftCount(rows: min(rows, Self.roundedRowBlock), inner: outputs)
    let turnedCount = BFloat16.leftCount(rows: outputs, inner: rows)
    let left = inputTarget.map { _ in arena.allocate(leftCount) }
    let turned = weightTarget.map { _ in arena.allocate(turnedCount) }
    let right = inputTarget.map { _ in
      packedRight(weight, transposed: false, columns: inputs, inner: outputs)
    }
    for start in stride(from: 0, to: rows, by: Self.roundedRowBlock) {
      let count = min(Self.roundedRowBlock, rows - start)
      prepare(start, count)
      let block = g + start * outputs
      if let turned {
        BFloat16.packTurned(
          block, from: start, count: count, rows: outputs, inner: rows, into: turned)
      }
      guard let (pointer, fresh) = inputTarget, let left, let right else { continue }
      BFloat16.packLeft(
        block, stride: outputs, transposed: false, rows: count, inner: outputs, into: left)
      BFloat16.multiply(
        left: left, transposed: false, right: right.pointer, into: pointer + start * inputs,
        stride: inputs, rows: count, columns: inputs, inner: outputs, beta: fresh ? 0 : 1)
    }
    if let left { arena.release(left, count: leftCount) }
    if let right { release(right) }
    guard let (pointer, fresh) = weightTarget, let turned else { return }
    let columns = BFloat16.rightCount(columns: inputs, inner: rows)
    let packed = arena.allocate(columns)
    BFloat16.packRight(
      x, stride: inputs, transposed: false, columns: inputs, inner: rows, into: packed)
    BFloat16.multiply(
      left: turned, transposed: true, right: packed, into: pointer, stride: inputs, rows: outputs,
      columns: inputs, inner: rows, beta: fresh ? 0 : 1)
    arena.release(packed, count: columns)
    arena.release(turned, count: turnedCount)
  }

  /// A factor of a product, without gaps between its rows; transposed where it is stored so.
  struct Factor {
    let pointer: Pointer
    let isTransposed: Bool

    init(_ pointer: Pointer, transposed: Bool = false) {
      (self.pointer, isTransposed) = (pointer, transposed)
    }
  }

  /// The sizes of a product.
  struct ProductSize {
    var rows: Int
    var columns: Int
    var inner: Int
  }

  /// c = a b, or c += a b where it is not fresh.
  mutating func multiply(_ a: Factor, _ b: Factor, into c: Place, _ size: ProductSize) {
    let (rows, columns, inner) = (size.rows, size.columns, size.inner)
    let leftStride = a.isTransposed ? rows : inner
    let rightStride = b.isTransposed ? inner : columns
    guard rounds else {
      BLAS.multiply(
        a.pointer, stride: leftStride, transposed: a.isTransposed, b.pointer, stride: rightStride,
        transposed: b.isTransposed, into: c.pointer, stride: columns, rows: rows, columns: columns,
        inner: inner, beta: c.fresh ? 0 : 1)
      return
    }
    let leftCount = BFloat16.leftCount(rows: rows, inner: inner)
    let rightCount = BFloat16.rightCount(columns: columns, inner: inner)
    let (left, right) = (arena.allocate(leftCount), arena.allocate(rightCount))
    BFloat16.packLeft(
      a.pointer, stride: leftStride, transposed: a.isTransposed, rows: rows, inner: inner,
      into: left)
    BFloat16.packRight(
      b.pointer, stride: rightStride, transposed: b.isTransposed, columns: columns, inner: inner,
      into: right)
    BFloat16.multiply(
      left: left, transposed: a.isTransposed, right: right, into: c.pointer, stride: columns,
      rows: rows, columns: columns, inner: inner, beta: c.fresh ? 0 : 1)
    arena.release(left, count: leftCount)
    arena.release(right, count: rightCount)
  }

  /// A weight as a packed right factor: the shared one where there is one, else one packed here.
  private mutating func packedRight(
    _ weight: Pointer, transposed: Bool, columns: Int, inner: Int
  ) -> (pointer: Pointer, count: Int?) {
    if let shared = packed?.packed(weight, transposed: transposed) { return (shared, nil) }
    let count = BFloat16.rightCount(columns: columns, inner: inner)
    let pointer = arena.allocate(count)
    BFloat16.packRight(
      weight, stride: transposed ? inner : columns, transposed: transposed, columns: columns,
      inner: inner, into: pointer)
    return (pointer, count)
  }

  private mutating func release(_ right: (pointer: Pointer, count: Int?)) {
    guard let count = right.count else { return }
    arena.release(right.pointer, count: count)
  }
}
