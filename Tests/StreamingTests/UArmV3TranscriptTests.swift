import Foundation
import Testing

@testable import Streaming

/// What the vendor's firmware 3.2.0 answered to our own lines, at 90°, 101°, 8° and with a wrist at
/// 90°, beside what the simulated arm does.
@Suite("The simulated V3 arm beside the vendor's firmware")
struct UArmV3TranscriptTests {
  struct Bench {
    var arm: SimulatedUArm
    var now = 0.0

    init() {
      var options = SimulatedUArm.Options()
      options.resetsOnOpen = false
      options.angles = [90, 100.99, 8.11, 90]
      arm = SimulatedUArm(.v3, options: options)
      _ = arm.advance(to: 0, received: [])
    }

    /// What comes within a time, and after how many milliseconds it began.
    mutating func say(_ text: String, for seconds: Double = 0.2) -> (text: String, delay: Int) {
      var heard = arm.advance(to: now, received: Array(text.utf8))
      let start = now
      var began: Double?
      while now < start + seconds {
        now += 0.001
        heard += arm.advance(to: now, received: [])
        if !heard.isEmpty, began == nil { began = now }
      }
      let delay = began.map { Int((($0 - start) * 1000).rounded()) } ?? -1
      return (String(decoding: heard, as: UTF8.self), delay)
    }
  }

  /// A line, what was answered to it, and after how many milliseconds that began.
  static let transcript: [(String, String, ClosedRange<Int>?)] = [
    ("#1 P2201\n", "$1 ok VSwiftPro\r\n", 2...4),
    ("#2 P2203\n", "$2 ok V3.2.0\r\n", 2...4),
    ("#3 P2200\n", "$3 ok B90.00 L100.99 R8.11\r\n", 32...35),
    ("P2200\n", "ok B90.00 L100.99 R8.11\r\n", 31...35),
    ("#5 P2206 N0\n", "$5 ok V90.00\r\n\r\n", 8...12),
    ("#6 P2206 N3\n", "$6 ok V90.00\r\n\r\n", 3...6),
    ("#5 P2206\n", "$5 E21 \r\n", 2...4),
    ("#7 M2203 N0\n", "$7 ok V1\r\n", 2...4),
    ("#8 M2122 V0\n", "$8 ok\n", 2...4),
    ("#9 P2234\n", "$9 ok V1\r\n", 3...5),
    ("#10 P2400\n", "$10 ok V0\r\n", 2...4),
    ("#11 P2244\n", "echo:Unknown command: \"P2244\"\n", 2...4),
    (
      "#12 G2206 B90 L90 R30 F100\n", "echo:Unknown command: \"G2206 B90 L90 R30 F100\"\n", nil
    ),
    ("?\n", "echo:Unknown command: \"?\"\n", nil),
    ("?#6 M2120 V0.2\n", "echo:Unknown command: \"?#6 M2120 V0.2\"\n", nil),
    ("$\n", "echo:Unknown command: \"$\"\n", nil),
    ("p2201\n", "echo:Unknown command: \"p2201\"\n", nil),
    ("#13 M2211 N0 A1070 T4\n", "$13 ok V200.00\r\n", 3...6),
    ("#78 M2211N0A1090T4\n", "$78 ok V5.00\r\n", 3...6),
    ("#77 M2200\n", "$77 ok V0\r\n", 2...4),
    ("#6 M2222 X200 Y0 Z100\n", "$6 ok V1\r\n", 4...7),
    ("#16 M203 X2000 Y2000 Z2000\n", "$16 ok\n", 3...6),
    ("#4 M105\n", "ok T:0.0 /0.0 @:0\n", nil),
    ("G0X20Y0Z94.720F30000\n", "ok E22 unreachable\r\n\r\n", 3...6),
    ("#15 G0 X20 Y0 Z94.720 F30000\n", "$15 ok E22 unreachable\r\n\r\n", 3...8),
    ("#5 G2202 N3 V90 F1\n", "$5 ok\n", 4...8),
    ("M110 N0\n", "ok\n", 2...4),
    ("N1 G0X200\n", "Error:No Checksum with line number, Last Line: 0\nResend: 1\nok\n", nil),
    ("G0 X200*33\n", "Error:No Line Number with checksum, Last Line: 0\n", nil),
    ("N1 M203 X20*33\n", "Error:checksum mismatch, Last Line: 0\nResend: 1\nok\n", nil),
    ("N1 M203 X20", "", nil),
    ("\n", "Error:No Checksum with line number, Last Line: 0\nResend: 1\nok\n", nil),
    ("N1 M203X20.00Y20.00Z20.00*84\n", "ok\n", 3...6),
    (
      "N1 M203X20.00Y20.00Z20.00*84\n",
      "Error:Line Number is not Last Line Number+1, Last Line: 1\nResend: 2\nok\n", nil
    ),
    (
      "N3 M203X20.00Y20.00Z20.00*86\n",
      "Error:Line Number is not Last Line Number+1, Last Line: 1\nResend: 2\nok\n", nil
    ),
    ("N2 M205X30Z30*36\n", "ok\n", nil),
    ("N3 M204T1200*113\n", "Setting Travel Acceleration: 1200.00\nok\n", nil),
    ("#79 M2211N0A1070T4\n", "$79 ok V1200.00\r\n", nil),
    ("#2 M400\n", "$2 ok\n", nil),
    ("#9 M2019\n", "$9 ok\n", nil),
    ("#9 M2203 N0\n", "$9 ok V0\r\n", nil),
    ("; comment\n", "", nil),
    ("#12 P2201 ; c\n", "$12 ok VSwiftPro\r\n", nil),
    ("#0 P2201\n", "ok VSwiftPro\r\n", nil),
    ("#123456789 P2201\n", "$123456789 ok VSwiftPro\r\n", nil),
    ("#7P2201\n", "$7 ok VSwiftPro\r\n", nil),
    ("  #6 P2201\n", "$6 ok VSwiftPro\r\n", nil),
    ("#16 P2206 N4\n", "$16 E22 \r\n", nil),
    ("#17 M2211 N0\n", "$17 E21 \r\n", nil),
    ("#5 P2245\n", "$5 ok \r\n", nil),
  ]

  @Test("Line after line the same is said, after as long")
  func lines() {
    var bench = Bench()
    for (line, expected, delay) in Self.transcript {
      let found = bench.say(line)
      #expect(found.text == expected, "\(line)")
      if let delay { #expect(delay.contains(found.delay), "\(line): \(found.delay) ms") }
    }
  }

  @Test("M17 takes a second, a move in one segment 9 ms, and ok comes before it is carried out")
  func moves() {
    var bench = Bench()
    let attached = bench.say("#1 M17\n", for: 1.2)
    #expect(attached.text == "$1 ok\n" && (1030...1042).contains(attached.delay))
    let move = bench.say("G0X205Y0Z150F30000\n", for: 0.012)
    #expect(move.text.hasPrefix("ok \r\n") && (7...12).contains(move.delay))
    #expect(!bench.arm.isIdle)
  }

  @Test("At F in millimetres a move is cut into segments that three blocks cannot hold")
  func segments() {
    var bench = Bench()
    // 40 mm at 50 mm/s: 80 segments, each at 50 degrees/s with 200 degrees/s² and a stop in sight.
    let found = bench.say("#1 G0 X240 Y0 Z150 F3000\n#2 P2234\n", for: 6)
    #expect(found.text == "$1 ok \r\n$2 ok V1\r\n")
    #expect(400 < found.delay)
  }

  @Test("The ring holds 63 bytes")
  func ring() {
    for count in [63, 64] {
      var bench = Bench()
      // The loop is away for a second.
      _ = bench.say("#1 M17\n", for: 0.05)
      let text = "#2 P2201;" + String(repeating: "x", count: count - 10) + "\n"
      _ = bench.say(text, for: 1.2)
      #expect(bench.arm.statistics.droppedByteCount == count - 63)
    }
  }

  @Test("After M410 alone the firmware is wrong about where the arm is; M2000 puts it right")
  func quickStop() {
    var bench = Bench()
    _ = bench.say("M203X20Y20Z20\nG0X200Y60Z150F30000\n", for: 0.3)
    let before = bench.arm.motorPositions
    _ = bench.say("M410\n", for: 0.7)
    #expect(zip(before, bench.arm.motorPositions).allSatisfy { abs($0 - $1) < 0.1 })
    let wrong = bench.say("#1 P2220\n").text
    #expect(!wrong.hasPrefix("$1 ok X19") && !wrong.hasPrefix("$1 ok X20"))
    _ = bench.say("M2000\n")
    let right = bench.say("#2 P2220\n").text
    #expect(right.hasPrefix("$2 ok X19") || right.hasPrefix("$2 ok X20"))
  }

  @Test("It starts in time: text at once, lines after 1.6 s, the event after 2.6, never @1")
  func boot() {
    var arm = SimulatedUArm(.v3)
    var times: [String: Double] = [:]
    var heard = ""
    var now = 0.0
    _ = arm.advance(to: 0, received: [])
    while now < 4 {
      now += 0.001
      let isTime = abs(now - 1.3) < 0.0005
      heard += String(
        decoding: arm.advance(to: now, received: isTime ? Array("#1 P2201\n".utf8) : []),
        as: UTF8.self)
      for mark in ["start", "$1 ok", "@5 V1\r\n", "@1"] where heard.contains(mark) {
        times[mark] = times[mark] ?? now
      }
    }
    #expect(abs((times["start"] ?? 0) - 1.005) < 0.005)
    #expect(abs((times["$1 ok"] ?? 0) - 2.61) < 0.02)
    #expect(abs((times["@5 V1\r\n"] ?? 0) - 3.57) < 0.01)
    #expect(times["@1"] == nil)
  }
}
