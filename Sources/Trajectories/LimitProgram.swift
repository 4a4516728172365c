import Kinematics

/// Finds the control points nearest to a motion under all limits.
///
/// Joints under no coupled limit are solved eight at a time, joints that a coupled limit ties
/// together as one group. What is returned lies strictly inside: bounds are drawn in by a relative
/// `margin` and by what rounding can do, and the last resort, never met in tests, is a blend
/// towards a constant.
struct LimitProgram {
  /// How far the bounds are drawn in, as a share of each.
  static let margin = 1e-9
  /// The proven distance to the optimum that is good enough, as a share of the objective.
  static let tolerance = 1e-5

  /// Samples [sample, joint] that the curve should pass.
  let reference: [Double]
  /// What it must keep.
  let limits: SafetyLimits
  /// Seconds between samples.
  let period: Double

  private var joints: Int { limits.coordinates.count }
  private var samples: Int { reference.count / joints }

  /// Control points [sample + 2, joint].
  func solve() throws(UnsafeMotion) -> [Double] {
    guard samples >= 4 else { return try solveConstant() }
    var points = [Double](repeating: 0, count: (samples + 2) * joints)
    let groups = coupledGroups()
    let grouped = Set(groups.flatMap(\.joints))
    solveSeparately((0..<joints).filter { !grouped.contains($0) }, into: &points)
    for group in groups { try solve(group, into: &points) }
    return points
  }

  /// With fewer than four samples the resting ends meet, and the curve is a constant.
  private func solveConstant() throws(UnsafeMotion) -> [Double] {
    let mean = (0..<joints).map { joint in
      (0..<samples).reduce(0) { $0 + reference[$1 * joints + joint] } / Double(samples)
    }
    let longer = LimitProgram(
      reference: Array([[Double]](repeating: mean, count: 4).joined()), limits: limits,
      period: period)
    let row = try longer.solve()[2 * joints..<3 * joints]
    return Array([ArraySlice](repeating: row, count: samples + 2).joined())
  }

  func range(of joint: Int) -> JointRange {
    var (least, greatest, sum) = (Double.infinity, -Double.infinity, 0.0)
    for sample in 0..<samples {
      let value = reference[sample * joints + joint]
      least = min(least, value)
      greatest = max(greatest, value)
      sum += value
    }
    return JointRange(
      limits.coordinates[joint], least: least, greatest: greatest, mean: sum / Double(samples),
      period: period)
  }
}

// MARK: - Joints by themselves

extension LimitProgram {
  private func solveSeparately(_ all: [Int], into points: inout [Double]) {
    var ranges: [Int: JointRange] = [:]
    for joint in all { ranges[joint] = range(of: joint) }
    var free: [Int] = []
    for joint in all {
      guard let range = ranges[joint] else { continue }
      if range.isConstant {
        for i in 0..<samples + 2 { points[i * joints + joint] = range.constant }
      } else {
        free.append(joint)
      }
    }
    var bound: [Int] = []
    for chunk in free.chunks(of: Lanes.scalarCount) {
      var program = laneProgram(chunk, ranges)
      program.solveWithoutBounds()
      for (lane, joint) in chunk.enumerated() {
        if !store(program.point, lane, joint, ranges[joint], into: &points) {
          bound.append(joint)
        }
      }
    }
    for chunk in bound.chunks(of: Lanes.scalarCount) {
      var program = laneProgram(chunk, ranges)
      program.solve(tolerance: Self.tolerance)
      for (lane, joint) in chunk.enumerated() {
        var share = 1.0
        while !store(program.point, lane, joint, ranges[joint], share: share, into: &points) {
          share = share > 0.999 ? 1 - (1 - share + 1e-15) * 16 : share > 1e-3 ? share / 2 : 0
        }
      }
    }
  }

  private func laneProgram(_ chunk: [Int], _ ranges: [Int: JointRange]) -> LaneProgram {
    var values = [Lanes](repeating: .zero, count: samples)
    var bound = Quadruple(
      e0: Lanes(repeating: 1), e1: Lanes(repeating: 1), e2: Lanes(repeating: 1),
      e3: Lanes(repeating: 1))
    for (lane, joint) in chunk.enumerated() {
      guard let range = ranges[joint] else { continue }
      for sample in 0..<samples {
        values[sample][lane] = reference[sample * joints + joint] - range.middle
      }
      bound.e0[lane] = range.bounds[0]
      bound.e1[lane] = range.bounds[1]
      bound.e2[lane] = range.bounds[2]
      bound.e3[lane] = range.bounds[3]
    }
    return LaneProgram(reference: values, bound: bound)
  }

  /// Stores a lane's control points if, rounded as they are stored, they keep the joint's limits.
  private func store(
    _ lanes: [Lanes], _ lane: Int, _ joint: Int, _ range: JointRange?, share: Double = 1,
    into points: inout [Double]
  ) -> Bool {
    guard let range else { return true }
    var (c1, c2, c3) = (0.0, 0.0, 0.0)
    for i in 0..<samples + 2 {
      let c = range.middle + share * lanes[i][lane]
      guard range.allows(c, c1, c2, c3, at: i) else { return false }
      (c3, c2, c1) = (c2, c1, c)
      points[i * joints + joint] = c
    }
    return true
  }
}

extension Array {
  /// The elements in order, `size` at a time.
  func chunks(of size: Int) -> [[Element]] {
    stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
  }
}
