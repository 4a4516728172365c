import Foundation

/// Points of some dimension, each with the trial that it is from.
///
/// Rows are padded with zeros to whole vectors of sixteen, so that distances are fast.
struct FeatureTable: Sendable {
  /// The dimension of a point.
  let columns: Int
  /// The number of points.
  private(set) var rows = 0
  /// The trial of each point; points of one trial are not independent of each other.
  private(set) var trials: [Int] = []
  let stride: Int
  var values: [Float] = []

  /// A table without points.
  init(columns: Int) {
    precondition(columns > 0, "points of no dimension")
    self.columns = columns
    stride = (columns + 15) / 16 * 16
  }

  /// A table of points [n, columns]; each is a trial of its own where none are given.
  init(_ points: [Float], columns: Int, trials: [Int]? = nil) {
    self.init(columns: columns)
    for row in 0..<(points.count / columns) {
      append(points[(row * columns)..<((row + 1) * columns)], trial: trials?[row] ?? row)
    }
  }

  /// Adds points [n, columns] of one trial.
  mutating func append(_ points: ArraySlice<Float>, trial: Int) {
    precondition(points.count % columns == 0, "\(points.count) numbers of \(columns) columns")
    for start in Swift.stride(from: points.startIndex, to: points.endIndex, by: columns) {
      values += points[start..<(start + columns)]
      values += repeatElement(0, count: stride - columns)
      trials.append(trial)
      rows += 1
    }
  }

  /// The dimension of a point.
  func row(_ index: Int) -> ArraySlice<Float> {
    values[(index * stride)..<(index * stride + columns)]
  }

  /// A selection of points.
  func selecting(_ indices: [Int]) -> FeatureTable {
    var result = FeatureTable(columns: columns)
    for index in indices { result.append(row(index), trial: trials[index]) }
    return result
  }

  /// The points of this table and another; `offset` is added to the trials of the other.
  func joined(with other: FeatureTable, trialOffset offset: Int = 0) -> FeatureTable {
    var result = self
    for index in 0..<other.rows {
      result.append(other.row(index), trial: other.trials[index] + offset)
    }
    return result
  }

  /// Calls `body` with the distance of each pair of a point here and one of another table.
  func forEachDistance(
    to other: FeatureTable, _ body: (_ row: Int, _ otherRow: Int, _ distance: Double) -> Void
  ) {
    precondition(columns == other.columns, "\(columns) columns against \(other.columns)")
    forEachDistance(to: other, from: { _ in 0 }, body)
  }

  /// Calls `body` once with the distance of each two points of this table, of which the other comes later.
  func forEachDistance(_ body: (_ row: Int, _ otherRow: Int, _ distance: Double) -> Void) {
    forEachDistance(to: self, from: { $0 + 1 }, body)
  }

  private func forEachDistance(
    to other: FeatureTable, from first: (_ row: Int) -> Int,
    _ body: (_ row: Int, _ otherRow: Int, _ distance: Double) -> Void
  ) {
    values.withUnsafeBytes { left in
      other.values.withUnsafeBytes { right in
        for row in 0..<rows {
          for otherRow in first(row)..<other.rows {
            var sum = SIMD16<Float>.zero
            for start in Swift.stride(from: 0, to: stride, by: 16) {
              let a = left.loadUnaligned(
                fromByteOffset: 4 * (row * stride + start), as: SIMD16<Float>.self)
              let b = right.loadUnaligned(
                fromByteOffset: 4 * (otherRow * stride + start), as: SIMD16<Float>.self)
              let d = a - b
              sum += d * d
            }
            body(row, otherRow, Double(sum.sum()).squareRoot())
          }
        }
      }
    }
  }

  /// The mean of each column.
  func means() -> [Double] {
    var sums = [Double](repeating: 0, count: columns)
    for index in 0..<rows {
      for (column, value) in row(index).enumerated() { sums[column] += Double(value) }
    }
    return sums.map { $0 / Double(max(1, rows)) }
  }
}

/// Standardises features by the statistics of a reference set of real motion.
struct FeatureScale: Sendable {
  /// The mean of each column.
  let means: [Float]
  /// The standard deviation of each column, bounded below.
  let deviations: [Float]

  /// The statistics of a table; deviations are at least `floors`, so that features that hardly vary
  /// in real motion do not dominate.
  init(_ table: FeatureTable, floors: [Float]) {
    precondition(floors.count == table.columns, "\(floors.count) floors, \(table.columns) columns")
    let means = table.means()
    var squares = [Double](repeating: 0, count: table.columns)
    for index in 0..<table.rows {
      for (column, value) in table.row(index).enumerated() {
        squares[column] += (Double(value) - means[column]) * (Double(value) - means[column])
      }
    }
    self.means = means.map(Float.init)
    deviations = zip(squares, floors).map { square, floor in
      max(floor, Float((square / Double(max(1, table.rows - 1))).squareRoot()))
    }
  }

  /// The standardised table.
  func callAsFunction(_ table: FeatureTable) -> FeatureTable {
    var result = table
    for row in 0..<table.rows {
      for column in 0..<table.columns {
        let index = row * table.stride + column
        result.values[index] = (result.values[index] - means[column]) / deviations[column]
      }
    }
    return result
  }
}
