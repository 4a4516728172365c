/// Transposes small blocks in registers and whole matrices by blocks.
enum Transposition {
  typealias Pointer = UnsafeMutablePointer<Float>

  /// target[c, r] = source[r, c] for 16 columns and up to 16 rows, the rest zero.
  ///
  /// Four rounds that each interleave row i with row i + 8 turn rows into columns.
  @inline(__always)
  static func block(
    _ source: Pointer, stride: Int, rows: Int, into target: Pointer, stride targetStride: Int
  ) {
    withUnsafeTemporaryAllocation(of: Vector.self, capacity: 32) { memory in
      for row in 0..<16 {
        memory[row] = row < rows ? source.vector(row * stride) : .zero
      }
      var from = 0
      for _ in 0..<4 {
        let to = 16 - from
        for row in 0..<8 {
          let a = memory[from + row]
          let b = memory[from + row + 8]
          var low = Vector.zero
          low.evenHalf = a.lowHalf
          low.oddHalf = b.lowHalf
          var high = Vector.zero
          high.evenHalf = a.highHalf
          high.oddHalf = b.highHalf
          memory[to + 2 * row] = low
          memory[to + 2 * row + 1] = high
        }
        from = to
      }
      for row in 0..<16 { target.store(memory[row], row * targetStride) }
    }
  }

  /// target[c, r] = source[r, c].
  static func whole(_ source: Pointer, rows: Int, columns: Int, into target: Pointer) {
    for row in 0..<rows {
      for column in 0..<columns { target[column * rows + row] = source[row * columns + column] }
    }
  }

  /// target[c, r] += source[r, c], or = where it is fresh.
  static func add(
    _ source: Pointer, rows: Int, columns: Int, to target: Pointer, fresh: Bool
  ) {
    for row in 0..<rows {
      for column in 0..<columns {
        let index = column * rows + row
        target[index] = (fresh ? 0 : target[index]) + source[row * columns + column]
      }
    }
  }
}
