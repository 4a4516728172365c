import Files
import Foundation
import Testing

@Suite("motionc verify on trajectories that were tampered with")
struct VerifyTests {
  /// A trajectory that keeps its limits.
  private func trajectory(_ subject: Subject = .uarm) throws -> Safetensors {
    let output = try Work.folder()
    let run = try subject.compile(Shipped.motion("wave"), to: output)
    try #require(run.status == 0, "\(run.text)")
    return try Safetensors(contentsOf: "\(output)/wave.trajectory.safetensors")
  }

  private func verify(_ file: Safetensors, _ further: String...) throws -> Run {
    let path = "\(try Work.folder())/changed.trajectory.safetensors"
    try file.write(to: path)
    return try Tool.run(arguments: ["verify", path] + further)
  }

  private func setPoint(_ row: Int, _ column: Int, _ value: Double, in file: inout Safetensors)
    throws
  {
    let points = try #require(file.tensors["control_points"])
    var values = points.doubles()
    values[row * points.shape[1] + column] = value
    file.tensors["control_points"] = StoredTensor(values, shape: points.shape)
  }

  @Test(
    "A control point beyond a limit: exit code 1 and the joint's name", arguments: Subject.allCases)
  func pointBeyondLimit(_ subject: Subject) throws {
    let sound = try trajectory(subject)
    #expect(try verify(sound).status == 0)
    let upper = try #require(sound.tensors["upper"]).doubles()
    let names = try subject.limits().joints.map(\.name)
    for (column, name) in names.enumerated() where column % 3 == 0 {
      var file = sound
      try setPoint(80, column, upper[column].nextUp, in: &file)
      let run = try verify(file)
      #expect(run.status == 1, "\(name): \(run.text)")
      #expect(run.output.contains("'\(name)'"), "\(run.text)")
      #expect(run.error.isEmpty)
      let line = try #require(try ReportLine.lines(verify(file, "--json")).first)
      #expect(!line.valid)
      #expect(line.reason?.contains(name) == true)
    }
  }

  @Test("A small kick in the middle breaks a rate and not a position; a NaN breaks everything")
  func kickAndNaN() throws {
    let sound = try trajectory()
    let points = try #require(sound.tensors["control_points"])
    let values = points.doubles()
    var kicked = sound
    try setPoint(80, 1, values[80 * points.shape[1] + 1] + 0.02, in: &kicked)
    let run = try verify(kicked)
    #expect(run.status == 1, "\(run.text)")
    #expect(run.output.contains("'left'") && !run.output.contains("position"), "\(run.text)")
    for value in [Double.nan, .infinity, -.infinity] {
      var file = sound
      try setPoint(40, 0, value, in: &file)
      let run = try verify(file)
      #expect(run.status == 1, "\(value): \(run.text)")
      #expect(run.output.contains("'base'"))
    }
  }

  @Test("Limits that are widened to NaN or taken away prove nothing")
  func limitsTakenAway() throws {
    let sound = try trajectory()
    for quantity in ["lower", "upper", "velocity", "acceleration", "jerk", "control_points"] {
      var missing = sound
      missing.tensors[quantity] = nil
      let run = try verify(missing)
      #expect(run.status == 65 && run.saysOneSentence, "\(quantity): \(run.text)")
      guard quantity != "control_points" else { continue }
      var undefined = sound
      undefined.tensors[quantity] = StoredTensor([Double](repeating: .nan, count: 4), shape: [4])
      #expect(try verify(undefined).status == 65, "\(quantity)")
    }
  }

  @Test("A truncated file, another program's file, none at all")
  func notATrajectory() throws {
    let folder = try Work.folder()
    let bytes = try trajectory().encoded()
    let path = "\(folder)/cut.trajectory.safetensors"
    for length in [0, 1, 7, 8, 9, 100, bytes.count / 2, bytes.count - 8, bytes.count - 1] {
      try AtomicFile.write(Array(bytes.prefix(length)), to: path)
      let run = try Tool.run("verify", path)
      #expect(run.status == 65 && run.saysOneSentence, "\(length) bytes: \(run.text)")
    }
    let model = try Tool.run("verify", Subject.uarm.model())
    #expect(model.status == 65 && model.saysOneSentence, "\(model.text)")
    let none = try Tool.run("verify", "\(folder)/none.safetensors")
    #expect(none.status == 66 && none.saysOneSentence, "\(none.text)")
    let itself = try Tool.run("verify", folder)
    #expect(itself.status == 66 && itself.saysOneSentence, "\(itself.text)")
  }

  @Test("Against the limits of a robot at hand, which may be narrower than the file's")
  func robotAtHand() throws {
    let folder = try Work.folder()
    try trajectory().write(to: "\(folder)/wave.safetensors")
    let own = try Tool.run(
      "verify", "wave.safetensors", "--robot", "uarm_swift_pro", folder: folder)
    #expect(own.status == 0, "\(own.text)")
    try Work.write("joint_limits:\n  wrist: {max_velocity: 0.001}\n", "\(folder)/slow.yaml")
    let slow = try Tool.run(
      "verify", "wave.safetensors", "--robot", "uarm_swift_pro", "--limits", "slow.yaml",
      folder: folder)
    #expect(slow.status == 1 && slow.output.contains("'wrist'"), "\(slow.text)")
    let other = try Tool.run("verify", "wave.safetensors", "--robot", "unitree_g1", folder: folder)
    #expect(other.status == 65 && other.saysOneSentence, "\(other.text)")
  }

  @Test("One broken file among sound ones is told, and the others are too")
  func among() throws {
    let folder = try Work.folder()
    var file = try trajectory()
    try file.write(to: "\(folder)/sound.safetensors")
    try setPoint(80, 3, 100, in: &file)
    try file.write(to: "\(folder)/broken.safetensors")
    let run = try Tool.run(
      "verify", "broken.safetensors", "sound.safetensors", "--json", folder: folder)
    #expect(run.status == 1)
    #expect(try ReportLine.lines(run).map(\.valid) == [false, true])
  }

  @Test(
    "Flipping any one bit of the file never crashes, and never passes with another curve unnoticed")
  func bitFlips() throws {
    let bytes = try trajectory().encoded()
    let path = "\(try Work.folder())/flipped.safetensors"
    var generator = SeededGenerator(seed: 7)
    for _ in 0..<60 {
      var changed = bytes
      let place = Int.random(in: 0..<min(bytes.count, 4000), using: &generator)
      changed[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      try AtomicFile.write(changed, to: path)
      let run = try Tool.run("verify", path)
      #expect([0, 1, 65].contains(run.status), "byte \(place): \(run.text)")
    }
  }
}

/// SplitMix64: the same numbers on every machine.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
