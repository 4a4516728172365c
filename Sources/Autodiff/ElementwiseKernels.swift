// Loops over numbers one by one. Buffers are padded to whole vectors, so loops over one buffer
// run over the padding too and need no remainder; `count` is rounded up here.

enum Elementwise {
  typealias Pointer = UnsafeMutablePointer<Float>

  /// y = f(x).
  @inline(__always)
  static func map(_ x: Pointer, _ y: Pointer, _ count: Int, _ f: (Vector) -> Vector) {
    var index = 0
    while index < count {
      y.store(f(x.vector(index)), index)
      index += 16
    }
  }

  /// z = f(x, y).
  @inline(__always)
  static func zip(
    _ x: Pointer, _ y: Pointer, _ z: Pointer, _ count: Int, _ f: (Vector, Vector) -> Vector
  ) {
    var index = 0
    while index < count {
      z.store(f(x.vector(index), y.vector(index)), index)
      index += 16
    }
  }

  /// target = or += f(x, y, g).
  @inline(__always)
  static func pull(
    _ x: Pointer, _ y: Pointer, _ g: Pointer, _ target: Pointer, fresh: Bool, _ count: Int,
    _ f: (Vector, Vector, Vector) -> Vector
  ) {
    var index = 0
    if fresh {
      while index < count {
        target.store(f(x.vector(index), y.vector(index), g.vector(index)), index)
        index += 16
      }
      return
    }
    while index < count {
      let sum = target.vector(index) + f(x.vector(index), y.vector(index), g.vector(index))
      target.store(sum, index)
      index += 16
    }
  }

  /// target = or += factor * g.
  static func add(
    _ g: Pointer, times factor: Float = 1, to target: Pointer, fresh: Bool, _ count: Int
  ) {
    let k = Vector(repeating: factor)
    pull(g, g, g, target, fresh: fresh, count) { _, _, g in g * k }
  }

  /// The sum of numbers, in a fixed order.
  static func sum(_ x: Pointer, _ count: Int) -> Float {
    var total = Vector.zero
    var index = 0
    while index + 16 <= count {
      total += x.vector(index)
      index += 16
    }
    var result = total.sum()
    while index < count {
      result += x[index]
      index += 1
    }
    return result
  }

  /// The sum of products, in a fixed order.
  static func dot(_ x: Pointer, _ y: Pointer, _ count: Int) -> Float {
    var total = Vector.zero
    var index = 0
    while index + 16 <= count {
      total.addProduct(x.vector(index), y.vector(index))
      index += 16
    }
    var result = total.sum()
    while index < count {
      result.addProduct(x[index], y[index])
      index += 1
    }
    return result
  }

  /// y[r, c] = or += the sum over rows r of g[r, c], with c < columns.
  static func addColumnSums(_ g: Pointer, rows: Int, columns: Int, to target: Pointer) {
    var column = 0
    while column + 64 <= columns {
      var s0 = target.vector(column)
      var s1 = target.vector(column + 16)
      var s2 = target.vector(column + 32)
      var s3 = target.vector(column + 48)
      var row = g + column
      for _ in 0..<rows {
        s0 += row.vector(0)
        s1 += row.vector(16)
        s2 += row.vector(32)
        s3 += row.vector(48)
        row += columns
      }
      target.store(s0, column)
      target.store(s1, column + 16)
      target.store(s2, column + 32)
      target.store(s3, column + 48)
      column += 64
    }
    while column + 16 <= columns {
      var sum = target.vector(column)
      for row in 0..<rows { sum += g.vector(row * columns + column) }
      target.store(sum, column)
      column += 16
    }
    while column < columns {
      var sum = target[column]
      for row in 0..<rows { sum += g[row * columns + column] }
      target[column] = sum
      column += 1
    }
  }

  /// The value of a function.
  static func apply(_ function: Function, _ x: Pointer, _ y: Pointer, _ count: Int) {
    switch function {
    case .relu: map(x, y, count) { $0.replacing(with: 0, where: $0 .< 0) }
    case .gelu: map(x, y, count) { VectorMath.gelu($0).value }
    case .geluTanh: map(x, y, count) { VectorMath.geluTanh($0).value }
    case .silu: map(x, y, count) { $0 * VectorMath.sigmoid($0) }
    case .tanh: map(x, y, count) { VectorMath.tanh($0) }
    case .sigmoid: map(x, y, count) { VectorMath.sigmoid($0) }
    case .softplus: map(x, y, count) { VectorMath.softplus($0) }
    case .exp: map(x, y, count) { VectorMath.exp($0) }
    case .square: map(x, y, count) { $0 * $0 }
    case .absolute: map(x, y, count) { VectorMath.abs($0) }
    case .squareRoot: map(x, y, count) { $0.squareRoot() }
    case .reciprocal: map(x, y, count) { 1 / $0 }
    case .log: each(x, y, count, Scalar.log)
    case .sine: each(x, y, count, Scalar.sine)
    case .cosine: each(x, y, count, Scalar.cosine)
    }
  }

  /// The gradient of a function's argument.
  static func pull(
    _ function: Function, x: Pointer, y: Pointer, g: Pointer, target: Pointer, fresh: Bool,
    _ count: Int
  ) {
    switch function {
    case .relu:
      pull(x, y, g, target, fresh: fresh, count) { x, _, g in g.replacing(with: 0, where: x .<= 0) }
    case .gelu:
      pull(x, y, g, target, fresh: fresh, count) { x, _, g in g * VectorMath.gelu(x).derivative }
    case .geluTanh:
      pull(x, y, g, target, fresh: fresh, count) { x, _, g in
        g * VectorMath.geluTanh(x).derivative
      }
    case .silu:
      pull(x, y, g, target, fresh: fresh, count) { x, _, g in
        let s = VectorMath.sigmoid(x)
        return g * s * (1 + x * (1 - s))
      }
    case .tanh: pull(x, y, g, target, fresh: fresh, count) { _, y, g in g * (1 - y * y) }
    case .sigmoid: pull(x, y, g, target, fresh: fresh, count) { _, y, g in g * y * (1 - y) }
    case .softplus:
      pull(x, y, g, target, fresh: fresh, count) { x, _, g in g * VectorMath.sigmoid(x) }
    case .exp: pull(x, y, g, target, fresh: fresh, count) { _, y, g in g * y }
    case .square: pull(x, y, g, target, fresh: fresh, count) { x, _, g in g * (x + x) }
    case .absolute:
      pull(x, y, g, target, fresh: fresh, count) { x, _, g in
        g.replacing(with: -g, where: x .< 0).replacing(with: 0, where: x .== 0)
      }
    case .squareRoot:
      // the slope at zero is taken as zero, so that a norm of nothing does not poison the rest
      pull(x, y, g, target, fresh: fresh, count) { x, y, g in
        (g * 0.5 / y).replacing(with: 0, where: y .<= 0)
      }
    case .reciprocal: pull(x, y, g, target, fresh: fresh, count) { _, y, g in -g * y * y }
    case .log: pull(x, y, g, target, fresh: fresh, count) { x, _, g in g / x }
    case .sine: slow(x, g, target, fresh: fresh, count) { Scalar.cosine($0) }
    case .cosine: slow(x, g, target, fresh: fresh, count) { -Scalar.sine($0) }
    }
  }

  private static func each(_ x: Pointer, _ y: Pointer, _ count: Int, _ f: (Float) -> Float) {
    for index in 0..<count { y[index] = f(x[index]) }
  }

  private static func slow(
    _ x: Pointer, _ g: Pointer, _ target: Pointer, fresh: Bool, _ count: Int,
    _ slope: (Float) -> Float
  ) {
    for index in 0..<count {
      target[index] = (fresh ? 0 : target[index]) + g[index] * slope(x[index])
    }
  }
}
