import Files
import Foundation
import Geometry
import Kinematics
import Testing

@testable import Trajectories

@Suite("Trajectories that begin and end at the motion's own speed")
struct MovingEndsTests {
  private static let robot = RobotIdentity(name: "made up", fingerprint: "abc")

  private static func compiled(
    _ motion: JointMotion, _ limits: SafetyLimits, timing: Timing = .keep, rate: Double? = nil,
    atRest: Bool = false
  ) throws -> SafeTrajectory {
    try Trajectories.compile(
      motion, within: limits, timing: timing, rate: rate, atRest: atRest, robot: robot)
  }

  /// A piece cut out of two waves and of a base that walks and turns.
  private static func piece(_ frames: Int = 90, rate: Double = 30) -> JointMotion {
    var positions: [Double] = []
    var root = JointMotion.Root(translations: [], rotations: [])
    for frame in 0..<frames {
      let time = 0.4 + Double(frame) / rate
      positions += [0.6 * sin(4 * time), 0.5 * cos(3 * time)]
      root.translations.append([1.1 * time, 0.2 * sin(2 * time), 0.8])
      root.rotations.append(Quaternion(angle: 0.9 * time, axis: .unitZ))
    }
    return JointMotion(
      name: "piece", jointNames: ["a", "b"], frameRate: rate, positions: positions, root: root)
  }

  private static func limits() throws -> SafetyLimits {
    try SafetyLimits(
      coordinates: [coordinate("a", -1, 1, 4, 60, 900), coordinate("b", -1, 1, 4, 60, 900)],
      coupled: [
        CoupledLimit(
          name: "pair", terms: [.init(coordinate: 0, factor: 1), .init(coordinate: 1, factor: 1)],
          lower: -1.5, upper: 1.5, source: "test")
      ])
  }

  @Test(
    "Joints and base have the motion's place and speed at both ends, at any rate",
    arguments: [nil, 100.0, 13])
  func speeds(_ rate: Double?) throws {
    let motion = Self.piece()
    let trajectory = try Self.compiled(motion, Self.limits(), rate: rate)
    #expect(trajectory.mayMoveAtEnds && !trajectory.isAtRestAtEnds)
    let deviation = try #require(trajectory.deviation)
    // At 13 Hz frames lie between samples that are far apart.
    let tolerance = rate == 13 ? 0.02 : 3e-3
    #expect((deviation.greatest?.greatest ?? 1) < tolerance, "\(deviation)")
    let base = try #require(deviation.base)
    #expect(base.distance < tolerance && base.angle < tolerance, "\(deviation)")
    for (time, at) in [(0.4, 0.0), (0.4 + 89.0 / 30, 89.0 / 30)] {
      let state = trajectory.state(at: min(at, trajectory.duration))
      #expect(abs(state.velocities[0] - 2.4 * cos(4 * time)) < 0.12, "\(at): \(state)")
      #expect(abs(state.velocities[1] + 1.5 * sin(3 * time)) < 0.12, "\(at): \(state)")
      let (near, far) = (
        try #require(trajectory.rootPose(at: at == 0 ? 0 : at - 0.05)),
        try #require(trajectory.rootPose(at: at == 0 ? 0.05 : at))
      )
      #expect(abs((far.translation.x - near.translation.x) / 0.05 - 1.1) < 0.05)
      #expect(abs((near.rotation.inverse * far.rotation).angle / 0.05 - 0.9) < 0.05)
    }
    let resting = try Self.compiled(motion, Self.limits(), rate: rate, atRest: true)
    #expect(!resting.mayMoveAtEnds && resting.isAtRestAtEnds)
    #expect((resting.deviation?.greatest?.greatest ?? 0) > 0.03)
    #expect(resting.encoded().metadata["ends"] == nil)
  }

  @Test("Every limit of thousands of random problems is kept, by differences of control points too")
  func thousands() throws {
    for seed in 0..<2000 {
      var random = SeededGenerator(seed + 99)
      let problem = try RandomProblem(
        seed: seed + 30000, joints: 1 + seed % 5,
        samples: Int(random.logarithmic(1...150)))
      let trajectory = try Self.compiled(problem.motion, problem.limits)
      #expect(trajectory.sampleCount == problem.motion.frameCount)
      let (c, joints) = (trajectory.controlPoints, problem.limits.coordinates.count)
      for (j, limit) in problem.limits.coordinates.enumerated() {
        var row = stride(from: j, to: c.count, by: joints).map { c[$0] }
        #expect(row.allSatisfy { limit.lower.value <= $0 && $0 <= limit.upper.value })
        for bound in [limit.velocity, limit.acceleration, limit.jerk] {
          row = zip(row, row.dropFirst()).map { ($1 - $0) / trajectory.period }
          #expect(row.allSatisfy { abs($0) <= bound.value }, "seed \(seed)")
        }
      }
    }
  }

  @Test("A motion faster than the limits begins as fast as they allow, and one frame stays one")
  func limited() throws {
    let slow = try SafetyLimits(coordinates: [coordinate("a", -1, 1, 0.5, 5, 50)])
    let ramp = JointMotion(
      name: "ramp", jointNames: ["a"], frameRate: 30,
      positions: (0..<60).map { -0.9 + 0.9 * Double($0) / 30 })
    let trajectory = try Self.compiled(ramp, slow)
    let first = trajectory.state(at: 0)
    #expect(first.velocities[0] > 0.45 && first.velocities[0] <= 0.5, "\(first)")
    for frames in 1...4 {
      let short = JointMotion(
        name: "short", jointNames: ["a"], frameRate: 30,
        positions: (0..<frames).map { 0.01 * Double($0) })
      let trajectory = try Self.compiled(short, slow)
      #expect(trajectory.sampleCount == frames)
      #expect(abs(trajectory.state(at: 0).positions[0]) < 1e-3)
    }
    let stretched = try Self.compiled(
      Self.piece(), Self.limits(), timing: .stretch(tolerance: 0.05))
    #expect(stretched.stretch == 1)
  }

  @Test("The file says so; without its word, or by another one, it is refused")
  func file() throws {
    let trajectory = try Self.compiled(Self.piece(), Self.limits())
    let good = trajectory.encoded()
    let back = try SafeTrajectory(decoding: good, path: "a")
    #expect(back.mayMoveAtEnds && back.controlPoints == trajectory.controlPoints)
    #expect(back.base == trajectory.base && back.encoded().encoded() == good.encoded())
    let verified = try back.verified(within: Self.limits(), robot: Self.robot)
    #expect(verified.mayMoveAtEnds)
    for word in [nil, "at rest", ""] {
      var metadata = good.metadata
      metadata["ends"] = word
      let file = Safetensors(metadata: metadata, tensors: good.tensors)
      let error = #expect(throws: UnsafeMotion.self) {
        _ = try SafeTrajectory(decoding: file, path: "a")
      }
      switch error {
      case .violation: #expect(word == nil)
      case .notATrajectory(_, let reason): #expect(word != nil && reason.contains("ends"))
      default: Issue.record("\(String(describing: error))")
      }
    }
  }

  @Test("A base alone in motion counts as motion")
  func baseAlone() throws {
    var motion = Self.piece()
    motion.positions = motion.positions.map { _ in 0 }
    #expect(try !Self.compiled(motion, Self.limits()).isAtRestAtEnds)
    motion.root = nil
    // All joints stand still, whatever was asked for.
    #expect(try Self.compiled(motion, Self.limits()).isAtRestAtEnds)
  }
}
