import Foundation
import Kinematics
import Trajectories

/// SplitMix64 (Steele, Lea, Flood 2014): the same problems on every machine.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  init(_ seed: Int) { state = UInt64(truncatingIfNeeded: seed) &* 0x9E37_79B9 }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func uniform(_ range: ClosedRange<Double>) -> Double {
    Double.random(in: range, using: &self)
  }

  /// Spread evenly over powers of ten.
  mutating func logarithmic(_ range: ClosedRange<Double>) -> Double {
    exp(uniform(log(range.lowerBound)...log(range.upperBound)))
  }
}

/// A motion and limits of random kinds: smooth, noisy, jumping, far outside, standing still.
struct RandomProblem {
  var motion: JointMotion
  var limits: SafetyLimits

  init(
    seed: Int, joints: Int, samples: Int, mayBeInfinite: Bool = true, coupled: [CoupledLimit] = []
  ) throws {
    var random = SeededGenerator(seed)
    let rate = random.logarithmic(10...500)
    var coordinates = [SafetyLimits.Coordinate]()
    var positions = [Double](repeating: 0, count: joints * samples)
    for j in 0..<joints {
      let lower = random.uniform(-3...1)
      let upper = lower + random.logarithmic(0.01...6)
      let velocity = random.logarithmic(0.1...40)
      let isFree = mayBeInfinite && random.next() % 5 == 0
      let acceleration = isFree ? .infinity : velocity * random.logarithmic(0.5...50)
      let isSmooth = mayBeInfinite && random.next() % 5 == 0
      let jerk = isSmooth ? .infinity : velocity * random.logarithmic(1...3000)
      coordinates.append(
        limits("joint\(j)", lower, upper, velocity, acceleration, jerk))
      let kind = random.next() % 6
      let (middle, half) = ((lower + upper) / 2, (upper - lower) / 2)
      let (speed, phase) = (random.logarithmic(0.1...20), random.uniform(0...6))
      let amplitude = half * random.logarithmic(0.1...4)
      for i in 0..<samples {
        let wave = middle + amplitude * sin(phase + speed * Double(i) / rate)
        positions[i * joints + j] =
          switch kind {
          case 0, 1: wave
          case 2: wave + random.uniform(-0.1...0.1)
          case 3: wave + (i > samples / 2 ? 3 * half : 0)
          case 4: wave + 20 * half
          default: middle + random.uniform(-half...half)
          }
      }
    }
    limits = try SafetyLimits(coordinates: coordinates, coupled: coupled)
    motion = JointMotion(
      name: "problem \(seed)", jointNames: limits.jointNames, frameRate: rate,
      positions: positions)
  }
}

func limits(
  _ name: String, _ lower: Double, _ upper: Double, _ velocity: Double,
  _ acceleration: Double = .infinity, _ jerk: Double = .infinity
) -> SafetyLimits.Coordinate {
  func sourced(_ value: Double) -> SourcedLimit { SourcedLimit(value, source: "test") }
  return SafetyLimits.Coordinate(
    name: name, lower: sourced(lower), upper: sourced(upper), velocity: sourced(velocity),
    acceleration: sourced(acceleration), jerk: sourced(jerk))
}
