import Files
import Foundation
import Geometry
import Kinematics
import TestSupport
import Testing

@testable import Trajectories

@Suite("The path of a floating base")
struct BaseCurveTests {
  private func anyRotation(_ random: inout SeededGenerator) -> Quaternion {
    Quaternion(
      w: .random(in: -1...1, using: &random), x: .random(in: -1...1, using: &random),
      y: .random(in: -1...1, using: &random), z: .random(in: -1...1, using: &random)
    ).normalized
  }

  @Test(
    "Rotation and angular velocity are those of an independent implementation",
    .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
  func golden() throws {
    let file = try Safetensors(
      contentsOf: SharedData.url("golden/so3-spline.safetensors").path)
    func rows(_ name: String, _ width: Int) throws -> [[Double]] {
      let numbers = try file.tensor(name).doubles()
      return stride(from: 0, to: numbers.count, by: width).map {
        Array(numbers[$0..<($0 + width)])
      }
    }
    let control = try rows("control", 4).map { Quaternion(w: $0[0], x: $0[1], y: $0[2], z: $0[3]) }
    let period = try #require(try file.tensor("period").doubles().first)
    let curve = BaseCurve(
      places: control.map { _ in Vector3.zero }, rotations: control, period: period)
    let times = try file.tensor("time").doubles()
    let (rotations, velocities) = (try rows("rotation", 4), try rows("angular_velocity", 3))
    try #require(times.count == 60)
    for (index, time) in times.enumerated() {
      let (q, v) = (rotations[index], velocities[index])
      let expected = Quaternion(w: q[0], x: q[1], y: q[2], z: q[3])
      #expect((curve.pose(at: time).rotation.inverse * expected).angle < 1e-12)
      let found = curve.angularVelocity(at: time)
      #expect((found - Vector3(v[0], v[1], v[2])).length < 1e-6, "\(time)")
    }
  }

  @Test(
    "The bound of the angular acceleration holds, and is not far above it", arguments: 0..<4)
  func bound(_ seed: Int) {
    var random = SeededGenerator(seed)
    let limits = BaseLimits.usual
    var closest = 0.0
    for round in 0..<250 {
      var rotations = [anyRotation(&random)]
      let size = Double.random(in: 0.01...0.99, using: &random)
      var step = Vector3.random(in: -1...1, using: &random)
      for _ in 0..<6 {
        let change = Double.random(in: 0...1, using: &random)
        let drawn = Vector3.random(in: -1...1, using: &random)
        step = step + change * drawn
        if step.length > 1 || round % 2 == 0 { step = step / max(step.length, 1e-9) }
        let turn: Vector3 = step * size
        rotations.append(rotations[rotations.count - 1] * Quaternion(rotationVector: turn))
      }
      let period = Double.random(in: 0.005...0.1, using: &random)
      let curve = BaseCurve(
        places: rotations.map { _ in Vector3.zero }, rotations: rotations, period: period)
      let verifier = BaseVerifier(limits: limits, period: period)
      let bound = verifier.turningAccelerations(rotations).max() ?? 0
      let steps = zip(rotations, rotations.dropFirst()).map { BaseCurve.step($0, $1).length }
      let rate = (steps.max() ?? 0) / period
      let h = 1e-5
      for sample in 1..<100 {
        // Within a piece, where the third derivative jumps not.
        let time = Double(curve.sampleCount - 1) * period * (Double(sample) + 0.013) / 100
        let after = curve.angularVelocity(at: time + h * period)
        let before = curve.angularVelocity(at: time - h * period)
        let acceleration = (after - before) / (2 * h * period)
        #expect(acceleration.length <= bound * (1 + 1e-6))
        #expect(curve.angularVelocity(at: time).length <= rate * (1 + 1e-12))
        closest = max(closest, acceleration.length / bound)
      }
    }
    #expect(closest > 0.6)
  }

  private func motion(
    _ places: [Vector3], _ rotations: [Quaternion], rate: Double = 30
  ) -> JointMotion {
    JointMotion(
      name: "path", jointNames: ["joint"], frameRate: rate,
      positions: places.map { _ in 0 },
      root: JointMotion.Root(translations: places, rotations: rotations))
  }

  private func compiled(
    _ motion: JointMotion, limits: BaseLimits = .usual, rate: Double? = nil
  ) throws -> SafeTrajectory {
    try compile(
      motion,
      within: SafetyLimits(coordinates: [coordinate("joint", -1, 1, 3, 30, 500)], base: limits),
      rate: rate)
  }

  /// Speeds and accelerations by differences of poses alone.
  private func measured(_ trajectory: SafeTrajectory) throws -> [Double] {
    let step = trajectory.period / 7
    let count = Int(trajectory.duration / step)
    let poses = try (0...count).map { try #require(trajectory.rootPose(at: Double($0) * step)) }
    let velocities = zip(poses, poses.dropFirst()).map {
      ($1.translation - $0.translation) / step
    }
    let turns = zip(poses, poses.dropFirst()).map {
      // In the world, so that differences are changes.
      $0.rotation * BaseCurve.step($0.rotation, $1.rotation) / step
    }
    func changes(_ values: [Vector3]) -> [Double] {
      zip(values, values.dropFirst()).map { ($1 - $0).length / step }
    }
    return [
      velocities.map(\.length), changes(velocities), turns.map(\.length), changes(turns),
    ].map { $0.max() ?? 0 }
  }

  @Test("Whatever a base does, its trajectory keeps the limits and rests at both ends")
  func limits() throws {
    var random = SeededGenerator(11)
    for round in 0..<60 {
      var (place, rotation) = (Vector3.zero, anyRotation(&random))
      var (places, rotations) = ([place], [rotation])
      let (leap, turn) = (
        Double.random(in: 0...0.3, using: &random), Double.random(in: 0...0.5, using: &random)
      )
      for _ in 0..<Int.random(in: 1...80, using: &random) {
        place = place + leap * Vector3.random(in: -1...1, using: &random)
        rotation =
          Quaternion(angle: turn * Double.random(in: -1...1, using: &random), axis: .unitZ)
          * rotation
          * Quaternion(rotationVector: 0.1 * turn * Vector3.random(in: -1...1, using: &random))
        places.append(place)
        rotations.append(rotation)
      }
      let limits = BaseLimits(
        speed: SourcedLimit(Double.random(in: 0.2...5, using: &random), source: "test"),
        acceleration: SourcedLimit(Double.random(in: 1...30, using: &random), source: "test"),
        turningRate: SourcedLimit(Double.random(in: 0.2...10, using: &random), source: "test"),
        turningAcceleration: SourcedLimit(
          Double.random(in: 1...100, using: &random), source: "test"))
      let rate = round.isMultiple(of: 3) ? 100.0 : nil
      let trajectory = try compiled(motion(places, rotations), limits: limits, rate: rate)
      for (found, limit) in zip(try measured(trajectory), limits.values) {
        #expect(found <= limit * (1 + 1e-6), "\(round)")
      }
      let curve = try #require(trajectory.base)
      for time in [0, trajectory.duration] {
        // The last instant may be rounding before the end.
        #expect(curve.angularVelocity(at: time).length < 1e-12)
        let (a, b) = (curve.pose(at: time), curve.pose(at: abs(time - 1e-4)))
        #expect((a.translation - b.translation).length < 1e-6)
      }
      let deviation = try #require(trajectory.deviation?.base)
      let first = try #require(trajectory.rootPose(at: 0))
      #expect((first.translation - places[0]).length <= deviation.distance + 1e-9)
    }
  }

  @Test("Where no limit binds, a base passes its motion; several turns and cartwheels have no seam")
  func passes() throws {
    let frames = 120
    func ease(_ frame: Int) -> Double {
      0.5 - 0.5 * cos(Double.pi * Double(frame) / Double(frames - 1))
    }
    let axes: [Vector3] = [.unitZ, .unitX, .unitY]
    for (axis, mounting) in zip(
      axes, [Quaternion(angle: .pi, axis: .unitX), .identity, Quaternion(angle: 2, axis: .unitZ)])
    {
      let turns = axis == .unitZ ? 3.0 : 1.0
      let rotations = (0..<frames).map {
        Quaternion(angle: 2 * Double.pi * turns * ease($0), axis: axis) * mounting
      }
      let places = (0..<frames).map { Vector3(2 * ease($0), -ease($0), 1) }
      let trajectory = try compiled(motion(places, rotations))
      let deviation = try #require(trajectory.deviation?.base)
      #expect(deviation.distance < 2e-3 && deviation.angle < 2e-2, "\(axis): \(deviation)")
      let pose = try #require(trajectory.rootPose(at: 60.0 / 30))
      #expect((pose.rotation.inverse * rotations[60]).angle < 2e-3)
      #expect((pose.translation - places[60]).length < 1e-6)
    }
  }

  @Test("Asked for more often a base is the same curve, and a turned world changes nothing")
  func rates() throws {
    var random = SeededGenerator(5)
    let waves = (0..<4).map { _ in Vector3.random(in: -1...1, using: &random) }
    func base(_ frame: Int) -> (Vector3, Quaternion) {
      // At rest at both ends, so that it is not the start that is measured.
      let time = Double(frame) / 30
      let share = 0.5 - 0.5 * cos(Double.pi * Double(frame) / 89)
      let size = 4 * share * (1 - share)
      let sway: Vector3 =
        0.1 * size * sin(2 * time) * waves[0] + 0.05 * size * sin(5 * time) * waves[1]
      let tilt = Quaternion(rotationVector: 0.2 * size * sin(3 * time) * waves[2])
      return (sway, Quaternion(angle: 3 * share, axis: .unitZ) * tilt)
    }
    let path = (0..<90).map(base)
    let plain = try compiled(motion(path.map(\.0), path.map(\.1)))
    let fine = try compiled(motion(path.map(\.0), path.map(\.1)), rate: 200)
    let (slow, fast) = (try measured(plain), try measured(fine))
    #expect(fast[1] < 1.3 * slow[1] && fast[3] < 1.3 * slow[3], "\(slow) \(fast)")
    let turn = Quaternion(angle: 2.3, axis: .unitZ)
    let turned = try compiled(
      motion(path.map { turn * $0.0 + [3, -2, 0] }, path.map { turn * $0.1 }))
    for sample in 0..<90 {
      let (a, b) = try (
        #require(plain.rootPose(at: Double(sample) / 30)),
        #require(turned.rootPose(at: Double(sample) / 30))
      )
      #expect((turn * a.translation + [3, -2, 0] - b.translation).length < 1e-4)
      #expect(((turn * a.rotation).inverse * b.rotation).angle < 1e-3)
    }
  }

  @Test("A base that turns through all directions is refused in one sentence")
  func allDirections() throws {
    var random = SeededGenerator(3)
    let rotations = (0..<4000).map { _ in anyRotation(&random) }
    #expect(throws: UnsafeMotion.self) {
      try compiled(motion(rotations.map { _ in Vector3.zero }, rotations))
    }
  }

  @Test("A file's base is verified again: a moved control point, other poses and no rest are found")
  func file() throws {
    let places = (0..<60).map { Vector3(0.01 * Double($0), 0, 1) }
    let trajectory = try compiled(
      motion(places, places.map { Quaternion(angle: $0.x, axis: .unitZ) }))
    let file = trajectory.encoded()
    let back = try SafeTrajectory(decoding: file, path: "a")
    #expect(back.base == trajectory.base && back.deviation?.base != nil)
    func changed(_ name: String, at index: Int, by amount: Double) throws -> Safetensors {
      var changed = file
      let tensor = try file.tensor(name)
      var numbers = tensor.doubles()
      numbers[index] += amount
      changed.tensors[name] = StoredTensor(numbers, shape: tensor.shape)
      return changed
    }
    for (name, index, amount) in [
      ("base_control_positions", 90, 0.3), ("base_control_positions", 90, .nan),
      ("base_control_positions", 0, 1e-9), ("base_control_rotations_wxyz", 100, 0.5),
      ("base_limits", 0, -4.99), ("base_limits", 1, .nan), ("root_position", 30, 0.01),
    ] {
      #expect(throws: UnsafeMotion.self, "\(name) \(index)") {
        try SafeTrajectory(decoding: try changed(name, at: index, by: amount), path: "a")
      }
    }
    // A file of before has the poses alone: read, and not verified.
    var old = file
    for name in file.tensors.keys where name.hasPrefix("base_") { old.tensors[name] = nil }
    #expect(throws: UnsafeMotion.self) { try SafeTrajectory(decoding: old, path: "a") }
    old.metadata["base"] = nil
    // Nor does it state what was checked; whoever states that of no curve is refused.
    #expect(throws: UnsafeMotion.self) { try SafeTrajectory(decoding: old, path: "a") }
    old.metadata["checks"] = nil
    let read = try SafeTrajectory(decoding: old, path: "a")
    #expect(read.base == nil && read.root?.translations == trajectory.root?.translations)
    #expect(read.verification.greatestUse(of: .baseSpeed) == nil)
    #expect(trajectory.verification.greatestUse(of: .baseSpeed) != nil)
  }
}
