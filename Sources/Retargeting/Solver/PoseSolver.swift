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
  let columns: Int
  var poses: [Pose]
  var places: [Vector3]
  /// Derivatives [point, column] of the points' positions.
  var derivatives: [Vector3]
  var normal: [Double]
  var gradient: [Double]
  private var factor: [Double]
  private var step: [Double]
  private var free: [Int] = []
  /// The bounds of the frame: the limits, and what is within reach of the frame before.
  private var lower: [Double], upper: [Double]
  var lineDerivatives: [Vector3]

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
}
