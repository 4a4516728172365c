import Foundation
import Testing

@testable import Streaming

/// The simulator beside the vendor's firmware: same requests, same replies, same times.
@Suite("uArm: the simulator against recorded firmware")
struct UArmFirmwareTests {
  /// What does not match, by scenario and beginning of the recorded line, and why.
  static let exceptions: [(scenario: String, text: String, what: Aspect, why: String)] = [
    ("settings", "$28 ok B  NAN", .value, "numbers of a point that cannot be reached"),
    ("moves", "$43", .time, "G1 is cut into pieces at a speed of its own; never streamed"),
    ("moves", "$46", .time, "G1, as above"),
    ("moves", "$47", .time, "G1, as above"),
    ("moves", "$48", .time, "G2201 is cut into pieces; never streamed"),
    ("settings2", "$32", .time, "G2204, as G2201"),
    ("moves", "$49", .time, "G2204 is cut into pieces at a speed of its own; never streamed"),
    ("moves", "$50", .time, "G2205, as G2204"),
    ("modal", "$6", .time, "G1, as above"),
    ("detached", "$7", .value, "the emulated board's motors turn while they are detached"),
    ("detached", "$13", .time, "as above: there the arm has gone already"),
  ]

  /// What of a line does not match.
  enum Aspect { case value, time }

  static let transcripts = (try? UArmFirmwareTranscript.read()) ?? []

  @Test("There are transcripts of three versions, each with the sheet's table")
  func complete() {
    for version in [SimulatedUArm.Version.v450, .v470, .v4100] {
      let names = Set(Self.transcripts.filter { $0.version == version }.map(\.name))
      #expect(
        names.isSuperset(of: ["queries", "settings", "moves", "moving20", "block20", "abort"]))
    }
    #expect(Self.transcripts.map(\.replies.count).reduce(0, +) > 1500)
  }

  @Test("The same text in the same order, at the same time", arguments: transcripts)
  func same(transcript: UArmFirmwareTranscript) {
    // What of a burst of 24 lines survives depends on microseconds: see `burst`.
    guard transcript.name != "burst" else { return }
    let (lines, _) = transcript.simulated()
    let (said, expected) = (
      lines.map { Self.shape($0.text) }, transcript.replies.map { Self.shape($0.text) }
    )
    #expect(said == expected, "\(Self.firstDifference(lines, transcript.replies))")
    guard said == expected else { return }
    for (line, reply) in zip(lines, transcript.replies) {
      let excused = Self.exceptions.filter {
        $0.scenario == transcript.name && reply.text.hasPrefix($0.text)
      }.map(\.what)
      let away = Self.distance(line.text, reply.text)
      #expect(
        excused.contains(.value) || away <= Self.tolerance(transcript, reply),
        "'\(line.text)', firmware '\(reply.text)'")
      let request = transcript.requests.last { $0.time <= reply.time }?.time ?? 0
      let allowed = max(2.2, 0.08 * (reply.time - request))
      #expect(
        excused.contains(.time) || abs(line.time - reply.time) <= allowed,
        "'\(reply.text)' at \(line.time) ms, firmware at \(reply.time), asked at \(request)")
    }
  }

  @Test("A burst of 24 lines loses as much as in the firmware, and ends in E21")
  func burst() {
    for transcript in Self.transcripts where transcript.name == "burst" {
      let (lines, arm) = transcript.simulated()
      // 554 and 533 bytes of 946 on 4.10.0 and 4.7.0.
      #expect(480...620 ~= arm.statistics.droppedByteCount)
      for text in ["$1 ok\\n", "$5 ok\\n"] { #expect(lines.contains { $0.text == text }) }
      #expect(lines.contains { $0.text.hasSuffix("E21\\n") })
      #expect(lines.count { $0.text.hasSuffix(" ok\\n") } < 12)
    }
  }

  // MARK: - Comparing

  /// A text with its decimals, and the counts of moving sensors, left out.
  private static func shape(_ text: String) -> String {
    var result = ""
    var rest = text[...]
    while let first = rest.first {
      let number = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
      if number.contains(".") {
        if result.last == "-" { result.removeLast() }
        result += "#"
        rest = rest.dropFirst(number.count)
      } else if !number.isEmpty {
        result += number
        rest = rest.dropFirst(number.count)
      } else {
        result.append(first)
        rest = rest.dropFirst()
      }
    }
    // Raw counts of a motor that moves.
    return result.replacing(#/ok B\d+ L\d+ R\d+/#, with: "ok counts")
  }

  private static func numbers(_ text: String) -> [Double] {
    text.matches(of: #/-?\d+\.\d+/#).compactMap { Double($0.output) }
  }

  private static func distance(_ one: String, _ other: String) -> Double {
    let pairs = zip(numbers(one), numbers(other))
    return pairs.map { abs($0 - $1) }.max() ?? 0
  }

  /// One count of a sensor is 0.088°; while a motor moves, what it turns in 15 ms, and the tool
  /// point is 0.2 m away from the base's axis.
  private static func tolerance(
    _ transcript: UArmFirmwareTranscript, _ reply: UArmFirmwareTranscript.Line
  ) -> Double {
    let moves: Set = [
      "moving5", "moving20", "moving50", "block20", "block50", "starve", "report", "bigring",
      "resume",
    ]
    // In units of 80°.
    if reply.text.contains("MPos") { return 0.009 }
    guard moves.contains(transcript.name) else { return 0.09 }
    return reply.text.contains(" X") ? 2 : 0.5
  }

  private static func firstDifference(
    _ lines: [UArmFirmwareTranscript.Line], _ replies: [UArmFirmwareTranscript.Line]
  ) -> String {
    for index in 0..<max(lines.count, replies.count) {
      let said = index < lines.count ? lines[index].text : "nothing"
      let expected = index < replies.count ? replies[index].text : "nothing"
      if shape(said) != shape(expected) {
        let time = index < replies.count ? replies[index].time : lines[index].time
        return "at \(time) ms '\(said)', firmware '\(expected)'"
      }
    }
    return ""
  }
}
