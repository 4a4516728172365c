import Files
import Foundation
import Kinematics
import Testing

@testable import Trajectories

@Suite("The deviation from the motion, its speed and the limits of the day")
struct DeviationTests {
  /// A motion whose frames lie between the samples of most rates.
  private func motion(_ joints: Int, seed: Int, rate: Double = 97) -> JointMotion {
    var random = SeededGenerator(seed)
    let (pace, size) = (random.uniform(3...25), random.uniform(0.1...0.9))
    var positions: [Double] = []
    for frame in 0..<200 {
      for joint in 0..<joints {
        positions.append(size * sin(pace * Double(frame) / rate + Double(joint)))
      }
    }
    return JointMotion(
      name: "wave", jointNames: (0..<joints).map { "j\($0)" }, frameRate: rate,
      positions: positions)
  }

  private func limits(_ joints: Int) throws -> SafetyLimits {
    try SafetyLimits(
      coordinates: (0..<joints).map { index in
        var limit = coordinate("j\(index)", -1, 1, 2, 20, 300)
        limit.isAngular = index % 2 == 0
        return limit
      })
  }

  /// The greatest distance of the curve from the motion at the motion's own frames.
  private func atFrames(_ trajectory: SafeTrajectory, _ motion: JointMotion) throws -> Double {
    let scale = try #require(trajectory.stretch) / #require(trajectory.speed)
    let joints = motion.jointNames.count
    var greatest = 0.0
    for frame in 0..<motion.frameCount {
      let state = trajectory.state(at: Double(frame) / motion.frameRate * scale)
      for joint in 0..<joints {
        greatest = max(
          greatest, abs(state.positions[joint] - motion.positions[frame * joints + joint]))
      }
    }
    return greatest
  }

  @Test("No frame of the motion is further away than what is reported, kept or stretched")
  func reported() throws {
    var betweenSamples = 0
    for seed in 0..<60 {
      let motion = motion(2, seed: seed)
      let rate: Double? = [nil, 5, 20, 30, 150, 48.5][seed % 6]
      for speed in [1, 0.6, 2.5] {
        let trajectory = try compile(motion, within: limits(2), rate: rate, speed: speed)
        let worst = try #require(trajectory.deviation?.greatest)
        let found = try atFrames(trajectory, motion)
        #expect(found <= worst.greatest * (1 + 1e-9) + 1e-12, "seed \(seed), speed \(speed)")
        if found >= worst.greatest * (1 - 1e-9) { betweenSamples += 1 }
        #expect(worst.unit == (worst.name == "j0" ? "rad" : "m"))
        #expect("\(worst)".contains(" \(worst.unit) (joint '\(worst.name)' at "))
      }
    }
    // The frames, and not the samples, decide often: else this proves nothing.
    #expect(betweenSamples > 30)
  }

  @Test("A joint's name forges no line where a deviation is shown")
  func shown() {
    let deviation = Deviation.OfJoint(
      name: "j\nFORGED\u{1B}[2J", isAngular: true, greatest: 0.1, time: 1, rootMeanSquare: 0.1)
    #expect("\(deviation)".unicodeScalars.allSatisfy { $0.isPrintable }, "\(deviation)")
  }

  @Test("With stretch the tolerance holds at the motion's own frames too", arguments: 0..<40)
  func tolerance(seed: Int) throws {
    let motion = motion(1, seed: seed)
    let rate: Double? = [nil, 20, 30, 60][seed % 4]
    let trajectory = try compile(
      motion, within: limits(1), timing: .stretch(tolerance: 0.05), rate: rate)
    #expect(try atFrames(trajectory, motion) <= 0.05 * (1 + 1e-9))
    #expect(try #require(trajectory.deviation?.greatest).greatest <= 0.05)
  }

  @Test("A tolerance that cannot be reached is said with the joint, the unit and the time")
  func unreachable() throws {
    var motion = motion(1, seed: 1)
    motion.positions = motion.positions.map { $0 + 3 }
    let error = #expect(throws: UnsafeMotion.self) {
      try compile(motion, within: limits(1), timing: .stretch(tolerance: 0.01))
    }
    #expect("\(String(describing: error))".contains("rad"))
  }

  @Test("The speed is in the file and comes back; the same as a motion of that rate")
  func speed() throws {
    let motion = motion(2, seed: 3)
    let trajectory = try compile(
      motion, within: limits(2), timing: .stretch(tolerance: 0.1), speed: 2.5)
    var faster = motion
    faster.frameRate *= 2.5
    let other = try compile(faster, within: limits(2), timing: .stretch(tolerance: 0.1))
    #expect(trajectory.controlPoints == other.controlPoints && trajectory.period == other.period)
    let back = try SafeTrajectory(decoding: trajectory.encoded(), path: "x")
    #expect(back.speed == 2.5 && back.stretch == trajectory.deviation?.factor)
    let checked = try back.verified(within: limits(2))
    #expect(checked.speed == 2.5 && checked.stretch == back.stretch)
    // The dump is of the motion at that speed.
    let dump = try trajectory.optimumDump(of: motion)
    #expect(dump.tensors["reference"]?.shape == [trajectory.sampleCount, 2])
    for speed in [0, -1, Double.nan, .infinity] {
      #expect(throws: UnsafeMotion.self) { try compile(motion, within: limits(2), speed: speed) }
    }
  }

  @Test("An older file, without speed and limits' fingerprint, still reads; nonsense does not")
  func olderFile() throws {
    let trajectory = try compile(
      motion(1, seed: 2), within: limits(1),
      robot: RobotIdentity(name: "arm", fingerprint: "abc", limitsFingerprint: "def"))
    var file = trajectory.encoded()
    #expect(file.metadata["robot_limits_sha256"] == "def")
    for key in ["speed", "stretch"] {
      for value in ["0", "-1", "nan", "inf", "fast"] {
        var changed = file
        changed.metadata[key] = value
        #expect(throws: UnsafeMotion.self) { try SafeTrajectory(decoding: changed, path: "x") }
      }
    }
    for key in ["robot_limits_sha256", "speed", "stretch"] { file.metadata[key] = nil }
    let old = try SafeTrajectory(decoding: file, path: "x")
    #expect(old.speed == nil && old.stretch == nil && old.robotLimitsFingerprint == nil)
    // Its limits themselves say whether they are those of today.
    let limits = try limits(1)
    func robot(_ limits: SafetyLimits) -> RobotIdentity {
      RobotIdentity(name: "arm", fingerprint: "abc", limitsFingerprint: limits.fingerprint)
    }
    #expect(!old.wasCompiled(forLimitsOtherThan: robot(limits)))
    var wider = limits.coordinates
    wider[0].upper.value = 1.5
    #expect(old.wasCompiled(forLimitsOtherThan: robot(try SafetyLimits(coordinates: wider))))
    // What was compiled for other limits says so after it was checked against those of today.
    let now = try old.verified(within: SafetyLimits(coordinates: wider))
    #expect(now.wasCompiled(forLimitsOtherThan: robot(now.limits)))
  }

  @Test("The fingerprint of limits covers every bound, and not where it is from")
  func fingerprint() throws {
    func coupled(_ upper: Double, _ factor: Double) -> CoupledLimit {
      CoupledLimit(
        name: "sum", terms: [.init(coordinate: 0, factor: factor)], lower: -1, upper: upper,
        source: "test")
    }
    let limits = try limits(2)
    let base = try SafetyLimits(coordinates: limits.coordinates, coupled: [coupled(1, 1)])
    var variants = [limits]
    variants.append(try SafetyLimits(coordinates: limits.coordinates, coupled: [coupled(2, 1)]))
    variants.append(try SafetyLimits(coordinates: limits.coordinates, coupled: [coupled(1, 2)]))
    let bounds: [WritableKeyPath<SafetyLimits.Coordinate, SourcedLimit>] = [
      \.lower, \.upper, \.velocity, \.acceleration, \.jerk,
    ]
    for joint in 0..<2 {
      for bound in bounds {
        var changed = limits.coordinates
        changed[joint][keyPath: bound].value = changed[joint][keyPath: bound].value.nextUp
        variants.append(try SafetyLimits(coordinates: changed, coupled: [coupled(1, 1)]))
      }
    }
    #expect(Set(variants.map(\.fingerprint) + [base.fingerprint]).count == variants.count + 1)
    var renamed = limits.coordinates
    for joint in 0..<2 { renamed[joint].jerk.source = "elsewhere" }
    #expect(
      try SafetyLimits(coordinates: renamed, coupled: [coupled(1, 1)]).fingerprint
        == base.fingerprint)
  }
}
