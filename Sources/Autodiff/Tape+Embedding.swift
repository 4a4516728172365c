extension Tape {
  /// Rows of a table by their indices (an embedding): the gradient of a row is the sum over the
  /// places where it was taken.
  ///
  /// - Parameters:
  ///   - table: [entries, width]
  ///   - indices: The row of each place, each within 0..<entries.
  ///   - shape: The shape of the places, such as [batch, tokens]; a flat list if not given.
  /// - Returns: [places..., width]
  public mutating func embedding(
    _ table: Variable, indices: [Int], shape: Shape? = nil
  ) -> Variable {
    embeddingSum(table, indices: indices, of: 1, shape: shape)
  }

  /// The sum of some rows of a table for each place: an embedding of several things at once.
  ///
  /// - Parameters:
  ///   - table: [entries, width]
  ///   - indices: The rows of each place, `count` of them one after another, each within 0..<entries.
  ///   - count: The number of rows that a place has.
  ///   - shape: The shape of the places; a flat list if not given.
  /// - Returns: [places..., width]
  public mutating func embeddingSum(
    _ table: Variable, indices: [Int], of count: Int, shape: Shape? = nil
  ) -> Variable {
    precondition(count > 0, "a sum of \(count) rows")
    let places = shape ?? [indices.count / count]
    precondition(
      table.shape.rank == 2 && places.count * count == indices.count && places.rank < 4,
      "\(indices.count) indices of places \(places) into a table of shape \(table.shape)")
    let (entries, width) = (table.shape[0], table.shape[1])
    precondition(
      indices.allSatisfy { $0 >= 0 && $0 < entries }, "an index is not within 0..<\(entries)")
    return custom([table], shape: Shape(places.array + [width])) { inputs, output in
      guard let source = inputs[0].baseAddress, let target = output.baseAddress else { return }
      for (place, index) in indices.enumerated() {
        Rows.add(
          source + index * width, to: target + place / count * width,
          fresh: place.isMultiple(of: count), width)
      }
    } pullback: { _, _, gradient, targets in
      guard let target = targets[0]?.baseAddress, let g = gradient.baseAddress else { return }
      for (place, index) in indices.enumerated() {
        Rows.add(g + place / count * width, to: target + index * width, fresh: false, width)
      }
    }
  }
}
