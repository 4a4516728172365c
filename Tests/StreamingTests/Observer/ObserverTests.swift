import Foundation
import Kinematics
import Streaming
import Testing

@Suite("The observer of wires")
struct ObserverTests {
  private func bytes(_ hex: String) -> [UInt8] {
    hex.split(separator: " ").compactMap { UInt8($0, radix: 16) }
  }

  private func kinds(_ decoder: any ObserverDecoder, _ hex: String) -> [ObservedOrder.Kind] {
    var decoder = decoder
    // In two pieces, as a port takes them.
    let all = bytes(hex)
    let orders =
      decoder.take(Array(all.prefix(all.count / 2)), at: 0)
      + decoder.take(Array(all.dropFirst(all.count / 2)), at: 1)
    #expect(decoder.remainder.isEmpty)
    return orders.map(\.kind)
  }

  @Test("It reads the packets of the sheet: Dynamixel 2.0")
  func dynamixel2() {
    let decoder = ObserverDynamixel2(switches: [200: 24])
    #expect(ObserverDynamixel2.check(Array("123456789".utf8)) == 0xFEE8)
    #expect(kinds(decoder, "FF FF FD 00 01 03 00 01 19 4E") == [.question])
    #expect(
      kinds(decoder, "FF FF FD 00 01 09 00 03 74 00 00 02 00 00 CA 89") == [.goals([1: 512])])
    #expect(
      kinds(decoder, "FF FF FD 00 01 09 00 03 74 00 FF FF FF FF C8 89") == [.goals([1: -1])])
    #expect(
      kinds(decoder, "FF FF FD 00 01 06 00 03 40 00 01 DB 66") == [.torque(id: 1, isOn: true)])
    #expect(
      kinds(decoder, "FF FF FD 00 FE 06 00 03 40 00 00 2E 16") == [.torque(id: nil, isOn: false)])
    #expect(
      kinds(
        decoder,
        "FF FF FD 00 FE 11 00 83 74 00 04 00 01 96 00 00 00 02 AA 00 00 00 82 87")
        == [.goals([1: 150, 2: 170])])
    #expect(
      kinds(decoder, "FF FF FD 00 FE 0B 00 83 40 00 01 00 01 01 02 01 C7 64")
        == [.torque(id: 1, isOn: true), .torque(id: 2, isOn: true)])
    #expect(
      kinds(decoder, "FF FF FD 00 C8 06 00 03 18 00 01 A8 27")
        == [.setting(id: 200, name: "power switch")])
    #expect(
      kinds(decoder, "FF FF FD 00 FE 06 00 03 62 00 0A BA 14")
        == [.setting(id: nil, name: "watchdog")])
    // Stuffed: 0x00FDFFFF.
    #expect(
      kinds(decoder, "FF FF FD 00 01 0A 00 03 74 00 FF FF FD FD 00 21 E7")
        == [.goals([1: Double(0x00FD_FFFF)])])
    #expect(
      kinds(decoder, "FF FF FD 00 FE 09 00 82 84 00 04 00 01 02 CE FA") == [.question])
    #expect(
      kinds(decoder, "FF FF FD 00 01 09 00 03 74 00 00 02 00 00 CA 88")
        == [.forbidden("wrong CRC")])
  }

  @Test("It reads the packets of the sheet: Dynamixel 1.0, Feetech, LX-16A")
  func others() {
    let first = ObserverShortFrames(.dynamixel1)
    #expect(kinds(first, "FF FF 01 04 03 18 01 DE") == [.torque(id: 1, isOn: true)])
    #expect(kinds(first, "FF FF 01 05 03 1E 00 08 D0") == [.goals([1: 2048])])
    #expect(
      kinds(first, "FF FF FE 0A 83 1E 02 01 00 08 02 00 04 45") == [.goals([1: 2048, 2: 1024])])
    let feetech = ObserverShortFrames(.feetechSTS)
    #expect(
      kinds(feetech, "FF FF 01 0A 03 29 32 00 08 00 00 E8 03 A3")
        == [
          .setting(id: 1, name: "acceleration"),
          .setting(id: 1, name: "time, speed"), .goals([1: 2048]),
        ])
    #expect(
      kinds(feetech, "FF FF FE 0D 83 2A 02 01 00 08 02 00 04 03 00 0C 27")
        == [.goals([1: 2048, 2: 1024, 3: 3072])])
    #expect(kinds(feetech, "FF FF FE 04 03 28 00 D2") == [.torque(id: nil, isOn: false)])
    #expect(
      kinds(ObserverShortFrames(.feetechSCS), "FF FF 01 09 03 2A 02 00 00 00 00 00 C6")
        == [.setting(id: 1, name: "time, speed"), .goals([1: 512])])
    let lx = ObserverLX16A()
    #expect(kinds(lx, "55 55 01 07 01 F4 01 E8 03 16") == [.goals([1: 500])])
    #expect(
      kinds(lx, "55 55 01 07 07 F4 01 14 00 E7 55 55 FE 03 0B F3") == [.goals([1: 500])])
    #expect(kinds(lx, "55 55 FE 03 0C F2") == [.stop])
    #expect(kinds(lx, "55 55 01 04 1F 01 DA") == [.torque(id: 1, isOn: true)])
    #expect(kinds(lx, "55 55 01 03 1C DF") == [.question])
    #expect(
      kinds(lx, "55 55 01 04 11 E7 02") == [.forbidden("command 17 with 1 bytes")])
  }

  private func arm(_ text: String, _ model: ObserverArm.Model = .proV4) -> [ObservedOrder] {
    var arm = ObserverArm(model, at: [90, 90, 0, 90])
    return arm.take(Array(text.utf8), at: 0)
  }

  @Test("It reads the lines of a uArm, by the reference values of its kinematics")
  func lines() throws {
    let orders = arm("#12 G2206 B90 L100.99 R8.08 F60\n")
    #expect(orders.map(\.kind) == [.goals([0: 90, 1: 100.99, 2: 8.08])])
    #expect(orders.first?.number == 12)
    // 80 degrees a second along the way, 0.806 of it by the joint that goes further.
    #expect(abs((orders.first?.speed ?? 0) - 64.5) < 0.1)
    for (point, angles) in [
      ("X200 Y0 Z150", [90, 100.990, 8.077]), ("X200 Y100 Z100", [116.565, 84.591, 27.890]),
      ("X250 Y-80 Z20", [72.255, 50.192, 50.187]),
    ] {
      guard case .goals(let goals)? = arm("#1 G0 \(point) F50\n").first?.kind else {
        Issue.record("no goals of \(point)")
        continue
      }
      for id in 0..<3 { #expect(abs((goals[id] ?? .nan) - angles[id]) < 0.002) }
    }
    guard case .goals(let goals)? = arm("#1 G0 X0 Y150 Z150 F5\n", .metal).first?.kind else {
      Issue.record("no goals of the Metal")
      return
    }
    #expect(abs((goals[0] ?? .nan) - 90) < 1e-9 && abs((goals[1] ?? .nan) - 96.759) < 1e-3)
    #expect(arm("#3 P2220\n").map(\.kind) == [.question])
    #expect(arm("#3 M2019\n").map(\.kind) == [.torque(id: nil, isOn: false)])
    #expect(arm("#4 G2206 B9!\u{18}#5 P2200\n").map(\.kind) == [.stop, .stop, .question])
  }

  @Test(
    "Lines that no streaming program may send",
    arguments: [
      "#1 M2401", "#1 G2206 B90 L100 R8", "#1 G2206 B90 L100 R8 F0", "#1 G2206 B90 L100 R8 F201",
      "#1 G2206 B9e1 L100 R8 F60", "#1 G2206 B90.000000001 L100 R8 F60", "#0 P2200",
      "#10000 P2200", "G2206 B90 L100 R8 F60", "#1 G2206 Bnan L100 R8 F60",
      "#1 G0 X500 Y0 Z150 F50", "#1 G2205 S1 R1 H1 F1", "#1 M2211 N0 A8 T1", "#1", "#1 $RST",
      "#1 G2206 L100 B90 R8 F60", "#1 G0 X200 Y0 Z150", "#1 S1000 V0 ; hold",
    ])
  func forbiddenLines(line: String) {
    let orders = arm(line + "\n")
    #expect(orders.count == 1)
    guard case .forbidden? = orders.first?.kind else {
      Issue.record("\(orders)")
      return
    }
  }
}

@Suite("The observer's judgement")
struct ObserverJudgementTests {
  private let wiring = Wiring(
    robot: "made up", device: .lx16a, baud: 115_200,
    motors: (1...2).map { id in
      Wiring.Motor(
        joint: "joint\(id)", id: id, direction: id == 1 ? 1 : -1, zero: 500,
        unitsPerRadian: 1000 / (240 * .pi / 180), range: 0...1000, limits: -1...1,
        velocityLimit: 2)
    })

  private func frame(_ body: [UInt8]) -> [UInt8] {
    [0x55, 0x55] + body + [UInt8(255 - body.reduce(0) { $0 + Int($1) } % 256)]
  }

  private func goal(_ id: UInt8, _ raw: Int) -> [UInt8] {
    frame([id, 7, 1, UInt8(raw & 0xFF), UInt8(raw >> 8), 50, 0])
  }

  /// A stream at 20 Hz of 10 steps a frame (0.84 rad/s), which all is right with.
  private func stream() -> [(time: Double, bytes: [UInt8])] {
    var sent: [(time: Double, bytes: [UInt8])] = [
      (0, goal(1, 500) + goal(2, 500)), (0.01, frame([0xFE, 4, 31, 1])),
    ]
    for index in 0..<20 {
      sent.append(
        (0.5 + Double(index) * 0.05, goal(1, 500 + 10 * index) + goal(2, 500 - 10 * index)))
    }
    return sent
  }

  private func judge(
    _ sent: [(time: Double, bytes: [UInt8])],
    _ change: (inout WireJudge.Circumstances) -> Void = { _ in }
  ) -> WireJudge {
    var circumstances = WireJudge.Circumstances(
      rest: [500, 500], growingJoint: 0, growing: 0...10, slack: 0.01, rounding: 0.5)
    change(&circumstances)
    return .judge(sent, wiring: wiring, circumstances: circumstances)
  }

  @Test("A right stream passes")
  func right() {
    let found = judge(stream())
    #expect(found.violations.isEmpty, "\(found.violations)")
    #expect(found.goalCount == 42 && found.goals == [690, 310])
  }

  @Test("Each wrong is seen")
  func wrongs() {
    func expect(_ text: String, _ sent: [(time: Double, bytes: [UInt8])]) {
      let found = judge(sent)
      #expect(found.violations.contains { $0.text.contains(text) }, "\(found.violations)")
    }
    var sent = stream()
    sent[10].bytes = goal(1, 800)
    expect("limits", sent)
    sent = stream()
    sent[10].bytes = goal(2, 700)
    expect("faster", sent)
    sent = stream()
    sent.swapAt(10, 11)
    (sent[10].time, sent[11].time) = (sent[11].time, sent[10].time)
    expect("older", sent)
    sent = stream()
    sent[0].bytes = goal(1, 520)
    expect("before it has torque", sent)
    sent = stream()
    sent.remove(at: 1)
    expect("before it has torque", sent)
    sent = stream()
    sent[12].bytes += goal(3, 500)
    expect("does not have", sent)
    sent = stream()
    sent[12].bytes[4] ^= 1
    expect("checksum", sent)
    sent = stream()
    sent.append((2, frame([0xFE, 4, 31, 0])))
    expect("loses its torque", sent)
    // A burst after a pause keeps every single step and yet is too fast.
    sent = stream()
    for index in 12..<22 { sent[index].time = 1.06 + Double(index) * 1e-3 }
    sent.append((1.2, goal(1, 860)))
    expect("faster", sent)
  }

  @Test("A jump before the torque comes is seen when it comes")
  func torque() {
    var sent = stream()
    sent[0].bytes = goal(1, 501)
    #expect(judge(sent).violations.isEmpty)
    #expect(
      judge(sent) { $0.rest = [520, 500] }.violations
        .contains { $0.text.contains("gets torque") || $0.text.contains("before it has torque") })
  }

  @Test("After a stop no motor is sent on")
  func stop() {
    let sent = stream()
    #expect(!judge(sent) { $0.stop = 1.0 }.violations.isEmpty)
    let short = Array(sent.prefix(12)) + [(1.0, goal(1, 594) + goal(2, 406))]
    let found = judge(short) { $0.stop = 0.99 }
    #expect(found.violations.isEmpty, "\(found.violations)")
  }
}
