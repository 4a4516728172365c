/// The limit program of joints that coupled limits tie together, by the same interior-point method
/// as `LaneProgram`, on scalars, with any number of joints and any rows that are alike at all places.
///
/// The variables of the joints are interleaved, so that the matrix is banded with a half-bandwidth
/// of three times the number of joints. Values are relative to an inner configuration that keeps
/// all bounds, so that zero is strictly feasible.
struct GroupProgram {
  /// A row of inequalities, the same at each place: `lower ≤ Σ factor · value ≤ upper`.
  struct Stencil {
    /// Offsets into the interleaved values from the place's first, with their factors.
    var terms: [(offset: Int, factor: Double)]
    /// The least sum.
    var lower: Double
    /// The greatest sum.
    var upper: Double
  }

  /// The number of joints.
  let joints: Int
  /// The number of control points of each.
  let count: Int
  /// The inequalities of each place.
  let stencils: [Stencil]
  /// Control points [point, joint]; beyond the last one, three that repeat it.
  private(set) var point: [Double]
  /// The number of interior-point steps that were made.
  private(set) var iterations = 0
  /// The proven distance to the optimum, as a share of the objective.
  private(set) var relativeGap = Double.infinity

  private let reference: [Double]
  private var gradient: [Double]
  private var affineStep: [Double]
  private var step: [Double]
  private var band: [Double]
  private var above: [Double]
  private var below: [Double]
  private var aboveStep: [Double]
  private var belowStep: [Double]

  private var width: Int { 3 * joints }
  private var variableCount: Int { (count - 4) * joints }

  /// The program of references [sample, joint] (at least four samples).
  init(reference: [Double], joints: Int, stencils: [Stencil]) {
    (self.reference, self.joints, self.stencils) = (reference, joints, stencils)
    count = reference.count / joints + 2
    precondition(count >= 6, "\(count - 2) samples leave nothing to solve for")
    point = [Double](repeating: 0, count: (count + 3) * joints)
    (affineStep, step) = (point, point)
    gradient = [Double](repeating: 0, count: (count - 4) * joints)
    band = [Double](repeating: 0, count: gradient.count * (3 * joints + 1))
    above = [Double](repeating: 0, count: count * stencils.count)
    (below, aboveStep, belowStep) = (above, above, above)
  }

  /// Comes as near to the optimum as `tolerance`, a share of the objective.
  mutating func solve(tolerance: Double, iterationLimit: Int = 100) {
    start()
    var (complementarity, residual) = initialMultipliers()
    let rows = Double(2 * above.count)
    for iteration in 0...iterationLimit {
      let objective = assemble()
      let scale = objective + 1e-12 * Double(count * joints)
      relativeGap = (complementarity + 4.5 * residual) / scale
      if !(relativeGap > tolerance) || iteration == iterationLimit {
        // Rounding makes it differ from what the steps promised.
        residual = dualResidual()
        relativeGap = (complementarity + 4.5 * residual) / scale
      }
      guard relativeGap > tolerance, iteration < iterationLimit else { return }
      iterations += 1
      factor()
      setVariables(of: &affineStep, to: substituted(gradient.map { -$0 }))
      let (largest, curvature) = affineReach()
      let affine = min(1, 1 / largest)
      let ratio = (complementarity * (1 - affine) + affine * affine * curvature) / complementarity
      let target = ratio * ratio * ratio * complementarity / rows
      // After a short predictor a whole corrector overshoots (see `LaneProgram`).
      correct(target, weight: affine < 0.1 ? affine : 1)
      let length = min(1, 0.995 / correctedReach(target))
      // A step that is not a number leads nowhere.
      guard (step + aboveStep + belowStep).allSatisfy(\.isFinite), length > 0 else { break }
      for i in point.indices { point[i] += length * step[i] }
      for r in above.indices {
        above[r] += length * aboveStep[r]
        below[r] += length * belowStep[r]
      }
      complementarity = sumOfProducts()
      residual *= (1 - length) * (1 - length)
    }
    let scale = assemble() + 1e-12 * Double(count * joints)
    relativeGap = (complementarity + 4.5 * dualResidual()) / scale
  }
}

// MARK: - Rows

extension GroupProgram {
  /// The index of the variable that stands for a padded value.
  @inline(__always)
  private func variable(_ index: Int) -> Int {
    let place = index / joints
    return (min(max(place, 2), count - 3) - 2) * joints + index % joints
  }

  private func setVariables(of values: inout [Double], to variables: [Double]) {
    for index in values.indices { values[index] = variables[variable(index)] }
  }

  @inline(__always)
  private func sum(_ stencil: Stencil, at place: Int, of values: [Double]) -> Double {
    var sum = 0.0
    for term in stencil.terms { sum += term.factor * values[place * joints + term.offset] }
    return sum
  }

  private func sampleError(_ index: Int) -> Double {
    (point[index] + 4 * point[index + joints] + point[index + 2 * joints]) / 6 - reference[index]
  }

  /// Draws the resting reference towards zero until all rows are well within their bounds.
  private mutating func start() {
    let variables = (0..<variableCount).map { index in
      let sample = min(max(index / joints + 1, 1), count - 4)
      return reference[sample * joints + index % joints]
    }
    setVariables(of: &point, to: variables)
    var share = 1.0
    for place in 0..<count {
      for stencil in stencils {
        let value = sum(stencil, at: place, of: point)
        guard value != 0 else { continue }
        share = min(share, 0.9 * (value > 0 ? stencil.upper : stencil.lower) / value)
      }
    }
    for index in point.indices { point[index] *= share }
  }

  private mutating func initialMultipliers() -> (complementarity: Double, residual: Double) {
    var objective = 0.0
    for index in reference.indices { objective += sampleError(index) * sampleError(index) }
    let share = 0.1 * objective / Double(2 * above.count) + 1e-30
    var row = 0
    for place in 0..<count {
      for stencil in stencils {
        let value = sum(stencil, at: place, of: point)
        above[row] = share / (stencil.upper - value)
        below[row] = share / (value - stencil.lower)
        row += 1
      }
    }
    _ = assemble()
    return (share * Double(2 * above.count), dualResidual())
  }

  /// The squared length of the Lagrangian's gradient, after `assemble`.
  private func dualResidual() -> Double {
    var (row, slope) = (0, gradient)
    for place in 0..<count {
      for stencil in stencils {
        for term in stencil.terms {
          slope[variable(place * joints + term.offset)] += term.factor * (above[row] - below[row])
        }
        row += 1
      }
    }
    return slope.reduce(0) { $0 + $1 * $1 }
  }

  private func sumOfProducts() -> Double {
    var (row, total) = (0, 0.0)
    for place in 0..<count {
      for stencil in stencils {
        let value = sum(stencil, at: place, of: point)
        total += above[row] * (stencil.upper - value) + below[row] * (value - stencil.lower)
        row += 1
      }
    }
    return total
  }
}

// MARK: - The matrix

extension GroupProgram {
  /// The matrix and the gradient of the objective; returns the objective.
  private mutating func assemble() -> Double {
    for i in band.indices { band[i] = 0 }
    for i in gradient.indices { gradient[i] = 0 }
    var (objective, row) = (0.0, 0)
    for index in reference.indices {
      let error = sampleError(index)
      objective += error * error
      let terms = [(0, 1.0 / 6), (joints, 4.0 / 6), (2 * joints, 1.0 / 6)]
      for term in terms { gradient[variable(index + term.0)] += term.1 * error }
      add(terms, at: index, weight: 1)
    }
    for place in 0..<count {
      for stencil in stencils {
        let value = sum(stencil, at: place, of: point)
        let weight = above[row] / (stencil.upper - value) + below[row] / (value - stencil.lower)
        add(stencil.terms, at: place * joints, weight: weight)
        row += 1
      }
    }
    return objective / 2
  }

  @inline(__always)
  private mutating func add(
    _ terms: [(offset: Int, factor: Double)], at first: Int, weight: Double
  ) {
    for (a, left) in terms.enumerated() {
      let i = variable(first + left.offset)
      for b in a..<terms.count {
        let j = variable(first + terms[b].offset)
        let value = weight * left.factor * terms[b].factor
        band[min(i, j) * (width + 1) + abs(i - j)] += i == j && a != b ? 2 * value : value
      }
    }
  }

  /// Factors the matrix in place as `LDLᵀ`, the diagonal as a reciprocal.
  private mutating func factor() {
    let (n, width) = (variableCount, width)
    let stride = width + 1
    // A pivot that rounding made nothing is as large as that rounding.
    let least = (0..<n).map { 1e-15 * band[$0 * stride] }
    band.withUnsafeMutableBufferPointer { band in
      for i in 0..<n {
        let here = i * stride
        let reciprocal = 1 / max(band[here], least[i])
        let reach = min(width, n - 1 - i)
        for a in 1..<reach + 1 {
          let multiplier = band[here + a] * reciprocal
          let there = (i + a) * stride
          for b in a...reach { band[there + b - a] -= multiplier * band[here + b] }
        }
        band[here] = reciprocal
        for a in 1..<reach + 1 { band[here + a] *= reciprocal }
      }
    }
  }

  private func substituted(_ right: [Double]) -> [Double] {
    var x = right
    let (n, stride) = (variableCount, width + 1)
    for i in 0..<n {
      for a in 1..<min(width, n - 1 - i) + 1 { x[i + a] -= band[i * stride + a] * x[i] }
    }
    for i in (0..<n).reversed() {
      x[i] *= band[i * stride]
      for a in 1..<min(width, n - 1 - i) + 1 { x[i] -= band[i * stride + a] * x[i + a] }
    }
    return x
  }
}

// MARK: - Predictor and corrector

extension GroupProgram {
  private func affineReach() -> (largest: Double, curvature: Double) {
    var (row, largest, curvature) = (0, 0.0, 0.0)
    for place in 0..<count {
      for stencil in stencils {
        let value = sum(stencil, at: place, of: point)
        let t = sum(stencil, at: place, of: affineStep)
        let (p, m) = (t / (stencil.upper - value), -t / (value - stencil.lower))
        largest = max(largest, p, 1 - p, m, 1 - m)
        curvature += t * (above[row] * (1 - p) - below[row] * (1 - m))
        row += 1
      }
    }
    return (largest, curvature)
  }

  private mutating func correct(_ target: Double, weight: Double) {
    var (row, right) = (0, gradient.map { -$0 })
    for place in 0..<count {
      for stencil in stencils {
        let value = sum(stencil, at: place, of: point)
        let t = sum(stencil, at: place, of: affineStep)
        let (up, down) = (stencil.upper - value, value - stencil.lower)
        aboveStep[row] = (target - weight * t * above[row] * (1 - t / up)) / up
        belowStep[row] = (target + weight * t * below[row] * (1 + t / down)) / down
        for term in stencil.terms {
          right[variable(place * joints + term.offset)] -=
            term.factor * (aboveStep[row] - belowStep[row])
        }
        row += 1
      }
    }
    setVariables(of: &step, to: substituted(right))
  }

  private mutating func correctedReach(_ target: Double) -> Double {
    var (row, largest) = (0, 1e-300)
    for place in 0..<count {
      for stencil in stencils {
        let value = sum(stencil, at: place, of: point)
        let u = sum(stencil, at: place, of: step)
        let (q, r) = (u / (stencil.upper - value), -u / (value - stencil.lower))
        aboveStep[row] -= above[row] * (1 - q)
        belowStep[row] -= below[row] * (1 - r)
        largest = max(
          largest, q, r, -aboveStep[row] / above[row], -belowStep[row] / below[row])
        row += 1
      }
    }
    return largest
  }
}
