import Foundation
import Kinematics
import TestSupport
import Testing

@testable import Streaming

@Suite("Calibrating by hand")
struct WiringGuideTests {
  @Test("What was built is what is found: zero, direction, range, at random")
  func found() throws {
    var random = Damage(seed: 3)
    let robot = try Robot.named("robotis_op3")
    let guide = CalibrationGuide(try Wiring(of: robot))
    for _ in 0..<200 {
      for (index, motor) in guide.wiring.motors.enumerated() {
        let zero = 2048 + Double.random(in: -200...200, using: &random)
        let direction: Double = Bool.random(using: &random) ? 1 : -1
        func raw(_ position: Double) -> Double {
          min(max(0, zero + direction * motor.unitsPerRadian * position), 4095)
        }
        let limits = motor.limits
        let joint = try guide.joint(
          index,
          .init(
            reference: raw(guide.reference(ofMotor: index)), lower: raw(limits.lowerBound),
            upper: raw(limits.upperBound)))
        #expect(joint.direction == direction)
        #expect(abs((joint.zero ?? .nan) - zero) < 1e-6)
        #expect(joint.range?.contains(raw(0)) == true)
      }
    }
  }

  @Test("Slips of hands are refused")
  func refused() throws {
    let guide = CalibrationGuide(try Wiring(of: Robot.named("uarm_swift_pro")))
    for (reading, says) in [
      (CalibrationGuide.Reading(reference: 0, lower: 50, upper: 51), "almost the same place"),
      (.init(reference: 100, lower: 0, upper: 50), "outside its ends"),
      (.init(reference: 0, lower: -4, upper: .nan), "the register has"),
      (.init(reference: 0, lower: -400, upper: 50), "the register has"),
      (.init(reference: 150, lower: 140, upper: 170), "the wiring allows"),
    ] {
      let error = #expect(throws: CalibrationGuide.Refusal.self) { try guide.joint(1, reading) }
      #expect(error?.description.contains(says) == true, "\(error?.description ?? "")")
    }
  }

  @Test("Joints that cannot take zero have another reference")
  func reference() throws {
    let guide = CalibrationGuide(try Wiring(of: Robot.named("uarm_metal")))
    #expect(guide.reference(ofMotor: 0) == 0)
    #expect(abs(guide.reference(ofMotor: 1) - 5 * .pi / 180) < 1e-8)
    let joint = try guide.joint(1, .init(reference: 7, lower: 6, upper: 118))
    #expect(abs((joint.zero ?? .nan) - 2) < 1e-6 && joint.range == 6...118)
    for (wide, motor) in zip(guide.measuringWiring.motors, guide.wiring.motors) {
      #expect(wide.limits.lowerBound <= motor.limits.lowerBound + 1e-8)
      #expect(motor.limits.upperBound <= wide.limits.upperBound + 1e-8)
      #expect(wide.raw(0.3) == motor.raw(0.3))
    }
  }

  @Test("A driver on a port measures, lets go and measures again")
  func conversation() throws {
    let wiring = try Wiring(of: Robot.named("robotis_op3"))
    let pose = try #require(wiring.park)
    let port = SimulatedTransport(
      name: "simulated", device: SimulatedDynamixelBus(wiring, pose: pose),
      link: FaultyLink(baud: wiring.baud))
    var client = DriverClient(
      port: port, driver: DynamixelDriver(CalibrationGuide(wiring).measuringWiring))
    // The supply is off, and nothing is written unasked.
    #expect(throws: DriverFault.self) { try client.measure() }
    for _ in 0..<2 {
      let found = try client.measure(mayPower: true)
      #expect(found.device != nil && found.positions.count == 20)
      for (position, expected) in zip(found.positions, pose) {
        #expect(abs(position - expected) < 0.002)
      }
      try client.release()
    }
    client.close()
  }

  @Test("A port that falls silent ends the conversation in time")
  func silence() throws {
    let terminal = try PseudoTerminal()
    let wiring = try Wiring(of: Robot.named("robotis_op3"))
    var client = DriverClient(
      port: try Ports.open(terminal.device, baud: wiring.baud), driver: DynamixelDriver(wiring))
    let start = MonotonicClock.now
    #expect(throws: DriverFault.self) { try client.measure(within: 0.1) }
    #expect(MonotonicClock.now - start < 0.5)
  }
}
