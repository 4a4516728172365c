import Foundation
import Geometry
import Kinematics
import Testing

@testable import Trajectories

@Suite("compile: degenerate and bad input")
struct DegenerateTests {
  func motion(_ positions: [Double], rate: Double = 60) -> JointMotion {
    JointMotion(name: "m", jointNames: ["a"], frameRate: rate, positions: positions)
  }

  func box(
    _ lower: Double = -1, _ upper: Double = 1, _ velocity: Double = 2,
    _ acceleration: Double = 10, _ jerk: Double = 100
  ) throws -> SafetyLimits {
    try SafetyLimits(coordinates: [
      coordinate("a", lower, upper, velocity, acceleration, jerk)
    ])
  }

  @Test("compiles motions of few frames", arguments: 1...8)
  func few(frames: Int) throws {
    let trajectory = try compile(
      motion((0..<frames).map { Double($0) * 0.01 }), within: box())
    #expect(trajectory.sampleCount == frames)
    #expect(trajectory.controlPoints.count == frames + 2)
    let state = trajectory.state(at: 0)
    #expect(state.velocities == [0] && state.positions[0].isFinite)
  }

  @Test("a single frame outside its range ends at the limit")
  func single() throws {
    let trajectory = try compile(motion([5]), within: box())
    #expect(abs(trajectory.controlPoints[0] - 1) < 1e-5)
    #expect(trajectory.controlPoints[0] <= 1)
  }

  @Test("a joint that cannot move stands where it must")
  func fixed() throws {
    let trajectory = try compile(
      motion((0..<50).map { Double($0) * 0.1 }), within: box(0.25, 0.25))
    #expect(trajectory.controlPoints.allSatisfy { $0 == 0.25 })
  }

  @Test(
    "huge, infinite and tiny limits",
    arguments: [
      (-1e16, 1e16, 1e16, 1e16, 1e16), (-1e16, 1, 3, 10, 100),
      (-Double.infinity, .infinity, 2, .infinity, .infinity),
      (-Double.infinity, 0.5, 2, 10, .infinity), (-1, 1, 1e-12, 1, 1), (-1, 1, 1e-15, 1, 1),
      (-1, 1, 1e-300, 1e-300, 1e-300), (-1e-9, 1e-9, 1, 1, 1), (1e6, 1e6 + 1, 1, 10, 100),
    ])
  func extremes(limit: (Double, Double, Double, Double, Double)) throws {
    let samples = (0..<200).map { i in Double(i % 37) * 0.05 - 1 }
    let trajectory = try compile(
      motion(samples), within: box(limit.0, limit.1, limit.2, limit.3, limit.4))
    #expect(trajectory.sampleCount == 200)
  }

  @Test("limits that cannot bind leave the motion as it is, but for its ends")
  func loose() throws {
    let samples = (0..<200).map { i in Double(i % 37) * 0.05 - 1 }
    let trajectory = try compile(
      motion(samples), within: box(-1e16, 1e16, 1e16, 1e16, 1e16))
    for i in 30..<170 {
      #expect(abs(trajectory.state(at: Double(i) / 60).positions[0] - samples[i]) < 1e-6)
    }
  }

  @Test("a reference that jumps far away", arguments: [10.0, 1e4, 1e9])
  func teleport(distance: Double) throws {
    let samples = (0..<300).map { i in i / 50 % 2 == 0 ? 0 : distance }
    let trajectory = try compile(motion(samples), within: box())
    let use = try #require(trajectory.verification.greatestUse(of: .position))
    // It goes all the way to the limit on that side.
    #expect(use.share > 0.99)
  }

  @Test("values that are no positions are refused with joint and frame")
  func notFinite() throws {
    for value in [Double.nan, .infinity, -1e300] {
      let limits = try box()
      let error = #expect(throws: UnsafeMotion.self) {
        try compile(motion([0, 0, value, 0, 0, 0]), within: limits)
      }
      #expect(error?.description.contains("joint 'a', frame 2") == true)
    }
  }

  @Test("no frames, no rate, other joints are refused")
  func refusals() throws {
    let limits = try box()
    #expect(throws: UnsafeMotion.self) { try compile(motion([]), within: limits) }
    for rate in [0, -1, Double.nan, .infinity] {
      #expect(throws: UnsafeMotion.self) {
        try compile(motion([0, 0], rate: rate), within: limits)
      }
      #expect(throws: UnsafeMotion.self) {
        try compile(motion([0, 0]), within: limits, rate: rate)
      }
    }
    var other = motion([0, 0])
    other.jointNames = ["b"]
    #expect(throws: UnsafeMotion.self) { try compile(other, within: limits) }
    #expect(throws: UnsafeMotion.self) {
      try compile(
        motion([Double](repeating: 0, count: 10000), rate: 0.01), within: limits, rate: 1e5)
    }
  }

  @Test("limits that are not limits are refused")
  func badLimits() throws {
    for (lower, upper, velocity) in [
      (1.0, -1.0, 1.0), (.nan, 1, 1), (-1, .nan, 1), (-1, 1, .infinity), (-1, 1, 0), (-1, 1, -2),
      (-1, 1, .nan),
    ] {
      #expect(throws: UnsafeMotion.self) { try box(lower, upper, velocity) }
    }
    var missing = JointLimits()
    missing.lower = SourcedLimit(-1, source: "test")
    missing.upper = SourcedLimit(1, source: "test")
    #expect(throws: UnsafeMotion.limitMissing(joint: "elbow", quantity: "velocity")) {
      try SafetyLimits(names: ["elbow"], limits: [missing], continuous: [false])
    }
    missing.velocity = SourcedLimit(1, source: "test")
    missing.upper = nil
    #expect(throws: UnsafeMotion.limitMissing(joint: "elbow", quantity: "upper position")) {
      try SafetyLimits(names: ["elbow"], limits: [missing], continuous: [false])
    }
    let free = try SafetyLimits(names: ["wheel"], limits: [missing], continuous: [true])
    #expect(free.coordinates[0].upper.value == .infinity)
  }

  @Test("coupled limits that contradict the position limits are refused by name")
  func contradiction() throws {
    let limits = try SafetyLimits(
      coordinates: [coordinate("a", 0, 1, 1), coordinate("b", 0, 1, 1)],
      coupled: [
        CoupledLimit(
          name: "sum", terms: [.init(coordinate: 0, factor: 1), .init(coordinate: 1, factor: 1)],
          lower: 3, upper: 4, source: "test")
      ])
    let motion = JointMotion(
      name: "m", jointNames: ["a", "b"], frameRate: 50,
      positions: [Double](repeating: 0.5, count: 40))
    #expect(throws: UnsafeMotion.coupledLimitsContradict(limits: ["'sum'"])) {
      try compile(motion, within: limits)
    }
  }

  @Test("stretching reaches its tolerance, and says when it cannot")
  func stretch() throws {
    let samples = (0..<240).map { (i: Int) -> Double in
      let step = min(i % 60, 60 - i % 60)
      return 0.8 * Double(step) / 30
    }
    let limits = try box()
    let kept = try compile(motion(samples), within: limits)
    #expect(try #require(kept.deviation?.greatest).greatest > 0.05)
    let slowed = try compile(
      motion(samples), within: limits, timing: .stretch(tolerance: 0.02))
    let deviation = try #require(slowed.deviation)
    let greatest = try #require(deviation.greatest)
    #expect(deviation.factor > 1)
    #expect(greatest.greatest <= 0.02)
    #expect(slowed.duration > kept.duration)
    #expect(throws: UnsafeMotion.self) {
      try compile(motion([0, 0, 5, 5, 5, 5]), within: limits, timing: .stretch(tolerance: 0.1))
    }
  }

  @Test("resamples joints and root to another rate")
  func resampling() throws {
    let positions = (0..<61).map { Double($0) / 60 * 0.5 }
    var moving = motion(positions)
    moving.root = JointMotion.Root(
      translations: positions.map { [$0, 0, 0] },
      rotations: positions.map { Quaternion(angle: $0, axis: .unitZ) })
    let trajectory = try compile(moving, within: box(), rate: 100)
    #expect(trajectory.sampleCount == 101)
    #expect(abs(trajectory.duration - 1) < 1e-12)
    let pose = try #require(trajectory.rootPose(at: 0.505))
    #expect(abs(pose.translation.x - 0.2525) < 1e-9)
    #expect(abs(pose.rotation.angle - 0.2525) < 1e-9)
    // A straight line is resampled exactly.
    let resampled = try ResampledMotion(moving, period: 0.01, factor: 1)
    for i in 0..<101 { #expect(abs(resampled.positions[i] - Double(i) * 0.005) < 1e-12) }
  }

  @Test("lasts as long as the motion at any rate", arguments: [0.01, 1, 3, 7.3, 100, 999])
  func wholeMotion(rate: Double) throws {
    let positions = (0..<1198).map { 0.5 * sin(Double($0) / 40) }
    let moving = motion(positions, rate: 120)
    let resampled = try ResampledMotion(moving, period: 1 / rate, factor: 1)
    let trajectory = try compile(moving, within: box(), rate: rate)
    #expect(trajectory.duration >= 9.975 * (1 - 1e-9))
    #expect(trajectory.duration < 9.975 + 1 / rate)
    #expect(resampled.positions.count == trajectory.sampleCount)
    #expect(abs(resampled.positions.last.map { $0 - positions[1197] } ?? 1) < 1e-9)
  }

  @Test("joints that stand still do so in all states", arguments: [0.1, 1.0 / 3, -0.7, 1e-3])
  func locked(place: Double) throws {
    let samples = (0..<50).map { Double($0) * 0.1 - 2 }
    let trajectory = try compile(motion(samples), within: box(place, place))
    for i in 0..<500 {
      let state = trajectory.state(at: Double(i) * 0.00173)
      #expect(state.positions == [place] && state.velocities == [0])
    }
  }

  @Test("says what is under no limit")
  func unlimited() throws {
    let limits = try SafetyLimits(coordinates: [
      coordinate("a", -1, 1, 2, 3), coordinate("b", -.infinity, 1, 2),
      coordinate("c", 0, 1, 2, 3, 4),
    ])
    let positions = [Double](repeating: 0.5, count: 30)
    let trajectory = try compile(
      JointMotion(name: "m", jointNames: ["a", "b", "c"], frameRate: 60, positions: positions),
      within: limits)
    #expect(
      trajectory.unlimitedQuantities == [
        "position of 'b'", "acceleration of 'b'", "jerk of 'a', 'b'",
      ])
  }

  @Test("a rate at which rounding would hide the limits is refused by joint and rate")
  func tooHigh() throws {
    let slow = try box(-100, 100, 1, 0.1, 1e-3)
    let samples = (0..<1000).map { 90 + 5 * sin(Double($0) / 100) }
    let moving = motion(samples, rate: 1)
    #expect(throws: UnsafeMotion.rateTooHigh(joint: "a", rate: 1e4)) {
      try compile(moving, within: slow, rate: 1e4)
    }
    #expect(try compile(moving, within: slow, rate: 500).sampleCount > 1)
  }

  @Test("a hundred thousand frames")
  func long() throws {
    let (motion, limits) = try TrajectoryBenchmark.problem(joints: 1, samples: 100_000)
    #expect(try compile(motion, within: limits).sampleCount == 100_000)
  }
}
