extension Tape {
  /// The cross entropy of a softmax with known classes: Σ over rows of weight × −log p(class).
  ///
  /// - Parameters:
  ///   - logits: [..., classes], one row for each place
  ///   - targets: The class of each row, each within 0..<classes.
  ///   - weights: The weight of each row; a row of weight 0 has neither value nor gradient.
  /// - Returns: A single number.
  public mutating func crossEntropy(
    _ logits: Variable, targets: [Int], weights: [Float]
  ) -> Variable {
    let (rows, classes) = (logits.shape.rows, logits.shape.columns)
    precondition(
      targets.count == rows && weights.count == rows,
      "\(targets.count) targets and \(weights.count) weights for \(rows) rows")
    precondition(
      targets.allSatisfy { $0 >= 0 && $0 < classes }, "a target is not within 0..<\(classes)")
    return custom([logits], shape: []) { inputs, output in
      guard let x = inputs[0].baseAddress.map(UnsafeMutablePointer.init(mutating:)) else { return }
      var sum = 0.0
      for row in 0..<rows where weights[row] != 0 {
        let line = x + row * classes
        sum += Double(weights[row] * (Self.logSum(line, classes) - line[targets[row]]))
      }
      output[0] = Float(sum)
    } pullback: { inputs, _, gradient, found in
      guard let target = found[0]?.baseAddress,
        let x = inputs[0].baseAddress.map(UnsafeMutablePointer.init(mutating:))
      else { return }
      for row in 0..<rows where weights[row] != 0 {
        let (line, result) = (x + row * classes, target + row * classes)
        let factor = gradient[0] * weights[row]
        Self.addSoftmax(line, classes, times: factor, to: result)
        result[targets[row]] -= factor
      }
    }
  }

  /// The logarithm of the sum of exponentials of a row.
  private static func logSum(_ x: Pointer, _ columns: Int) -> Float {
    let top = largest(x, columns)
    var sum = Vector.zero
    for index in stride(from: 0, to: columns, by: 16) {
      let line = Rows.load(x, index, columns, fill: -.infinity)
      sum += VectorMath.exp(line - Vector(repeating: top))
    }
    return top + Scalar.log(sum.sum())
  }

  /// Adds the softmax of a row times a factor.
  private static func addSoftmax(
    _ x: Pointer, _ columns: Int, times factor: Float, to target: Pointer
  ) {
    let shift = logSum(x, columns)
    let (k, s) = (Vector(repeating: factor), Vector(repeating: shift))
    for index in stride(from: 0, to: columns, by: 16) {
      let p = VectorMath.exp(Rows.load(x, index, columns, fill: -.infinity) - s)
      Rows.put(p * k, target, index, columns, fresh: false)
    }
  }

  private static func largest(_ x: Pointer, _ columns: Int) -> Float {
    var largest = Vector(repeating: -.infinity)
    for index in stride(from: 0, to: columns, by: 16) {
      largest = VectorMath.larger(largest, Rows.load(x, index, columns, fill: -.infinity))
    }
    return largest.max()
  }
}
