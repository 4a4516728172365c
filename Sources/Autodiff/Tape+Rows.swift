extension Tape {
  // MARK: - Along the last axis

  /// The softmax over the last axis.
  public mutating func softmax(_ a: Variable) -> Variable {
    let (value, columns, source) = (arena.allocate(a.shape.count), a.shape.columns, pointer(a))
    for row in 0..<a.shape.rows {
      Rows.softmax(source + row * columns, value + row * columns, columns)
    }
    return append(.softmax(a: a.index), a.shape, value, needsGradient: needsGradient(a))
  }

  /// The logarithm of the softmax over the last axis.
  public mutating func logSoftmax(_ a: Variable) -> Variable {
    let (value, columns, source) = (arena.allocate(a.shape.count), a.shape.columns, pointer(a))
    for row in 0..<a.shape.rows {
      Rows.logSoftmax(source + row * columns, value + row * columns, columns)
    }
    return append(.logSoftmax(a: a.index), a.shape, value, needsGradient: needsGradient(a))
  }

  /// Normalises the last axis to mean 0 and variance 1, then scales and shifts each column.
  public mutating func layerNorm(
    _ x: Variable, gain: Variable, bias: Variable, epsilon: Float = 1e-5
  ) -> Variable {
    let columns = x.shape.columns
    precondition(
      gain.shape.count == columns && bias.shape.count == columns,
      "gain \(gain.shape) and bias \(bias.shape) do not fit \(x.shape)")
    let value = arena.allocate(x.shape.count)
    let statistics = arena.allocate(2 * x.shape.rows)
    Rows.layerNorm(
      pointer(x), gain: pointer(gain), bias: pointer(bias), into: value, statistics: statistics,
      rows: x.shape.rows, columns: columns, epsilon: epsilon)
    let wanted = needsGradient(x) || needsGradient(gain) || needsGradient(bias)
    if !isRecording { arena.release(statistics, count: 2 * x.shape.rows) }
    return append(
      .layerNorm(x: x.index, gain: gain.index, bias: bias.index, statistics: statistics),
      x.shape, value, needsGradient: wanted)
  }

  /// The sum over the last axis: [..., columns] becomes [...].
  public mutating func rowSum(_ a: Variable) -> Variable {
    let (columns, source) = (a.shape.columns, pointer(a))
    let shape = a.shape.droppingLast()
    let value = arena.allocate(shape.count)
    for row in 0..<shape.count { value[row] = Elementwise.sum(source + row * columns, columns) }
    return append(.rowTotal(a: a.index), shape, value, needsGradient: needsGradient(a))
  }

  /// The length over the last axis: [..., columns] becomes [...]; its slope at zero is zero.
  public mutating func rowNorm(_ a: Variable) -> Variable {
    let (columns, source) = (a.shape.columns, pointer(a))
    let shape = a.shape.droppingLast()
    let value = arena.allocate(shape.count)
    for row in 0..<shape.count {
      let line = source + row * columns
      value[row] = Elementwise.dot(line, line, columns).squareRoot()
    }
    return append(.rowNorm(a: a.index), shape, value, needsGradient: needsGradient(a))
  }

  /// The cosine of the angle between rows of two variables: [..., columns] becomes [...].
  public mutating func cosineSimilarity(
    _ a: Variable, _ b: Variable, epsilon: Float = 1e-8
  ) -> Variable {
    let dot = rowSum(multiply(a, b))
    let lengths = multiply(rowNorm(a), rowNorm(b))
    return divide(dot, scale(lengths, by: 1, plus: epsilon))
  }

  // MARK: - Reductions

  /// The sum of all elements.
  public mutating func sum(_ a: Variable) -> Variable { total(a, factor: 1) }

  /// The mean of all elements.
  public mutating func mean(_ a: Variable) -> Variable {
    precondition(a.shape.count > 0, "no mean of nothing")
    return total(a, factor: 1 / Float(a.shape.count))
  }

  private mutating func total(_ a: Variable, factor: Float) -> Variable {
    let value = arena.allocate(1)
    value[0] = factor * Elementwise.sum(pointer(a), a.shape.count)
    return append(
      .total(a: a.index, factor: factor), [], value, needsGradient: needsGradient(a))
  }

  /// The mean of squared differences.
  public mutating func meanSquaredError(_ a: Variable, _ b: Variable) -> Variable {
    mean(square(subtract(a, b)))
  }

  /// The mean over the second to last axis: [..., tokens, columns] becomes [..., columns].
  public mutating func tokenMean(_ a: Variable) -> Variable {
    precondition(a.shape.rank >= 2, "no tokens in shape \(a.shape)")
    let (tokens, columns) = (a.shape[-2], a.shape.columns)
    let shape = Shape(Array(a.shape.array.dropLast(2)) + [columns])
    let value = arena.allocate(shape.count)
    let source = pointer(a)
    let factor = Vector(repeating: 1 / Float(tokens))
    for sample in 0..<shape.rows {
      for index in stride(from: 0, to: columns, by: 16) {
        var sum = Vector.zero
        for token in 0..<tokens {
          sum += Rows.load(source + (sample * tokens + token) * columns, index, columns, fill: 0)
        }
        Rows.store(sum * factor, value + sample * columns, index, columns)
      }
    }
    return append(.tokenMean(a: a.index), shape, value, needsGradient: needsGradient(a))
  }
}
