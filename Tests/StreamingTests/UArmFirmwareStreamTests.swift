import Foundation
import Testing

@testable import Streaming

/// Hosts against the simulator: one that asks as the driver once did, and one that is paced.
@Suite("uArm: what a host does to the simulated motors")
struct UArmFirmwareStreamTests {
  /// A host's script: what it sends, and when.
  struct Script {
    var lines: [(time: Double, text: String)] = []
    var start = [90.0, 80, 35]

    /// One joint move for each frame of a wave of 49°/s and 196°/s², as the sheet paces it.
    init(seconds: Double, rate: Double = 20, lead: Int = 4, id first: Int = 1) {
      var last = Self.pose(0, seconds)
      var free = -1.0
      for index in 1...Int(seconds * rate) {
        let pose = Self.pose(Double(index) / rate, seconds)
        let way = zip(pose, last).map { ($0 - $1) * ($0 - $1) }.reduce(0, +).squareRoot()
        let feed = 0.75 * way * rate
        guard way > 0.025, feed > 1.2 else { continue }
        free = max(free + 0.015, Double(index - lead) / rate)
        let text = zip("BLR", pose).map { "\($0)\(String(format: "%.2f", $1))" }
          .joined(separator: " ")
        lines.append((free, "#\(first + index) G2206 \(text) F\(String(format: "%.2f", feed))\n"))
        last = pose
      }
    }

    private static func pose(_ time: Double, _ seconds: Double) -> [Double] {
      let edge = max(0, min(time / 1.5, (seconds - time) / 1.5, 1))
      let ease = edge * edge * edge * (10 - 15 * edge + 6 * edge * edge)
      let angles = [90 + 14 * ease * sin(3.5 * time), 80 + 8 * ease * sin(2.3 * time)]
      return (angles + [35 + 6 * ease * sin(2.9 * time)]).map { ($0 * 100).rounded() / 100 }
    }

    /// Asks from `start` on, each time the next of some queries.
    mutating func poll(_ queries: [String], every period: Double, until end: Double) {
      var time = 1.0
      var count = 0
      while time < end {
        let query = queries[count % queries.count]
        count += 1
        lines.append((time, query == "?" ? "?" : "#\(9000 + count) \(query)\n"))
        time += period
      }
      lines.sort { $0.time < $1.time }
    }
  }

  /// What came of it.
  struct Outcome {
    var heard = ""
    var arm: SimulatedUArm
    var statistics: SimulatedUArm.Statistics { arm.statistics }
  }

  /// Plays a script; `react` may send more when a reply has come.
  private func play(
    _ script: Script, _ version: SimulatedUArm.Version,
    react: (String, Double) -> String = { _, _ in "" }
  ) -> Outcome {
    var options = SimulatedUArm.Options()
    options.version = version
    options.angles = script.start + [90]
    options.resetsOnOpen = false
    var outcome = Outcome(arm: SimulatedUArm(.v4, options: options))
    let end = (script.lines.last?.time ?? 0) + 3
    var next = 0
    var now = -0.001
    while now < end {
      now += 0.001
      var text = ""
      while next < script.lines.count, script.lines[next].time <= now {
        text += script.lines[next].text
        next += 1
      }
      let bytes = outcome.arm.advance(to: now, received: Array(text.utf8))
      guard !bytes.isEmpty else { continue }
      let said = String(decoding: bytes, as: UTF8.self)
      outcome.heard += said
      let more = react(said, now)
      if !more.isEmpty { outcome.heard += send(more, &outcome.arm, now) }
    }
    return outcome
  }

  private func send(_ text: String, _ arm: inout SimulatedUArm, _ now: Double) -> String {
    String(decoding: arm.advance(to: now, received: Array(text.utf8)), as: UTF8.self)
  }

  @Test(
    "All three angles asked for at 5 Hz: one abrupt standstill for each, replies leak",
    arguments: SimulatedUArm.Version.allCases)
  func blockingQueries(version: SimulatedUArm.Version) {
    var script = Script(seconds: 8)
    script.poll(["P2200"], every: 0.2, until: 7)
    let asked = script.lines.count { $0.text.contains("P2200") }
    let outcome = play(script, version)
    #expect(0.75...1.1 ~= Double(outcome.statistics.abruptStandstillCount) / Double(asked))
    // An ok in mid-stream, right behind the query's own reply.
    #expect(outcome.heard.contains(#/ok B[^\n]*\n\$\d+ ok\n/#))
  }

  @Test("The driver as it was: the refill burst meets the next query, bytes are lost, E21 comes")
  func formerDriver() {
    var script = Script(seconds: 8)
    script.poll(["P2200"], every: 0.2, until: 7)
    var status = Script(seconds: 0.1)
    status.poll(["?"], every: 0.2, until: 7)
    script.lines += status.lines.filter { $0.text == "?" }.map { ($0.time + 0.03, $0.text) }
    script.lines.sort { $0.time < $1.time }
    let frames = script.lines.filter { $0.text.contains("G2206") }
    var refilled = -1.0
    // What it did on an ok in mid-stream: it took the planner for dry and sent frames at once.
    let outcome = play(script, .v4100) { said, now in
      guard said.contains(#/\$\d{1,3} ok\n/#), now > refilled + 0.1, now < 7 else { return "" }
      refilled = now
      return frames.filter { $0.time > now }.prefix(4).map(\.text).joined()
    }
    #expect(outcome.statistics.droppedByteCount > 30)
    #expect(outcome.heard.contains(" E21\n"))
    #expect(outcome.statistics.abruptStandstillCount > 15)
  }

  @Test(
    "Paced lines and harmless polls: no standstill, nothing lost, within the limits",
    arguments: SimulatedUArm.Version.allCases,
    [
      [], ["?"], ["P2206 N0", "P2206 N1", "P2206 N2"], ["?", "P2206 N0", "?", "P2206 N1"],
      ["P2234"],
    ])
  func paced(version: SimulatedUArm.Version, polls: [String]) {
    var script = Script(seconds: 8)
    if !polls.isEmpty { script.poll(polls, every: 0.05, until: 7.5) }
    let outcome = play(script, version)
    #expect(outcome.statistics.abruptStandstillCount <= 1)
    #expect(outcome.statistics.droppedByteCount == 0)
    #expect(outcome.statistics.fullTime == 0)
    #expect(!outcome.heard.contains(" E2"))
    #expect((outcome.statistics.greatestSpeeds.max() ?? 0) < 50)
    #expect((outcome.statistics.greatestAccelerations.max() ?? 0) < 202)
  }

  @Test("A gain on F makes motors faster than the trajectory")
  func gain() {
    let plain = play(Script(seconds: 8), .v4100).statistics
    var script = Script(seconds: 8)
    script.lines = script.lines.map { line in
      guard let feed = line.text.firstMatch(of: #/F([\d.]+)/#), let value = Double(feed.1) else {
        return line
      }
      return (line.time, line.text.replacing(feed.0, with: String(format: "F%.2f", 1.2 * value)))
    }
    let hurried = play(script, .v4100).statistics
    #expect(hurried.greatestSpeeds[0] > 1.1 * plain.greatestSpeeds[0])
    #expect(hurried.greatestAccelerations[0] > 1.1 * plain.greatestAccelerations[0])
  }
}
