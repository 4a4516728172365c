import Geometry
import Kinematics

// Half the gradient of what is minimised, and the matrix of Gauss and Newton.

extension PoseSolver {
  /// Writes half the gradient and the lower triangle of the Gauss–Newton matrix; `place` comes first.
  mutating func linearize(
    _ answer: PoseAnswer, _ goal: PoseProblem.Goal, _ previous: [Double]?
  ) {
    place(answer)
    for index in normal.indices { normal[index] = 0 }
    for index in gradient.indices { gradient[index] = 0 }
    differentiate(answer)
    for (index, point) in problem.points.enumerated() where point.weight > 0 {
      let residual = places[index] - goal.positions[index]
      let start = index * columns
      add(problem.pointColumns[index], residual, point.weight, derivatives, from: start)
    }
    for (index, line) in problem.lines.enumerated() where line.weight > 0 {
      addLine(index, line, goal.directions[index])
    }
    addJoints(answer, goal, previous)
    if problem.hasFreeBase { addBase(answer) }
    addCoupled(answer)
  }

  /// Writes the derivatives of the points' positions.
  private mutating func differentiate(_ answer: PoseAnswer) {
    let baseStart = problem.active.count
    for index in problem.points.indices {
      let start = index * columns
      let place = places[index]
      for column in problem.pointColumns[index] { derivatives[start + column] = .zero }
      for chained in problem.chains[index] {
        let node = problem.tree.nodes[chained]
        let pose = poses[chained]
        var axis = node.factor * (pose.rotation * node.axis)
        var origin = pose.translation
        if problem.hasFreeBase {
          axis = answer.base.rotation * axis
          origin = answer.base * origin
        }
        derivatives[start + problem.columnOf[node.coordinate]] +=
          node.turns ? axis.cross(place - origin) : axis
      }
      guard problem.hasFreeBase else { continue }
      let arm = place - answer.base.translation
      derivatives[start + baseStart] = Vector3(0, -arm.z, arm.y)
      derivatives[start + baseStart + 1] = Vector3(arm.z, 0, -arm.x)
      derivatives[start + baseStart + 2] = Vector3(-arm.y, arm.x, 0)
      derivatives[start + baseStart + 3] = .unitX
      derivatives[start + baseStart + 4] = .unitY
      derivatives[start + baseStart + 5] = .unitZ
    }
  }

  private mutating func add(
    _ moved: [Int], _ residual: Vector3, _ weight: Double, _ derivatives: [Vector3],
    from start: Int = 0
  ) {
    for row in moved.indices {
      let column = moved[row]
      let scaled = weight * derivatives[start + column]
      gradient[column] += scaled.dot(residual)
      let first = column * columns
      for index in 0...row {
        let other = moved[index]
        normal[first + other] += scaled.dot(derivatives[start + other])
      }
    }
  }

  private mutating func addLine(_ index: Int, _ line: PoseProblem.Line, _ direction: Vector3) {
    let gap = gap(line)
    let length = max(gap.length, 1e-6)
    let unit = gap / length
    let moved = problem.lineColumns[index]
    for column in moved {
      var change = Vector3.zero
      for end in line.to { change += derivatives[end * columns + column] / Double(line.to.count) }
      for end in line.from {
        change -= derivatives[end * columns + column] / Double(line.from.count)
      }
      lineDerivatives[column] = (change - change.dot(unit) * unit) / length
    }
    add(moved, unit - direction, line.weight, lineDerivatives)
  }

  private mutating func addJoints(
    _ answer: PoseAnswer, _ goal: PoseProblem.Goal, _ previous: [Double]?
  ) {
    func add(_ column: Int, _ residual: Double, _ weight: Double) {
      gradient[column] += weight * residual
      normal[column * columns + column] += weight
    }
    for (index, direct) in problem.directs.enumerated() {
      let from = answer.configuration[direct.coordinate] - goal.angles[index]
      add(problem.columnOf[direct.coordinate], from, direct.weight)
    }
    for (column, coordinate) in problem.active.enumerated() {
      let q = answer.configuration[coordinate]
      add(column, q - problem.rest[coordinate], problem.weights.rest)
      guard let previous else { continue }
      add(column, q - previous[coordinate], problem.weights.continuity)
    }
  }

  private mutating func addBase(_ answer: PoseAnswer) {
    let start = problem.active.count
    let turn = answer.base.rotation.rotationVector
    let weights = problem.weights
    // How the rotation vector changes with small turns about the axes of the space around it.
    let changes = [Vector3.unitX, .unitY, .unitZ].map { axis in
      axis - 0.5 * turn.cross(axis) + turn.cross(turn.cross(axis)) / 12
    }
    for row in 0..<3 {
      let weighted = weights.baseTurn * changes[row]
      gradient[start + row] += weighted.dot(turn)
      for column in 0...row {
        normal[(start + row) * columns + start + column] += weighted.dot(changes[column])
      }
      let shift = start + 3 + row
      gradient[shift] += weights.baseShift * answer.base.translation[row]
      normal[shift * columns + shift] += weights.baseShift
    }
  }

  private mutating func addCoupled(_ answer: PoseAnswer) {
    for limit in problem.coupled {
      let excess = Self.excess(limit, answer.configuration)
      guard excess != 0 else { continue }
      for term in limit.terms {
        let row = problem.columnOf[term.coordinate]
        gradient[row] += problem.weights.coupled * term.factor * excess
        for other in limit.terms {
          let column = problem.columnOf[other.coordinate]
          guard column <= row else { continue }
          normal[row * columns + column] += problem.weights.coupled * term.factor * other.factor
        }
      }
    }
  }

  /// Half the gradient of what is minimised [column].
  mutating func halfGradient(
    at answer: PoseAnswer, _ goal: PoseProblem.Goal, previous: [Double]? = nil
  ) -> [Double] {
    linearize(answer, goal, previous)
    return gradient
  }
}
