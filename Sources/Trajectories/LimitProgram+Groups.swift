import Kinematics

/// Joints that coupled limits tie together, and those limits.
struct CoupledGroup {
  var joints: [Int]
  var limits: [CoupledLimit]
}

extension LimitProgram {
  /// The joints that share coupled limits, directly or through other joints.
  func coupledGroups() -> [CoupledGroup] {
    var groups: [CoupledGroup] = []
    for limit in limits.coupled {
      let terms = limit.terms.filter { $0.factor != 0 }
      var merged = CoupledGroup(joints: terms.map(\.coordinate), limits: [limit])
      groups.removeAll { group in
        guard !Set(group.joints).isDisjoint(with: merged.joints) else { return false }
        merged.joints += group.joints
        merged.limits += group.limits
        return true
      }
      merged.joints = Array(Set(merged.joints)).sorted()
      groups.append(merged)
    }
    return groups
  }

  /// Solves for one group's control points.
  func solve(_ group: CoupledGroup, into points: inout [Double]) throws(UnsafeMotion) {
    var ranges: [JointRange] = []
    for joint in group.joints { ranges.append(try range(of: joint, isCoupled: true)) }
    let rows = group.limits.map { CoupledRow($0, group: group.joints, ranges: ranges) }
    guard var inner = InnerConfiguration.find(ranges: ranges, rows: rows) else {
      throw .coupledLimitsContradict(limits: group.limits.map { "'\($0.name)'" })
    }
    if ranges.contains(where: { $0.isConstant && !$0.isPoint }) {
      inner = standing(group, ranges, rows, inner)
    }
    guard !ranges.allSatisfy(\.isConstant) else {
      for i in 0..<samples + 2 {
        for (j, joint) in group.joints.enumerated() { points[i * joints + joint] = inner[j] }
      }
      return
    }
    // The joint with the fastest limits says how far the rate may be lowered.
    let first = ranges.filter { !$0.isConstant }.map(\.level).min() ?? 0
    var (level, gap) = (first, Double.infinity)
    while level <= first + Self.retries, (samples - 1) >> level >= 3 {
      let program = solution(of: group, ranges, rows, inner, level: level)
      gap = program.relativeGap
      let k = group.joints.count
      let columns = (0..<k).map { j in
        Refinement.refined(
          (0..<program.count).map { program.point[$0 * k + j] }, level: level, count: samples + 2)
      }
      if gap <= Self.acceptedGap,
        Self.shares.contains(where: {
          store(columns, group, ranges, rows, inner, share: $0, into: &points)
        })
      {
        return
      }
      level += 1
    }
    throw .notSolved(
      joints: group.joints.map { limits.coordinates[$0].name }, gap: gap, share: Self.leastShare)
  }

  private func solution(
    of group: CoupledGroup, _ ranges: [JointRange], _ rows: [CoupledRow], _ inner: [Double],
    level: Int
  ) -> GroupProgram {
    let k = group.joints.count
    let count = ((samples - 1) >> level) + 1
    var values = [Double](repeating: 0, count: count * k)
    for (j, joint) in group.joints.enumerated() where !ranges[j].isConstant {
      let own = Refinement.coarsened(
        (0..<samples).map { reference[$0 * joints + joint] - inner[j] }, level: level)
      for sample in 0..<count { values[sample * k + j] = own[sample] }
    }
    var program = GroupProgram(
      reference: values, joints: k, stencils: Self.stencils(ranges, rows, inner, level: level))
    program.solve(tolerance: Self.tolerance)
    return program
  }

  /// The mean configuration of a solution in which joints that cannot move are let move a little:
  /// where they best stand.
  private func standing(
    _ group: CoupledGroup, _ ranges: [JointRange], _ rows: [CoupledRow], _ inner: [Double]
  ) -> [Double] {
    let k = group.joints.count
    var level = 0
    while (samples - 1) >> (level + 1) >= JointRange.fewestPieces { level += 1 }
    let program = solution(of: group, ranges.map(\.loosened), rows, inner, level: level)
    guard program.relativeGap <= Self.acceptedGap else { return inner }
    // Some room is left for the joints that do move.
    let share = ranges.allSatisfy(\.isConstant) ? 1 - 1e-7 : 1 - 1e-4
    return (0..<k).map { j in
      let places = 2..<program.count - 2
      let mean = places.reduce(0) { $0 + program.point[$1 * k + j] } / Double(places.count)
      return ranges[j].isPoint ? inner[j] : inner[j] + share * mean
    }
  }

  private static func stencils(
    _ ranges: [JointRange], _ rows: [CoupledRow], _ inner: [Double], level: Int
  ) -> [GroupProgram.Stencil] {
    let k = ranges.count
    let differences: [[Double]] = [[1], [-1, 1], [1, -2, 1], [-1, 3, -3, 1]]
    var stencils: [GroupProgram.Stencil] = []
    for (j, range) in ranges.enumerated() {
      for (order, factors) in differences.enumerated() {
        // A joint that must stand still has bounds that keep it there but leave room to solve in.
        let bound = range.isConstant ? 1 : range.bound(order, level: level)
        let middle = order == 0 && !range.isConstant ? range.middle - inner[j] : 0
        stencils.append(
          GroupProgram.Stencil(
            terms: factors.enumerated().map { (offset: $0 * k + j, factor: $1) },
            lower: middle - bound, upper: middle + bound))
      }
    }
    for row in rows {
      let sum = zip(row.factors, inner).reduce(0) { $0 + $1.0 * $1.1 }
      let terms = row.factors.enumerated().filter { !ranges[$0.offset].isConstant }
      guard !terms.isEmpty else { continue }
      stencils.append(
        GroupProgram.Stencil(
          terms: terms.map { (offset: $0.offset, factor: $0.element) },
          lower: row.lower - sum, upper: row.upper - sum))
    }
    return stencils
  }

  private func store(
    _ columns: [[Double]], _ group: CoupledGroup, _ ranges: [JointRange], _ rows: [CoupledRow],
    _ inner: [Double], share: Double, into points: inout [Double]
  ) -> Bool {
    let k = group.joints.count
    var c = [[Double]](repeating: [Double](repeating: 0, count: k), count: 4)
    for i in 0..<samples + 2 {
      c.insert(c.removeLast(), at: 0)
      for j in 0..<k {
        guard !ranges[j].isConstant else {
          c[0][j] = inner[j]
          points[i * joints + group.joints[j]] = inner[j]
          continue
        }
        c[0][j] = inner[j] + share * columns[j][i]
        guard ranges[j].allows(c[0][j], c[1][j], c[2][j], c[3][j], at: i) else { return false }
        points[i * joints + group.joints[j]] = c[0][j]
      }
      guard rows.allSatisfy({ $0.allows(c[0]) }) else { return false }
    }
    return true
  }
}

/// One coupled limit over a group's joints, finite and drawn in.
struct CoupledRow {
  let factors: [Double]
  let lower: Double
  let upper: Double

  init(_ limit: CoupledLimit, group: [Int], ranges: [JointRange]) {
    var factors = [Double](repeating: 0, count: group.count)
    for term in limit.terms {
      if let j = group.firstIndex(of: term.coordinate) { factors[j] += term.factor }
    }
    // Sums further away than the joints can reach never bind.
    var (least, greatest, size) = (-1.0, 1.0, 1.0)
    for (factor, range) in zip(factors, ranges) {
      let half = abs(factor) * (max(0, range.bounds[0]) + 1)
      let middle = factor * (range.isPoint ? range.constant : range.middle)
      least += middle - half
      greatest += middle + half
      size += abs(middle) + half
    }
    let (low, high) = (max(limit.lower, least), min(limit.upper, greatest))
    let inward = LimitProgram.margin * (high - low) + 16 * size.ulp
    self.factors = factors
    (lower, upper) = (low + inward, high - inward)
  }

  func allows(_ values: [Double]) -> Bool {
    var sum = 0.0
    for (factor, value) in zip(factors, values) { sum += factor * value }
    let slack = LimitProgram.margin / 2 * (upper - lower)
    return lower - slack <= sum && sum <= upper + slack
  }
}

/// A configuration well inside the position limits and the coupled limits of a group.
enum InnerConfiguration {
  /// Minimises `Σ row^p` for growing p, rows scaled so that bounds are at ±1, by Newton's method:
  /// the limit p → ∞ is the configuration furthest inside.
  static func find(ranges: [JointRange], rows: [CoupledRow]) -> [Double]? {
    let free = ranges.indices.filter { !ranges[$0].isPoint }
    var x = ranges.map { $0.isPoint ? $0.constant : $0.middle }
    var scaled: [(factors: [Double], offset: Double)] = []
    for j in free {
      var factors = [Double](repeating: 0, count: x.count)
      factors[j] = 1 / ranges[j].bounds[0]
      scaled.append((factors, -ranges[j].middle / ranges[j].bounds[0]))
    }
    for row in rows {
      let half = (row.upper - row.lower) / 2
      guard half > 0 else { return nil }
      scaled.append((row.factors.map { $0 / half }, -(row.lower + half) / half))
    }
    func largest(_ x: [Double]) -> Double {
      scaled.map { row in abs(zip(row.factors, x).reduce(row.offset) { $0 + $1.0 * $1.1 }) }
        .max() ?? 0
    }
    var power = 2.0
    while power <= 4096, largest(x) > 0.9 {
      for _ in 0..<40 {
        guard let next = improved(x, scaled, free, power) else { break }
        x = next
      }
      power *= 2
    }
    return largest(x) < 1 - 1e-9 ? x : nil
  }

  /// One damped Newton step; nil where it brings nothing.
  private static func improved(
    _ x: [Double], _ rows: [(factors: [Double], offset: Double)], _ free: [Int], _ power: Double
  ) -> [Double]? {
    func values(_ x: [Double]) -> [Double] {
      rows.map { row in zip(row.factors, x).reduce(row.offset) { $0 + $1.0 * $1.1 } }
    }
    let here = values(x)
    let scale = here.map(abs).max() ?? 0
    guard scale > 0, scale.isFinite else { return nil }
    func cost(_ v: [Double]) -> Double { v.reduce(0) { $0 + powerOf(abs($1) / scale, power) } }
    let n = free.count
    var matrix = [[Double]](repeating: [Double](repeating: 0, count: n), count: n)
    var right = [Double](repeating: 0, count: n)
    for (row, value) in zip(rows, here) {
      let v = value / scale
      let (first, second) = (powerOf(abs(v), power - 1), (power - 1) * powerOf(abs(v), power - 2))
      for (a, i) in free.enumerated() {
        right[a] -= (v < 0 ? -first : first) * row.factors[i]
        for (b, j) in free.enumerated() {
          matrix[a][b] += second / scale * row.factors[i] * row.factors[j]
        }
      }
    }
    for a in 0..<n { matrix[a][a] *= 1 + 1e-9 }
    guard let step = solved(matrix, right) else { return nil }
    var length = 1.0
    while length > 1e-6 {
      var next = x
      for (a, i) in free.enumerated() { next[i] += length * step[a] }
      if cost(values(next)) < cost(here) * (1 - 1e-9) { return next }
      length /= 2
    }
    return nil
  }

  private static func powerOf(_ base: Double, _ exponent: Double) -> Double {
    var (result, factor, rest) = (1.0, base, Int(exponent))
    while rest > 0 {
      if rest & 1 == 1 { result *= factor }
      factor *= factor
      rest >>= 1
    }
    return result
  }

  /// Gaussian elimination of a small positive definite system.
  private static func solved(_ matrix: [[Double]], _ right: [Double]) -> [Double]? {
    var (a, x) = (matrix, right)
    let n = x.count
    for i in 0..<n {
      guard a[i][i] > 0 else { return nil }
      for j in i + 1..<n + 1 where j < n {
        let factor = a[j][i] / a[i][i]
        for c in i..<n { a[j][c] -= factor * a[i][c] }
        x[j] -= factor * x[i]
      }
    }
    for i in (0..<n).reversed() {
      for j in i + 1..<n + 1 where j < n { x[i] -= a[i][j] * x[j] }
      x[i] /= a[i][i]
    }
    return x.allSatisfy(\.isFinite) ? x : nil
  }
}
