extension Tape {
  /// S X for each sample: every output node is a weighted sum of the input nodes.
  ///
  /// - Parameters:
  ///   - x: [batch, nodes, features]
  ///   - mixing: the learned adjacency S, [outputs, nodes]
  /// - Returns: [batch, outputs, features]
  public mutating func mixNodes(_ x: Variable, by mixing: Variable) -> Variable {
    precondition(
      x.shape.rank == 3 && mixing.shape.rank == 2 && mixing.shape[1] == x.shape[1],
      "an adjacency of shape \(mixing.shape) cannot mix the nodes of \(x.shape)")
    let (batch, nodes, features) = (x.shape[0], x.shape[1], x.shape[2])
    let outputs = mixing.shape[0]
    let value = arena.allocate(batch * outputs * features)
    for sample in 0..<batch {
      BLAS.multiply(
        pointer(mixing), stride: nodes, transposed: false, pointer(x) + sample * nodes * features,
        stride: features, transposed: false, into: value + sample * outputs * features,
        stride: features, rows: outputs, columns: features, inner: nodes, beta: 0)
    }
    return append(
      .nodeMix(x: x.index, mixing: mixing.index), [batch, outputs, features], value,
      needsGradient: needsGradient(x) || needsGradient(mixing))
  }

  /// a + factor b for variables of one shape and a factor of one element.
  public mutating func add(_ a: Variable, _ b: Variable, times factor: Variable) -> Variable {
    precondition(
      a.shape == b.shape && factor.shape.count == 1,
      "no sum of \(a.shape) and \(b.shape) times \(factor.shape)")
    let value = arena.allocate(a.shape.count)
    let k = Vector(repeating: pointer(factor)[0])
    Elementwise.zip(pointer(a), pointer(b), value, a.shape.count) { $0.addingProduct($1, k) }
    return append(
      .scaledSum(a: a.index, b: b.index, factor: factor.index), a.shape, value,
      needsGradient: needsGradient(a) || needsGradient(b) || needsGradient(factor))
  }

  // MARK: - Rules

  /// Y = S X: dX = Sᵀ G, dS = G Xᵀ summed over the samples.
  mutating func pullNodeMix(_ g: Pointer, _ shape: Shape, x: Int, mixing: Int) {
    let (batch, outputs, features) = (shape[0], shape[1], shape[2])
    let nodes = self.nodes[x].shape[1]
    let (values, weights) = (self.nodes[x].value, self.nodes[mixing].value)
    if let (pointer, fresh) = target(mixing) {
      for sample in 0..<batch {
        BLAS.multiply(
          g + sample * outputs * features, stride: features, transposed: false,
          values + sample * nodes * features, stride: features, transposed: true, into: pointer,
          stride: nodes, rows: outputs, columns: nodes, inner: features,
          beta: fresh && sample == 0 ? 0 : 1)
      }
    }
    if let (pointer, fresh) = target(x) {
      for sample in 0..<batch {
        BLAS.multiply(
          weights, stride: nodes, transposed: true, g + sample * outputs * features,
          stride: features, transposed: false, into: pointer + sample * nodes * features,
          stride: features, rows: nodes, columns: features, inner: outputs, beta: fresh ? 0 : 1)
      }
    }
  }

  /// y = a + k b: da = g, db = k g, dk = Σ g b.
  mutating func pullScaledSum(
    _ index: Int, _ g: Pointer, _ count: Int, a: Int, b: Int, factor: Int
  ) {
    let k = nodes[factor].value[0]
    if let pointer = sumTarget(factor) { pointer[0] += Elementwise.dot(g, nodes[b].value, count) }
    if let (pointer, fresh) = target(b) {
      Elementwise.add(g, times: k, to: pointer, fresh: fresh, count)
    }
    pass(g, from: index, to: a)
  }
}
