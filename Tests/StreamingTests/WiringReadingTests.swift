import Files
import Foundation
import Kinematics
import TestSupport
import Testing

@testable import Streaming

/// Wirings and calibrations from texts, in a folder of their own.
struct WiringTexts {
  static func wiring(
    _ text: String, robot: Robot, calibration: String? = nil
  ) throws -> Wiring {
    let folder = URL(filePath: NSTemporaryDirectory())
      .appending(path: "motionc-wiring-\(UInt64.random(in: 0...UInt64.max))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "wire.yaml").path
    try Data(text.utf8).write(to: URL(filePath: path))
    guard let calibration else { return try Wiring(contentsOf: path, for: robot) }
    let other = folder.appending(path: "mine.yaml").path
    try Data(calibration.utf8).write(to: URL(filePath: other))
    return try Wiring(contentsOf: path, for: robot, calibration: other)
  }

  static func shipped(_ robot: String) throws -> String {
    let folder = try #require(ProjectFolder.locate("Robots"))
    return try String(contentsOfFile: "\(folder)/\(robot)/wire.yaml", encoding: .utf8)
  }
}

@Suite("The wirings that ship")
struct ShippedWiringTests {
  static let names = ["robotis_op3", "uarm_metal", "uarm_swift", "uarm_swift_pro"]

  @Test(
    "Every one fits its robot, and every position within limits has a register", arguments: names)
  func fits(name: String) throws {
    let robot = try Robot.named(name)
    let wiring = try Wiring(of: robot)
    #expect(wiring.robot == name)
    #expect(wiring.motors.map(\.joint) == robot.coordinateNames)
    #expect(Set(wiring.motors.map(\.id)).count == wiring.motors.count)
    let park = try #require(wiring.park)
    for (index, motor) in wiring.motors.enumerated() {
      let limits = robot.foldedLimits[index]
      #expect(motor.limits.lowerBound == limits.lower?.value)
      #expect(motor.limits.upperBound == limits.upper?.value)
      #expect(motor.velocityLimit == limits.velocity?.value)
      #expect(motor.limits.contains(park[index]))
      for share in stride(from: 0.0, through: 1, by: 0.01) {
        let position = min(
          motor.limits.lowerBound
            + share * (motor.limits.upperBound - motor.limits.lowerBound), motor.limits.upperBound)
        #expect(motor.range.contains(motor.raw(position)))
      }
    }
  }

  @Test("The uArm's registers are the firmware's degrees")
  func uarm() throws {
    let wiring = try Wiring(of: Robot.named("uarm_swift_pro"))
    #expect(wiring.device == .uarmSwiftPro && wiring.baud == 115_200 && wiring.rate == 20)
    let raw = wiring.motors.map { $0.raw(0.1) }
    let degrees = 0.1 * 180 / Double.pi
    for (found, expected) in zip(raw, [90 + degrees, degrees, degrees, 90 + degrees]) {
      #expect(abs(found - expected) < 1e-9)
    }
    let park = try #require(wiring.park)
    #expect(abs(park[1] - 100.99 * .pi / 180) < 1e-12)
  }

  @Test("The OP3 has its switch, groups and the vendor's ids")
  func op3() throws {
    let wiring = try Wiring(of: Robot.named("robotis_op3"))
    #expect(wiring.device == .dynamixel2 && wiring.baud == 2_000_000)
    #expect(
      wiring.powerSwitch == Wiring.PowerSwitch(id: 200, address: 24, value: 1, delay: 0.5))
    #expect(wiring.motors.map(\.id) == Array(1...20))
    #expect(wiring.motors.count { $0.group == "legs" } == 12)
    #expect(wiring.motors.allSatisfy { $0.model == "XM430-W350" && $0.raw(0) == 2048 })
    #expect(wiring.motors.allSatisfy { $0.raw(.pi / 2) == 3072 })
  }

  @Test("A robot without a wiring is told so")
  func none() throws {
    let robot = try Robot.named("unitree_g1")
    let error = #expect(throws: WiringError.self) { try Wiring(of: robot) }
    #expect(error?.description.contains("has no wiring yet") == true)
  }
}

@Suite("Wirings that are refused")
struct WiringErrorTests {
  /// What is replaced in the shipped wiring of the uArm, by what, and what the error must say.
  static let faults: [(old: String, new: String, says: [String])] = [
    (
      "driver: uarm-swift-pro", "driver: uarm", ["line 2", "'uarm'", "'uarm-swift-pro'", "'lx16a'"]
    ),
    ("driver: uarm-swift-pro", "drivers: uarm-swift-pro", ["line 2", "no key 'drivers'"]),
    ("baud: 115200", "baud: fast", ["line 3", "finite number"]),
    ("baud: 115200", "baud: 0", ["line 3", "1200 to"]),
    ("baud: 115200", "baud: 9600.5", ["line 3", "whole number"]),
    ("baud: 115200", "baud: -115200", ["line 3"]),
    ("baud: 115200", "baud: .nan", ["line 3"]),
    ("rate: 20 ", "rate: 0 ", ["line 4", "0.1 to 1000"]),
    ("rate: 20 ", "rate: inf ", ["line 4"]),
    ("baud: 115200", "baud: 115200\npower_switch: {id: 5, address: 1, value: 1}", ["Dynamixel"]),
    ("left: 100.99", "left: 140", ["line 7", "'left'", "140", "-4 to 135.6 degrees"]),
    ("left: 100.99", "left: nan", ["line 7"]),
    ("left: 100.99, ", "", ["park", "'left'", "missing"]),
    ("left: 100.99", "lift: 100.99", ["'lift'", "no such joint", "'left'"]),
    ("left: 100.99", "elbow_level: 100.99", ["follows another"]),
    ("left: 100.99, right: 8.077", "left: 0, right: 0", ["elbow angle"]),
    ("  wrist: {id: 3", "  wrists: {id: 3", ["line 13", "'wrists'", "it has 'base'"]),
    ("  right: {id: 2", "  elbow_level: {id: 2", ["follows another and has no motor"]),
    ("  right: {id: 2, zero: 0, range: [-4, 119.9]}\n", "", ["'right' has no motor"]),
    ("right: {id: 2", "right: {id: 1", ["line 12", "id 1", "'left' already"]),
    ("right: {id: 2", "right: {id: 4", ["line 12", "0 to 3"]),
    ("right: {id: 2", "right: {id: two", ["line 12"]),
    ("right: {id: 2, zero: 0", "right: {zero: 0", ["'id'", "missing"]),
    ("left: {id: 1, zero: 0", "left: {id: 1, zero: 200", ["zero", "200", "-180 to 180"]),
    ("left: {id: 1, zero: 0", "left: {id: 1, zero: .inf", ["zero"]),
    ("range: [-4, 135.6]", "range: [-4, 135]", ["-4 to 135.6 degrees", "-4 to 135"]),
    ("range: [-4, 135.6]", "range: [135.6, -4]", ["the lesser first"]),
    ("range: [-4, 135.6]", "range: [5, 5]", ["the lesser first"]),
    ("range: [-4, 135.6]", "range: [-400, 135.6]", ["the register has -180 to 180"]),
    ("range: [-4, 135.6]", "range: [-4]", ["a list of 2 numbers"]),
    ("range: [-4, 135.6]", "range: [-4, nan]", ["finite"]),
    ("range: [-4, 135.6]", "range: -4", ["a list of 2 numbers"]),
    ("range: [-4, 135.6]", "direction: 2", ["1 or -1"]),
    ("range: [-4, 135.6]", "direction: -1, range: [-4, 135.6]", ["of the register"]),
    ("range: [-4, 135.6]", "ticks_per_degree: 0", ["more than 0"]),
    ("range: [-4, 135.6]", "ticks_per_degree: 2", ["of the register"]),
    ("range: [-4, 135.6]", "ticks_per_metre: 2", ["no metres"]),
    ("range: [-4, 135.6]", "ticks_per_degree: 1, steps_per_turn: 360", ["is given too"]),
    ("range: [-4, 135.6]", "zeroes: 1", ["no key 'zeroes'"]),
    ("range: [-4, 135.6]", "model: []", ["a text was expected"]),
    ("range: [-4, 135.6]", "id: 1", ["twice"]),
    ("motors:", "defaults: {id: 3}\nmotors:", ["no key 'id'"]),
    ("motors:", "defaults: 3\nmotors:", ["defaults must be a mapping"]),
    ("motors:", "motors: &m", ["anchors"]),
    ("park: {", "park: [", ["not YAML"]),
  ]

  @Test("Each with one sentence that says where", arguments: faults.indices)
  func refused(_ index: Int) throws {
    let (old, new, says) = Self.faults[index]
    let text = try WiringTexts.shipped("uarm_swift_pro")
    try #require(text.contains(old))
    let robot = try Robot.named("uarm_swift_pro")
    let error = #expect(throws: WiringError.self) {
      try WiringTexts.wiring(text.replacingOccurrences(of: old, with: new), robot: robot)
    }
    let sentence = try #require(error?.description)
    for piece in says { #expect(sentence.contains(piece), "\(sentence)") }
    #expect(!sentence.contains("\n") && sentence.contains("wire.yaml"))
  }

  @Test(
    "Faults of buses",
    arguments: [
      ("id: 200", "id: 7", "id 7 is the power switch already"),
      ("id: 200", "id: 254", "0 to 252"),
      ("address: 24", "address: -1", "0 to 65535"),
      ("value: 1,", "value: 256,", "0 to 255"),
      ("value: 1, ", "", "'value'"),
      ("delay: 0.5", "delay: -1", "0 to 60"),
      ("delay: 0.5", "wait: 1", "no key 'wait'"),
      ("zero: 2048", "zero: 1000", "of the register"),
      ("zero: 2048", "zero: 5000", "the register has 0 to 4095"),
      ("steps_per_turn: 4096", "steps_per_turn: 40960", "of the register"),
      ("range: [0, 4095]", "range: [0, 4096]", "the register has 0 to 4095"),
      ("range: [0, 4095]", "range: [2000, 4095]", "of the register"),
      ("driver: dynamixel2", "driver: lx16a", "only Dynamixel"),
      ("l_knee: {id: 14", "l_knee: {id: 13", "id 13 is joint 'r_knee' already"),
    ])
  func buses(old: String, new: String, says: String) throws {
    let text = try WiringTexts.shipped("robotis_op3")
    try #require(text.contains(old))
    let robot = try Robot.named("robotis_op3")
    let error = #expect(throws: WiringError.self) {
      try WiringTexts.wiring(text.replacingOccurrences(of: old, with: new), robot: robot)
    }
    let sentence = try #require(error?.description)
    #expect(sentence.contains(says), "\(sentence)")
  }

  @Test("Protocol 1 has no scale by itself, as its models differ")
  func protocol1() throws {
    let robot = try Robot.named("robotis_op3")
    let text = try WiringTexts.shipped("robotis_op3")
      .replacingOccurrences(of: "driver: dynamixel2", with: "driver: dynamixel1")
    let wiring = try WiringTexts.wiring(text, robot: robot)
    #expect(wiring.device == .dynamixel1 && wiring.motors[0].raw(0) == 2048)
    let error = #expect(throws: WiringError.self) {
      try WiringTexts.wiring(
        text.replacingOccurrences(of: "  steps_per_turn: 4096\n", with: ""), robot: robot)
    }
    #expect(error?.description.contains("models") == true)
  }

  @Test("A robot without velocity limits cannot be streamed to")
  func velocity() throws {
    let urdf = """
      <robot name="r"><link name="a"/><link name="b"/>
      <joint name="j" type="revolute"><parent link="a"/><child link="b"/>
      <limit lower="-1" upper="1" effort="0" velocity="0"/></joint></robot>
      """
    let path = NSTemporaryDirectory() + "motionc-\(UInt64.random(in: 0...UInt64.max)).urdf"
    try Data(urdf.utf8).write(to: URL(filePath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    let robot = try Robot(urdf: path)
    let error = #expect(throws: WiringError.self) {
      try WiringTexts.wiring("driver: lx16a\nmotors: {j: {id: 1}}", robot: robot)
    }
    #expect(error?.description.contains("no velocity limit") == true)
  }

  @Test("Missing files, folders and files that are too large are refused")
  func files() throws {
    let robot = try Robot.named("uarm_swift_pro")
    for path in ["/no/such/wire.yaml", "/", "/dev/zero", ""] {
      #expect(throws: WiringError.self) { try Wiring(contentsOf: path, for: robot) }
      #expect(throws: WiringError.self) { try Calibration(contentsOf: path) }
    }
  }

  @Test("Damaged files are read or refused, never a crash, and what is read is sound")
  func damaged() throws {
    var random = Damage(seed: 11)
    let robots = try ["uarm_swift_pro", "robotis_op3"].map { try Robot.named($0) }
    let texts = try ["uarm_swift_pro", "robotis_op3"].map {
      try Array(WiringTexts.shipped($0).utf8)
    }
    var read = 0
    for round in 0..<1500 {
      let text = String(decoding: random.damaged(texts[round % 2], changes: 1...3), as: UTF8.self)
      let robot = robots[round % 2]
      do throws(YAMLError) {
        let wiring = try WiringReader(text: text, path: "wire.yaml", robot: robot).wiring()
        read += 1
        #expect(Set(wiring.motors.map(\.id)).count == wiring.motors.count)
        for motor in wiring.motors {
          let register = wiring.device.register(id: motor.id)
          #expect(register.lowerBound - 0.01 <= motor.raw(motor.limits.lowerBound))
          #expect(motor.raw(motor.limits.upperBound) <= register.upperBound + 0.01)
        }
      } catch {
        #expect(!error.description.contains("\n"))
      }
    }
    #expect(read > 40)
  }
}
