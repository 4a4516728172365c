import Files
import Foundation
import Geometry
import Kinematics
import Testing

@testable import Trajectories

@Suite("Trajectory files")
struct FileTests {
  let folder: URL
  let trajectory: SafeTrajectory

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    var limits = [coordinate("shoulder", -1, 1, 3, 30, 500), coordinate("slide", 0, 0.2, 0.5)]
    limits[1].isAngular = false
    let safety = try SafetyLimits(
      coordinates: limits,
      coupled: [
        CoupledLimit(
          name: "pair", terms: [.init(coordinate: 0, factor: 1), .init(coordinate: 1, factor: -2)],
          lower: -.infinity, upper: 0.9, source: "limits.yaml")
      ])
    var positions: [Double] = []
    var root = JointMotion.Root(translations: [], rotations: [])
    for frame in 0..<100 {
      let time = Double(frame)
      positions += [sin(time / 8), 0.1 + 0.1 * sin(time / 5)]
      root.translations.append([time * 0.01, 0, 1])
      root.rotations.append(Quaternion(angle: time * 0.01, axis: .unitZ))
    }
    let motion = JointMotion(
      name: "wave \"one\"", jointNames: ["shoulder", "slide"], frameRate: 50,
      positions: positions, root: root, provenance: ["source": "wave.bvh", "seed": "7"])
    trajectory = try compile(
      motion, within: safety, robot: RobotIdentity(name: "arm", fingerprint: "abc"))
  }

  func path(_ name: String) -> String { folder.appending(path: name).path }

  @Test("the native file comes back as it was, and gives the same bytes")
  func roundTrip() throws {
    try trajectory.write(to: path("a.safetensors"))
    let back = try SafeTrajectory(contentsOf: path("a.safetensors"))
    #expect(back.controlPoints == trajectory.controlPoints)
    #expect(back.limits == trajectory.limits && back.period == trajectory.period)
    #expect(back.name == trajectory.name && back.provenance == trajectory.provenance)
    #expect(back.robotName == "arm" && back.robotFingerprint == "abc")
    #expect(back.root?.translations == trajectory.root?.translations)
    #expect(back.root?.rotations == trajectory.root?.rotations)
    #expect(back.verification == trajectory.verification)
    #expect(back.encoded().encoded() == trajectory.encoded().encoded())
  }

  @Test("one control point moved in the bytes is found", arguments: [0.5, 1e-3, Double.nan])
  func tampered(by amount: Double) throws {
    var bytes = trajectory.encoded().encoded()
    let tensor = try trajectory.encoded().tensor("control_points")
    let needle = tensor.bytes[800..<816]
    let place = try #require(bytes.indices.first { bytes[$0...].starts(with: needle) })
    let changed = trajectory.controlPoints[100] + amount
    withUnsafeBytes(of: changed.bitPattern.littleEndian) {
      bytes.replaceSubrange(place..<place + 8, with: $0)
    }
    try Data(bytes).write(to: folder.appending(path: "t.safetensors"))
    let error = #expect(throws: UnsafeMotion.self) {
      try SafeTrajectory(contentsOf: path("t.safetensors"))
    }
    guard case .violation(let violation) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(violation.name == "shoulder")
  }

  @Test("files that are something else are refused with a sentence")
  func malformed() throws {
    let good = trajectory.encoded()
    for key in ["format", "interpolant", "period", "joints", "limit_sources", "coupled_limits"] {
      for value in [nil, "nonsense", "[]", "{}", "null", "-1", "nan"] {
        if key == "coupled_limits", value == "[]" { continue }
        var file = good
        file.metadata[key] = value
        #expect(throws: UnsafeMotion.self, "\(key) \(value ?? "missing")") {
          try SafeTrajectory(decoding: file, path: "x")
        }
      }
    }
    for name in good.tensors.keys where name != "root_position" {
      var file = good
      file.tensors[name] = StoredTensor([1.0, 2, 3], shape: [3])
      #expect(throws: UnsafeMotion.self, "\(name)") {
        try SafeTrajectory(decoding: file, path: "x")
      }
      file.tensors[name] = nil
      #expect(throws: UnsafeMotion.self, "\(name)") {
        try SafeTrajectory(decoding: file, path: "x")
      }
    }
    #expect(throws: UnsafeMotion.self) { try SafeTrajectory(contentsOf: path("absent")) }
  }

  @Test("tighter limits are not kept by the same curve")
  func tighter() throws {
    let joints = trajectory.limits.coordinates
    var tight = joints
    tight[0].velocity.value *= 0.9
    let other = try SafetyLimits(coordinates: tight, coupled: trajectory.limits.coupled)
    #expect(throws: UnsafeMotion.self) { try trajectory.verified(within: other) }
    #expect(try trajectory.verified(within: trajectory.limits).controlPoints.count == 204)
  }

  @Test("another robot's trajectory is refused where both robots are known")
  func otherRobot() throws {
    let limits = trajectory.limits
    let other = RobotIdentity(name: "arm", fingerprint: "def")
    #expect(throws: UnsafeMotion.self) { try trajectory.verified(within: limits, robot: other) }
    let same = RobotIdentity(name: "an arm", fingerprint: "abc")
    #expect(try trajectory.verified(within: limits, robot: same).robotName == "arm")
    var file = trajectory.encoded()
    (file.metadata["robot"], file.metadata["robot_sha256"]) = (nil, nil)
    let unknown = try SafeTrajectory(decoding: file, path: "x")
    #expect(try unknown.verified(within: limits, robot: other).robotName == nil)
  }

  @Test("limits and units that are none are refused on reading")
  func limitsInFile() throws {
    for value in [Double.infinity, 0, -1, .nan] {
      var file = trajectory.encoded()
      file.tensors["velocity"] = StoredTensor([value, 0.5], shape: [2])
      #expect(throws: UnsafeMotion.self) { try SafeTrajectory(decoding: file, path: "x") }
    }
    var file = trajectory.encoded()
    file.metadata["units"] = "[\"rad\",\"mm\"]"
    #expect(throws: UnsafeMotion.self) { try SafeTrajectory(decoding: file, path: "x") }
  }

  @Test("a file of very many joints is read in no time")
  func manyJoints() throws {
    let names = (0..<20000).map { "j\($0)" }
    let limits = try SafetyLimits(coordinates: names.map { coordinate($0, -1, 1, 1) })
    let start = ContinuousClock.now
    let report = try TrajectoryVerifier.verify(
      controlPoints: [Double](repeating: 0.5, count: 4 * names.count), period: 0.1, limits: limits)
    #expect(report.uses.count == 4 * names.count)
    #expect(ContinuousClock.now - start < .seconds(1))
  }

  @Test("CSV says what it is, and holds the samples")
  func csv() throws {
    try trajectory.export(as: .csv, to: path("a.csv"))
    let lines = try String(contentsOfFile: path("a.csv"), encoding: .utf8)
      .split(separator: "\n").map(String.init)
    let rows = lines.drop { $0.hasPrefix("#") }
    #expect(rows.count == 101)
    #expect(rows.first?.hasPrefix("time,shoulder,slide,root_x") == true)
    let last = try #require(rows.last).split(separator: ",").compactMap { Double($0) }
    #expect(last.count == 10 && abs(last[0] - 1.98) < 1e-12)
    #expect(abs(last[1] - trajectory.state(at: 1.98).positions[0]) < 1e-12)
    #expect(lines.contains { $0.contains("coupled limit pair") })
  }

  @Test("NPZ holds names, rate, positions and their derivatives")
  func npz() throws {
    try trajectory.export(as: .npz, to: path("a.npz"), rate: 125)
    let archive = try NumpyArchive(contentsOf: path("a.npz"))
    #expect(archive.strings["joint_names"] == ["shoulder", "slide"])
    #expect(try archive.array("fps", in: "a").doubles() == [125])
    let position = try archive.array("joint_pos", in: "a")
    let velocity = try archive.array("joint_vel", in: "a").doubles()
    // 1.98 s are 247.5 periods; the last sample is the first after the end.
    #expect(position.shape == [249, 2])
    let values = position.doubles()
    for i in 1..<248 {
      let slope = (values[2 * i + 2] - values[2 * i - 2]) / 2 * 125
      #expect(abs(slope - velocity[2 * i]) < 0.02)
    }
    #expect(try archive.array("root_rotation_wxyz", in: "a").shape == [249, 4])
  }

  @Test("JSON and YAML have the fields of trajectory_msgs/JointTrajectory")
  func ros() throws {
    try trajectory.export(as: .json, to: path("a.json"))
    try trajectory.export(as: .yaml, to: path("a.yaml"))
    let data = try Data(contentsOf: folder.appending(path: "a.json"))
    let message = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
    #expect(message["joint_names"] as? [String] == ["shoulder", "slide"])
    let points = try #require(message["points"] as? [[String: Any]])
    #expect(points.count == 100)
    let time = try #require(points[99]["time_from_start"] as? [String: Int])
    #expect(time == ["sec": 1, "nanosec": 980_000_000])
    #expect((points[5]["velocities"] as? [Double])?.count == 2)
    #expect((points[99]["velocities"] as? [Double])?.allSatisfy { abs($0) < 1e-12 } == true)
    let yaml = try String(contentsOfFile: path("a.yaml"), encoding: .utf8)
    #expect(yaml.contains("time_from_start: {sec: 1, nanosec: 980000000}"))
  }

  @Test("nothing is written where the folder is missing")
  func noFolder() {
    for format in TrajectoryFormat.allCases {
      #expect(throws: FileError.self) { try trajectory.export(as: format, to: "/nonexistent/a") }
    }
  }
}

@Suite("TrajectoryVerifier")
struct VerifierTests {
  @Test("finds each kind of violation, with joint and time")
  func kinds() throws {
    let limits = try SafetyLimits(
      coordinates: [coordinate("a", -1, 1, 5, 100, 10000)],
      coupled: [
        CoupledLimit(
          name: "c", terms: [.init(coordinate: 0, factor: 1)], lower: -1, upper: 0.5, source: "t")
      ])
    func violation(_ points: [Double], _ period: Double) -> TrajectoryVerifier.Violation? {
      do {
        _ = try TrajectoryVerifier.verify(controlPoints: points, period: period, limits: limits)
        return nil
      } catch { return error }
    }
    func bump(_ size: Double) -> [Double] { [0, 0, 0, 0, size, 0, 0, 0, 0] }
    #expect(violation(bump(0.01), 1) == nil)
    #expect(violation(bump(1.01), 1)?.quantity == .position)
    #expect(violation(bump(0.51), 1)?.quantity == .coupled)
    #expect(violation(bump(0.4), 0.07)?.quantity == .velocity)
    #expect(violation(bump(0.04), 0.025)?.quantity == .acceleration)
    #expect(violation(bump(0.0005), 0.005)?.quantity == .jerk)
    #expect(violation(bump(.nan), 1)?.quantity == .position)
    #expect(violation(bump(.nan), 1)?.time == 3)
    #expect(violation([0, 0, 0.001, 0, 0, 0], 1)?.allowed == 0)
    #expect(violation(bump(0.01), .nan) != nil)
  }

  @Test("state(at:) agrees with difference quotients")
  func derivatives() throws {
    let (motion, limits) = try TrajectoryBenchmark.problem(joints: 2, samples: 120)
    let trajectory = try compile(motion, within: limits)
    let step = 1e-6
    for i in 1..<100 {
      let time = (Double(i) + 0.37) / 60
      let (a, b, c) = (
        trajectory.state(at: time - step), trajectory.state(at: time),
        trajectory.state(at: time + step)
      )
      #expect(
        abs((c.positions[1] - a.positions[1]) / (2 * step) - b.velocities[1]) < 1e-6)
      #expect(
        abs((c.velocities[1] - a.velocities[1]) / (2 * step) - b.accelerations[1]) < 1e-5)
      #expect(
        abs((c.accelerations[1] - a.accelerations[1]) / (2 * step) - b.jerks[1]) < 1e-3)
    }
  }
}
