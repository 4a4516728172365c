import Testing

@testable import Streaming

@Suite("The clock of frames")
struct FrameClockTests {
  @Test("In time: each frame for the instant at which it is due, nothing skipped")
  func inTime() {
    var clock = FrameClock(start: 5, interval: 0.01)
    for frame in 0..<1000 {
      let due = 5 + Double(frame) * 0.01
      let early = clock.tick(due.nextDown)
      #expect(clock.nextDue == due && early == nil)
      let tick = clock.tick(due + 0.0004)
      #expect(tick?.frame == frame && tick?.time == due && tick?.skipped == 0)
      #expect(abs((tick?.elapsed ?? 0) - 0.01) < 1e-9)
    }
  }

  @Test("Late: the set-point is for now, and the next one is not sent right behind it")
  func late() throws {
    var clock = FrameClock(start: 0, interval: 0.01)
    _ = clock.tick(0)
    let second = clock.tick(0.0199)
    let late = try #require(second)
    #expect(late.frame == 1 && late.time == 0.0199 && abs(late.elapsed - 0.0199) < 1e-12)
    #expect(abs(late.lateness - 0.0099) < 1e-12)
    // Frame 2 would follow after 0.1 ms: it is dropped, and counted with the next.
    let third = clock.tick(0.02)
    #expect(third == nil && clock.nextDue == 0.03)
    let fourth = clock.tick(0.03)
    let next = try #require(fourth)
    #expect(next.frame == 3 && next.skipped == 1 && abs(next.elapsed - 0.0101) < 1e-12)
  }

  @Test(
    "However late: what is sent never asks for more way than time has passed", arguments: 0..<20)
  func never(seed: UInt64) {
    var random = SplitMix(state: seed)
    var clock = FrameClock(start: 0, interval: 0.01)
    var (now, sentAt, count, skipped, last) = (0.0, -0.01, 0, 0, -1)
    while now < 20 {
      // Mostly in time, now and then away for up to 60 ms.
      now = max(now, clock.nextDue) + (random.share() < 0.3 ? 0.06 * random.share() : 0)
      guard let tick = clock.tick(now) else { continue }
      #expect(tick.elapsed <= now - sentAt + 0.001 + 1e-9)
      #expect(now - sentAt >= 0.0039 && tick.frame > last)
      (sentAt, last) = (now, tick.frame)
      count += 1
      skipped += tick.skipped
    }
    #expect(count + skipped == last + 1)
  }
}
