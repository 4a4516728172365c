import Kinematics
import Testing

@testable import Streaming

@Suite("Protection in wire.yaml")
struct ProtectionReadingTests {
  private func op3(_ extra: String, defaults: String = "") throws -> Wiring {
    let text = try WiringTexts.shipped("robotis_op3")
      .replacing("  direction: 1 ", with: "\(defaults)  direction: 1 ")
    return try WiringTexts.wiring(text + extra, robot: try Robot.named("robotis_op3"))
  }

  @Test("Without a word the defaults hold")
  func defaults() throws {
    let wiring = try Wiring(of: Robot.named("uarm_swift_pro"))
    #expect(wiring.protection == Wiring.Protection())
    #expect(wiring.protection.rest == nil)
    #expect(wiring.motors.allSatisfy { $0.torqueCap == nil && $0.firstMove == nil })
    #expect(wiring.torqueCap(ofMotor: 0) == nil)
    for (device, cap) in [
      (Wiring.Device.dynamixel2, 0.8), (.dynamixel1, 0.8), (.feetechSTS, 0.8), (.feetechSCS, nil),
      (.lx16a, nil),
    ] as [(Wiring.Device, Double?)] {
      #expect(BusRobots.wiring(device, motors: 3).torqueCap(ofMotor: 0) == cap)
    }
  }

  @Test("Everything can be said")
  func values() throws {
    let wiring = try op3(
      """

      stall: {load: 0.6, error: 10, time: 1.5}
      commands: {margin: 2, release: 3}
      heat: {warn: 300, stop: 60}
      rest: {after: 90, share: 0.3}

      """, defaults: "  far: 45\n")
    let protection = wiring.protection
    #expect(protection.stall.load == 0.6 && protection.stall.time == 1.5)
    #expect(abs(protection.stall.error - .pi / 18) < 1e-12)
    #expect(abs(protection.commands.margin - .pi / 90) < 1e-12)
    #expect(abs(protection.commands.release - .pi / 60) < 1e-12)
    #expect(protection.heat.warn == 300 && protection.heat.stop == 60)
    #expect(protection.rest == .init(after: 90, share: 0.3))
    let ankle = try #require(wiring.motors.first { $0.joint == "l_ank_roll" })
    #expect(abs(try #require(ankle.firstMove) - .pi / 4) < 1e-12)
  }

  @Test(
    "What makes no sense is refused",
    arguments: [
      ("stall: {load: 2}", "0.05 to 1"), ("stall: {error: nan}", "stall"),
      ("stall: {current: 1}", "'load'"), ("commands: {margin: -1}", "0 to 10"),
      ("heat: {warn: 10, stop: 20}", "before"), ("rest: {share: 0.5}", "after"),
      ("rest: {after: 10, share: 0}", "0.1 to 1"), ("rest: {after: 0}", "1 to 86400"),
    ])
  func refused(text: String, says: String) throws {
    let error = #expect(throws: WiringError.self) { try op3("\n\(text)\n") }
    #expect(error?.description.contains(says) == true, "\(error?.description ?? "")")
  }

  @Test("A cap for motors that have none is refused, and one that lets the robot fall")
  func caps() throws {
    let arm = try Robot.named("uarm_swift_pro")
    let text = try WiringTexts.shipped("uarm_swift_pro")
    for (old, new, says) in [
      ("base: {id: 0,", "base: {id: 0, torque_cap: 0.5,", "no torque limit"),
      ("rate: 20", "rest: {after: 10}\nrate: 20", "cannot lower"),
    ] {
      let error = #expect(throws: WiringError.self) {
        try WiringTexts.wiring(text.replacing(old, with: new), robot: arm)
      }
      #expect(error?.description.contains(says) == true, "\(error?.description ?? "")")
    }
    for cap in ["0", "0.05", "1.5", "nan"] {
      #expect(throws: WiringError.self) {
        try op3("", defaults: "  torque_cap: \(cap)\n")
      }
    }
  }
}
