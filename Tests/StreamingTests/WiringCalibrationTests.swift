import Files
import Foundation
import Kinematics
import TestSupport
import Testing

@testable import Streaming

@Suite("Calibrations")
struct WiringCalibrationTests {
  private func text(_ joints: String, robot: String = "uarm_swift_pro") -> String {
    "robot: \(robot)\ndriver: uarm-swift-pro\njoints:\n  \(joints)\n"
  }

  private func wiring(_ joints: String) throws -> Wiring {
    try WiringTexts.wiring(
      WiringTexts.shipped("uarm_swift_pro"), robot: Robot.named("uarm_swift_pro"),
      calibration: text(joints))
  }

  @Test("Zero, direction and range go before the wiring's; limits end where the range does")
  func applied() throws {
    let plain = try Wiring(of: Robot.named("uarm_swift_pro"))
    let found = try wiring("base: {zero: 93}\n  wrist: {zero: 88, direction: -1, range: [10, 170]}")
    #expect(found.motors[1] == plain.motors[1] && found.motors[2] == plain.motors[2])
    let degrees = Double.pi / 180
    let base = found.motors[0]
    #expect(base.raw(0) == 93 && abs(base.raw(10 * degrees) - 103) < 1e-9)
    // 87° further is the register's end.
    #expect(abs(base.limits.upperBound - 87 * degrees) < 1e-6)
    #expect(base.limits.lowerBound == plain.motors[0].limits.lowerBound)
    let wrist = found.motors[3]
    #expect(wrist.direction == -1 && abs(wrist.raw(10 * degrees) - 78) < 1e-9)
    #expect(abs(wrist.limits.lowerBound + 82 * degrees) < 1e-9)
    #expect(abs(wrist.limits.upperBound - 78 * degrees) < 1e-9)
    for motor in found.motors {
      #expect(motor.range.lowerBound - 1e-9 <= motor.rawLimits.lowerBound)
      #expect(motor.rawLimits.upperBound <= motor.range.upperBound + 1e-9)
    }
    #expect(found.park == plain.park)
  }

  @Test(
    "What is out of range, misspelt or of another robot is refused",
    arguments: [
      ("base: {zero: 181}", "outside the register, 0 to 180"),
      ("base: {zero: nan}", "finite"),
      ("base: {zero: 90, direction: 0}", "1 or -1"),
      ("left: {range: [-5, 135]}", "outside what the wiring allows, -4 to 135.6"),
      ("left: {range: [0, 136]}", "outside what the wiring allows"),
      ("left: {range: [50, 20]}", "the lesser first"),
      ("left: {range: [-4, 90]}", "park pose"),
      ("left: {zero: 179, range: [0, 2]}", "no position in common"),
      ("elbow: {zero: 1}", "no joint 'elbow' with a motor"),
      ("left: {zeros: 1}", "no key 'zeros'"),
      ("left: 3", "must be a mapping"),
    ])
  func refused(joints: String, says: String) throws {
    let error = #expect(throws: WiringError.self) { try wiring(joints) }
    let sentence = try #require(error?.description)
    #expect(sentence.contains(says), "\(sentence)")
    #expect(sentence.contains("mine.yaml") && !sentence.contains("\n"))
  }

  @Test("Another robot or driver is refused")
  func others() throws {
    let robot = try Robot.named("uarm_swift_pro")
    let wire = try WiringTexts.shipped("uarm_swift_pro")
    for (old, new) in [
      ("robot: uarm_swift_pro", "robot: uarm_swift"), ("driver: uarm-swift-pro", "driver: lx16a"),
      ("driver: uarm-swift-pro", "driver: x"), ("robot: uarm_swift_pro\n", ""),
      ("joints:", "joint:"),
    ] {
      let calibration = text("base: {zero: 90}").replacingOccurrences(of: old, with: new)
      #expect(throws: WiringError.self, "\(new)") {
        try WiringTexts.wiring(wire, robot: robot, calibration: calibration)
      }
    }
  }

  @Test("What is written is read again, to the last bit, whatever the names")
  func roundTrip() throws {
    var random = Damage(seed: 5)
    let path = NSTemporaryDirectory() + "motionc-\(UInt64.random(in: 0...UInt64.max)).yaml"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let names = [
      "base", "l_knee", "a b", "\"quoted\"", "back\\slash", "colon: x", "ümlaut", "yes", "12", "#",
      "a & b", "tab\there", "{}", "&a",
    ]
    for _ in 0..<300 {
      let joints = names.shuffled(using: &random).prefix(5).map { name in
        let low = Double.random(in: -1e3...1e3, using: &random)
        return Calibration.Joint(
          name: name, zero: Bool.random(using: &random) ? low / 3 : nil,
          direction: Bool.random(using: &random) ? -1 : nil,
          range: Bool.random(using: &random)
            ? low...(low + .random(in: 0.001...1e3, using: &random)) : nil)
      }
      let calibration = Calibration(
        robot: try #require(names.randomElement(using: &random)),
        device: try #require(Wiring.Device.allCases.randomElement(using: &random)),
        by: names.randomElement(using: &random), made: "2026-01-31T12:00:00Z",
        joints: Array(joints))
      try calibration.write(to: path)
      #expect(try Calibration(contentsOf: path) == calibration)
    }
  }
}
