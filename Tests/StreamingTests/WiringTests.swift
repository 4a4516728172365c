import Streaming
import Testing

@Suite("A motor's register and its joint")
struct MotorTests {
  @Test("Position to register and back is the same position", arguments: [1.0, -1.0])
  func roundTrip(direction: Double) {
    let motor = Wiring.Motor(
      joint: "knee", id: 3, direction: direction, zero: 2048, unitsPerRadian: 4096 / (2 * .pi),
      range: 0...4095, limits: -2...2, velocityLimit: 3)
    for position in stride(from: -2.0, through: 2, by: 0.1) {
      #expect(abs(motor.position(motor.raw(position)) - position) < 1e-12)
    }
    #expect((motor.raw(1) > motor.raw(0)) == (direction > 0))
  }
}
