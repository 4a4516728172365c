import Foundation
import Testing

@testable import Streaming

@Suite("uArm: bring-up, refusals, stop")
struct UArmDriverTests {
  /// Where an arm of each firmware may stand.
  static let poses: [SimulatedUArm.Firmware: [Double]] = [
    .v4: [90, 80, 35, 90], .v3: [90, 80, 35, 90], .swift: [90, 80, 35, 90],
    .metal: [90, 80, 35, 90],
  ]

  static func rig(
    _ firmware: SimulatedUArm.Firmware, driver: UArmDriver.Options = .init()
  ) -> UArmRig {
    var options = SimulatedUArm.Options()
    options.angles = poses[firmware] ?? options.angles
    return UArmRig(firmware, arm: options, driver: driver)
  }

  @Test(
    "Every firmware is identified, measured and engaged", arguments: SimulatedUArm.Firmware.allCases
  )
  func bringUp(firmware: SimulatedUArm.Firmware) throws {
    var rig = Self.rig(firmware)
    let before = rig.arm.motorPositions
    rig.bringUp()
    #expect(rig.fault == nil)
    let model: UArmModel =
      switch firmware {
      case .v4: .proV4
      case .v3: .proV3
      case .swift: .swift
      case .metal: .metal
      }
    #expect(rig.driver.model == model)
    #expect(rig.events.contains { $0.event == .engaged })
    let measured = try #require(
      rig.events.compactMap { if case .measured(let m) = $0.event { m } else { nil } }.last)
    let really = rig.positions(rig.arm.motorPositions)
    for (joint, value) in measured.positions.enumerated() {
      #expect(abs(try #require(value) - really[joint]) < (joint == 3 ? 0.02 : 0.01))
    }
    let moved = zip(before, rig.arm.motorPositions).map { abs($0 - $1) }.max() ?? 0
    // Swift and Metal drive home by themselves at the start; nobody else moves.
    #expect(firmware == .v4 || firmware == .v3 ? moved == 0 : moved > 1)
    switch firmware {
    case .v4, .v3: #expect(rig.warnings.isEmpty)
    case .swift, .metal: #expect(rig.warnings.first?.contains("drives itself to") == true)
    }
    #expect(!rig.lines.contains { $0.contains("G") })
  }

  @Test(
    "Every firmware follows, comes to rest and holds where it was sent",
    arguments: SimulatedUArm.Firmware.allCases)
  func follows(firmware: SimulatedUArm.Firmware) throws {
    var rig = Self.rig(firmware)
    rig.bringUp()
    let start = rig.arm.motorPositions
    // Slowly: Swift and Metal take one move at a time.
    func motion(_ time: Double) -> [Double] {
      let share = min(max(time / 6, 0), 1)
      let ease = share * share * share * (10 - 15 * share + 6 * share * share)
      return [start[0] + 12 * ease, start[1] - 8 * ease, start[2] + 6 * ease, start[3] + 15 * ease]
    }
    rig.stream(for: 6.5, motion)
    rig.finish()
    #expect(rig.fault == nil)
    #expect(rig.isHeld)
    rig.run(for: 0.5)
    let end = motion(100)
    for joint in 0..<4 { #expect(abs(rig.arm.motorPositions[joint] - end[joint]) < 0.6) }
    #expect(rig.arm.isIdle && rig.arm.isAligned)
  }

  @Test("V4's exact policy keeps two commands open and gets there")
  func exact() {
    var options = UArmDriver.Options()
    options.policy = .exact
    var rig = Self.rig(.v4, driver: options)
    rig.bringUp()
    rig.stream(for: 5) { [90 + 4 * $0, 80, 35, 90] }
    rig.finish()
    #expect(rig.fault == nil && rig.isHeld)
    #expect(abs(rig.arm.motorPositions[0] - 110) < 0.1)
    #expect(rig.arm.statistics.overwrittenReplyCount == 0)
    // It stops again and again.
    #expect(rig.arm.statistics.standstillCount > 10)
  }

  @Test(
    "The wrap rule broken on purpose shows: 25 commands in one motion put the replies out of step")
  func wrap() {
    func run(_ count: Int) -> (aligned: Bool, heard: [Int]) {
      var options = SimulatedUArm.Options()
      options.resetsOnOpen = false
      var arm = SimulatedUArm(.v4, options: options)
      var now = 0.0
      var heard: [UInt8] = []
      func send(_ text: String, _ seconds: Double) {
        heard += arm.advance(to: now, received: Array(text.utf8))
        let end = now + seconds
        while now < end {
          now += 0.001
          heard += arm.advance(to: now, received: [])
        }
      }
      send("#1 G2206 B120 L90 R30 F20\n", 0.05)
      for id in 2...count { send("#\(id) M2122 V0\n", 0.01) }
      send("", 3)
      let burst = String(decoding: heard, as: UTF8.self)
      heard = []
      let aligned = arm.isAligned
      for id in 101...140 { send("#\(id) M2122 V0\n", 0.05) }
      _ = burst
      let ids = String(decoding: heard, as: UTF8.self).split(separator: "\n").compactMap {
        Int($0.dropFirst().prefix { $0.isNumber })
      }
      return (aligned, ids)
    }
    for count in [5, 20, 40] {
      let result = run(count)
      #expect(result.aligned)
      #expect(result.heard == Array(101...140))
    }
    let broken = run(25)
    #expect(!broken.aligned)
    // No reply to the first fifteen, then one, and the rest in a batch.
    #expect(broken.heard.first == 116)
    #expect(broken.heard != broken.heard.sorted())
  }

  @Test("The ring's arithmetic: what is missing is found from the count, or from the first reply")
  func ringArithmetic() {
    var ring = UArmReplyRing()
    for _ in 0..<20 { _ = ring.send() }
    for place in 1...20 { ring.reply(place) }
    #expect(ring.isAligned)
    // Out of step after 25: replies 41...45 of this burst come before 26...40.
    for _ in 0..<25 { _ = ring.send() }
    for place in Array(41...45) + Array(26...40) { ring.reply(place) }
    #expect(!ring.isAligned && ring.padding == 35)
    for _ in 0..<35 { _ = ring.send() }
    ring.released()
    #expect(!ring.isAligned)
    for place in 61...80 { ring.reply(place) }
    #expect(ring.isAligned)
    // A reply that was lost on the wire makes the count wrong; the first reply after the hold tells.
    for _ in 0..<6 { _ = ring.send() }
    for place in 81...85 { ring.reply(place) }
    #expect(!ring.isAligned && ring.padding == 39)
    for _ in 0..<39 { _ = ring.send() }
    ring.released()
    // Both ends are 19 apart now: the one that reads stands at the slot of 106, that of 126's.
    for place in Array(107...125) + [106] { ring.reply(place) }
    #expect(!ring.isAligned && ring.padding == 21)
    // The count fits by chance while replies still wait in their slots: not in step.
    var other = UArmReplyRing()
    for _ in 0..<25 { _ = other.send() }
    for place in Array(21...25) + Array(6...20) { other.reply(place) }
    for _ in 0..<15 { _ = other.send() }
    #expect(!other.isAligned)
    _ = other.send()
    other.reply(41)
    #expect(!other.isAligned)
  }

  // MARK: - Refusals

  @Test(
    "A set-point that is not finite, outside, coupled, unreachable or too far is never sent",
    arguments: [
      [Double.nan, 80, 35, 90], [90, .infinity, 35, 90], [90, 80, 35, .nan], [190, 80, 35, 90],
      [90, 80, 35, 185], [90, 95, 80, 90], [100, 80, 35, 90], [90, 80, 35],
    ])
  func refused(pose: [Double]) throws {
    var rig = Self.rig(.v4)
    rig.bringUp()
    rig.stream(for: 1) { _ in [90, 80, 35, 90] }
    let count = rig.lines.count { $0.contains("G2") }
    let radians = zip(rig.driver.wiring.motors, pose).map { $0.position($1) }
    rig.exchange(
      .follow(SetPoint(frame: 21, positions: radians, velocities: radians, interval: 0.05)))
    #expect(rig.fault?.kind == .refusedSetPoint)
    #expect(rig.events.contains { $0.event == .stopped })
    #expect(rig.sent.last?.bytes.contains(0x21) == true)
    rig.run(for: 3)
    #expect(rig.lines.count { $0.contains("G2") } == count)
  }

  @Test("Nothing that moves goes out before its order", arguments: SimulatedUArm.Firmware.allCases)
  func orders(firmware: SimulatedUArm.Firmware) {
    var rig = Self.rig(firmware)
    let point = SetPoint(
      frame: 0, positions: rig.positions([90, 80, 35, 90]), velocities: [0, 0, 0, 0], interval: 0.05
    )
    rig.exchange(.follow(point))
    #expect(rig.fault?.kind == .deviceError)
    rig.run(for: 1)
    #expect(rig.lines.isEmpty)
    rig.exchange(.release)
    rig.run(for: 1)
    #expect(!rig.lines.contains { $0.contains("M2019") })
  }

  // MARK: - Stop and release

  @Test("A stop is one byte at once, then 0x18, then the arm is asked; it never lets go")
  func stop() throws {
    var rig = Self.rig(.v4)
    rig.bringUp()
    rig.stream(for: 4, from: 0) { [90 + 5 * $0 * $0 / 2, 80, 35, 90] }
    let moving = rig.arm.motorPositions[0]
    let at = rig.now
    let before = rig.sent.count
    let output = rig.driver.advance(to: rig.now, received: [], order: .stop)
    #expect(output.bytes == [0x21] && output.discardsPending && output.events == [.stopped])
    _ = rig.arm.advance(to: rig.now, received: output.bytes)
    rig.run(for: 0.15)
    let held = rig.arm.motorPositions[0]
    #expect(held > moving)
    rig.run(for: 3)
    #expect(abs(rig.arm.motorPositions[0] - held) < 0.5)
    #expect(rig.arm.isIdle && rig.arm.isAttached)
    let reset = try #require(rig.sent[before...].first { $0.bytes.contains(0x18) })
    // Once two status lines show that it stands; the motors are never cut off in motion.
    #expect(0.1 < reset.time - at && reset.time - at < 0.4)
    #expect(rig.lines.suffix(2).allSatisfy { $0.contains("P2220") })
    #expect(rig.warnings == [] && rig.fault == nil)
    #expect(!rig.lines.contains { $0.contains("M2019") })
    // And from there everything begins anew.
    rig.events = []
    rig.bringUp()
    #expect(rig.fault == nil && rig.events.contains { $0.event == .engaged })
    // It has the acceleration by now. Its ring was out of step, so that some replies are missing.
    #expect(rig.warnings.allSatisfy { $0.hasSuffix("was not answered") })
    #expect(rig.arm.statistics.eepromWriteCount == 0)
  }

  @Test(
    "The acceleration is stored once, when engaging, and only where it differs",
    arguments: [(10, 400.0, 1), (5, 400, 0), (5.004, 400, 0), (5.02, 400, 1), (10, nil, 0)])
  func acceleration(found: Double, wanted: Double?, writes: Int) {
    var options = UArmDriver.Options()
    options.acceleration = wanted
    var arm = SimulatedUArm.Options()
    arm.acceleration = found
    var rig = UArmRig(.v4, arm: arm, driver: options)
    rig.identify()
    #expect(rig.arm.statistics.eepromWriteCount == 0 && rig.warnings.isEmpty)
    rig.engage()
    #expect(rig.events.last?.event == .engaged)
    #expect(rig.arm.statistics.eepromWriteCount == writes)
    let said = rig.warnings.count { $0.hasPrefix("the uArm's acceleration was \(found)") }
    #expect(said == writes && rig.warnings.count == writes)
    #expect(rig.lines.count { $0.contains("M204") } == writes)
  }

  @Test(
    "A stop holds every firmware within a frame or two", arguments: SimulatedUArm.Firmware.allCases)
  func stops(firmware: SimulatedUArm.Firmware) {
    var rig = Self.rig(firmware)
    rig.bringUp()
    let start = rig.arm.motorPositions
    rig.stream(for: 3) { [start[0] + 1.2 * $0 * $0, start[1], start[2], start[3]] }
    #expect(rig.fault == nil)
    rig.exchange(.stop)
    rig.run(for: 0.4)
    let held = rig.arm.motorPositions
    rig.run(for: 2)
    #expect(zip(held, rig.arm.motorPositions).allSatisfy { abs($0 - $1) < 0.2 })
    #expect(rig.arm.isAttached)
  }

  @Test(
    "Release lets go, only of a resting arm, and engaging attaches again",
    arguments: SimulatedUArm.Firmware.allCases)
  func release(firmware: SimulatedUArm.Firmware) {
    var rig = Self.rig(firmware)
    rig.bringUp()
    rig.exchange(.release)
    rig.run(for: 4) { $0 == .released }
    #expect(rig.events.contains { $0.event == .released })
    #expect(!rig.arm.isAttached)
    rig.events = []
    rig.bringUp()
    #expect(rig.fault == nil && rig.arm.isAttached)
  }

  @Test("A stream with pauses and creeping stays aligned and ends where it should")
  func pauses() {
    var rig = Self.rig(.v4)
    rig.bringUp()
    // Moves, rests, creeps at half a degree a second, moves back.
    func motion(_ time: Double) -> [Double] {
      func ease(_ from: Double, _ to: Double) -> Double {
        let share = min(max((time - from) / (to - from), 0), 1)
        return share * share * share * (10 - 15 * share + 6 * share * share)
      }
      let creep = 0.5 * min(max(time - 5, 0), 6)
      return [
        90 + 40 * ease(0, 3) - 30 * ease(12, 15), 80 + creep, 35, 90 + 30 * ease(2, 6),
      ]
    }
    rig.stream(for: 16, motion)
    rig.finish()
    #expect(rig.fault == nil && rig.isHeld)
    #expect(rig.arm.isAligned)
    #expect(rig.arm.statistics.fullTime == 0 && rig.arm.statistics.droppedByteCount == 0)
    for (joint, value) in motion(16).enumerated() {
      #expect(abs(rig.arm.motorPositions[joint] - value) < 0.1)
    }
    #expect(rig.warnings == [])
  }

  @Test(
    "One motor swinging slowly, so that it creeps through each turn, is no dry planner",
    arguments: [4.0, 7, 10, 14, 20, 40])
  func swings(peak: Double) {
    var rig = Self.rig(.v4)
    rig.bringUp()
    let rate = peak / 25
    rig.stream(for: 20) { [90 + 25 * (1 - cos(rate * $0)), 80, 35, 90] }
    rig.finish()
    #expect(rig.fault == nil && rig.isHeld)
    #expect(rig.warnings == [])
    #expect(rig.arm.isAligned)
  }

  @Test("A planner that runs dry is said, the lead grows, and the replies get into step again")
  func dry() {
    var rig = Self.rig(.v4)
    rig.bringUp()
    rig.stream(for: 2.15) { [90 + 10 * $0, 80, 35, 90] }
    // The host stalls for half a second: the arm runs out of blocks at full speed.
    rig.run(for: 0.45)
    rig.stream(for: 4, from: 2.15, frame: 44) { [90 + 10 * $0, 80, 35, 90] }
    rig.finish()
    #expect(rig.fault == nil && rig.isHeld)
    #expect(rig.warnings.contains { $0.contains("ran dry") })
    #expect(rig.driver.expectedLag > 0.2)
    rig.run(for: 1)
    #expect(rig.arm.isAligned)
  }
}
