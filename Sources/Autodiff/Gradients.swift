extension Tape {
  typealias Pointer = UnsafeMutablePointer<Float>

  /// Computes gradients of a scalar and adds them to those of parameters and inputs.
  ///
  /// - Parameters:
  ///   - loss: A variable with one element.
  ///   - seed: The gradient of the loss itself, such as the weight of this part of a batch.
  public mutating func backward(from loss: Variable, seed: Float = 1) {
    precondition(isRecording, "this tape does not record")
    precondition(loss.shape.count == 1, "gradients start from one number, not \(loss.shape)")
    guard needsGradient(loss), let first = target(loss.index) else { return }
    first.pointer[0] = (first.fresh ? 0 : first.pointer[0]) + seed
    for index in stride(from: loss.index, through: 0, by: -1) {
      guard let gradient = nodes[index].gradient else { continue }
      if case .leaf = nodes[index].operation { continue }
      pullBack(index, gradient)
      guard let kept = nodes[index].gradient else { continue }
      arena.release(kept, count: nodes[index].shape.count)
      nodes[index].gradient = nil
    }
  }

  /// Where a node's gradient goes: memory that is written first (fresh) or added to.
  mutating func target(_ index: Int) -> (pointer: Pointer, fresh: Bool)? {
    guard nodes[index].needsGradient else { return nil }
    if let gradient = nodes[index].gradient { return (gradient, false) }
    let gradient = arena.allocate(nodes[index].shape.count)
    nodes[index].gradient = gradient
    return (gradient, true)
  }

  /// Memory that holds zeros or an earlier part of the gradient, to be added to.
  mutating func sumTarget(_ index: Int) -> Pointer? {
    guard let (pointer, fresh) = target(index) else { return nil }
    if fresh { pointer.update(repeating: 0, count: FloatBuffer.padded(nodes[index].shape.count)) }
    return pointer
  }

  /// Adds a gradient to a node, handing its memory over where the node has none yet.
  mutating func pass(_ gradient: Pointer, from index: Int, to input: Int) {
    guard nodes[input].needsGradient else { return }
    if nodes[input].gradient == nil {
      nodes[input].gradient = gradient
      nodes[index].gradient = nil
      return
    }
    guard let (pointer, fresh) = target(input) else { return }
    add(gradient, to: pointer, fresh: fresh, nodes[input].shape.count)
  }

  private func add(
    _ gradient: Pointer, times factor: Float = 1, to target: Pointer, fresh: Bool, _ count: Int
  ) {
    Elementwise.add(gradient, times: factor, to: target, fresh: fresh, count)
  }

  /// The rule of each operation: given the gradient of its result, adds those of its inputs.
  private mutating func pullBack(_ index: Int, _ g: Pointer) {
    let y = nodes[index].value
    let shape = nodes[index].shape
    let count = shape.count
    switch nodes[index].operation {
    case .leaf:
      break
    case .linear(let x, let weight, let bias, let residual, let activation, let derivative):
      pullLinear(
        index, g, x: x, weight: weight, bias: bias, activation: activation,
        derivative: derivative)
      if let residual { pass(g, from: index, to: residual) }
    case .product(let a, let b, let aTransposed, let bTransposed):
      pullProduct(g, a, b, aTransposed, bTransposed)
    case .nodeMixture(let x, let mixing):
      pullNodeMixture(g, x: x, mixing: mixing)
    case .groupSum(let x, let bias):
      pullGroupSum(index, g, x: x, bias: bias)
    case .scaledSum(let a, let b, let factor):
      pullScaledSum(index, g, count, a: a, b: b, factor: factor)
    case .gaussianLikelihood(let x, let mean, let logVariance):
      pullGaussianLikelihood(g, count, x: x, mean: mean, logVariance: logVariance)
    case .gaussianDivergence(let q, let p):
      pullGaussianDivergence(g, count, q: q, p: p)
    case .sum(let a, let b):
      pullRepeated(g, to: b, count) { _, _, g in g }
      pass(g, from: index, to: a)
    case .difference(let a, let b):
      pullRepeated(g, to: b, count) { _, _, g in -g }
      pass(g, from: index, to: a)
    case .hadamard(let a, let b):
      let (left, right) = (nodes[a].value, nodes[b].value)
      pullRepeated(g, to: b, count) { i, n, g in g * Rows.load(left, i, n, fill: 0) }
      pullPeriodic(g, to: a, count, nodes[b].shape.count) { i, n, g in
        g * Rows.load(right, i, n, fill: 0)
      }
    case .quotient(let a, let b):
      let right = nodes[b].value
      let period = nodes[b].shape.count
      pullRepeated(g, to: b, count) { i, n, g in
        -g * Rows.load(y, i, n, fill: 0) / Rows.load(right, i % period, i % period + n - i, fill: 1)
      }
      pullPeriodic(g, to: a, count, period) { i, n, g in g / Rows.load(right, i, n, fill: 1) }
    case .affine(let a, let factor):
      guard let (pointer, fresh) = target(a) else { break }
      add(g, times: factor, to: pointer, fresh: fresh, count)
    case .function(let a, let function):
      guard let (pointer, fresh) = target(a) else { break }
      Elementwise.pull(
        function, x: nodes[a].value, y: y, g: g, target: pointer, fresh: fresh, count)
    case .softmax(let a):
      pullRows(g, to: a, shape) { row, g in
        let line = y + row * shape.columns
        let mean = Elementwise.dot(line, g, shape.columns)
        return { line[$0] * (g[$0] - mean) }
      }
    case .logSoftmax(let a):
      pullRows(g, to: a, shape) { row, g in
        let line = y + row * shape.columns
        let sum = Elementwise.sum(g, shape.columns)
        return { g[$0] - VectorMath.exp(Vector(repeating: line[$0]))[0] * sum }
      }
    case .layerNorm(let x, let gain, let bias, let statistics):
      let (gainTarget, biasTarget) = (sumTarget(gain), sumTarget(bias))
      let place = target(x)
      Rows.pullLayerNorm(
        nodes[x].value, gain: nodes[gain].value, statistics: statistics, gradient: g,
        rows: shape.rows, columns: shape.columns, target: place?.pointer,
        fresh: place?.fresh ?? false, gainTarget: gainTarget, biasTarget: biasTarget)
    case .attention(let query, let key, let value, let layout, let probabilities):
      pullAttention(g, query, key, value, layout, probabilities)
    case .total(let a, let factor):
      guard let (pointer, fresh) = target(a) else { break }
      let k = Vector(repeating: g[0] * factor)
      Elementwise.pull(pointer, pointer, pointer, pointer, fresh: fresh, nodes[a].shape.count) {
        _, _, _ in k
      }
    case .rowTotal(let a):
      pullRows(g, to: a, nodes[a].shape, stride: 1) { _, g in { _ in g[0] } }
    case .rowNorm(let a):
      let (x, columns) = (nodes[a].value, nodes[a].shape.columns)
      pullRows(g, to: a, nodes[a].shape, stride: 1) { row, g in
        let factor = y[row] > 0 ? g[0] / y[row] : 0
        return { x[row * columns + $0] * factor }
      }
    case .tokenMean(let a):
      pullTokenMean(g, to: a)
    case .reshape(let a):
      pass(g, from: index, to: a)
    case .columns(let a, let from):
      guard let pointer = sumTarget(a) else { break }
      let columns = nodes[a].shape.columns
      pullBlock(g, shape.columns, 0, pointer, columns, from, shape.rows, shape.columns)
    case .rows(let a, let from):
      guard let pointer = sumTarget(a) else { break }
      pullBlock(g, count, 0, pointer, count, from, 1, count)
    case .joinedColumns(let a, let b):
      let (left, right) = (nodes[a].shape.columns, nodes[b].shape.columns)
      if let pointer = sumTarget(a) {
        pullBlock(g, left + right, 0, pointer, left, 0, shape.rows, left)
      }
      if let pointer = sumTarget(b) {
        pullBlock(g, left + right, left, pointer, right, 0, shape.rows, right)
      }
    case .joinedRows(let a, let b):
      let (first, second) = (nodes[a].shape.count, nodes[b].shape.count)
      if let pointer = sumTarget(a) { pullBlock(g, first, 0, pointer, first, 0, 1, first) }
      if let pointer = sumTarget(b) { pullBlock(g, second, first, pointer, second, 0, 1, second) }
    case .transpose(let a):
      guard let (pointer, fresh) = target(a) else { break }
      let (rows, columns) = (shape[-2], shape[-1])
      for start in stride(from: 0, to: count, by: max(1, rows * columns)) {
        Transposition.add(
          g + start, rows: rows, columns: columns, to: pointer + start, fresh: fresh)
      }
    case .gather(let a, let selection):
      guard let pointer = sumTarget(a) else { break }
      let columns = nodes[a].shape.columns
      for row in 0..<shape.rows {
        for column in 0..<shape.columns {
          pointer[row * columns + selection.indices[column]] +=
            g[row * shape.columns + column] * selection.factors[column]
        }
      }
    case .bounded(let a, let half):
      let x = nodes[a].value
      pullRows(g, to: a, shape) { row, g in
        {
          let t = VectorMath.tanh(Vector(repeating: x[row * shape.columns + $0]))[0]
          return g[$0] * half[$0] * (1 - t * t)
        }
      }
    case .chain(let quaternions, let root, let lengths, let chain):
      pullChain(index, g, quaternions: quaternions, root: root, lengths: lengths, chain)
    case .rotationChain(let rotations, let root, let offsets, let parents):
      let targets = (sumTarget(rotations), sumTarget(root), sumTarget(offsets))
      RotationChainKernel.backward(
        parents, count: shape[0], rotations: nodes[rotations].value, offsets: nodes[offsets].value,
        period: Self.period(of: nodes[offsets].shape, rows: shape[0], width: 3 * parents.count),
        gradient: g, rotationTarget: targets.0,
        rootTarget: targets.1, offsetTarget: targets.2)
    case .orthonormalized(let a):
      guard let pointer = sumTarget(a) else { break }
      RotationKernel.backward(nodes[a].value, gradient: g, rows: shape.rows, target: pointer)
    case .custom(let inputs, let pullback):
      let targets = inputs.map { input in
        sumTarget(input).map {
          UnsafeMutableBufferPointer(start: $0, count: nodes[input].shape.count)
        }
      }
      let values = inputs.map {
        UnsafeBufferPointer(start: UnsafePointer(nodes[$0].value), count: nodes[$0].shape.count)
      }
      pullback(
        values, UnsafeBufferPointer(start: UnsafePointer(y), count: count),
        UnsafeBufferPointer(start: UnsafePointer(g), count: count), targets)
    }
  }

  // MARK: - Longer rules

  private mutating func pullChain(
    _ index: Int, _ g: Pointer, quaternions: Int, root: Int, lengths: Int, _ chain: KinematicChain
  ) {
    let targets = (sumTarget(quaternions), sumTarget(root), sumTarget(lengths))
    let (samples, joints) = (nodes[index].shape[0], chain.count)
    let period = Self.period(of: nodes[lengths].shape, rows: samples, width: joints)
    for sample in 0..<samples {
      let sequence = sample / period
      ChainKernel.backward(
        chain, quaternions: nodes[quaternions].value + sample * joints * 4,
        lengths: nodes[lengths].value + sequence * joints,
        positions: nodes[index].value + sample * joints * 3,
        gradient: g + sample * joints * 3,
        quaternionTarget: targets.0.map { $0 + sample * joints * 4 },
        rootTarget: targets.1.map { $0 + sample * 3 },
        lengthTarget: targets.2.map { $0 + sequence * joints })
    }
  }

  private mutating func pullLinear(
    _ index: Int, _ g: Pointer, x: Int, weight: Int, bias: Int?, activation: Activation,
    derivative: Pointer?
  ) {
    let shape = nodes[index].shape
    let (outputs, value) = (shape.columns, nodes[index].value)
    let biasTarget = bias.flatMap { sumTarget($0) }
    let (weightTarget, inputTarget) = (target(weight), target(x))
    multiplyGradients(
      g, x: nodes[x].value, weight: nodes[weight].value,
      LinearSize(rows: shape.rows, outputs: outputs, inputs: nodes[x].shape.columns),
      weightTarget: weightTarget, inputTarget: inputTarget
    ) { start, rows in
      let (block, from) = (g + start * outputs, start * outputs)
      if let derivative {
        Elementwise.zip(block, derivative + from, block, rows * outputs) { $0 * $1 }
      } else if activation == .relu {
        Elementwise.zip(block, value + from, block, rows * outputs) { g, y in
          g.replacing(with: 0, where: y .<= 0)
        }
      }
      if let biasTarget {
        Elementwise.addColumnSums(block, rows: rows, columns: outputs, to: biasTarget)
      }
    }
  }

  /// C = A B: dA = G Bᵀ, dB = Aᵀ G, and the same with what was transposed exchanged.
  private mutating func pullProduct(
    _ g: Pointer, _ a: Int, _ b: Int, _ aTransposed: Bool, _ bTransposed: Bool
  ) {
    let size = MatrixProduct(
      nodes[a].shape, nodes[b].shape, aTransposed: aTransposed, bTransposed: bTransposed)
    let (left, right) = (nodes[a].value, nodes[b].value)
    let (aStride, bStride) = (nodes[a].shape[-1], nodes[b].shape[-1])
    if let (pointer, fresh) = target(a) {
      for i in 0..<size.batch {
        let (gi, bi) = (g + i * size.rows * size.columns, right + i * size.bCount)
        if aTransposed {
          BLAS.multiply(
            bi, stride: bStride, transposed: bTransposed, gi, stride: size.columns,
            transposed: true, into: pointer + i * size.aCount, stride: aStride, rows: size.inner,
            columns: size.rows, inner: size.columns, beta: fresh ? 0 : 1)
        } else {
          BLAS.multiply(
            gi, stride: size.columns, transposed: false, bi, stride: bStride,
            transposed: !bTransposed, into: pointer + i * size.aCount, stride: aStride,
            rows: size.rows, columns: size.inner, inner: size.columns, beta: fresh ? 0 : 1)
        }
      }
    }
    if let (pointer, fresh) = target(b) {
      for i in 0..<size.batch {
        let (gi, ai) = (g + i * size.rows * size.columns, left + i * size.aCount)
        if bTransposed {
          BLAS.multiply(
            gi, stride: size.columns, transposed: true, ai, stride: aStride,
            transposed: aTransposed, into: pointer + i * size.bCount, stride: bStride,
            rows: size.columns, columns: size.inner, inner: size.rows, beta: fresh ? 0 : 1)
        } else {
          BLAS.multiply(
            ai, stride: aStride, transposed: !aTransposed, gi, stride: size.columns,
            transposed: false, into: pointer + i * size.bCount, stride: bStride,
            rows: size.inner, columns: size.columns, inner: size.rows, beta: fresh ? 0 : 1)
        }
      }
    }
  }

  private mutating func pullAttention(
    _ g: Pointer, _ query: AttentionSource, _ key: AttentionSource, _ value: AttentionSource,
    _ layout: AttentionLayout, _ probabilities: Pointer
  ) {
    // a part of a variable that an earlier part wrote is added to
    var fresh: [Int: Bool] = [:]
    var seen: [AttentionSource] = []
    var targets: [AttentionKernels.Target] = []
    for source in [value, query, key] {
      let place = target(source.variable)
      if fresh[source.variable] == nil { fresh[source.variable] = place?.fresh ?? false }
      let first = fresh[source.variable] ?? false
      targets.append(
        .init(
          pointer: place.map { $0.pointer + source.offset }, stride: source.stride,
          fresh: first && !seen.contains(source)))
      seen.append(source)
    }
    let scratchCount = AttentionScratch.size(layout)
    let scratch = arena.allocate(scratchCount)
    AttentionKernels.backward(
      layout, query: nodes[query.variable].value + query.offset, queryStride: query.stride,
      key: nodes[key.variable].value + key.offset, keyStride: key.stride,
      value: nodes[value.variable].value + value.offset, valueStride: value.stride,
      probabilities: probabilities, gradient: g,
      targets: (query: targets[1], key: targets[2], value: targets[0]), scratch: scratch)
    arena.release(scratch, count: scratchCount)
  }

  private mutating func pullTokenMean(_ g: Pointer, to a: Int) {
    guard let (pointer, fresh) = target(a) else { return }
    let (tokens, columns) = (nodes[a].shape[-2], nodes[a].shape.columns)
    let factor = Vector(repeating: 1 / Float(tokens))
    for row in 0..<nodes[a].shape.rows {
      let line = g + row / tokens * columns
      for index in stride(from: 0, to: columns, by: 16) {
        Rows.put(
          Rows.load(line, index, columns, fill: 0) * factor, pointer + row * columns, index,
          columns, fresh: fresh)
      }
    }
  }

  /// Sums over the repetitions of an input that was repeated over the first axes.
  @inline(__always)
  private mutating func pullRepeated(
    _ g: Pointer, to input: Int, _ count: Int, _ f: (_ index: Int, _ end: Int, Vector) -> Vector
  ) {
    guard let pointer = sumTarget(input) else { return }
    let period = nodes[input].shape.count
    for start in stride(from: 0, to: count, by: max(1, period)) {
      for index in stride(from: 0, to: period, by: 16) {
        let part = f(start + index, start + period, Rows.load(g + start, index, period, fill: 0))
        Rows.put(part, pointer, index, period, fresh: false)
      }
    }
  }

  /// The gradient of the longer input; `f` sees indices within one repetition.
  @inline(__always)
  private mutating func pullPeriodic(
    _ g: Pointer, to input: Int, _ count: Int, _ period: Int,
    _ f: (_ index: Int, _ end: Int, Vector) -> Vector
  ) {
    guard let (pointer, fresh) = target(input) else { return }
    for start in stride(from: 0, to: count, by: max(1, period)) {
      for index in stride(from: 0, to: period, by: 16) {
        let part = f(index, period, Rows.load(g + start, index, period, fill: 0))
        Rows.put(part, pointer + start, index, period, fresh: fresh)
      }
    }
  }

  /// Row by row, element by element.
  @inline(__always)
  private mutating func pullRows(
    _ g: Pointer, to input: Int, _ shape: Shape, stride: Int? = nil,
    _ row: (_ row: Int, _ gradient: Pointer) -> (_ column: Int) -> Float
  ) {
    guard let (pointer, fresh) = target(input) else { return }
    let columns = shape.columns
    for index in 0..<shape.rows {
      let f = row(index, g + index * (stride ?? columns))
      let line = pointer + index * columns
      for column in 0..<columns { line[column] = (fresh ? 0 : line[column]) + f(column) }
    }
  }

  /// Adds a block of one matrix to a block of another.
  private func pullBlock(
    _ g: Pointer, _ stride: Int, _ from: Int, _ target: Pointer, _ targetStride: Int, _ to: Int,
    _ rows: Int, _ columns: Int
  ) {
    for row in 0..<rows {
      let source = g + row * stride + from
      let line = target + row * targetStride + to
      for index in Swift.stride(from: 0, to: columns, by: 16) {
        Rows.put(Rows.load(source, index, columns, fill: 0), line, index, columns, fresh: false)
      }
    }
  }
}
