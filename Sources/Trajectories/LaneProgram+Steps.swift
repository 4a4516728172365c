/// The reciprocals of the slacks of one pair of rows.
@inline(__always)
func reciprocals(_ bound: Lanes, _ value: Lanes) -> (above: Lanes, below: Lanes) {
  let (above, below) = (bound - value, bound + value)
  let both = 1 / (above * below)
  return (below * both, above * both)
}

extension LaneProgram {
  /// How far the affine step is from breaking a bound, as the largest `−ds/s` or `−dz/z`, and the
  /// sum of `ds·dz`.
  func affineReach() -> (largest: Lanes, curvature: Lanes) {
    let (points, steps) = (point.span, affineStep.span)
    let multipliers = multiplier.span
    var (at, along) = (DifferenceWindow(points), DifferenceWindow(steps))
    var (largest, least, curvature) = (Lanes.zero, Lanes.zero, Lanes.zero)
    for i in 0..<count {
      let (d, t) = (at.advance(to: i, in: points), along.advance(to: i, in: steps))
      let (a, b) = (multipliers[i].above, multipliers[i].below)
      @inline(__always)
      func pair(_ bound: Lanes, _ d: Lanes, _ t: Lanes, _ a: Lanes, _ b: Lanes) {
        let inverse = reciprocals(bound, d)
        let (p, m) = (t * inverse.above, -t * inverse.below)
        largest = larger(larger(largest, p), m)
        least = smaller(smaller(least, p), m)
        curvature += t * (a * (1 - p) - b * (1 - m))
      }
      pair(bound.e0, d.e0, t.e0, a.e0, b.e0)
      pair(bound.e1, d.e1, t.e1, a.e1, b.e1)
      pair(bound.e2, d.e2, t.e2, a.e2, b.e2)
      pair(bound.e3, d.e3, t.e3, a.e3, b.e3)
    }
    // The affine step takes −dz/z = 1 + ds/s.
    return (larger(largest, 1 - least), curvature)
  }

  /// The step to the complementarity `target`, with a share of the affine step's
  /// curvature taken into account.
  mutating func correct(_ target: Lanes, _ weight: Lanes) {
    correctedRightSide(target, weight)
    Self.fold(&step, count)
    Self.substituteForwards(&step, band, count)
    Self.substituteBack(&step, band, count)
  }

  mutating func correctedRightSide(_ target: Lanes, _ weight: Lanes) {
    let (variables, point, affineStep, gradient) = (variables, point, affineStep, gradient)
    let (count, bound, multiplier) = (count, bound, multiplier)
    let (points, affine, gradients) = (point.span, affineStep.span, gradient.span)
    let multipliers = multiplier.span
    var steps = step.mutableSpan
    var (at, along) = (DifferenceWindow(points), DifferenceWindow(affine))
    var rows = DifferenceGather()
    for i in 0..<count + 3 {
      var y = Quadruple()
      if i < count {
        let (d, t) = (at.advance(to: i, in: points), along.advance(to: i, in: affine))
        let (a, b) = (multipliers[i].above, multipliers[i].below)
        @inline(__always)
        func pair(_ bound: Lanes, _ d: Lanes, _ t: Lanes, _ a: Lanes, _ b: Lanes) -> Lanes {
          let inverse = reciprocals(bound, d)
          let (p, m) = (t * inverse.above, -t * inverse.below)
          let u = weight * t
          return (target - u * a * (1 - p)) * inverse.above
            - (target + u * b * (1 - m)) * inverse.below
        }
        y.e0 = pair(bound.e0, d.e0, t.e0, a.e0, b.e0)
        y.e1 = pair(bound.e1, d.e1, t.e1, a.e1, b.e1)
        y.e2 = pair(bound.e2, d.e2, t.e2, a.e2, b.e2)
        y.e3 = pair(bound.e3, d.e3, t.e3, a.e3, b.e3)
      }
      steps[i] = -rows.push(y)
    }
    // The folded gradient stands at the variables only; what lies beyond is folded once.
    for i in variables { steps[i] -= gradients[i] }
  }

  /// The steps of the multipliers, and the largest `−ds/s` or `−dz/z`.
  mutating func correctedReach(_ target: Lanes, _ weight: Lanes) -> Lanes {
    let (count, bound) = (count, bound)
    let (point, affineStep, step, multiplier) = (point, affineStep, step, multiplier)
    let (points, affine, steps) = (point.span, affineStep.span, step.span)
    let multipliers = multiplier.span
    var multiplierSteps = multiplierStep.mutableSpan
    var at = DifferenceWindow(points)
    var (predicted, along) = (DifferenceWindow(affine), DifferenceWindow(steps))
    var largest = Lanes.zero
    for i in 0..<count {
      let d = at.advance(to: i, in: points)
      let t = predicted.advance(to: i, in: affine)
      let u = along.advance(to: i, in: steps)
      let (a, b) = (multipliers[i].above, multipliers[i].below)
      var (da, db) = (Quadruple(), Quadruple())
      @inline(__always)
      func pair(
        _ bound: Lanes, _ d: Lanes, _ t: Lanes, _ u: Lanes, _ a: Lanes, _ b: Lanes
      ) -> (Lanes, Lanes) {
        let inverse = reciprocals(bound, d)
        let (p, m) = (t * inverse.above, -t * inverse.below)
        let (q, r) = (u * inverse.above, -u * inverse.below)
        let v = weight * t
        let stepAbove = (target - v * a * (1 - p)) * inverse.above - a * (1 - q)
        let stepBelow = (target + v * b * (1 - m)) * inverse.below - b * (1 - r)
        largest = larger(larger(largest, q), r)
        let both = 1 / (a * b)
        largest = larger(larger(largest, -stepAbove * b * both), -stepBelow * a * both)
        return (stepAbove, stepBelow)
      }
      (da.e0, db.e0) = pair(bound.e0, d.e0, t.e0, u.e0, a.e0, b.e0)
      (da.e1, db.e1) = pair(bound.e1, d.e1, t.e1, u.e1, a.e1, b.e1)
      (da.e2, db.e2) = pair(bound.e2, d.e2, t.e2, u.e2, a.e2, b.e2)
      (da.e3, db.e3) = pair(bound.e3, d.e3, t.e3, u.e3, a.e3, b.e3)
      multiplierSteps[i] = Multipliers(above: da, below: db)
    }
    return largest
  }

  /// Goes along the step by a share of its length; returns the complementarity there.
  mutating func advance(_ length: Lanes) -> Lanes {
    for i in variables { point[i] += length * step[i] }
    repeatEnds()
    let (count, bound, point, multiplierStep) = (count, bound, point, multiplierStep)
    let (points, multiplierSteps) = (point.span, multiplierStep.span)
    var multipliers = multiplier.mutableSpan
    var at = DifferenceWindow(points)
    var sum = Lanes.zero
    for i in 0..<count {
      let d = at.advance(to: i, in: points)
      let (da, db) = (multiplierSteps[i].above, multiplierSteps[i].below)
      var (a, b) = (multipliers[i].above, multipliers[i].below)
      a.e0 += length * da.e0
      a.e1 += length * da.e1
      a.e2 += length * da.e2
      a.e3 += length * da.e3
      b.e0 += length * db.e0
      b.e1 += length * db.e1
      b.e2 += length * db.e2
      b.e3 += length * db.e3
      sum += a.e0 * (bound.e0 - d.e0) + b.e0 * (bound.e0 + d.e0)
      sum += a.e1 * (bound.e1 - d.e1) + b.e1 * (bound.e1 + d.e1)
      sum += a.e2 * (bound.e2 - d.e2) + b.e2 * (bound.e2 + d.e2)
      sum += a.e3 * (bound.e3 - d.e3) + b.e3 * (bound.e3 + d.e3)
      multipliers[i] = Multipliers(above: a, below: b)
    }
    return sum
  }
}
