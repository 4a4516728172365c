/// An array of floats with a shape: the inputs and outputs of a tape, as values.
public struct Tensor: Sendable, Hashable {
  /// The lengths of the axes.
  public let shape: Shape
  /// The elements, row by row.
  public var values: [Float]

  /// A tensor of these elements.
  public init(_ values: [Float], shape: Shape) {
    precondition(
      values.count == shape.count, "\(values.count) elements do not fill the shape \(shape)")
    self.shape = shape
    self.values = values
  }

  /// A tensor that has the same number everywhere.
  public init(repeating value: Float, shape: Shape) {
    self.init(Array(repeating: value, count: shape.count), shape: shape)
  }
}
