import Foundation
public import Kinematics

/// The benchmark of the limit program on a synthetic dance of 29 joints.
public enum TrajectoryBenchmark {
  /// Seconds for 29 joints of 1,896 samples under all four limits on one thread; the best of some.
  public static func limitProgramSeconds(repetitions: Int = 5) throws(UnsafeMotion) -> Double {
    let (motion, limits) = try problem()
    let program = LimitProgram(
      reference: motion.positions, limits: limits, period: 1 / motion.frameRate)
    var best = Double.infinity
    for _ in 0..<repetitions {
      let start = ContinuousClock.now
      _ = try program.solve()
      let elapsed = ContinuousClock.now - start
      best = min(
        best,
        Double(elapsed.components.attoseconds) * 1e-18
          + Double(elapsed.components.seconds))
    }
    return best
  }

  /// Waves, jitter and jumps of 29 joints at 60 Hz, so that each of the four limits binds.
  public static func problem(
    joints: Int = 29, samples: Int = 1896
  ) throws(UnsafeMotion) -> (motion: JointMotion, limits: SafetyLimits) {
    var state: UInt64 = 20_241_121
    func uniform(_ range: ClosedRange<Double>) -> Double {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let share = Double(state >> 11) * 0x1p-53
      return range.lowerBound + share * (range.upperBound - range.lowerBound)
    }
    func bound(_ value: Double) -> SourcedLimit { SourcedLimit(value, source: "benchmark") }
    let rate = 60.0
    var positions = [Double](repeating: 0, count: joints * samples)
    for j in 0..<joints {
      let waves = (0..<10).map { _ in
        (size: uniform(0...0.4), speed: uniform(0.3...8), phase: uniform(0...6.28))
      }
      for i in 0..<samples {
        let time = Double(i) / rate
        let jump = i % 600 > 590 ? 0.5 : 0
        positions[i * joints + j] =
          waves.reduce(jump + uniform(-0.01...0.01)) {
            $0 + $1.size * sin($1.speed * time + $1.phase)
          }
      }
    }
    let limits = try SafetyLimits(
      coordinates: (0..<joints).map { j in
        SafetyLimits.Coordinate(
          name: "joint\(j)", lower: bound(-1.4), upper: bound(1.4), velocity: bound(5),
          acceleration: bound(60), jerk: bound(2000))
      })
    let motion = JointMotion(
      name: "benchmark", jointNames: limits.jointNames, frameRate: rate, positions: positions)
    return (motion, limits)
  }
}
