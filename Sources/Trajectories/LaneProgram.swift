/// The limit program of up to eight joints at once, by a primal-dual interior-point method.
///
/// Minimise `½ Σ (sample − reference)²` over the control points `c` of a uniform cubic B-spline
/// under `|Dᵏc| ≤ bound[k]` for the differences of order k = 0…3, with the first three and the last
/// three control points equal. Positions are relative to the middle of the joint's range, so that
/// all bounds are symmetric. Goals, in order: every iterate strictly inside all bounds, the
/// optimum to a proven gap, speed.
///
/// Mehrotra's predictor and corrector (SIAM J. Optimization 2, 1992) on the slacks
/// `s± = bound ∓ Dᵏc`, which are positive from the start and never stored: what is left of Newton's
/// system is one banded matrix `BᵀB + Σ Dᵏᵀ (z⁺/s⁺ + z⁻/s⁻) Dᵏ` of half-bandwidth 3, factored as
/// `LDLᵀ` without pivoting. Trivial differences across the resting ends are kept as rows, so that
/// all rows are alike.
struct LaneProgram {
  /// The multipliers of the upper and the lower bounds of one place.
  struct Multipliers {
    var above = Quadruple()
    var below = Quadruple()
  }

  /// Control points 0..<count, then three that repeat the last one.
  var point: [Lanes]
  /// The number of control points.
  let count: Int
  /// The bounds of the differences of each order.
  let bound: Quadruple
  /// The number of interior-point steps that were made.
  var iterations = 0
  /// The proven distance to the optimum, as a share of the objective.
  var relativeGap = Lanes(repeating: .infinity)

  var reference: [Lanes]
  var gradient: [Lanes]
  var affineStep: [Lanes]
  var step: [Lanes]
  /// The band of the matrix, then of its factor (the diagonal as a reciprocal).
  var band: [Quadruple]
  var multiplier: [Multipliers]
  var multiplierStep: [Multipliers]

  /// The program of these references [sample], at least four, relative to the middle.
  init(reference samples: [Lanes], bound: Quadruple) {
    precondition(samples.count >= 4, "\(samples.count) samples leave nothing to solve for")
    count = samples.count + 2
    self.bound = bound
    let lanes = [Lanes](repeating: .zero, count: count + 3)
    (point, gradient, affineStep, step) = (lanes, lanes, lanes, lanes)
    band = [Quadruple](repeating: Quadruple(), count: count + 3)
    multiplier = [Multipliers](repeating: Multipliers(), count: count + 3)
    multiplierStep = multiplier
    reference = samples
  }

  var variables: ClosedRange<Int> { 2...(count - 3) }
  var constraints: Double { Double(8 * count) }

  /// Comes as near to the optimum as `tolerance`, a share of the objective.
  mutating func solve(tolerance: Double, iterationLimit: Int = 80) {
    start()
    var complementarity = initialMultipliers()
    var residual = dualResidual()
    // Lanes whose next step is not a number stay where they are.
    var isStuck = SIMDMask<SIMD8<Int64>>(repeating: false)
    for iteration in 0...iterationLimit {
      let objective = assemble() + 1e-12 * Double(count)
      // BᵀB ≥ 1/9, so an unbalanced gradient r is worth at most 9/2 r² of the objective.
      relativeGap = (complementarity + 4.5 * residual) / objective
      var isOpen = (relativeGap .> tolerance) .& .!isStuck
      if !any(isOpen) || iteration == iterationLimit {
        // Rounding makes it differ from what the steps promised.
        residual = dualResidual()
        relativeGap = (complementarity + 4.5 * residual) / objective
        let isStillOpen = (relativeGap .> tolerance) .& .!isStuck
        isOpen = isStillOpen
      }
      guard any(isOpen), iteration < iterationLimit else { return }
      iterations += 1
      Self.factor(&band, &affineStep, gradient)
      Self.substituteBack(&affineStep, band, count)
      let (largest, curvature) = affineReach()
      let affine = Lanes(repeating: 1).replacing(with: 1 / largest, where: largest .> 1)
      let predicted = complementarity * (1 - affine) + affine * affine * curvature
      let ratio = predicted / complementarity
      let target = ratio * ratio * ratio * complementarity / constraints
      // After a short predictor a whole corrector overshoots, and the method may go in circles
      // (Cartis, SIAM J. Optimization 20, 2009).
      let weight = Lanes(repeating: 1).replacing(with: affine, where: affine .< 0.1)
      correct(target, weight)
      let reach = correctedReach(target, weight) * (1 / 0.995)
      var length = Lanes(repeating: 1).replacing(with: 1 / reach, where: reach .> 1)
      let isNowStuck = isStuck .| .!hasFiniteStep(target)
      isStuck = isNowStuck
      length.replace(with: 0, where: .!isOpen .| isStuck)
      complementarity.replace(with: advance(length), where: .!isStuck)
      residual *= (1 - length) * (1 - length)
    }
  }

  /// Whether the step and its target are numbers; where they are not, the step is nothing.
  private mutating func hasFiniteStep(_ target: Lanes) -> SIMDMask<SIMD8<Int64>> {
    var sum = 0 * target
    for i in variables { sum += 0 * step[i] }
    for i in 0..<count {
      let (a, b) = (multiplierStep[i].above, multiplierStep[i].below)
      let (first, second) = ((a.e0 + a.e1) + (a.e2 + a.e3), (b.e0 + b.e1) + (b.e2 + b.e3))
      sum += 0 * (first + second)
    }
    let finite = sum .== 0
    guard !all(finite) else { return finite }
    for i in step.indices { step[i].replace(with: 0, where: .!finite) }
    for i in multiplierStep.indices {
      multiplierStep[i].above.clear(where: .!finite)
      multiplierStep[i].below.clear(where: .!finite)
    }
    return finite
  }
}

// MARK: - Beginning

extension LaneProgram {
  /// Goes to the optimum of the objective alone, at rest at both ends.
  mutating func solveWithoutBounds() {
    _ = assemble()
    Self.factor(&band, &affineStep, gradient)
    Self.substituteBack(&affineStep, band, count)
    point = affineStep
  }

  /// A strictly feasible beginning: the reference at rest at both ends, drawn towards the middle
  /// until all of its differences are well within their bounds.
  mutating func start() {
    let last = count - 3
    for i in variables {
      point[i] = reference[min(max(i - 1, 1), count - 4)]
    }
    repeatEnds()
    var use = Lanes.zero
    var window = DifferenceWindow(point.span)
    for i in 0..<count {
      let d = window.advance(to: i, in: point.span)
      use = larger(use, magnitude(d.e0) / bound.e0)
      use = larger(use, magnitude(d.e1) / bound.e1)
      use = larger(use, magnitude(d.e2) / bound.e2)
      use = larger(use, magnitude(d.e3) / bound.e3)
    }
    let share = Lanes(repeating: 1).replacing(with: 0.9 / use, where: use .> 0.9)
    for i in 2...last { point[i] *= share }
    repeatEnds()
  }

  mutating func repeatEnds() {
    for i in 0..<2 { point[i] = point[2] }
    for i in count - 2..<count + 3 { point[i] = point[count - 3] }
  }

  /// Sets all multipliers for the same complementarity; returns its sum.
  mutating func initialMultipliers() -> Lanes {
    var objective = Lanes.zero
    var window = DifferenceWindow(point.span)
    for i in 0..<count - 2 {
      _ = window.advance(to: i, in: point.span)
      let e = window.sample - reference[i]
      objective += e * e
    }
    let share = 0.1 * objective / constraints + 1e-30
    window = DifferenceWindow(point.span)
    for i in 0..<count {
      let d = window.advance(to: i, in: point.span)
      multiplier[i].above = Quadruple(
        e0: share / (bound.e0 - d.e0), e1: share / (bound.e1 - d.e1),
        e2: share / (bound.e2 - d.e2), e3: share / (bound.e3 - d.e3))
      multiplier[i].below = Quadruple(
        e0: share / (bound.e0 + d.e0), e1: share / (bound.e1 + d.e1),
        e2: share / (bound.e2 + d.e2), e3: share / (bound.e3 + d.e3))
    }
    return share * constraints
  }

  /// The squared length of the Lagrangian's gradient.
  mutating func dualResidual() -> Lanes {
    var window = DifferenceWindow(point.span)
    var (samples, rows) = (SampleGather(), DifferenceGather())
    for i in 0..<count + 3 {
      var (e, y) = (Lanes.zero, Quadruple())
      if i < count {
        _ = window.advance(to: i, in: point.span)
        if i < count - 2 { e = window.sample - reference[i] }
        let (a, b) = (multiplier[i].above, multiplier[i].below)
        y = Quadruple(e0: a.e0 - b.e0, e1: a.e1 - b.e1, e2: a.e2 - b.e2, e3: a.e3 - b.e3)
      }
      step[i] = samples.push(e) + rows.push(y)
    }
    Self.fold(&step, count)
    var sum = Lanes.zero
    for i in variables { sum += step[i] * step[i] }
    return sum
  }

  /// Moves what was gathered at the resting ends to the one variable of each.
  static func fold(_ values: inout [Lanes], _ count: Int) {
    values[2] += values[0] + values[1]
    for i in count - 2..<count + 3 { values[count - 3] += values[i] }
  }
}

// MARK: - One step

extension LaneProgram {
  /// The matrix and the gradient of the objective; returns the objective.
  mutating func assemble() -> Lanes {
    // Taken out, for a span of a stored property holds on to all of self.
    var (bands, gradients) = ([Quadruple](), [Lanes]())
    (bands, band) = (band, bands)
    (gradients, gradient) = (gradient, gradients)
    let objective = gather(&bands, &gradients)
    (band, gradient) = (bands, gradients)
    Self.fold(&gradient, count)
    foldBand()
    return objective
  }

  @inline(__always)
  static func weight(
    _ bound: Lanes, _ value: Lanes, _ above: Lanes, _ below: Lanes
  ) -> Lanes {
    let (a, b) = (bound - value, bound + value)
    return (above * b + below * a) / (a * b)
  }

  func gather(_ band: inout [Quadruple], _ gradient: inout [Lanes]) -> Lanes {
    let (points, references) = (point.span, reference.span)
    let multipliers = multiplier.span
    var bands = band.mutableSpan
    var gradients = gradient.mutableSpan
    var window = DifferenceWindow(points)
    var samples = SampleGather()
    var objective = Lanes.zero
    var (w1, w2, w2p) = (Lanes.zero, Lanes.zero, Lanes.zero)
    var (w3, w3p, w3pp) = (Lanes.zero, Lanes.zero, Lanes.zero)
    var (one, onep) = (0.0, 0.0)
    for i in 0..<count + 3 {
      var (e, w, here) = (Lanes.zero, Quadruple(), 0.0)
      if i < count {
        let d = window.advance(to: i, in: points)
        if i < count - 2 {
          e = window.sample - references[i]
          objective += e * e
          here = 1.0 / 36
        }
        let (a, b) = (multipliers[i].above, multipliers[i].below)
        w.e0 = Self.weight(bound.e0, d.e0, a.e0, b.e0)
        w.e1 = Self.weight(bound.e1, d.e1, a.e1, b.e1)
        w.e2 = Self.weight(bound.e2, d.e2, a.e2, b.e2)
        w.e3 = Self.weight(bound.e3, d.e3, a.e3, b.e3)
      }
      gradients[i] = samples.push(e)
      let nine = 9 * (w3 + w3p)
      bands[i] = Quadruple(
        e0: (w.e0 + w.e1 + w1) + (w.e2 + w2p + 4 * w2) + (w.e3 + w3pp + nine)
          + (here + 16 * one + onep),
        e1: 4 * (here + one) - w.e1 - 2 * (w.e2 + w2) - 3 * (w.e3 + w3p) - 9 * w3,
        e2: here + w.e2 + 3 * (w.e3 + w3),
        e3: -w.e3)
      w1 = w.e1
      (w2p, w2) = (w2, w.e2)
      (w3pp, w3p, w3) = (w3p, w3, w.e3)
      (onep, one) = (one, here)
    }
    return 0.5 * objective
  }

  /// Moves the entries of the resting ends to the one variable of each.
  mutating func foldBand() {
    let places = Array(0..<min(3, count)) + Array(max(3, count - 6)..<count + 3)
    let entries = places.map { band[$0] }
    for i in places { band[i] = Quadruple() }
    for (i, entry) in zip(places, entries) {
      let values = [entry.e0, entry.e1, entry.e2, entry.e3]
      for (distance, value) in values.enumerated() where i + distance < count + 3 {
        let row = min(max(i, 2), count - 3)
        let column = min(max(i + distance, 2), count - 3)
        switch column - row {
        case 0: band[row].e0 += distance == 0 ? value : 2 * value
        case 1: band[row].e1 += value
        case 2: band[row].e2 += value
        default: band[row].e3 += value
        }
      }
    }
  }

  /// Factors the matrix in place and substitutes the negated gradient forwards.
  static func factor(
    _ band: inout [Quadruple], _ step: inout [Lanes], _ gradient: [Lanes]
  ) {
    let gradients = gradient.span
    var bands = band.mutableSpan
    var steps = step.mutableSpan
    // Multipliers l and products v = d·l of the last three columns.
    var (l1, v1, l2, v2, l3, v3) = (
      Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero
    )
    var (l2p, v2p, l3p, v3p) = (Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero)
    var (l3pp, v3pp) = (Lanes.zero, Lanes.zero)
    var (y, yp, ypp) = (Lanes.zero, Lanes.zero, Lanes.zero)
    for i in 2..<gradient.count - 5 {
      let h = bands[i]
      // A pivot that rounding made nothing is as large as that rounding.
      let d = larger(((h.e0 - v3pp * l3pp) - v2p * l2p) - v1 * l1, 1e-15 * h.e0)
      let u1 = (h.e1 - v3p * l2p) - v2 * l1
      let u2 = h.e2 - v3 * l1
      let reciprocal = 1 / d
      let x = ((-gradients[i] - l3pp * ypp) - l2p * yp) - l1 * y
      (l3pp, v3pp, l3p, v3p, l2p, v2p) = (l3p, v3p, l3, v3, l2, v2)
      (v1, v2, v3) = (u1, u2, h.e3)
      (l1, l2, l3) = (u1 * reciprocal, u2 * reciprocal, h.e3 * reciprocal)
      bands[i] = Quadruple(e0: reciprocal, e1: l1, e2: l2, e3: l3)
      steps[i] = x
      (ypp, yp, y) = (yp, y, x)
    }
  }

  static func substituteForwards(
    _ values: inout [Lanes], _ band: [Quadruple], _ count: Int
  ) {
    let bands = band.span
    var x = values.mutableSpan
    var (y, yp, ypp) = (Lanes.zero, Lanes.zero, Lanes.zero)
    var (l1, l2, l2p, l3, l3p, l3pp) = (
      Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero
    )
    for i in 2...count - 3 {
      let value = ((x[i] - l3pp * ypp) - l2p * yp) - l1 * y
      let l = bands[i]
      (l3pp, l3p, l3) = (l3p, l3, l.e3)
      (l2p, l2) = (l2, l.e2)
      l1 = l.e1
      x[i] = value
      (ypp, yp, y) = (yp, y, value)
    }
  }

  static func substituteBack(
    _ values: inout [Lanes], _ band: [Quadruple], _ count: Int
  ) {
    let bands = band.span
    var x = values.mutableSpan
    var (y, yp, ypp) = (Lanes.zero, Lanes.zero, Lanes.zero)
    for i in (2...count - 3).reversed() {
      let l = bands[i]
      let value = ((x[i] * l.e0 - l.e3 * ypp) - l.e2 * yp) - l.e1 * y
      x[i] = value
      (ypp, yp, y) = (yp, y, value)
    }
    for i in 0..<2 { x[i] = x[2] }
    for i in count - 2..<count + 3 { x[i] = x[count - 3] }
  }
}
