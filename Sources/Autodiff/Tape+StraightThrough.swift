extension Tape {
  /// Other values with the gradient of `a`: value = `values`, d value / d a = 1.
  ///
  /// The straight-through estimator (Bengio, Léonard and Courville, 2013): a step without a useful
  /// slope, such as rounding, is differentiated as the identity.
  public mutating func straightThrough(_ a: Variable, values: [Float]) -> Variable {
    precondition(
      values.count == a.shape.count, "\(values.count) numbers for the shape \(a.shape)")
    return custom([a], shape: a.shape) { _, output in
      for index in values.indices { output[index] = values[index] }
    } pullback: { _, _, gradient, targets in
      guard let target = targets[0] else { return }
      for index in gradient.indices { target[index] += gradient[index] }
    }
  }

  /// Each number rounded to the nearest whole one, ties to even, with a straight-through gradient.
  public mutating func rounded(_ a: Variable) -> Variable {
    straightThrough(a, values: values(of: a).map { $0.rounded(.toNearestOrEven) })
  }
}
