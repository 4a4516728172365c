import Kinematics
import Trajectories

/// A lower bound of the limit program's objective, by means that share nothing with the compiler.
///
/// The alternating direction method of multipliers on dense matrices gives multipliers, and any
/// multipliers give a bound: `g(y) = −½ (b − Aᵀy)ᵀ P⁻¹ (b − Aᵀy) − uᵀy⁺ + lᵀy⁻ + constant` is never
/// above the optimum, however badly the method converged.
struct DualBound {
  /// The objective `Σ (sample − reference)²` cannot be below this.
  private(set) var value = -Double.infinity

  /// `guess` may give multipliers to begin with, of a row's order and place (for one joint only):
  /// where they come from does not matter, the bound of any multipliers holds.
  init(
    motion: JointMotion, limits: SafetyLimits, iterations: Int = 20000,
    guess: ((_ order: Int, _ place: Int) -> Double)? = nil
  ) {
    let joints = limits.coordinates.count
    let samples = motion.frameCount
    let h = 1 / motion.frameRate
    let free = samples - 2
    let n = free * joints
    // Control point i of joint j as a variable.
    func variable(_ i: Int, _ j: Int) -> Int { (min(max(i, 2), samples - 1) - 2) * joints + j }
    var p = [[Double]](repeating: [Double](repeating: 0, count: n), count: n)
    var b = [Double](repeating: 0, count: n)
    var constant = 0.0
    for i in 0..<samples {
      for j in 0..<joints {
        let row = [(variable(i, j), 1.0), (variable(i + 1, j), 4.0), (variable(i + 2, j), 1.0)]
        let q = motion.positions[i * joints + j]
        constant += q * q
        for (x, f) in row {
          b[x] += 2 * q * f / 6
          for (y, g) in row { p[x][y] += 2 * f * g / 36 }
        }
      }
    }
    var a: [[Double]] = []
    var (lower, upper, y) = ([Double](), [Double](), [Double]())
    func add(_ row: [Double], _ low: Double, _ high: Double, guess: Double = 0) {
      // Rows of length one converge best.
      let length = row.reduce(0) { $0 + $1 * $1 }.squareRoot()
      guard length > 0, low > -.infinity || high < .infinity else { return }
      a.append(row.map { $0 / length })
      y.append(guess * length)
      lower.append(low / length)
      upper.append(high / length)
    }
    for (j, limit) in limits.coordinates.enumerated() {
      let bounds = [
        (limit.lower.value, limit.upper.value, [1.0]),
        (-limit.velocity.value * h, limit.velocity.value * h, [-1, 1]),
        (-limit.acceleration.value * h * h, limit.acceleration.value * h * h, [1, -2, 1]),
        (-limit.jerk.value * h * h * h, limit.jerk.value * h * h * h, [-1, 3, -3, 1]),
      ]
      for (order, (low, high, factors)) in bounds.enumerated() {
        for i in 0..<samples + 3 - factors.count {
          var row = [Double](repeating: 0, count: n)
          for (offset, factor) in factors.enumerated() { row[variable(i + offset, j)] += factor }
          add(row, low, high, guess: guess?(order, i) ?? 0)
        }
      }
    }
    for limit in limits.coupled {
      for i in 2..<samples {
        var row = [Double](repeating: 0, count: n)
        for term in limit.terms { row[variable(i, term.coordinate)] += term.factor }
        add(row, limit.lower, limit.upper)
      }
    }
    let inverseP = inverse(p)
    func bound(_ y: [Double]) -> Double {
      var r = b
      for (row, y) in zip(a, y) where y != 0 { for x in 0..<n { r[x] -= row[x] * y } }
      var value = constant
      for x in 0..<n { for z in 0..<n { value -= 0.5 * r[x] * inverseP[x][z] * r[z] } }
      for k in a.indices { value -= y[k] > 0 ? upper[k] * y[k] : lower[k] * y[k] }
      return value
    }
    let m = a.count
    if guess != nil { value = bound(y) }
    var z = [Double](repeating: 0, count: m)
    var rho = 1.0
    var system: [[Double]] = []
    func factor() {
      system = p
      for row in a {
        for x in 0..<n where row[x] != 0 {
          for w in 0..<n { system[x][w] += rho * row[x] * row[w] }
        }
      }
      system = inverse(system)
    }
    guard iterations > 0 else { return }
    factor()
    for iteration in 0..<iterations {
      var right = b
      for k in 0..<m {
        let v = rho * z[k] - y[k]
        if v != 0 { for x in 0..<n { right[x] += a[k][x] * v } }
      }
      let x = system.map { row in zip(row, right).reduce(0) { $0 + $1.0 * $1.1 } }
      var (primal, dual) = (0.0, 0.0)
      for k in 0..<m {
        let value = 1.6 * zip(a[k], x).reduce(0) { $0 + $1.0 * $1.1 } - 0.6 * z[k]
        let next = min(max(value + y[k] / rho, lower[k]), upper[k])
        primal = max(primal, abs(value - next))
        dual = max(dual, rho * abs(next - z[k]))
        y[k] += rho * (value - next)
        z[k] = next
      }
      if iteration % 100 == 99 {
        self.value = max(self.value, bound(y))
        if primal < 1e-12, dual < 1e-12 { break }
        let ratio = ((primal + 1e-300) / (dual + 1e-300)).squareRoot()
        if iteration <= 10000, ratio > 5 || ratio < 0.2 {
          rho = min(max(rho * ratio, 1e-6), 1e9)
          factor()
        }
      }
    }
  }
}

/// Gauss–Jordan without pivoting, for positive definite matrices.
private func inverse(_ matrix: [[Double]]) -> [[Double]] {
  let n = matrix.count
  var a = matrix
  for i in 0..<n {
    let pivot = 1 / a[i][i]
    a[i][i] = 1
    for c in 0..<n { a[i][c] *= pivot }
    for r in 0..<n where r != i {
      let factor = a[r][i]
      guard factor != 0 else { continue }
      a[r][i] = 0
      for c in 0..<n { a[r][c] -= factor * a[i][c] }
    }
  }
  return a
}
