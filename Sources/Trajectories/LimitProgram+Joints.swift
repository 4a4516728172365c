import Kinematics

/// A joint's program at a rate divided by 2^`level`.
private struct Task {
  let joint: Int
  let range: JointRange
  /// The level that accuracy asks for, and the one to solve at.
  var level: Int
}

extension LimitProgram {
  /// Solves for joints under no coupled limit.
  func solveSeparately(_ all: [Int], into points: inout [Double]) throws(UnsafeMotion) {
    var free: [Task] = []
    for joint in all {
      let range = try range(of: joint, isCoupled: false)
      if range.isConstant {
        for i in 0..<samples + 2 { points[i * joints + joint] = range.constant }
      } else {
        free.append(Task(joint: joint, range: range, level: range.level))
      }
    }
    var bound: [Task] = []
    for chunk in free.chunks(of: Lanes.scalarCount) {
      var program = laneProgram(chunk, level: 0)
      program.solveWithoutBounds()
      for (lane, task) in chunk.enumerated() {
        let values = program.point.prefix(samples + 2).map { $0[lane] }
        if !store(values, task, share: 1, into: &points) { bound.append(task) }
      }
    }
    while !bound.isEmpty { bound = try solved(bound, into: &points) }
  }

  /// Solves each task at its level; returns those to be solved again, one level lower in rate.
  private func solved(_ tasks: [Task], into points: inout [Double]) throws(UnsafeMotion) -> [Task] {
    var again: [Task] = []
    for level in Set(tasks.map(\.level)).sorted() {
      for chunk in tasks.filter({ $0.level == level }).chunks(of: Lanes.scalarCount) {
        var program = laneProgram(chunk, level: level)
        program.solve(tolerance: Self.tolerance)
        for (lane, task) in chunk.enumerated() {
          let values = Refinement.refined(
            program.point.prefix(program.count).map { $0[lane] }, level: level,
            count: samples + 2)
          let gap = program.relativeGap[lane]
          if gap <= Self.acceptedGap,
            Self.shares.contains(where: { store(values, task, share: $0, into: &points) })
          {
            continue
          }
          again.append(try retry(task, gap: gap))
        }
      }
    }
    return again
  }

  private func retry(_ task: Task, gap: Double) throws(UnsafeMotion) -> Task {
    guard task.level < task.range.level + Self.retries, (samples - 1) >> (task.level + 1) >= 3
    else {
      throw .notSolved(
        joints: [limits.coordinates[task.joint].name], gap: gap, share: Self.leastShare)
    }
    var next = task
    next.level += 1
    return next
  }

  private func laneProgram(_ chunk: [Task], level: Int) -> LaneProgram {
    let count = ((samples - 1) >> level) + 1
    var values = [Lanes](repeating: .zero, count: count)
    var bound = Quadruple(
      e0: Lanes(repeating: 1), e1: Lanes(repeating: 1), e2: Lanes(repeating: 1),
      e3: Lanes(repeating: 1))
    for (lane, task) in chunk.enumerated() {
      let own = Refinement.coarsened(
        (0..<samples).map { reference[$0 * joints + task.joint] - task.range.middle },
        level: level)
      for sample in 0..<count { values[sample][lane] = own[sample] }
      bound.e0[lane] = task.range.bound(0, level: level)
      bound.e1[lane] = task.range.bound(1, level: level)
      bound.e2[lane] = task.range.bound(2, level: level)
      bound.e3[lane] = task.range.bound(3, level: level)
    }
    return LaneProgram(reference: values, bound: bound)
  }

  /// Stores control points if, rounded as they are stored, they keep the joint's limits.
  private func store(
    _ values: [Double], _ task: Task, share: Double, into points: inout [Double]
  ) -> Bool {
    let range = task.range
    var (c1, c2, c3) = (0.0, 0.0, 0.0)
    for i in 0..<samples + 2 {
      let c = range.middle + share * values[i]
      guard range.allows(c, c1, c2, c3, at: i) else { return false }
      (c3, c2, c1) = (c2, c1, c)
      points[i * joints + task.joint] = c
    }
    return true
  }
}
