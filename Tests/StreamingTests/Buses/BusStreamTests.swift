import Foundation
import Testing

@testable import Streaming

@Suite("A driver of a bus against its simulated motors")
struct BusStreamTests {
  /// Following error with the best constant lag [degrees], that lag [s], and the samples.
  static func following(
    _ bench: BusBench, _ wiring: Wiring, since start: Double
  ) -> (error: Double, lag: Double, samples: Int) {
    var samples: [(time: Double, joint: Int, position: Double)] = []
    for measured in bench.measurements where measured.time > start {
      for (joint, position) in measured.positions.enumerated() {
        if let position { samples.append((measured.time - start, joint, position)) }
      }
    }
    let chosen = stride(from: 0, to: samples.count, by: max(1, samples.count / 20000)).map {
      samples[$0]
    }
    func error(_ lag: Double) -> Double {
      let sum = chosen.reduce(0.0) { sum, sample in
        let wanted = BusRobots.sinus(sample.joint, max(0, sample.time - lag))
        return sum + (wanted - sample.position) * (wanted - sample.position)
      }
      return (sum / Double(max(chosen.count, 1))).squareRoot() * 180 / .pi
    }
    let lags = stride(from: 0.0, through: 0.15, by: 0.0025).map { (error($0), $0) }
    guard let best = lags.min(by: { $0.0 < $1.0 }) else { return (.infinity, 0, 0) }
    return (best.0, best.1, samples.count)
  }

  @Test(
    "identifies, engages without moving, and streams a minute within half a degree",
    arguments: [
      (Wiring.Device.dynamixel2, 100.0), (.dynamixel1, 100), (.feetechSTS, 100), (.feetechSCS, 50),
      (.lx16a, 18),
    ])
  func stream(device: Wiring.Device, rate: Double) throws {
    let wiring = BusRobots.wiring(device)
    var bench = BusRobots.bench(wiring)
    #expect(bench.driver.preferredRate >= rate)
    let isUp = bench.bringUp()
    try #require(isUp, "\(bench.fault?.description ?? "no fault")")
    #expect(bench.now < 3)
    for (motor, position) in zip(wiring.motors, bench.device.motorPositions) {
      #expect(abs(position - motor.raw(BusRobots.pose(wiring)[motor.id - 1])) <= 2)
    }
    bench.run(until: bench.now + 0.2)
    let start = bench.stream(wiring, frames: Int(60 * rate), rate: rate)
    #expect(bench.fault == nil, "\(bench.fault?.description ?? "")")
    let result = Self.following(bench, wiring, since: start)
    #expect(result.error < 0.5)
    #expect(abs(result.lag - bench.driver.expectedLag) < 0.03)
    #expect(BusRobots.collisions(bench.device) == 0)
    #expect(bench.now - start < 60)
    let loads = bench.events.compactMap { event in
      if case .gauge(let gauge) = event.event { gauge.busLoad } else { nil }
    }
    #expect(loads.count > 100)
    let ended = bench.order(.finish, within: 2) { $0 == .held }
    #expect(ended)
    let released = bench.order(.release, within: 5) { $0 == .released }
    #expect(released)
  }
}
