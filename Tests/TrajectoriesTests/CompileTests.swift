import Foundation
import Kinematics
import Testing

@testable import Trajectories

@Suite("compile: from a motion to a safe trajectory")
struct CompileTests {
  static func objective(_ trajectory: SafeTrajectory, _ motion: JointMotion) -> Double {
    let (c, joints) = (trajectory.controlPoints, motion.jointNames.count)
    return motion.positions.indices.reduce(0) { sum, i in
      let sample = (c[i] + 4 * c[i + joints] + c[i + 2 * joints]) / 6
      return sum + (sample - motion.positions[i]) * (sample - motion.positions[i])
    }
  }

  /// The bound's own method does not converge on the stiffest of these (a jerk limit reached over
  /// hundreds of samples); so all are held to 1 %, and nearly all to a ten-thousandth.
  @Test("is within a ten-thousandth of a lower bound found by other means")
  func optimum() throws {
    var unproven = 0
    for seed in 0..<200 {
      let problem = try RandomProblem(seed: seed, joints: 1, samples: 4 + seed % 17)
      let trajectory = try compile(problem.motion, within: problem.limits)
      let bound = DualBound(motion: problem.motion, limits: problem.limits).value
      let found = Self.objective(trajectory, problem.motion)
      #expect(found <= bound * 1.01 + 1e-8, "seed \(seed)")
      #expect(found >= bound * (1 - 1e-9) - 1e-9, "seed \(seed)")
      if !(found <= bound * (1 + 1e-4) + 1e-8) { unproven += 1 }
    }
    #expect(unproven <= 10)
  }

  @Test("is near the lower bound under coupled limits as well", arguments: 0..<100)
  func coupledOptimum(seed: Int) throws {
    var random = SeededGenerator(seed + 1_000_000)
    var problem = try RandomProblem(seed: seed + 5000, joints: 2, samples: 4 + seed % 7)
    let middle = problem.limits.coordinates.map { ($0.lower.value + $0.upper.value) / 2 }
    let sum = middle[0] - 0.7 * middle[1]
    let coupling = CoupledLimit(
      name: "sum", terms: [.init(coordinate: 0, factor: 1), .init(coordinate: 1, factor: -0.7)],
      lower: sum - random.logarithmic(0.01...2), upper: sum + random.logarithmic(0.01...2),
      source: "test")
    problem.limits = try SafetyLimits(
      coordinates: problem.limits.coordinates, coupled: [coupling])
    let trajectory = try compile(problem.motion, within: problem.limits)
    let bound = DualBound(motion: problem.motion, limits: problem.limits)
    let found = Self.objective(trajectory, problem.motion)
    #expect(found <= bound.value * (1 + 1e-4) + 1e-8)
    #expect(found >= bound.value * (1 - 1e-9) - 1e-9)
  }

  @Test("keeps every limit of thousands of random problems")
  func thousands() throws {
    for seed in 0..<3000 {
      var random = SeededGenerator(seed + 77)
      let samples = Int(random.logarithmic(1...200))
      let problem = try RandomProblem(seed: seed + 20000, joints: 1 + seed % 9, samples: samples)
      // Throws where the verifier finds anything.
      let trajectory = try compile(problem.motion, within: problem.limits)
      #expect(trajectory.sampleCount == samples)
      expectWithinLimits(trajectory)
    }
  }

  /// The curve's own values and difference quotients, by none of the module's means.
  func expectWithinLimits(_ trajectory: SafeTrajectory) {
    let joints = trajectory.jointNames.count
    for (j, limit) in trajectory.limits.coordinates.enumerated() {
      let c = (0..<trajectory.sampleCount + 2).map { trajectory.controlPoints[$0 * joints + j] }
      for i in 0..<max(0, c.count - 3) {
        // Bernstein coefficients of a piece: its values at u = 0, 1/2, 1.
        for u in [0.0, 0.5, 1.0] {
          let b = [
            pow(1 - u, 3), 3 * pow(u, 3) - 6 * u * u + 4,
            -3 * pow(u, 3) + 3 * u * u + 3 * u + 1, pow(u, 3),
          ]
          let value = (b[0] * c[i] + b[1] * c[i + 1] + b[2] * c[i + 2] + b[3] * c[i + 3]) / 6
          #expect(limit.lower.value <= value && value <= limit.upper.value)
        }
      }
      #expect(c[0] == c[1] && c[1] == c[2] && c[c.count - 1] == c[c.count - 3])
    }
  }

  @Test("returns a motion that keeps all limits, and rests at its ends, as it is")
  func feasible() throws {
    let box = try SafetyLimits(coordinates: [coordinate("a", -2, 2, 50, 5000, 500_000)])
    let samples = (0..<300).map { i in
      let s = min(max((Double(i) - 10) / 280, 0), 1)
      return s * s * s * s * (35 - 84 * s + 70 * s * s - 20 * s * s * s)
    }
    let motion = JointMotion(
      name: "rise", jointNames: ["a"], frameRate: 100, positions: samples)
    let trajectory = try compile(motion, within: box)
    #expect(try #require(trajectory.deviation?.greatest).greatest < 1e-9)
  }

  @Test("does not depend on the units of length and time")
  func scaling() throws {
    for seed in 0..<50 {
      let problem = try RandomProblem(
        seed: seed + 300, joints: 1, samples: 60, mayBeInfinite: false)
      let (length, time) = (4.0, 0.5)
      let l = problem.limits.coordinates[0]
      let scaled = try SafetyLimits(coordinates: [
        coordinate(
          l.name, l.lower.value * length, l.upper.value * length, l.velocity.value * length / time,
          l.acceleration.value * length / (time * time),
          l.jerk.value * length / (time * time * time))
      ])
      var motion = problem.motion
      motion.frameRate /= time
      motion.positions = motion.positions.map { $0 * length }
      let one = Self.objective(
        try compile(problem.motion, within: problem.limits), problem.motion)
      let two = Self.objective(try compile(motion, within: scaled), motion)
      #expect(abs(two - one * length * length) <= 1e-4 * two + 1e-9)
    }
  }

  @Test("the uArm's parallelogram holds")
  func parallelogram() throws {
    let degree = Double.pi / 180
    let arm = try SafetyLimits(
      coordinates: [
        coordinate("left", 0, 135.6 * degree, 3, 20, 200),
        coordinate("right", 0, 100.7 * degree, 3, 20, 200),
        coordinate("base", 0, 180 * degree, 3, 20, 200),
      ],
      coupled: [
        CoupledLimit(
          name: "parallelogram",
          terms: [.init(coordinate: 0, factor: 1), .init(coordinate: 1, factor: 1)],
          lower: 29 * degree, upper: 170 * degree, source: "firmware")
      ])
    let positions = (0..<600).flatMap { i in
      let t = Double(i) / 50
      return [1.2 + 1.4 * sin(2 * t), 0.9 + 1.2 * sin(2 * t + 0.3), 1.5 + 2 * sin(t)]
    }
    let motion = JointMotion(
      name: "arm", jointNames: arm.jointNames, frameRate: 50, positions: positions)
    let trajectory = try compile(motion, within: arm)
    let use = try #require(trajectory.verification.greatestUse(of: .coupled))
    #expect(use.share > 0.999 && use.share <= 1)
  }
}
