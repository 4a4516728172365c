import Foundation
import Synchronization
import Testing

@testable import Streaming

@Suite("uArm: faults of the device")
struct UArmFaultTests {
  /// When the fault begins.
  enum Moment: CaseIterable { case start, middle, end }

  struct Case: CustomTestStringConvertible {
    var fault: Fault
    var firmware: SimulatedUArm.Firmware
    var moment: Moment
    /// The kinds that are right; empty where nothing may be noticed.
    var kinds: Set<DriverFault.Kind>
    var mayPass = false
    var testDescription: String { "\(fault.rawValue), \(firmware.rawValue), \(moment)" }
  }

  /// What each fault must be called.
  static let cases: [Case] = {
    let table: [(Fault, Set<DriverFault.Kind>, Set<SimulatedUArm.Firmware>)] = [
      (.silence, [.silent], [.v4, .v3, .swift, .metal]),
      // The V4 banner may come later than a second of silence is noticed.
      (.reset, [.deviceError, .silent], [.v4, .v3, .swift, .metal]),
      (.wrongID, [.protocolBroken, .silent], [.v4, .v3, .swift, .metal]),
      (.staleReply, [.silent, .protocolBroken, .deviceError], [.v4]),
      (.alert, [.deviceError], [.v4]),
      (.voltageDip, [.voltage], [.v4, .v3]),
      (.noPower, [.voltage], [.v4, .v3, .swift]),
      (.overheat, [.temperature], [.v4, .v3, .swift]),
      (.missingMotor, [.deviceError], [.v4]),
      (.positionJump, [.position], [.v4, .v3]),
      (.jam, [.position], [.v4, .v3]),
      (.plannerFull, [.deviceError, .silent, .position], [.v4, .v3, .swift, .metal]),
      (.unreachable, [.deviceError], [.v4, .v3, .swift, .metal]),
    ]
    var result: [Case] = []
    for (fault, kinds, firmwares) in table {
      for firmware in SimulatedUArm.Firmware.allCases where firmwares.contains(firmware) {
        result.append(Case(fault: fault, firmware: firmware, moment: .middle, kinds: kinds))
        // At the start a reset is the ordinary boot, and at the end what needs time to be noticed
        // may be held before it is.
        let startKinds: [Fault: Set<DriverFault.Kind>] = [
          .silence: [.silent], .wrongID: [.silent, .protocolBroken],
          .staleReply: [.silent, .protocolBroken, .deviceError], .alert: [.deviceError],
          .noPower: [.voltage],
        ]
        if let kinds = startKinds[fault] {
          result.append(
            Case(
              fault: fault, firmware: firmware, moment: .start, kinds: kinds,
              mayPass: fault == .staleReply))
        }
        result.append(
          Case(fault: fault, firmware: firmware, moment: .end, kinds: kinds, mayPass: true))
      }
    }
    for firmware in SimulatedUArm.Firmware.allCases {
      for fault in [Fault.wrongDevice, .oldFirmware] {
        result.append(
          Case(fault: fault, firmware: firmware, moment: .start, kinds: [.wrongDevice]))
      }
    }
    return result
  }()

  @Test("Each is called by its name, and nothing outside the limits goes out", arguments: cases)
  func fault(of test: Case) {
    var rig = UArmDriverTests.rig(test.firmware)
    if test.moment == .start {
      rig.exchange()
      rig.arm.inject(test.fault)
    }
    rig.bringUp()
    if rig.fault == nil, rig.driver.model != nil {
      let start = rig.arm.motorPositions
      func motion(_ time: Double) -> [Double] {
        [
          start[0] + 12 * (1 - cos(time)), start[1] - 3 * (1 - cos(time)), start[2],
          start[3] + time,
        ]
      }
      rig.stream(for: 3, motion)
      if test.moment == .middle { rig.arm.inject(test.fault) }
      rig.stream(for: 4, from: 3.05, frame: 61, motion)
      if test.moment == .end, rig.fault == nil {
        rig.arm.inject(test.fault)
        rig.stream(for: 0.1, from: 7.1, frame: 142, motion)
      }
      if rig.fault == nil { rig.finish() }
      if rig.fault == nil { rig.run(for: 3) }
    }
    if let fault = rig.fault {
      #expect(test.kinds.contains(fault.kind), "\(fault.kind): \(fault)")
      #expect(fault.description.count > 20)
    } else {
      #expect(test.mayPass, "nothing was noticed")
    }
    if rig.fault != nil, test.moment != .start {
      #expect(rig.events.contains { $0.event == .stopped })
    }
    let count = rig.sent.count
    rig.run(for: 5)
    // After the stop nothing that moves goes out any more, and the motors are never let go.
    if rig.fault != nil {
      let after = rig.sent[count...].flatMap(\.bytes)
      #expect(!String(decoding: after, as: UTF8.self).contains("G"))
    }
    #expect(!rig.lines.contains { $0.contains("M2019") || $0.contains("M2202") })
    #expect(UArmLineObserver.violations(rig.lines) == [])
  }

  @Test(
    "A V4 stream survives lost and damaged bytes, or stops; it never sends what it must not",
    arguments: 0..<60)
  func noise(seed: Int) {
    var random = UArmNoise(state: UInt64(seed) &* 7919 + 13)
    var rig = UArmDriverTests.rig(.v4)
    rig.bringUp()
    rig.damage = { byte in
      guard Int.random(in: 0..<100, using: &random) == 0 else { return [byte] }
      switch Int.random(in: 0..<3, using: &random) {
      case 0: return []
      case 1: return [byte ^ (1 << UInt8.random(in: 0..<8, using: &random))]
      default: return [byte, byte]
      }
    }
    rig.stream(for: 10, gentleMotionFromPose)
    if rig.fault == nil { rig.finish() }
    #expect(rig.isHeld || rig.events.contains { $0.event == .stopped })
    #expect(UArmLineObserver.violations(rig.lines) == [])
    #expect(rig.arm.statistics.droppedByteCount == 0)
    #expect(rig.arm.statistics.fullTime == 0)
  }

  private func gentleMotionFromPose(_ time: Double) -> [Double] {
    [90 + 15 * (1 - cos(time)), 80 + 6 * sin(time) * min(time, 1), 35, 90 + 3 * time]
  }
}

/// SplitMix64, for tests.
struct UArmNoise: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// Decodes what went over the wire on its own and says what no uArm may be sent.
enum UArmLineObserver {
  static func violations(_ lines: [String]) -> [String] {
    var result: [String] = []
    for line in lines where line.hasPrefix("#") {
      let words = line.split(separator: " ")
      func value(_ letter: Character) -> Double? {
        words.dropFirst(2).first { $0.first == letter }.flatMap { Double($0.dropFirst()) }
      }
      guard words.count >= 2 else {
        result.append("no command: \(line)")
        continue
      }
      if line.count > 56 || line.contains(where: { "?!~@\u{18}".contains($0) }) {
        result.append("cannot be said: \(line)")
      }
      switch words[1] {
      case "G2206":
        guard let b = value("B"), let l = value("L"), let r = value("R"), let f = value("F"),
          0...180 ~= b, -4...135.6 ~= l, -4...119.9 ~= r, 10...151 ~= 180 - l - r, 1...200 ~= f
        else {
          result.append(line)
          continue
        }
      case "G0":
        guard let x = value("X"), let y = value("Y"), let z = value("Z"), let f = value("F"),
          (x * x + y * y).squareRoot() < 400, -140...260 ~= z, 0 < f && f <= 30_000
        else {
          result.append(line)
          continue
        }
      case "G2202", "G202":
        guard let n = value("N"), let v = value("V"), n == 3, 0...180 ~= v else {
          result.append(line)
          continue
        }
      case let command where command.hasPrefix("G") && command != "G2203" && command != "G203":
        result.append("not ours: \(line)")
      default: break
      }
    }
    return result
  }
}
