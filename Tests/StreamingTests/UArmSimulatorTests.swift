import Foundation
import Testing

@testable import Streaming

@Suite("uArm: the simulated firmwares")
struct UArmSimulatorTests {
  /// An arm that is running, and a host that types.
  struct Bench {
    var arm: SimulatedUArm
    var now = 0.0

    init(
      _ firmware: SimulatedUArm.Firmware, _ version: SimulatedUArm.Version = .v4100,
      attached: Bool = true
    ) {
      var options = SimulatedUArm.Options()
      options.version = version
      options.resetsOnOpen = false
      options.isAttached = attached
      arm = SimulatedUArm(firmware, options: options)
      _ = arm.advance(to: 0, received: [])
    }

    /// Sends text and gives the lines that come within a time.
    mutating func say(_ text: String, for seconds: Double = 0.1) -> [String] {
      var heard = arm.advance(to: now, received: Array(text.utf8))
      let end = now + seconds
      while now < end {
        now += 0.001
        heard += arm.advance(to: now, received: [])
      }
      return String(decoding: heard, as: UTF8.self).split { $0.isNewline }.map(String.init)
    }
  }

  @Test(
    "V4 answers as the sheet says",
    arguments: [
      ("#1 P2201\n", ["$1 ok SwiftPro"]), ("#2 P2203\n", ["$2 ok V4.10.0"]),
      ("#3 M9999\n", ["$3 E20"]), ("#4 P9999\n", ["$4 ok"]),
      ("#14 G2202 N3 V90\n", ["sscanf 1", "$14 E21"]), ("#15 G0 X20 Y0 Z150 F50\n", ["$15 E22"]),
      ("#16 G2206 B90 L90 R85 F20\n", ["$16 E22"]), ("#17 G0 X Y0 Z150 F50\n", ["$17"]),
      ("#5 P2234\n", ["$5 ok V1"]), ("hello\n\n  \n", []), ("p2201\n", ["ok SwiftPro"]),
      ("#6 g0 x200 y0 z150 f0\n", ["$6 ok"]), ("#7 M2200\n", ["$7 E20"]),
      ("#8 P2200 (a comment) ; and more\n", ["$8 ok B90.0000 L89.9757 R30.0059"]),
      ("#9 M2231 V1\n#10 P2231\n", ["$9 ok", "value:0      value2:0$10 ok V0"]),
      ("?", ["<Idle,MPos:0.000,0.000,0.000,WPos:0.000,0.000,0.000>"]),
    ])
  func v4(said: String, expected: [String]) {
    var bench = Bench(.v4)
    #expect(bench.say(said) == expected)
  }

  @Test("V4 shows its queue after $10=12, and takes the setting only when idle")
  func gauge() {
    var bench = Bench(.v4)
    #expect(bench.say("$10=12\n") == ["ok"])
    #expect(bench.say("?") == ["<Idle,Buf:0,RX:0>"])
    _ = bench.say("#1 G2206 B120 L90 R30 F20\n#2 G2206 B121 L90 R30 F20\n")
    #expect(bench.say("$10=3\n") == ["error: Not idle"])
    #expect(bench.say("?") == ["<Run,Buf:2,RX:0>"])
    #expect(bench.arm.statistics.eepromWriteCount == 1)
  }

  @Test("V4 refuses moves while a motor is detached, and takes them again")
  func detached() {
    var bench = Bench(.v4, attached: false)
    #expect(bench.say("#1 G2206 B100 L90 R30 F20\n") == ["$1 E27"])
    #expect(bench.say("#2 M17\n#3 M2203 N0\n") == ["$2 ok", "$3 ok V1"])
    #expect(bench.say("#4 G2206 B100 L90 R30 F60\n", for: 1) == ["$4 ok"])
    #expect(abs(bench.arm.motorPositions[0] - 100) < 0.02)
  }

  @Test(
    "V4 says ok only when it is idle, answers queries meanwhile, and not when its planner is full")
  func idleAndFull() {
    var bench = Bench(.v4)
    #expect(bench.say("#1 G2206 B120 L90 R30 F20\n", for: 0.2) == [])
    #expect(bench.say("#2 P2234\n") == ["$2 ok V1"])
    #expect(bench.say("", for: 2) == ["$1 ok"])
    // Twenty small moves: the planner takes 17, the parser stalls, the ring drops what comes then.
    for id in 1...20 {
      #expect(bench.say("#\(id) G2206 B\(120 - id) L90 R30 F2\n", for: 0.016) == [])
    }
    #expect(bench.arm.plannerCount == 17)
    #expect(bench.say("#50 P2234\n") == [])
    #expect(bench.say("?").count == 1)
    let dropped = bench.arm.statistics.droppedByteCount
    for id in 60...66 { #expect(bench.say("#\(id) G2206 B99 L90 R30 F2\n", for: 0.01) == []) }
    #expect(bench.arm.statistics.droppedByteCount > dropped)
    #expect(bench.arm.statistics.fullTime > 0.1)
  }

  @Test("A delay lets the ring of twenty run over: E23 without a number")
  func ringRunsOver() {
    var bench = Bench(.v4)
    var heard = bench.say("#1 G2004 P2000\n")
    for id in 2...25 { heard += bench.say("#\(id) M2122 V0\n", for: 0.01) }
    let refusals = heard.count { $0 == "E23 buffer full" }
    #expect(refusals >= 3)
  }

  @Test(
    "A hold decelerates and keeps the queue, ~ goes on, 0x18 stops at once and stays where it is")
  func hold() {
    var bench = Bench(.v4)
    _ = bench.say("#1 G2206 B150 L90 R30 F40\n", for: 0.5)
    #expect(bench.say("!", for: 0.3) == ["ok @9 V0"])
    let held = bench.arm.motorPositions[0]
    #expect(bench.say("", for: 1) == [] && bench.arm.motorPositions[0] == held)
    #expect(bench.say("?").first?.hasPrefix("<Hold") == true)
    #expect(bench.say("~", for: 2) == ["ok", "$1 ok"])
    #expect(abs(bench.arm.motorPositions[0] - 150) < 0.02)
    _ = bench.say("#2 G2206 B90 L90 R30 F40\n", for: 0.5)
    let before = bench.arm.motorPositions[0]
    #expect(bench.say("\u{18}", for: 1) == ["ok", "$2 ok"])
    #expect(abs(bench.arm.motorPositions[0] - before) < 0.2)
    #expect(bench.arm.isAttached)
  }

  @Test(
    "`!` while idle holds until `~`, on every version", arguments: SimulatedUArm.Version.allCases)
  func idleHold(version: SimulatedUArm.Version) {
    var bench = Bench(.v4, version)
    let answers = version == .v4100
    #expect(bench.say("!") == (answers ? ["ok @9 V0"] : []))
    #expect(bench.say("?").first?.hasPrefix("<Hold") == true)
    #expect(bench.say("#1 P2201\n") == ["$1 ok SwiftPro"])
    #expect(bench.say("#2 G2206 B100 L90 R30 F60\n", for: 1) == [])
    #expect(abs(bench.arm.motorPositions[0] - 90) < 0.001)
    #expect(bench.say("~", for: 1) == (answers ? ["ok", "$2 ok"] : ["$2 ok"]))
    #expect(abs(bench.arm.motorPositions[0] - 100) < 0.02)
  }

  @Test(
    "Before 4.10.0 0x18 in motion is an alarm, and $X carries out what was queued",
    arguments: SimulatedUArm.Version.allCases.filter { $0 < .v4100 })
  func alarm(version: SimulatedUArm.Version) {
    var bench = Bench(.v4, version)
    _ = bench.say("#1 G2206 B150 L90 R30 F40\n", for: 0.5)
    #expect(
      bench.say("\u{18}", for: 0.8) == ["ALARM: Abort during cycle", "['$H'|'$X' to unlock]"])
    let stopped = bench.arm.motorPositions[0]
    #expect(bench.say("#2 G2206 B90 L90 R30 F40\n#3 P2234\n", for: 1) == ["$3 ok V1"])
    #expect(bench.say("?").first?.hasPrefix("<Alarm,MPos:0.000,0.000,0.") == true)
    #expect(bench.arm.motorPositions[0] == stopped)
    #expect(bench.say("$X\n", for: 2) == ["[Caution: Unlocked]", "ok", "$1 ok", "$2 ok"])
    #expect(abs(bench.arm.motorPositions[0] - 90) < 0.02)
  }

  @Test(
    "`!`, 300 ms, 0x18 stop every version without an alarm",
    arguments: SimulatedUArm.Version.allCases)
  func stop(version: SimulatedUArm.Version) {
    var bench = Bench(.v4, version)
    _ = bench.say("#1 G2206 B150 L90 R30 F40\n", for: 0.5)
    _ = bench.say("!", for: 0.3)
    let stopped = bench.arm.motorPositions[0]
    #expect(bench.say("\u{18}", for: 0.3).last == "$1 ok")
    #expect(bench.say("?").first?.hasPrefix("<Idle") == true)
    #expect(bench.arm.motorPositions[0] == stopped)
    #expect(bench.arm.statistics.abruptStandstillCount == 0)
  }

  @Test("0x18 makes 4.10.0 deaf for 40 ms and its position zero")
  func deaf() {
    var bench = Bench(.v4)
    _ = bench.say("#1 G2206 B100 L90 R30 F60\n", for: 1)
    #expect(bench.say("\u{18}#2 P2201\n", for: 0.2) == ["ok"])
    #expect(bench.say("?") == ["<Idle,MPos:0.000,0.000,0.000,WPos:0.000,0.000,0.000>"])
    #expect(bench.say("#3 P2206 N0\n") == ["$3 ok V100.0195"])
  }

  @Test("The wrist's angle is what it was told, wherever it is")
  func wrist() {
    var bench = Bench(.v4)
    #expect(bench.say("#1 P2206 N3\n") == ["$1 ok V89.1000"])
    #expect(bench.say("#2 G2202 N3 V120 F1\n#3 P2206 N3\n", for: 0.02).last == "$3 ok V120.0000")
    #expect(bench.arm.motorPositions[3] < 100)
  }

  @Test("Without supply the firmware counts steps and says ok, and nothing turns")
  func noSupply() {
    var bench = Bench(.v4)
    bench.arm.inject(.noPower)
    #expect(bench.say("#1 G2206 B100 L90 R30 F60\n", for: 1) == ["@5 V0", "$1 ok"])
    #expect(bench.arm.motorPositions[0] == 90)
    #expect(bench.say("#2 P2234\n#3 P2206 N0\n") == ["$2 ok V0", "$3 ok V90.0000"])
  }

  @Test("A dead sensor is reported from 4.7.0 on; its angle is wrong and carries no error")
  func deadSensor() {
    for (version, expected) in [(SimulatedUArm.Version.v460, "$1 ok"), (.v470, "$1 E26 V1")] {
      var bench = Bench(.v4, version)
      bench.arm.inject(.alert)
      #expect(bench.say("#1 P2244\n") == [expected])
      #expect(bench.say("#2 P2206 N0\n") == ["$2 ok V2.1094"])
    }
  }

  @Test("A command that blocks makes motors at speed stand at once, and only those of the table")
  func standstills() {
    for (command, count) in [
      ("P2200", 1), ("P2220", 1), ("P2221", 1), ("P2243", 1), ("M17", 1), ("P2206 N0", 0),
      ("P2244", 0), ("P2234", 0), ("M2122 V0", 0), ("P2206 N3", 0),
    ] {
      var bench = Bench(.v4, .v470)
      _ = bench.say("#1 G2206 B150 L90 R30 F20\n", for: 0.5)
      _ = bench.say("#2 \(command)\n", for: 0.4)
      #expect(bench.arm.statistics.abruptStandstillCount == count, "\(command)")
      _ = bench.say("", for: 3)
      #expect(abs(bench.arm.motorPositions[0] - 150) < 0.02)
    }
  }

  @Test("Commands in V4's ring survive 0x18 and are carried out afterwards")
  func queueSurvives() {
    var bench = Bench(.v4)
    // A delay keeps the next command in the ring.
    _ = bench.say("#1 G2004 P500\n#2 G2206 B100 L90 R30 F60\n", for: 0.05)
    _ = bench.say("\u{18}", for: 1.5)
    #expect(abs(bench.arm.motorPositions[0] - 100) < 0.02)
  }

  @Test("Printing from the interrupt into a full transmit ring hangs V4; 0x18 frees it")
  func hangs() {
    var bench = Bench(.v4)
    var heard = bench.say("$$\n", for: 0.012)
    heard += bench.say("!", for: 0.05)
    #expect(bench.arm.isHung)
    #expect(bench.say("#1 P2201\n") == [] || bench.arm.isHung)
    _ = bench.say("\u{18}", for: 0.2)
    #expect(!bench.arm.isHung)
    #expect(bench.say("#2 P2201\n").last == "$2 ok SwiftPro")
  }

  @Test("V4's speed is F · 80 / 60 degrees a second, its ramps M204 · 80")
  func speed() {
    var bench = Bench(.v4)
    _ = bench.say("#1 M204 A5\n#2 G2206 B150 L90 R30 F30\n", for: 0.5)
    let first = bench.arm.motorPositions[0]
    _ = bench.say("", for: 0.5)
    #expect(abs((bench.arm.motorPositions[0] - first) / 0.5 - 40) < 0.5)
  }

  @Test("Periodic reports come at their interval")
  func reports() {
    for firmware in [SimulatedUArm.Firmware.v4, .v3] {
      var bench = Bench(firmware)
      let heard = bench.say("#1 M2120 V0.2\n", for: 1.05)
      #expect(heard.count { $0.hasPrefix("@3 X") } == 5)
    }
  }

  @Test("Metal says OK when the move is finished, hears nothing meanwhile, counts parameters")
  func metal() {
    var bench = Bench(.metal)
    #expect(bench.say("#1 P201\n") == ["$1 OK VMetal"])
    #expect(bench.say("#2 P2201\n") == ["$2 E20"])
    #expect(bench.say("#3 G0 X0 Y180 Z150\n") == ["$3 E21"])
    #expect(bench.say("#4 G0 A0 B180 C150 D200\n#5 P203\n", for: 0.05) == [])
    #expect(bench.say("", for: 3) == ["$4 OK", "$5 OK V2.2.4"])
    #expect(bench.say("#6 G0 X0 Y180 Z150 F-1\n") == ["$6 E10"])
  }

  @Test(
    "Metal and Swift drive home at every start, V4 and V3 stay",
    arguments: SimulatedUArm.Firmware.allCases)
  func boot(firmware: SimulatedUArm.Firmware) {
    var arm = SimulatedUArm(firmware)
    let before = arm.motorPositions
    var heard: [UInt8] = []
    for step in 0...4000 { heard += arm.advance(to: Double(step) * 0.001, received: []) }
    let moved = zip(before, arm.motorPositions).map { abs($0 - $1) }.max() ?? 0
    #expect((moved > 5) == (firmware == .metal || firmware == .swift))
    let text = String(decoding: heard, as: UTF8.self)
    #expect(text.contains("@1") == (firmware == .v4 || firmware == .swift))
  }

  @Test("However the calls are spaced, the same happens")
  func spacing() {
    func run(_ step: Double) -> ([UInt8], [Double]) {
      var arm = SimulatedUArm(.v4)
      var heard = arm.advance(to: 0, received: [])
      var now = 0.0
      while now < 2.9995 {
        now = min(now + step, 3)
        heard += arm.advance(to: now, received: [])
      }
      heard += arm.advance(to: 3, received: Array("#1 G2206 B120 L90 R30 F60\n".utf8))
      while now < 4.9995 {
        now = min(now + step, 5)
        heard += arm.advance(to: now, received: [])
      }
      return (heard, arm.motorPositions)
    }
    let fine = run(0.001)
    for step in [0.0005, 0.01, 0.25] {
      let other = run(step)
      #expect(other.0 == fine.0)
      #expect(zip(other.1, fine.1).allSatisfy { abs($0 - $1) < 0.1 })
    }
  }

  @Test("Whatever is typed, the simulated arms stand")
  func typed() {
    var random = UArmNoise(state: 77)
    let pieces = [
      "#1 ", "G0", "G2206 B90 L90 R30 F20", "M204 A", "P22", "\n", "!", "~", "\u{18}", "?", "X1e9",
      "$$\n", "$10=300\n", "(", ";", "99999999999", "-", "G2004 P99999999\n", "M2210 F1 T9e9\n",
    ]
    for firmware in SimulatedUArm.Firmware.allCases {
      var arm = SimulatedUArm(firmware)
      var now = 0.0
      for _ in 0..<3000 {
        now += Double.random(in: 0...0.02, using: &random)
        let text = pieces.randomElement(using: &random) ?? ""
        _ = arm.advance(to: now, received: Array(text.utf8))
      }
      let isSane = arm.motorPositions.allSatisfy { $0.isFinite }
      #expect(isSane)
    }
  }
}
