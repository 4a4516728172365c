import Geometry
import Kinematics

/// The answer of inverse kinematics for one pose.
struct PoseAnswer: Sendable {
  /// The configuration [coordinate], radians or metres.
  var configuration: [Double]
  /// The base's pose, seen from where the human's pelvis puts it; the identity where it is not free.
  var base: Pose = .identity
  /// The value of what is minimised.
  var objective = Double.infinity

  /// The answer with each coordinate moved towards another answer's, no farther than it may [rad or m].
  func moved(towards other: PoseAnswer, within reach: [Double]) -> PoseAnswer {
    var moved = other
    for index in configuration.indices {
      let change = other.configuration[index] - configuration[index]
      moved.configuration[index] =
        configuration[index] + min(max(change, -reach[index]), reach[index])
    }
    moved.base.translation = (base.translation + other.base.translation) / 2
    moved.base.rotation = base.rotation.interpolated(to: other.base.rotation, fraction: 0.5)
    return moved
  }
}

/// Solves pose after pose by damped Gauss–Newton steps (Levenberg–Marquardt) with analytic
/// derivatives, within limits: unknowns at a bound that push outward are held.
///
/// A solver keeps its memory from pose to pose; each thread has one of its own.
struct PoseSolver: Sendable {
  let problem: PoseProblem
  private let columns: Int
  private var poses: [Pose]
  private var places: [Vector3]
  /// Derivatives [point, column] of the points' positions.
  private var derivatives: [Vector3]
  private var normal: [Double]
  private var gradient: [Double]
  private var factor: [Double]
  private var step: [Double]
  private var free: [Int] = []
  /// The bounds of the frame: the limits, and what is within reach of the frame before.
  private var lower: [Double], upper: [Double]
  private var lineDerivatives: [Vector3]

  /// When a descent ends: the gain of a step that is negligible, relative and absolute, and the most
  /// steps.
  struct Patience: Sendable {
    var relative = 1e-5, absolute = 1e-9
    var steps = 12

    /// For a first frame, or for figures of merit.
    static let thorough = Patience(relative: 1e-9, absolute: 1e-14, steps: 80)
  }

  init(_ problem: PoseProblem) {
    self.problem = problem
    columns = problem.columnCount
    (lower, upper) = (problem.lower, problem.upper)
    poses = [Pose](repeating: .identity, count: problem.tree.nodes.count)
    places = [Vector3](repeating: .zero, count: problem.points.count)
    derivatives = [Vector3](repeating: .zero, count: problem.points.count * columns)
    normal = [Double](repeating: 0, count: columns * columns)
    gradient = [Double](repeating: 0, count: columns)
    factor = normal
    step = gradient
    lineDerivatives = [Vector3](repeating: .zero, count: columns)
  }

  /// The best answer of some starts, without a previous frame.
  ///
  /// - Parameters:
  ///   - goal: What is wanted.
  ///   - starts: Where to begin; what is outside of the limits begins at these.
  ///   - isFirstPreferred: Whether another start must be better than the first by a fifth.
  ///   - patience: When to end.
  mutating func solve(
    _ goal: PoseProblem.Goal, starts: [PoseAnswer], isFirstPreferred: Bool = false,
    patience: Patience = .thorough
  ) -> PoseAnswer {
    (lower, upper) = (problem.lower, problem.upper)
    var best: PoseAnswer?
    for start in starts {
      let found = descend(goal, from: start, previous: nil, patience: patience)
      let share = isFirstPreferred && best != nil ? 0.8 : 1
      if found.objective < share * (best?.objective ?? .infinity) { best = found }
    }
    return best ?? PoseAnswer(configuration: problem.rest)
  }

  /// The answer for the frame after another.
  ///
  /// - Parameters:
  ///   - goal: What is wanted.
  ///   - previous: The answer of the frame before.
  ///   - reach: How far each coordinate may be from there [rad or m].
  ///   - patience: When to end.
  mutating func solve(
    _ goal: PoseProblem.Goal, after previous: PoseAnswer, reach: [Double],
    patience: Patience = Patience()
  ) -> PoseAnswer {
    for coordinate in lower.indices {
      let q = previous.configuration[coordinate]
      lower[coordinate] = max(problem.lower[coordinate], q - reach[coordinate])
      upper[coordinate] = min(problem.upper[coordinate], q + reach[coordinate])
    }
    return descend(goal, from: previous, previous: previous.configuration, patience: patience)
  }

  private mutating func descend(
    _ goal: PoseProblem.Goal, from start: PoseAnswer, previous: [Double]?, patience: Patience
  ) -> PoseAnswer {
    var answer = start
    for index in answer.configuration.indices {
      answer.configuration[index] = min(
        max(answer.configuration[index], lower[index]), upper[index])
    }
    var damping = 1e-3
    answer.objective = value(answer, goal, previous)
    for _ in 0..<patience.steps {
      linearize(answer, goal, previous)
      var (isBetter, isNegligible) = (false, true)
      while damping < 1e8 {
        guard let trial = trial(from: answer, damping: damping) else {
          damping = max(4 * damping, 1e-6)
          continue
        }
        let objective = value(trial, goal, previous)
        if objective < answer.objective {
          let gain = answer.objective - objective
          isNegligible = gain < patience.relative * answer.objective + patience.absolute
          answer = trial
          answer.objective = objective
          damping = max(damping / 5, 1e-9)
          isBetter = true
          break
        }
        damping = max(4 * damping, 1e-6)
      }
      guard isBetter, !isNegligible else { break }
    }
    return answer
  }

  /// The answer after a damped step; nil where the step cannot be computed.
  private mutating func trial(from answer: PoseAnswer, damping: Double) -> PoseAnswer? {
    free.removeAll(keepingCapacity: true)
    for column in 0..<columns {
      if column < problem.active.count {
        let coordinate = problem.active[column]
        let q = answer.configuration[coordinate]
        if (q <= lower[coordinate] && gradient[column] > 0)
          || (q >= upper[coordinate] && gradient[column] < 0)
        {
          continue
        }
      }
      free.append(column)
    }
    guard !free.isEmpty, solveStep(damping: damping) else { return nil }
    var trial = answer
    var turn = Vector3.zero
    for (row, column) in free.enumerated() {
      let index = column - problem.active.count
      if index < 0 {
        let coordinate = problem.active[column]
        trial.configuration[coordinate] = min(
          max(trial.configuration[coordinate] - step[row], lower[coordinate]),
          upper[coordinate])
      } else if index < 3 {
        turn[index] = -step[row]
      } else {
        trial.base.translation[index - 3] -= step[row]
      }
    }
    if problem.hasFreeBase {
      trial.base.rotation = (Quaternion(rotationVector: turn) * answer.base.rotation).normalized
    }
    return trial
  }

  /// Solves for the free unknowns by Cholesky's method; false where the matrix is not positive.
  private mutating func solveStep(damping: Double) -> Bool {
    let (n, m) = (columns, free.count)
    for row in 0..<m {
      let source = free[row] * n
      for column in 0...row {
        var sum = normal[source + free[column]]
        if row == column { sum += damping * (sum + 1e-3) + 1e-12 }
        for inner in 0..<column { sum -= factor[row * n + inner] * factor[column * n + inner] }
        if row == column {
          guard sum > 0, sum < .infinity else { return false }
          factor[row * n + row] = sum.squareRoot()
        } else {
          factor[row * n + column] = sum / factor[column * n + column]
        }
      }
    }
    for row in 0..<m {
      var sum = gradient[free[row]]
      for inner in 0..<row { sum -= factor[row * n + inner] * step[inner] }
      step[row] = sum / factor[row * n + row]
    }
    for row in (0..<m).reversed() {
      var sum = step[row]
      for inner in (row + 1)..<max(m, row + 1) { sum -= factor[inner * n + row] * step[inner] }
      step[row] = sum / factor[row * n + row]
    }
    return true
  }

  // MARK: - What is minimised

  /// Writes the points' places.
  private mutating func place(_ answer: PoseAnswer) {
    problem.tree.place(answer.configuration, into: &poses)
    for (index, place) in problem.places.enumerated() {
      let inNode = place.nodeFromLink * problem.points[index].offset
      let inRoot = place.node < 0 ? inNode : poses[place.node] * inNode
      places[index] = problem.hasFreeBase ? answer.base * inRoot : inRoot
    }
  }

  /// The places of the points of an answer, seen from where the human's pelvis puts the base [m].
  mutating func positions(of answer: PoseAnswer) -> [Vector3] {
    place(answer)
    return places
  }

  private func gap(_ line: PoseProblem.Line) -> Vector3 {
    var gap = Vector3.zero
    for end in line.to { gap += places[end] / Double(line.to.count) }
    for end in line.from { gap -= places[end] / Double(line.from.count) }
    return gap
  }

  /// The value of what is minimised.
  mutating func value(
    _ answer: PoseAnswer, _ goal: PoseProblem.Goal, _ previous: [Double]?
  ) -> Double {
    place(answer)
    var sum = 0.0
    for (index, point) in problem.points.enumerated() {
      sum += point.weight * (places[index] - goal.positions[index]).squaredLength
    }
    for (index, line) in problem.lines.enumerated() {
      let gap = gap(line)
      let length = max(gap.length, 1e-6)
      sum += line.weight * (gap / length - goal.directions[index]).squaredLength
    }
    for (index, direct) in problem.directs.enumerated() {
      let from = answer.configuration[direct.coordinate] - goal.angles[index]
      sum += direct.weight * from * from
    }
    let weights = problem.weights
    for coordinate in problem.active {
      let q = answer.configuration[coordinate]
      let fromRest = q - problem.rest[coordinate]
      sum += weights.rest * fromRest * fromRest
      guard let previous else { continue }
      let change = q - previous[coordinate]
      sum += weights.continuity * change * change
    }
    if problem.hasFreeBase {
      let turn = answer.base.rotation.rotationVector
      sum += (weights.baseTurn * turn * turn).sum()
      sum += weights.baseShift * answer.base.translation.squaredLength
    }
    for limit in problem.coupled {
      let excess = Self.excess(limit, answer.configuration)
      sum += weights.coupled * excess * excess
    }
    return sum
  }

  private static func excess(_ limit: CoupledLimit, _ q: [Double]) -> Double {
    let sum = limit.terms.reduce(0) { $0 + $1.factor * q[$1.coordinate] }
    return sum - min(max(sum, limit.lower), limit.upper)
  }

  // MARK: - Derivatives

  /// Writes half the gradient and the lower triangle of the Gauss–Newton matrix; `place` comes first.
  private mutating func linearize(
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

  // MARK: - For tests

  /// Half the gradient of what is minimised [column].
  mutating func halfGradient(
    at answer: PoseAnswer, _ goal: PoseProblem.Goal, previous: [Double]? = nil
  ) -> [Double] {
    linearize(answer, goal, previous)
    return gradient
  }
}
