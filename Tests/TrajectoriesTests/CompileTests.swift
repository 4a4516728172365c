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

  @Test("is within a ten-thousandth of a lower bound found by other means", arguments: 0..<300)
  func optimum(seed: Int) throws {
    let problem = try RandomProblem(seed: seed, joints: 1, samples: 4 + seed % 17)
    let trajectory = try compile(problem.motion, within: problem.limits)
    let bound = DualBound(motion: problem.motion, limits: problem.limits)
    let found = Self.objective(trajectory, problem.motion)
    #expect(found <= bound.value * (1 + 1e-4) + 1e-8)
    #expect(found >= bound.value * (1 - 1e-9) - 1e-9)
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

  @Test("keeps every limit of thousands of random problems, and converges")
  func thousands() throws {
    for seed in 0..<3000 {
      var random = SeededGenerator(seed + 77)
      let samples = Int(random.logarithmic(1...200))
      let problem = try RandomProblem(seed: seed + 20000, joints: 1 + seed % 9, samples: samples)
      // Throws where the verifier finds anything.
      let trajectory = try compile(problem.motion, within: problem.limits)
      #expect(trajectory.sampleCount == samples)
    }
  }
}
