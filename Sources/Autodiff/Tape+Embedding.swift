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
    let places = shape ?? [indices.count]
    precondition(
      table.shape.rank == 2 && places.count == indices.count && places.rank < 4,
      "\(indices.count) indices of places \(places) into a table of shape \(table.shape)")
    let (entries, width) = (table.shape[0], table.shape[1])
    precondition(
      indices.allSatisfy { $0 >= 0 && $0 < entries }, "an index is not within 0..<\(entries)")
    return custom([table], shape: Shape(places.array + [width])) { inputs, output in
      guard let source = inputs[0].baseAddress, let target = output.baseAddress else { return }
      for (place, index) in indices.enumerated() {
        (target + place * width).update(from: source + index * width, count: width)
      }
    } pullback: { _, _, gradient, targets in
      guard let target = targets[0] else { return }
      for (place, index) in indices.enumerated() {
        for column in 0..<width {
          target[index * width + column] += gradient[place * width + column]
        }
      }
    }
  }
}
