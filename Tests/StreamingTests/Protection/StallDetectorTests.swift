import Testing

@testable import Streaming

@Suite("A stall is load and error and time")
struct StallDetectorTests {
  private let degree = Double.pi / 180

  /// Read-backs at 50 Hz of a joint that is told to stay at zero; returns when it counts as stalled.
  private func stalls(
    share: Double = 1, seconds: Double = 2, lag: Double = 0.03,
    speed: Double = 0,
    _ reading: (Double) -> (error: Double, load: Double)?
  ) -> StallDetector.Stall? {
    var detector = StallDetector(
      .init(), caps: [0.8], isAngular: [true], expectedLag: lag)
    for frame in 0..<Int(seconds * 50) {
      let time = Double(frame) / 50
      detector.command([speed * time], at: time)
      var measurement = Measurement(time: time, positions: [nil])
      if let (error, load) = reading(time) {
        measurement.positions[0] = speed * time + error
        measurement.loads[0] = load
      }
      if let stall = detector.examine(measurement, torqueShare: share) { return stall }
    }
    return nil
  }

  @Test("Both for half a second, and not before")
  func both() throws {
    let found = try #require(stalls { $0 < 0.3 ? (0, 0) : (7 * degree, -0.5) })
    #expect(found.joint == 0 && found.duration >= 0.5 && found.duration < 0.53)
    #expect(abs(found.error - 7 * degree) < 1e-9 && found.load == 0.5)
  }

  @Test("One without the other is none, nor is one that ends in between")
  func alone() {
    #expect(stalls { _ in (7 * degree, 0.3) } == nil)  // 0.32 is 40 % of the cap
    #expect(stalls { _ in (5.9 * degree, 0.8) } == nil)
    #expect(stalls { $0.truncatingRemainder(dividingBy: 0.4) < 0.02 ? (0, 0) : (1, 1) } == nil)
    #expect(stalls { _ in nil } == nil)
  }

  @Test("What is not a number counts as beyond")
  func numbers() {
    #expect(stalls { _ in (.nan, 0.8) } != nil)
    #expect(stalls { _ in (1, .nan) } != nil)
  }

  @Test("Missing readings neither end nor make a stall")
  func gaps() {
    #expect(stalls { $0.truncatingRemainder(dividingBy: 0.1) < 0.05 ? nil : (0.3, 0.8) } != nil)
  }

  @Test("With lowered torque less load is enough")
  func lowered() {
    #expect(stalls(share: 0.5) { _ in (7 * degree, 0.2) } != nil)
    #expect(stalls(share: 1) { _ in (7 * degree, 0.2) } == nil)
  }

  @Test("A joint that follows late is not stalled, however fast")
  func late() {
    // 5 rad/s at a lag of 60 ms is an error of 17°.
    #expect(stalls(speed: 5) { _ in (-5 * 0.06, 0.9) } == nil)
    #expect(stalls(speed: 5) { _ in (-5 * 0.06 - 0.3, 0.9) } != nil)
  }

  @Test("At a thousand frames a second as well, in bounded memory")
  func fast() {
    var detector = StallDetector(.init(), caps: [1], isAngular: [true], expectedLag: 0.5)
    var found: StallDetector.Stall?
    for frame in 0..<3000 {
      let time = Double(frame) / 1000
      detector.command([time], at: time)
      guard frame % 20 == 0 else { continue }
      var measurement = Measurement(time: time, positions: [time < 1 ? max(0, time - 0.9) : -1])
      measurement.loads[0] = 0.9
      found = found ?? detector.examine(measurement)
      if time < 1.2 { #expect(found == nil) }
    }
    #expect(found != nil)
  }
}
