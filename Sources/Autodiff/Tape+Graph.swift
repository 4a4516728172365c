extension Tape {
  /// S X for each sample: every output node is a weighted sum of the input nodes.
  ///
  /// A linear map, in the precision of the tape.
  ///
  /// - Parameters:
  ///   - x: [nodes, batch, features]; nodes come first, so that one product serves all samples
  ///   - mixing: the learned adjacency S, [outputs, nodes]
  /// - Returns: [outputs, batch, features]
  public mutating func mixNodes(_ x: Variable, by mixing: Variable) -> Variable {
    precondition(
      x.shape.rank == 3 && mixing.shape.rank == 2 && mixing.shape[1] == x.shape[0],
      "an adjacency of shape \(mixing.shape) cannot mix the nodes of \(x.shape)")
    let (nodes, batch, features) = (x.shape[0], x.shape[1], x.shape[2])
    let shape: Shape = [mixing.shape[0], batch, features]
    let value = arena.allocate(shape.count)
    multiply(
      Factor(pointer(mixing)), Factor(pointer(x)), into: (value, true),
      ProductSize(rows: shape[0], columns: batch * features, inner: nodes))
    return append(
      .nodeMixture(x: x.index, mixing: mixing.index), shape, value,
      needsGradient: needsGradient(x) || needsGradient(mixing))
  }

  /// x + bias, where each group of rows has its own bias.
  ///
  /// - Parameters:
  ///   - x: [groups, rows, columns]
  ///   - bias: [groups, columns]
  public mutating func add(_ x: Variable, toEachGroup bias: Variable) -> Variable {
    precondition(
      x.shape.rank == 3 && bias.shape.array == [x.shape[0], x.shape[2]],
      "a bias of shape \(bias.shape) does not fit \(x.shape)")
    let (rows, columns) = (x.shape[1], x.shape[2])
    let value = arena.allocate(x.shape.count)
    for row in 0..<x.shape.rows {
      let (source, target) = (pointer(x) + row * columns, value + row * columns)
      let shift = pointer(bias) + row / rows * columns
      for index in stride(from: 0, to: columns, by: 16) {
        let sum =
          Rows.load(source, index, columns, fill: 0) + Rows.load(shift, index, columns, fill: 0)
        Rows.store(sum, target, index, columns)
      }
    }
    return append(
      .groupSum(x: x.index, bias: bias.index), x.shape, value,
      needsGradient: needsGradient(x) || needsGradient(bias))
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

  /// Y = S X: dS = G Xᵀ, dX = Sᵀ G.
  mutating func pullNodeMixture(_ g: Pointer, x: Int, mixing: Int) {
    let (outputs, nodes) = (self.nodes[mixing].shape[0], self.nodes[mixing].shape[1])
    let columns = self.nodes[x].shape.count / nodes
    if let place = target(mixing) {
      multiply(
        Factor(g), Factor(self.nodes[x].value, transposed: true), into: place,
        ProductSize(rows: outputs, columns: nodes, inner: columns))
    }
    if let place = target(x) {
      multiply(
        Factor(self.nodes[mixing].value, transposed: true), Factor(g), into: place,
        ProductSize(rows: nodes, columns: columns, inner: outputs))
    }
  }

  /// y = x + b: dx = g, db = the sum of g over the rows of each group.
  mutating func pullGroupSum(_ index: Int, _ g: Pointer, x: Int, bias: Int) {
    let shape = nodes[index].shape
    let (groups, rows, columns) = (shape[0], shape[1], shape[2])
    if let pointer = sumTarget(bias) {
      for group in 0..<groups {
        for row in 0..<rows {
          let line = g + (group * rows + row) * columns
          for index in stride(from: 0, to: columns, by: 16) {
            Rows.put(
              Rows.load(line, index, columns, fill: 0), pointer + group * columns, index, columns,
              fresh: false)
          }
        }
      }
    }
    pass(g, from: index, to: x)
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
