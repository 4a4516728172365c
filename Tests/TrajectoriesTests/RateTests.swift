import Foundation
import Kinematics
import Testing

@testable import Trajectories

@Suite("compile: one motion at many rates")
struct RateTests {
  static let rates = [60.0, 240, 480, 1000, 2000, 10000]

  /// A wave, swifter than the limits, of `joints` joints: 10 s at 60 Hz.
  static func motion(_ names: [String], middles: [Double], size: Double) -> JointMotion {
    var random = SeededGenerator(5)
    var positions: [Double] = []
    for i in 0..<601 {
      let t = Double(i) / 60
      for (j, middle) in middles.enumerated() {
        let phase = Double(j)
        positions.append(
          middle + size * (0.7 * sin(1.1 * t + phase) + 0.2 * sin(4 * t + 2 * phase))
            + random.uniform(-0.01...0.01))
      }
    }
    return JointMotion(name: "wave", jointNames: names, frameRate: 60, positions: positions)
  }

  static func arm() throws -> SafetyLimits {
    try SafetyLimits(
      coordinates: [
        coordinate("left", 0, 2.367, 1.047, 3.49, 34.9),
        coordinate("right", 0, 1.757, 1.047, 3.49, 34.9),
        coordinate("base", 0, 3.14, 1.047, 3.49, 34.9),
      ],
      coupled: [
        CoupledLimit(
          name: "parallelogram",
          terms: [.init(coordinate: 0, factor: 1), .init(coordinate: 1, factor: 1)],
          lower: 0.506, upper: 2.967, source: "firmware")
      ])
  }

  /// The mean square of the distance from the motion at its own frames, joint by joint.
  static func meanSquares(_ trajectory: SafeTrajectory, _ motion: JointMotion) -> [Double] {
    let joints = motion.jointNames.count
    var sums = [Double](repeating: 0, count: joints)
    for frame in 0..<motion.frameCount {
      let state = trajectory.state(at: Double(frame) / motion.frameRate)
      for j in 0..<joints {
        let e = state.positions[j] - motion.positions[frame * joints + j]
        sums[j] += e * e
      }
    }
    return sums.map { $0 / Double(motion.frameCount) }
  }

  func agree(_ limits: SafetyLimits, _ motion: JointMotion) throws {
    var found: [[Double]] = []
    for rate in Self.rates {
      let trajectory = try compile(motion, within: limits, rate: rate)
      found.append(Self.meanSquares(trajectory, motion))
    }
    for (rate, values) in zip(Self.rates, found) {
      for (a, b) in zip(values, found[0]) { #expect(abs(a - b) <= 0.01 * b, "\(rate)") }
    }
  }

  @Test("the uArm's deviation is the same at all rates")
  func uArm() throws {
    let limits = try Self.arm()
    try agree(limits, Self.motion(limits.jointNames, middles: [1.1, 0.7, 1.5], size: 1))
  }

  @Test("a humanoid's deviation is the same at all rates")
  func humanoid() throws {
    let limits = try SafetyLimits(
      coordinates: (0..<9).map { coordinate("joint\($0)", -1.2, 1.5, 4, 60, 6000) })
    try agree(
      limits,
      Self.motion(limits.jointNames, middles: [Double](repeating: 0.3, count: 9), size: 2))
  }
}

extension RateTests {
  /// `jerk · period³` from 10⁻¹⁰ to 10, and all else over as wide a range.
  static func problem(seed: Int) throws -> (JointMotion, SafetyLimits) {
    var random = SeededGenerator(seed)
    let rate = random.logarithmic(1...5000)
    let jerk = random.logarithmic(1e-10...10) * rate * rate * rate
    let acceleration = jerk * random.logarithmic(0.01...10)
    let samples = Int(random.logarithmic(4...2000))
    let isPair = seed % 3 == 0
    let names = isPair ? ["a", "b"] : ["a"]
    let velocity = min(acceleration * random.logarithmic(0.01...10), 100)
    // Of a pair, the second joint may be swifter or slower by far.
    let other = seed % 2 == 0 ? random.logarithmic(1e-4...1e4) : 1
    let coordinates = zip(names, [1, other]).map { name, factor in
      coordinate(name, -1, 2, factor * velocity, factor * acceleration, factor * jerk)
    }
    let coupled = [
      CoupledLimit(
        name: "sum", terms: [.init(coordinate: 0, factor: 1), .init(coordinate: 1, factor: 1)],
        lower: -0.5, upper: 1, source: "test")
    ]
    let limits = try SafetyLimits(coordinates: coordinates, coupled: isPair ? coupled : [])
    let waves = random.logarithmic(0.3...30)
    let (size, jitter) = (random.logarithmic(0.01...3), random.logarithmic(1e-6...0.1))
    var positions: [Double] = []
    for i in 0..<samples {
      for j in names.indices {
        let phase = waves * Double(i) / Double(samples) + Double(j)
        positions.append(0.3 + size * sin(phase) + random.uniform(-jitter...jitter))
      }
    }
    return (
      JointMotion(name: "m", jointNames: names, frameRate: rate, positions: positions), limits
    )
  }

  @Test("thousands of problems over a wide range of rates and limits are solved")
  func wide() throws {
    for seed in 0..<3000 {
      let (motion, limits) = try Self.problem(seed: seed)
      // Throws where the verifier finds anything, or where no optimum is proven.
      #expect(throws: Never.self, "seed \(seed)") { try compile(motion, within: limits) }
    }
  }

  /// Of the bound's own method, the multipliers converge too slowly where limits are this stiff; it
  /// is given those of the solver, and proves or refutes them by its own matrices.
  @Test("few samples at high rates are within a thousandth of a lower bound", arguments: 0..<200)
  func bound(seed: Int) throws {
    var (motion, limits) = try Self.problem(seed: 3 * seed + 10000)
    motion.jointNames = ["a"]
    limits = try SafetyLimits(coordinates: [limits.coordinates[0]])
    motion.positions = Array(motion.positions.prefix(min(motion.positions.count, 30)))
    let trajectory = try compile(motion, within: limits)
    let found = CompileTests.objective(trajectory, motion)
    let (h, limit) = (1 / motion.frameRate, limits.coordinates[0])
    var program = LaneProgram(
      reference: motion.positions.map { Lanes(repeating: $0 - 0.5) },
      bound: Quadruple(
        e0: Lanes(repeating: 1.5), e1: Lanes(repeating: limit.velocity.value * h),
        e2: Lanes(repeating: limit.acceleration.value * h * h),
        e3: Lanes(repeating: limit.jerk.value * h * h * h)))
    program.solve(tolerance: 1e-7)
    let bound = DualBound(motion: motion, limits: limits, iterations: 0) { order, place in
      let row = program.multiplier[place]
      let (above, below) = (row.above, row.below)
      let difference = [
        above.e0 - below.e0, above.e1 - below.e1, above.e2 - below.e2, above.e3 - below.e3,
      ]
      return 2 * difference[order][0]
    }.value
    #expect(found <= bound * 1.001 + 1e-9)
    #expect(found >= bound * (1 - 1e-9) - 1e-9)
  }
}

extension RateTests {
  @Test("29 joints of 1,896 samples are solved in well under a second")
  func benchmark() throws {
    let seconds = try TrajectoryBenchmark.limitProgramSeconds(repetitions: 10)
    // Room for a machine that others load.
    #expect(seconds < 0.5)
  }
}
