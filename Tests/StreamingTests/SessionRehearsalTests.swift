import Testing

@testable import Streaming

@Suite("Rehearsing a frame")
struct SessionRehearsalTests {
  @Test("What a copy of a session goes through changes nothing", arguments: CampaignSubject.all)
  func isolated(subject: CampaignSubject) throws {
    let runs = try [false, true].map { rehearses in
      var line = try subject.line()
      for step in 1...800 where !line.run(until: Double(step) * 0.01) {
        guard rehearses else { continue }
        var copy = line.session
        _ = copy.advance(to: line.now + 0.05)
        _ = copy.advance(to: line.now + 0.1, received: [0xFF, 0xFF, 0x24], input: .stop)
      }
      return line.recorded
    }
    #expect(runs[0].count > 100 && runs[0] == runs[1])
  }
}
