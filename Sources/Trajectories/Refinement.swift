/// The passage between a rate and half of it, for samples one way and for control points back.
///
/// A joint whose limits are slow against the rate has differences that are lost in the rounding of
/// its positions: the third ones of `jerk · period³` are 10⁻⁷ where positions are of order one. The
/// program is then solved at the rate divided by a power of two, and knots are inserted (Boehm,
/// Computer-Aided Design 12, 1980): the curve stays what it is. Each new control point is a convex
/// combination of old ones, and each new difference of order k is 2⁻ᵏ times one of old differences,
/// so that bounds of `v · h`, `a · h²`, `j · h³` and bounds on sums hold at the higher rate if they
/// held at the lower one.
enum Refinement {
  /// Every second sample of a row, smoothed so that nothing above the lower rate's reach is folded
  /// back; cubics stay what they are (the half-band filter of Deslauriers and Dubuc, 1989).
  static func halved(_ samples: [Double]) -> [Double] {
    let last = samples.count - 1
    func at(_ i: Int) -> Double {
      // Straight on beyond the ends.
      if i < 0 { return 2 * samples[0] - samples[min(-i, last)] }
      if i > last { return 2 * samples[last] - samples[max(0, 2 * last - i)] }
      return samples[i]
    }
    return stride(from: 0, through: last, by: 2).map { i in
      let (near, far) = (at(i - 1) + at(i + 1), at(i - 3) + at(i + 3))
      return samples[i] + (9 * (near - 2 * samples[i]) - (far - 2 * samples[i])) / 32
    }
  }

  /// The samples of a rate that is 2^`level` times lower.
  static func coarsened(_ samples: [Double], level: Int) -> [Double] {
    (0..<level).reduce(samples) { row, _ in halved(row) }
  }

  /// The control points of the same curve with a knot in the middle of each of its pieces.
  static func doubled(_ points: [Double]) -> [Double] {
    var result: [Double] = []
    result.reserveCapacity(2 * points.count - 3)
    for i in 0..<points.count - 1 {
      result.append((points[i] + points[i + 1]) / 2)
      guard i + 2 < points.count else { break }
      let c = points[i + 1]
      result.append(c + ((points[i] - c) + (points[i + 2] - c)) / 8)
    }
    return result
  }

  /// The control points of the same curve at a rate 2^`level` times higher, at rest from its end on
  /// until there are `count`.
  static func refined(_ points: [Double], level: Int, count: Int) -> [Double] {
    var result = (0..<level).reduce(points) { row, _ in doubled(row) }
    let last = result[result.count - 1]
    while result.count < count { result.append(last) }
    return result
  }
}
