import Testing

@testable import Streaming

@Suite("Motors whose count is a turn off")
struct BusTurnTests {
  /// Streams for a second and says how far each motor has gone beyond its way [register units].
  private func worstWay(_ bench: inout BusBench, _ wiring: Wiring, rate: Double) -> Double {
    let start = bench.device.motorPositions
    var worst = 0.0
    _ = bench.stream(wiring, frames: Int(3 * rate), rate: rate) { bench, _ in
      for (now, before) in zip(bench.device.motorPositions, start) {
        worst = max(worst, abs(now - before))
      }
    }
    return worst
  }

  @Test("Feetech over many turns: goals are sent in the motor's own turn", arguments: [-2, 1, 3])
  func feetech(turns: Int) throws {
    let wiring = BusRobots.wiring(.feetechSTS, motors: 3)
    var pose = BusRobots.pose(wiring)
    pose[1] += wiring.motors[1].direction * 2 * .pi * Double(turns)
    var bus = SimulatedFeetechBus(wiring, pose: pose)
    bus.motors[1].write(55, [0], at: 0)
    bus.motors[1].write(9, [0, 0, 0, 0], at: 0)
    var bench = BusBench(FeetechDriver(wiring), bus)
    let isUp = bench.bringUp()
    #expect(isUp, "\(bench.fault?.description ?? "")")
    #expect(worstWay(&bench, wiring, rate: 50) < 700)  // 0.6 rad and a bit
    #expect(bench.fault == nil)
    // The joint was measured in its own turn.
    for measurement in bench.measurements {
      guard let position = measurement.positions[1] else { continue }
      #expect(wiring.motors[1].limits.contains(position))
    }
    let turn = try #require(
      bench.events.compactMap {
        if case .identified(let report) = $0.event {
          report.notes.first { $0.contains("unwrapped") }
        } else {
          nil
        }
      }.first)
    #expect(turn.contains("motor 2"))
    let before = bench.device.motorPositions
    bench.pass(.stop)
    bench.run(until: bench.now + 0.5)
    for (one, other) in zip(before, bench.device.motorPositions) { #expect(abs(one - other) < 60) }
  }

  @Test("Dynamixel over many turns: position mode is written, and it counts within one again")
  func dynamixel() {
    let wiring = BusRobots.wiring(.dynamixel2, motors: 3)
    var bus = SimulatedDynamixelBus(wiring, pose: BusRobots.pose(wiring))
    #expect(bus.motors[1].write(11, [4], at: 0) == 0)
    bus.motors[1].slip = 4096
    var bench = BusBench(DynamixelDriver(wiring), bus)
    let isUp = bench.bringUp()
    #expect(isUp, "\(bench.fault?.description ?? "")")
    #expect(worstWay(&bench, wiring, rate: 100) < 700)
    #expect(bench.fault == nil)
  }

  @Test("A turn off in single-turn mode is refused, and nothing gets torque", arguments: [-1.0, 1])
  func refused(turns: Double) {
    let wiring = BusRobots.wiring(.dynamixel2, motors: 3)
    var bus = SimulatedDynamixelBus(wiring, pose: BusRobots.pose(wiring))
    bus.motors[1].slip = 4096 * turns
    var bench = BusBench(DynamixelDriver(wiring), bus)
    let isUp = bench.bringUp()
    #expect(!isUp && bench.fault?.kind == .position)
    #expect(bench.fault?.description.contains("long way round") == true)
    #expect(BusObserver(.dynamixel2, bench.sent).goals.isEmpty)
  }

  @Test("One that may be either end of its joint is refused")
  func ambiguous() {
    var wiring = BusRobots.wiring(.feetechSTS, motors: 2)
    for index in 0..<2 { wiring.motors[index].limits = -3.14...3.14 }
    var bus = SimulatedFeetechBus(wiring, pose: [0, 2 * .pi + 3.1415])
    bus.motors[1].write(55, [0], at: 0)
    bus.motors[1].write(9, [0, 0, 0, 0], at: 0)
    var bench = BusBench(FeetechDriver(wiring), bus)
    let isUp = bench.bringUp()
    #expect(!isUp && bench.fault?.kind == .position)
    #expect(bench.fault?.description.contains("either end") == true)
    #expect(BusObserver(.feetechSTS, bench.sent).goals.isEmpty)
  }
}
