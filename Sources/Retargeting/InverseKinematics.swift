import Autodiff
import Geometry
public import Kinematics

/// The configuration that brings some links nearest to their targets, pose by pose.
///
/// Minimises `Σ wᵢ |pᵢ(q) − tᵢ|²` within the position limits, coupled limits as a stiff penalty,
/// by Levenberg–Marquardt steps on the joints that are free to move (those at a bound that push
/// outward are held). It measures how good the network's one forward pass is, and makes reference
/// configurations for training.
public struct InverseKinematics: Sendable {
  private let robot: Robot
  private let links: [Int]
  private let weights: [Double]
  private let lower: [Double]
  private let upper: [Double]

  /// The weight of a coupled limit's excess [m²/rad²]: stiff against distances of metres.
  private static let coupledWeight = 100.0

  /// A problem for links of a robot, with a weight each.
  public init(robot: Robot, links: [Int], weights: [Double]) {
    precondition(links.count == weights.count, "\(links.count) links, \(weights.count) weights")
    self.robot = robot
    self.links = links
    self.weights = weights
    let limits = robot.foldedLimits
    lower = limits.map { $0.lower?.value ?? -.pi }
    upper = limits.map { $0.upper?.value ?? .pi }
  }

  /// The best configuration found from some starts, and its weighted sum of squares [m²].
  ///
  /// `targets` holds three numbers for each link, metres, in the robot's base frame.
  public func solve(targets: [Double], starts: [[Double]], steps: Int = 60) -> (
    configuration: [Double], objective: Double
  ) {
    var best: (configuration: [Double], objective: Double) = (starts[0], .infinity)
    for start in starts {
      let found = descend(from: start, targets: targets, steps: steps)
      if found.objective < best.objective { best = found }
    }
    return best
  }

  /// The mean distance of the links from their targets, by weight [m].
  public func meanDistance(_ configuration: [Double], targets: [Double]) -> Double {
    let poses = robot.worldFromLinks(configuration)
    var sum = 0.0
    for (row, link) in links.enumerated() {
      let p = poses[link].translation
      let t = 3 * row
      let d = (p.x - targets[t], p.y - targets[t + 1], p.z - targets[t + 2])
      sum += weights[row] * (d.0 * d.0 + d.1 * d.1 + d.2 * d.2).squareRoot()
    }
    return sum / weights.reduce(0, +)
  }

  private func descend(from start: [Double], targets: [Double], steps: Int) -> (
    configuration: [Double], objective: Double
  ) {
    var q = zip(start, zip(lower, upper)).map { min(max($0, $1.0), $1.1) }
    var damping = 1e-3
    var (objective, gradient, normal) = linearize(q, targets: targets)
    for _ in 0..<steps {
      let free = q.indices.filter {
        !(q[$0] <= lower[$0] && gradient[$0] > 0) && !(q[$0] >= upper[$0] && gradient[$0] < 0)
      }
      guard !free.isEmpty else { break }
      var improved = false
      while damping < 1e6 {
        guard let step = Self.step(normal, gradient, free: free, damping: damping) else {
          damping *= 4
          continue
        }
        var trial = q
        for (row, index) in free.enumerated() {
          trial[index] = min(max(q[index] - step[row], lower[index]), upper[index])
        }
        let next = linearize(trial, targets: targets)
        if next.objective < objective {
          let gain = objective - next.objective
          let negligible = gain < 1e-9 * objective + 1e-14
          q = trial
          (objective, gradient, normal) = next
          damping = max(damping / 4, 1e-9)
          improved = !negligible
          break
        }
        damping *= 4
      }
      guard improved else { break }
    }
    return (q, objective)
  }

  /// The objective, half its gradient, and the Gauss–Newton matrix (row-major).
  private func linearize(_ q: [Double], targets: [Double]) -> (
    objective: Double, gradient: [Double], normal: [Double]
  ) {
    let n = q.count
    let poses = robot.worldFromLinks(q)
    var gradient = [Double](repeating: 0, count: n)
    var normal = [Double](repeating: 0, count: n * n)
    var objective = 0.0
    func add(_ row: ArraySlice<Double>, residual: Double, weight: Double) {
      objective += weight * residual * residual
      let base = row.startIndex
      for i in 0..<n where row[base + i] != 0 {
        let scaled = weight * row[base + i]
        gradient[i] += scaled * residual
        for j in 0..<n { normal[i * n + j] += scaled * row[base + j] }
      }
    }
    for (index, link) in links.enumerated() {
      let jacobian = robot.jacobian(ofLink: link, worldFromLinks: poses)
      let p = poses[link].translation
      for axis in 0..<3 {
        add(
          jacobian[(axis * n)..<((axis + 1) * n)], residual: p[axis] - targets[3 * index + axis],
          weight: weights[index])
      }
    }
    for limit in robot.coupledLimits {
      let sum = limit.terms.reduce(0) { $0 + $1.factor * q[$1.coordinate] }
      let excess = sum - min(max(sum, limit.lower), limit.upper)
      guard excess != 0 else { continue }
      var row = [Double](repeating: 0, count: n)
      for term in limit.terms { row[term.coordinate] += term.factor }
      add(row[...], residual: excess, weight: Self.coupledWeight)
    }
    return (objective, gradient, normal)
  }

  /// The damped Newton step of the free coordinates; nil where there is none.
  private static func step(
    _ normal: [Double], _ gradient: [Double], free: [Int], damping: Double
  ) -> [Double]? {
    let (n, m) = (gradient.count, free.count)
    let matrix = (0..<(m * m)).map { at in
      let (row, column) = (free[at / m], free[at % m])
      let value = normal[row * n + column]
      return row == column ? value + damping * (value + 1e-3) + 1e-12 : value
    }
    return CholeskyFactor(matrix, size: m)?.solved(free.map { gradient[$0] })
  }
}
