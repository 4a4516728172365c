import Foundation
import Testing

@testable import Streaming

@Suite("A driver of a bus against its simulated motors")
struct BusStreamTests {
  static func bench(_ wiring: Wiring) -> BusBench {
    let pose = BusRobots.pose(wiring)
    return BusBench(DynamixelDriver(wiring), SimulatedDynamixelBus(wiring, pose: pose))
  }

  @Test("identifies, engages without moving, streams a minute and finds the lag constant")
  func stream() throws {
    let wiring = BusRobots.wiring(.dynamixel2)
    var bench = Self.bench(wiring)
    let isUp = bench.bringUp()
    #expect(isUp, "\(bench.fault?.description ?? "no fault")")
    print("bring-up", bench.now)
    for (motor, position) in zip(wiring.motors, bench.device.motorPositions) {
      #expect(abs(motor.position(position) - BusRobots.pose(wiring)[motor.id - 1]) < 0.003)
    }
    let start = bench.now + 0.1
    var samples: [(time: Double, joint: Int, position: Double)] = []
    let before = bench.events.count
    for frame in 0..<6000 {
      let time = Double(frame) / 100
      bench.run(until: start + time)
      let point = BusRobots.sinus(wiring, time)
      bench.pass(
        .follow(
          SetPoint(
            frame: frame, positions: point.positions, velocities: point.velocities, interval: 0.01))
      )
    }
    #expect(bench.fault == nil, "\(bench.fault?.description ?? "")")
    for (_, event) in bench.events[before...] {
      guard case .measured(let measured) = event else { continue }
      for (joint, position) in measured.positions.enumerated() {
        if let position { samples.append((measured.time - start, joint, position)) }
      }
    }
    #expect(samples.count > 100_000)
    func error(_ lag: Double) -> Double {
      let square = samples.reduce(0.0) { sum, sample in
        let wanted = BusRobots.sinus(wiring, max(0, sample.time - lag)).positions[sample.joint]
        return sum + (wanted - sample.position) * (wanted - sample.position)
      }
      return (square / Double(samples.count)).squareRoot() * 180 / .pi
    }
    for lag in stride(from: 0.01, through: 0.05, by: 0.005) { print(lag, error(lag)) }
    print("collisions", (bench.device as? SimulatedDynamixelBus)?.collisions ?? -1, samples.count)
    print(
      bench.events.compactMap { if case .gauge(let g) = $0.event { g.busLoad } else { nil } }
        .suffix(3))
  }
}
