import Foundation
import Testing

@testable import Streaming

@Suite("Where a motor's temperature is going")
struct HeatTrendTests {
  /// A motor that warms up towards an end with a time constant, read in whole degrees.
  private func motor(from start: Double, to end: Double, in constant: Double) -> (Double) -> Double
  {
    { (end + (start - end) * exp(-$0 / constant)).rounded(.down) }
  }

  /// When the alarm is foreseen within a time, and when it is reached [s].
  private func foreseen(
    alarm: Double, within seconds: Double, until limit: Double = 2000,
    _ temperature: (Double) -> Double
  ) -> (foreseen: Double?, reached: Double?) {
    var trend = HeatTrend()
    var foreseen: Double?
    for step in 0..<Int(limit / 0.5) {
      let time = Double(step) * 0.5
      if temperature(time) >= alarm { return (foreseen, time) }
      trend.add(temperature(time), at: time)
      if let left = trend.timeLeft(until: alarm), left <= seconds { foreseen = foreseen ?? time }
    }
    return (foreseen, nil)
  }

  @Test(
    "A motor that will reach its alarm is foreseen in time",
    arguments: [(31.0, 120.0, 60.0), (40, 90, 120), (55, 85, 100), (31, 300, 60), (60, 95, 100)])
  func rising(start: Double, end: Double, constant: Double) throws {
    let motor = motor(from: start, to: end, in: constant)
    let far = foreseen(alarm: 75, within: 120, motor)
    let reached = try #require(far.reached)
    let warned = try #require(far.foreseen)
    #expect(warned <= reached - min(30, reached - 11))
    let near = try #require(foreseen(alarm: 75, within: 20, motor).foreseen)
    #expect(near >= warned && reached - near >= min(8, reached - 11.5), "\(reached - near)")
  }

  @Test(
    "One that stays below is not stopped",
    arguments: [(31.0, 45.0, 60.0), (31, 60, 120), (40, 70, 300), (50, 50, 60), (70, 40, 60)])
  func staying(start: Double, end: Double, constant: Double) {
    let motor = motor(from: start, to: end, in: constant)
    let found = foreseen(alarm: 75, within: 20, motor)
    #expect(found.foreseen == nil && found.reached == nil)
  }

  @Test("Flicker between two degrees, gaps and one wild reading foresee nothing")
  func noise() {
    #expect(foreseen(alarm: 75, within: 120) { Int($0) % 2 == 0 ? 72 : 73 }.foreseen == nil)
    #expect(foreseen(alarm: 300, within: 120) { $0 == 40 ? 250 : 31 }.foreseen == nil)
    var trend = HeatTrend()
    trend.add(.nan, at: 0)
    trend.add(40, at: .nan)
    trend.add(31, at: 0)
    trend.add(60, at: 500)
    trend.add(61, at: 501)
    #expect(trend.timeLeft(until: 75) == nil)
  }

  @Test("The slope is that of the readings")
  func slope() throws {
    var trend = HeatTrend()
    for second in 0..<60 { trend.add(40 + 0.25 * Double(second), at: Double(second)) }
    #expect(abs(try #require(trend.slope) - 0.25) < 1e-9)
    #expect(abs(try #require(trend.timeLeft(until: 64.75)) - 40) < 1e-6)
    #expect(trend.timeLeft(until: 20) == 0)
  }
}
