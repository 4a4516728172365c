extension Tape {
  /// Reshapes a variable without a copy.
  public mutating func reshape(_ a: Variable, to shape: Shape) -> Variable {
    precondition(a.shape.count == shape.count, "\(a.shape) cannot become \(shape)")
    let result = append(
      .reshape(a: a.index), shape, pointer(a), needsGradient: needsGradient(a))
    nodes[result.index].ownsValue = false
    return result
  }

  /// Some columns: [..., columns] becomes [..., range].
  public mutating func columns(_ a: Variable, _ range: Range<Int>) -> Variable {
    let columns = a.shape.columns
    precondition(
      range.lowerBound >= 0 && range.upperBound <= columns, "columns \(range) of \(a.shape)")
    let shape = a.shape.with(columns: range.count)
    let value = arena.allocate(shape.count)
    let source = pointer(a) + range.lowerBound
    for row in 0..<shape.rows {
      (value + row * range.count).update(from: source + row * columns, count: range.count)
    }
    return append(
      .columns(a: a.index, from: range.lowerBound), shape, value,
      needsGradient: needsGradient(a))
  }

  /// Some elements of the first axis: [n, ...] becomes [range, ...].
  public mutating func rows(_ a: Variable, _ range: Range<Int>) -> Variable {
    precondition(
      a.shape.rank > 0 && range.lowerBound >= 0 && range.upperBound <= a.shape[0],
      "rows \(range) of \(a.shape)")
    let shape = Shape([range.count] + a.shape.array.dropFirst())
    let size = a.shape.count / max(1, a.shape[0])
    let value = arena.allocate(shape.count)
    value.update(from: pointer(a) + range.lowerBound * size, count: shape.count)
    return append(
      .rows(a: a.index, from: range.lowerBound * size), shape, value,
      needsGradient: needsGradient(a))
  }

  /// Concatenates along the last axis: [..., a] and [..., b] become [..., a + b].
  public mutating func joinColumns(_ a: Variable, _ b: Variable) -> Variable {
    precondition(
      a.shape.rank == b.shape.rank && a.shape.with(columns: 1) == b.shape.with(columns: 1),
      "\(a.shape) and \(b.shape) do not go side by side")
    let (left, right) = (a.shape.columns, b.shape.columns)
    let shape = a.shape.with(columns: left + right)
    let value = arena.allocate(shape.count)
    for row in 0..<shape.rows {
      let line = value + row * (left + right)
      line.update(from: pointer(a) + row * left, count: left)
      (line + left).update(from: pointer(b) + row * right, count: right)
    }
    return append(
      .joinedColumns(a: a.index, b: b.index), shape, value,
      needsGradient: needsGradient(a) || needsGradient(b))
  }

  /// Concatenates along the first axis: [m, ...] and [n, ...] become [m + n, ...].
  public mutating func joinRows(_ a: Variable, _ b: Variable) -> Variable {
    precondition(
      a.shape.rank > 0 && a.shape.array.dropFirst() == b.shape.array.dropFirst(),
      "\(a.shape) and \(b.shape) do not follow each other")
    let shape = Shape([a.shape[0] + b.shape[0]] + a.shape.array.dropFirst())
    let value = arena.allocate(shape.count)
    value.update(from: pointer(a), count: a.shape.count)
    (value + a.shape.count).update(from: pointer(b), count: b.shape.count)
    return append(
      .joinedRows(a: a.index, b: b.index), shape, value,
      needsGradient: needsGradient(a) || needsGradient(b))
  }

  /// Exchanges the last two axes.
  public mutating func transpose(_ a: Variable) -> Variable {
    precondition(a.shape.rank >= 2, "no transpose of shape \(a.shape)")
    let (rows, columns) = (a.shape[-2], a.shape[-1])
    let shape = Shape(Array(a.shape.array.dropLast(2)) + [columns, rows])
    let value = arena.allocate(shape.count)
    for start in stride(from: 0, to: shape.count, by: max(1, rows * columns)) {
      Transposition.whole(pointer(a) + start, rows: rows, columns: columns, into: value + start)
    }
    return append(.transpose(a: a.index), shape, value, needsGradient: needsGradient(a))
  }

  /// Columns in another order, each with a factor: a symmetry flip, or a choice.
  public mutating func gather(_ a: Variable, _ selection: Selection) -> Variable {
    let columns = a.shape.columns
    precondition(
      selection.indices.allSatisfy { $0 >= 0 && $0 < columns },
      "the indices \(selection.indices) are not all columns of \(a.shape)")
    let shape = a.shape.with(columns: selection.indices.count)
    let value = arena.allocate(shape.count)
    let source = pointer(a)
    for row in 0..<shape.rows {
      let line = value + row * shape.columns
      for column in 0..<shape.columns {
        line[column] =
          source[row * columns + selection.indices[column]] * selection.factors[column]
      }
    }
    return append(
      .gather(a: a.index, selection), shape, value, needsGradient: needsGradient(a))
  }

  /// An operation with a derivative of its own, such as forward kinematics.
  ///
  /// - Parameters:
  ///   - inputs: The variables it depends on.
  ///   - shape: The result's lengths.
  ///   - forward: Writes the result, which is undefined before.
  ///   - pullback: Adds to the gradients of the inputs.
  public mutating func custom(
    _ inputs: [Variable], shape: Shape,
    forward: (_ inputs: [UnsafeBufferPointer<Float>], _ output: UnsafeMutableBufferPointer<Float>)
      -> Void,
    pullback: @escaping Pullback
  ) -> Variable {
    let value = arena.allocate(shape.count)
    let sources = inputs.map {
      UnsafeBufferPointer(start: UnsafePointer(pointer($0)), count: $0.shape.count)
    }
    forward(sources, UnsafeMutableBufferPointer(start: value, count: shape.count))
    return append(
      .custom(inputs: inputs.map(\.index), pullback), shape, value,
      needsGradient: inputs.contains { needsGradient($0) })
  }
}
