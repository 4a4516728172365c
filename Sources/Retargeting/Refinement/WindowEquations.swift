import Autodiff
import Geometry

/// The normal equations of some unknowns of a spline one after another; the others stay as they are.
struct WindowEquations: Sendable {
  /// The unknowns.
  let range: Range<Int>
  /// The number of columns of an unknown.
  let columns: Int
  /// The sum of squares.
  private(set) var value = 0.0
  /// Whether only the sum of squares is wanted, which takes a fraction of the time.
  var isSumOnly = false
  private var matrix: BandedMatrix
  private var gradient: [Double]
  /// Memory for the factor of the matrix, and for a frame's matrix with both its halves.
  private var factor: BandedMatrix
  private var frame: [Double]

  /// A control point is in no square with one that is farther away than this.
  static let reach = 3

  init(range: Range<Int>, columns: Int) {
    (self.range, self.columns) = (range, columns)
    matrix = BandedMatrix(size: range.count * columns, band: Self.reach * columns)
    factor = matrix
    frame = [Double](repeating: 0, count: columns * columns)
    gradient = [Double](repeating: 0, count: range.count * columns)
  }

  mutating func clear() {
    value = 0
    guard !isSumOnly else { return }
    matrix.clear()
    gradient.withUnsafeMutableBufferPointer { $0.update(repeating: 0) }
  }

  /// The step that makes the squares least [unknown, column]; nil where it cannot be computed.
  mutating func step(damping: Double) -> [Double]? {
    factor.copy(matrix)
    guard factor.factor(raisedBy: damping, and: 1e-9) else { return nil }
    let step = factor.solved(gradient)
    return step.allSatisfy(\.isFinite) ? step : nil
  }

  /// A few unknowns of the range with factors.
  private struct Blocks {
    private(set) var count = 0
    private var blocks = SIMD4<Int>(), factors = SIMD4<Double>()

    /// Adds an unknown; the factors of the same one add up.
    mutating func append(_ block: Int, _ factor: Double) {
      if count == 0 || blocks[count - 1] != block {
        blocks[count] = block
        count += 1
      }
      factors[count - 1] += factor
    }

    subscript(_ index: Int) -> (block: Int, factor: Double) { (blocks[index], factors[index]) }
  }

  /// The unknowns of at most four control points within the range, each once, with the sums of their
  /// factors.
  private func unknowns(from control: Int, _ factors: [Double], _ spline: MotionSpline) -> Blocks {
    var found = Blocks()
    for offset in factors.indices {
      let unknown = spline.unknown(control + offset)
      if range.contains(unknown) { found.append(unknown - range.lowerBound, factors[offset]) }
    }
    return found
  }

  /// Adds the squares of a frame.
  mutating func add(_ frame: Int, _ equations: FrameEquations, _ spline: MotionSpline) {
    add(equations, unknowns(from: frame, MotionSpline.weights, spline))
  }

  /// Adds the squares of the middle between a frame and the next one.
  ///
  /// Derivatives leave out the two outer control points, which move it by a forty-eighth: the matrix
  /// keeps its bandwidth, and steps are hardly worse.
  mutating func add(after frame: Int, _ equations: FrameEquations, _ spline: MotionSpline) {
    add(equations, unknowns(from: frame + 1, [0.5, 0.5], spline))
  }

  private mutating func add(
    _ equations: FrameEquations, _ blocks: Blocks
  ) {
    value += equations.value
    guard !isSumOnly else { return }
    let (columns, rows) = (columns, matrix.band + 1)
    frame.withUnsafeMutableBufferPointer { own in
      equations.matrix.withUnsafeBufferPointer { half in
        for column in 0..<columns {
          for row in column..<columns {
            own[column * columns + row] = half[column * columns + row]
            own[row * columns + column] = half[column * columns + row]
          }
        }
      }
      gradient.withUnsafeMutableBufferPointer { gradient in
        matrix.elements.withUnsafeMutableBufferPointer { elements in
          for first in 0..<blocks.count {
            let upper = blocks[first]
            let start = upper.block * columns
            for column in 0..<columns {
              gradient[start + column] += upper.factor * equations.gradient[column]
            }
            for second in first..<blocks.count {
              let lower = blocks[second]
              let weight = upper.factor * lower.factor
              let apart = (lower.block - upper.block) * columns
              for column in 0..<columns {
                let target = (start + column) * rows + apart - column
                // Below the diagonal of the whole, which is the half of a block on it.
                for row in (apart > 0 ? 0 : column)..<columns {
                  elements[target + row] += weight * own[column * columns + row]
                }
              }
            }
          }
        }
      }
    }
  }

  /// Adds `Σ weight · (residual / unit)²` of numbers that are the same combination of control points.
  ///
  /// - Parameters:
  ///   - residuals: The combination, in columns from `first` on, less what is wanted.
  ///   - weights: The weight of each; zero for what does not count.
  ///   - factors: The factors of the control points from `control` on.
  mutating func add(
    _ residuals: [Double], weights: [Double], first: Int, from control: Int, factors: [Double],
    _ spline: MotionSpline
  ) {
    let blocks = unknowns(from: control, factors, spline)
    guard blocks.count > 0 else { return }
    for index in residuals.indices where weights[index] > 0 {
      value += weights[index] * residuals[index] * residuals[index]
    }
    guard !isSumOnly else { return }
    let (rows, columns) = (matrix.band + 1, columns)
    gradient.withUnsafeMutableBufferPointer { gradient in
      matrix.elements.withUnsafeMutableBufferPointer { elements in
        for above in 0..<blocks.count {
          let upper = blocks[above]
          let start = upper.block * columns + first
          for index in residuals.indices {
            gradient[start + index] += weights[index] * upper.factor * residuals[index]
          }
          for below in above..<blocks.count {
            let lower = blocks[below]
            let (factor, apart) = (
              upper.factor * lower.factor, (lower.block - upper.block) * columns
            )
            for index in residuals.indices {
              elements[(start + index) * rows + apart] += factor * weights[index]
            }
          }
        }
      }
    }
  }

  /// Adds `weight · residual²` of a vector's part along a direction.
  mutating func add(
    _ residual: Double, along direction: Vector3, weight: Double, first: Int, from control: Int,
    factors: [Double], _ spline: MotionSpline
  ) {
    let blocks = unknowns(from: control, factors, spline)
    guard blocks.count > 0 else { return }
    value += weight * residual * residual
    guard !isSumOnly else { return }
    let rows = matrix.band + 1
    for above in 0..<blocks.count {
      let upper = blocks[above]
      for axis in 0..<3 {
        let column = upper.block * columns + first + axis
        let scaled = weight * upper.factor * direction[axis]
        gradient[column] += scaled * residual
        for below in above..<blocks.count {
          let lower = blocks[below]
          for other in 0..<3 where lower.block > upper.block || other >= axis {
            let row = lower.block * columns + first + other
            matrix.elements[column * rows + row - column] +=
              scaled * lower.factor * direction[other]
          }
        }
      }
    }
  }
}
