// What follows the product in a linear map: bias, activation, residual, in one pass.

enum LinearKernels {
  typealias Pointer = UnsafeMutablePointer<Float>

  /// y = activation(y + bias) + residual; the derivative of the activation where it is asked for.
  static func finish(
    _ y: Pointer, rows: Int, columns: Int, bias: Pointer?, residual: Pointer?,
    activation: Activation, derivative: Pointer?
  ) {
    switch activation {
    case .none:
      each(y, rows, columns, bias, residual, nil) { ($0, $0) }
    case .relu:
      each(y, rows, columns, bias, residual, nil) { z in
        (z.replacing(with: 0, where: z .< 0), z)
      }
    case .gelu: each(y, rows, columns, bias, residual, derivative) { VectorMath.gelu($0) }
    case .geluTanh: each(y, rows, columns, bias, residual, derivative) { VectorMath.geluTanh($0) }
    case .silu:
      each(y, rows, columns, bias, residual, derivative) { z in
        let s = VectorMath.sigmoid(z)
        return (z * s, s * (1 + z * (1 - s)))
      }
    }
  }

  @inline(__always)
  private static func each(
    _ y: Pointer, _ rows: Int, _ columns: Int, _ bias: Pointer?, _ residual: Pointer?,
    _ derivative: Pointer?, _ f: (Vector) -> (value: Vector, derivative: Vector)
  ) {
    for row in 0..<rows {
      var index = 0
      let line = y + row * columns
      while index < columns {
        var z = Rows.load(line, index, columns, fill: 0)
        if let bias { z += Rows.load(bias, index, columns, fill: 0) }
        var (value, slope) = f(z)
        if let residual {
          value += Rows.load(residual + row * columns, index, columns, fill: 0)
        }
        Rows.store(value, line, index, columns)
        if let derivative {
          Rows.store(slope, derivative + row * columns, index, columns)
        }
        index += 16
      }
    }
  }
}
