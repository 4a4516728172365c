extension Tape {
  // MARK: - Two variables

  /// a + b; `b` may be shorter and is then repeated over the first axes of `a`.
  public mutating func add(_ a: Variable, _ b: Variable) -> Variable {
    pair(a, b, .sum(a: a.index, b: b.index)) { $0 + $1 }
  }

  /// a - b; `b` may be shorter and is then repeated over the first axes of `a`.
  public mutating func subtract(_ a: Variable, _ b: Variable) -> Variable {
    pair(a, b, .difference(a: a.index, b: b.index)) { $0 - $1 }
  }

  /// a b, element by element; `b` may be shorter and is then repeated over the first axes of `a`.
  public mutating func multiply(_ a: Variable, _ b: Variable) -> Variable {
    pair(a, b, .hadamard(a: a.index, b: b.index)) { $0 * $1 }
  }

  /// a / b, element by element; `b` may be shorter and is then repeated over the first axes of `a`.
  public mutating func divide(_ a: Variable, _ b: Variable) -> Variable {
    pair(a, b, .quotient(a: a.index, b: b.index)) { $0 / $1 }
  }

  @inline(__always)
  private mutating func pair(
    _ a: Variable, _ b: Variable, _ operation: Operation, _ f: (Vector, Vector) -> Vector
  ) -> Variable {
    precondition(
      a.shape == b.shape
        || (b.shape.count > 0 && a.shape.array.suffix(b.shape.rank) == b.shape.array[...]),
      "shape \(b.shape) does not repeat over \(a.shape)")
    let value = arena.allocate(a.shape.count)
    let (left, right) = (pointer(a), pointer(b))
    if a.shape == b.shape {
      Elementwise.zip(left, right, value, a.shape.count, f)
    } else {
      let period = b.shape.count
      for row in 0..<(a.shape.count / period) {
        let start = row * period
        for index in stride(from: 0, to: period, by: 16) {
          let x = Rows.load(left + start, index, period, fill: 0)
          Rows.store(
            f(x, Rows.load(right, index, period, fill: 1)), value + start, index, period)
        }
      }
    }
    return append(
      operation, a.shape, value, needsGradient: needsGradient(a) || needsGradient(b))
  }

  // MARK: - One variable

  /// factor a + offset.
  public mutating func scale(_ a: Variable, by factor: Float, plus offset: Float = 0) -> Variable {
    let value = arena.allocate(a.shape.count)
    let (k, c) = (Vector(repeating: factor), Vector(repeating: offset))
    Elementwise.map(pointer(a), value, a.shape.count) { c.addingProduct($0, k) }
    return append(
      .affine(a: a.index, factor: factor), a.shape, value, needsGradient: needsGradient(a))
  }

  private mutating func apply(_ function: Function, _ a: Variable) -> Variable {
    let value = arena.allocate(a.shape.count)
    Elementwise.apply(function, pointer(a), value, a.shape.count)
    return append(
      .function(a: a.index, function), a.shape, value, needsGradient: needsGradient(a))
  }

  /// max(a, 0).
  public mutating func relu(_ a: Variable) -> Variable { apply(.relu, a) }
  /// a Φ(a), with the normal distribution's cumulative function.
  public mutating func gelu(_ a: Variable) -> Variable { apply(.gelu, a) }
  /// The tanh form of GELU.
  public mutating func geluTanh(_ a: Variable) -> Variable { apply(.geluTanh, a) }
  /// a times the logistic function of a.
  public mutating func silu(_ a: Variable) -> Variable { apply(.silu, a) }
  /// The hyperbolic tangent.
  public mutating func tanh(_ a: Variable) -> Variable { apply(.tanh, a) }
  /// The logistic function.
  public mutating func sigmoid(_ a: Variable) -> Variable { apply(.sigmoid, a) }
  /// log(1 + e^a).
  public mutating func softplus(_ a: Variable) -> Variable { apply(.softplus, a) }
  /// e to the power of a.
  public mutating func exp(_ a: Variable) -> Variable { apply(.exp, a) }
  /// The natural logarithm.
  public mutating func log(_ a: Variable) -> Variable { apply(.log, a) }
  /// a².
  public mutating func square(_ a: Variable) -> Variable { apply(.square, a) }
  /// The absolute value; its slope at zero is zero.
  public mutating func abs(_ a: Variable) -> Variable { apply(.absolute, a) }
  /// The square root; its slope at zero is taken as zero.
  public mutating func sqrt(_ a: Variable) -> Variable { apply(.squareRoot, a) }
  /// 1 / a.
  public mutating func reciprocal(_ a: Variable) -> Variable { apply(.reciprocal, a) }
  /// The sine.
  public mutating func sin(_ a: Variable) -> Variable { apply(.sine, a) }
  /// The cosine.
  public mutating func cos(_ a: Variable) -> Variable { apply(.cosine, a) }

  /// mid + half tanh(a), which keeps each column within its bounds.
  public mutating func bounded(_ a: Variable, lower: [Float], upper: [Float]) -> Variable {
    let columns = a.shape.columns
    precondition(
      lower.count == columns && upper.count == columns,
      "\(lower.count) and \(upper.count) bounds for \(columns) columns")
    let half = (0..<columns).map { (upper[$0] - lower[$0]) / 2 }
    let value = arena.allocate(a.shape.count)
    Elementwise.apply(.tanh, pointer(a), value, a.shape.count)
    for row in 0..<a.shape.rows {
      for column in 0..<columns {
        let index = row * columns + column
        // the clamp takes away what rounding of the middle may add
        let raw = (upper[column] + lower[column]) / 2 + half[column] * value[index]
        value[index] = min(max(raw, lower[column]), upper[column])
      }
    }
    return append(
      .bounded(a: a.index, half: half), a.shape, value, needsGradient: needsGradient(a))
  }
}
