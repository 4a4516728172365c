/// A part of a trajectory's time, in periods.
struct TimeSpan {
  let from, to: Double

  var middle: Double { (from + to) / 2 }
  var half: Double { (to - from) / 2 }
  var halves: [TimeSpan] { [TimeSpan(from: from, to: middle), TimeSpan(from: middle, to: to)] }
}

/// Uniform cubic B-splines of several numbers, and how far each gets from its value at a span's middle.
///
/// A spline lies between its control points, and its derivatives between their differences. The
/// evaluation is this type's own: it shares none with the compiler's.
struct JointSpans {
  /// Control points [point, joint].
  let points: [Double]
  let joints: Int

  /// The number of periods.
  var pieces: Int { max(0, points.count / max(1, joints) - 3) }

  /// The values at the middle of a span, and the most by which each differs from them within it.
  func state(_ span: TimeSpan) -> (values: [Double], reaches: [Double]) {
    guard pieces > 0 else {
      return (Array(points.prefix(joints)), [Double](repeating: 0, count: joints))
    }
    let first = min(Int(span.from), pieces - 1)
    let last = max(first, min(Int(span.to.rounded(.up)) - 1, pieces - 1))
    let middle = min(Int(span.middle), pieces - 1)
    var values = [Double](repeating: 0, count: joints)
    var reaches = values
    for joint in 0..<joints {
      let at = Self.at(span.middle - Double(middle)) { points[(middle + $0) * joints + joint] }
      values[joint] = at.value
      reaches[joint] = reach(joint, first...last, from: at, half: span.half)
    }
    return (values, reaches)
  }

  /// The least of three bounds: by control points, by speed, and by speed and acceleration.
  private func reach(
    _ joint: Int, _ range: ClosedRange<Int>, from middle: (value: Double, speed: Double),
    half: Double
  ) -> Double {
    var before = points[range.lowerBound * joints + joint]
    var (low, high, speed, bend) = (before, before, 0.0, 0.0)
    var step: Double?
    for index in (range.lowerBound + 1)...(range.upperBound + 3) {
      let point = points[index * joints + joint]
      (low, high) = (min(low, point), max(high, point))
      let next = point - before
      speed = max(speed, abs(next))
      if let step { bend = max(bend, abs(next - step)) }
      (step, before) = (next, point)
    }
    return min(
      max(high - middle.value, middle.value - low), speed * half,
      abs(middle.speed) * half + bend * half * half / 2)
  }

  /// The value and its derivative [per period] a share of the way along a piece.
  private static func at(
    _ u: Double, _ point: (Int) -> Double
  ) -> (value: Double, speed: Double) {
    // De Boor's algorithm: three rounds of weighted means.
    let (a, b, c, d) = (point(0), point(1), point(2), point(3))
    let (ab, bc, cd) = (a + (b - a) * (u + 2) / 3, b + (c - b) * (u + 1) / 3, c + (d - c) * u / 3)
    let (abc, bcd) = (ab + (bc - ab) * (u + 1) / 2, bc + (cd - bc) * u / 2)
    return (abc + (bcd - abc) * u, 3 * (bcd - abc))
  }
}
