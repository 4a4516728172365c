// Loops over rows whose length need not be a multiple of sixteen.

enum Rows {
  typealias Pointer = UnsafeMutablePointer<Float>

  /// Up to sixteen numbers of a row, the rest filled.
  @inline(__always)
  static func load(_ row: Pointer, _ index: Int, _ columns: Int, fill: Float) -> Vector {
    if index + 16 <= columns { return row.vector(index) }
    var vector = Vector(repeating: fill)
    for lane in 0..<(columns - index) { vector[lane] = row[index + lane] }
    return vector
  }

  /// Stores up to sixteen numbers of a row.
  @inline(__always)
  static func store(_ vector: Vector, _ row: Pointer, _ index: Int, _ columns: Int) {
    if index + 16 <= columns {
      row.store(vector, index)
      return
    }
    for lane in 0..<(columns - index) { row[index + lane] = vector[lane] }
  }

  /// Adds to what the row holds, or replaces it.
  @inline(__always)
  static func put(
    _ vector: Vector, _ row: Pointer, _ index: Int, _ columns: Int, fresh: Bool
  ) {
    store(
      fresh ? vector : load(row, index, columns, fill: 0) + vector, row, index, columns)
  }

  /// Adds a row to another, or copies it.
  @inline(__always)
  static func add(_ row: UnsafePointer<Float>, to target: Pointer, fresh: Bool, _ columns: Int) {
    let source = Pointer(mutating: row)
    for index in stride(from: 0, to: columns, by: 16) {
      put(load(source, index, columns, fill: 0), target, index, columns, fresh: fresh)
    }
  }

  /// The softmax of one row.
  @inline(__always)
  static func softmax(_ x: Pointer, _ y: Pointer, _ columns: Int) {
    var largest = Vector(repeating: -.infinity)
    for index in stride(from: 0, to: columns, by: 16) {
      largest = VectorMath.larger(largest, load(x, index, columns, fill: -.infinity))
    }
    let top = Vector(repeating: largest.max())
    var sum = Vector.zero
    for index in stride(from: 0, to: columns, by: 16) {
      let e = VectorMath.exp(load(x, index, columns, fill: -.infinity) - top)
      store(e, y, index, columns)
      sum += load(y, index, columns, fill: 0)
    }
    let factor = Vector(repeating: 1 / sum.sum())
    for index in stride(from: 0, to: columns, by: 16) {
      store(load(y, index, columns, fill: 0) * factor, y, index, columns)
    }
  }

  /// x minus the logarithm of the sum of the exponentials of one row.
  static func logSoftmax(_ x: Pointer, _ y: Pointer, _ columns: Int) {
    var largest = Vector(repeating: -.infinity)
    for index in stride(from: 0, to: columns, by: 16) {
      largest = VectorMath.larger(largest, load(x, index, columns, fill: -.infinity))
    }
    let top = largest.max()
    var sum: Float = 0
    for index in stride(from: 0, to: columns, by: 16) {
      let e = VectorMath.exp(load(x, index, columns, fill: -.infinity) - Vector(repeating: top))
      for lane in 0..<min(16, columns - index) { sum += e[lane] }
    }
    let shift = top + Scalar.log(sum)
    for column in 0..<columns { y[column] = x[column] - shift }
  }

  /// Normalises rows to mean 0 and variance 1, then scales and shifts each column.
  ///
  /// `statistics` receives the mean and the reciprocal deviation of each row.
  static func layerNorm(
    _ x: Pointer, gain: Pointer, bias: Pointer, into y: Pointer, statistics: Pointer, rows: Int,
    columns: Int, epsilon: Float
  ) {
    let reciprocal = 1 / Float(columns)
    for r in 0..<rows {
      let row = x + r * columns
      let result = y + r * columns
      let mean = Elementwise.sum(row, columns) * reciprocal
      let center = Vector(repeating: mean)
      var squares = Vector.zero
      for index in stride(from: 0, to: columns, by: 16) {
        let d = load(row, index, columns, fill: mean) - center
        squares.addProduct(d, d)
      }
      let scale = 1 / (squares.sum() * reciprocal + epsilon).squareRoot()
      statistics[2 * r] = mean
      statistics[2 * r + 1] = scale
      let k = Vector(repeating: scale)
      for index in stride(from: 0, to: columns, by: 16) {
        let normal = (load(row, index, columns, fill: 0) - center) * k
        let value = load(bias, index, columns, fill: 0).addingProduct(
          normal, load(gain, index, columns, fill: 0))
        store(value, result, index, columns)
      }
    }
  }

  /// The gradients of `layerNorm`; gain and bias are added to.
  static func pullLayerNorm(
    _ x: Pointer, gain: Pointer, statistics: Pointer, gradient: Pointer, rows: Int, columns: Int,
    target: Pointer?, fresh: Bool, gainTarget: Pointer?, biasTarget: Pointer?
  ) {
    let reciprocal = 1 / Float(columns)
    for r in 0..<rows {
      let row = x + r * columns
      let g = gradient + r * columns
      let center = Vector(repeating: statistics[2 * r])
      let k = Vector(repeating: statistics[2 * r + 1])
      var sum = Vector.zero
      var moment = Vector.zero
      for index in stride(from: 0, to: columns, by: 16) {
        let dy = load(g, index, columns, fill: 0)
        let normal = (load(row, index, columns, fill: 0) - center) * k
        if let gainTarget { put(dy * normal, gainTarget, index, columns, fresh: false) }
        if let biasTarget { put(dy, biasTarget, index, columns, fresh: false) }
        let scaled = dy * load(gain, index, columns, fill: 0)
        sum += scaled
        moment.addProduct(scaled, normal)
      }
      guard let target else { continue }
      let mean = Vector(repeating: sum.sum() * reciprocal)
      let slope = Vector(repeating: moment.sum() * reciprocal)
      for index in stride(from: 0, to: columns, by: 16) {
        let normal = (load(row, index, columns, fill: 0) - center) * k
        let scaled = load(g, index, columns, fill: 0) * load(gain, index, columns, fill: 0)
        put(
          (scaled - mean - normal * slope) * k, target + r * columns, index, columns, fresh: fresh)
      }
    }
  }
}
