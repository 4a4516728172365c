import Testing

@testable import Streaming

/// Bytes from their hexadecimal digits.
func bytes(_ text: String) -> [UInt8] {
  text.split(separator: " ").compactMap { UInt8($0, radix: 16) }
}

@Suite("Packets to the byte")
struct BusPacketTests {
  typealias Long = DynamixelPacket

  /// Dynamixel 2.0: what each worked packet says, and its bytes.
  static let long: [(Long, String)] = [
    (Long(id: 1, .ping), "FF FF FD 00 01 03 00 01 19 4E"),
    (
      Long(id: 1, .status, [0, 0x06, 0x04, 0x26]), "FF FF FD 00 01 07 00 55 00 06 04 26 65 5D"
    ),
    (Long(id: 0xFE, .ping), "FF FF FD 00 FE 03 00 01 31 42"),
    (Long(id: 1, .read, [132, 0, 4, 0]), "FF FF FD 00 01 07 00 02 84 00 04 00 1D 15"),
    (Long(id: 1, .status, [0, 166, 0, 0, 0]), "FF FF FD 00 01 08 00 55 00 A6 00 00 00 8C C0"),
    (Long(id: 1, .status, [0, 0, 8, 0, 0]), "FF FF FD 00 01 08 00 55 00 00 08 00 00 1C 38"),
    (
      Long(id: 1, .write, [116, 0] + DynamixelRegister.goalPosition.bytes(512)),
      "FF FF FD 00 01 09 00 03 74 00 00 02 00 00 CA 89"
    ),
    (
      Long(id: 1, .write, [116, 0] + DynamixelRegister.goalPosition.bytes(-1)),
      "FF FF FD 00 01 09 00 03 74 00 FF FF FF FF C8 89"
    ),
    (Long(id: 1, .status, [0]), "FF FF FD 00 01 04 00 55 00 A1 0C"),
    (Long(id: 1, .status, [4]), "FF FF FD 00 01 04 00 55 04 BA 8C"),
    (Long(id: 1, .status, [6]), "FF FF FD 00 01 04 00 55 06 B5 0C"),
    (Long(id: 1, .status, [0x80]), "FF FF FD 00 01 04 00 55 80 A2 8F"),
    (Long(id: 1, .status, [0x87]), "FF FF FD 00 01 04 00 55 87 B3 0F"),
    (Long(id: 1, .write, [64, 0, 1]), "FF FF FD 00 01 06 00 03 40 00 01 DB 66"),
    (Long(id: 1, .write, [64, 0, 0]), "FF FF FD 00 01 06 00 03 40 00 00 DE E6"),
    (Long(id: 0xFE, .write, [64, 0, 0]), "FF FF FD 00 FE 06 00 03 40 00 00 2E 16"),
    (
      Long(id: 0xFE, .syncWrite, [64, 0, 1, 0, 1, 1, 2, 1]),
      "FF FF FD 00 FE 0B 00 83 40 00 01 00 01 01 02 01 C7 64"
    ),
    (
      Long(id: 1, .regWrite, [104, 0, 200, 0, 0, 0]),
      "FF FF FD 00 01 09 00 04 68 00 C8 00 00 00 AE 8E"
    ),
    (Long(id: 1, .action), "FF FF FD 00 01 03 00 05 02 CE"),
    (Long(id: 1, .reboot), "FF FF FD 00 01 03 00 08 2F 4E"),
    (
      Long(id: 1, .clear, [0x01, 0x44, 0x58, 0x4C, 0x22]),
      "FF FF FD 00 01 08 00 10 01 44 58 4C 22 B1 DC"
    ),
    (
      Long(id: 0xFE, .syncRead, [132, 0, 4, 0, 1, 2]),
      "FF FF FD 00 FE 09 00 82 84 00 04 00 01 02 CE FA"
    ),
    (Long(id: 2, .status, [0, 0x1F, 8, 0, 0]), "FF FF FD 00 02 08 00 55 00 1F 08 00 00 BA BE"),
    (
      Long(id: 0xFE, .syncRead, [126, 0, 10, 0, 1, 2]),
      "FF FF FD 00 FE 09 00 82 7E 00 0A 00 01 02 38 92"
    ),
    (
      Long(id: 0xFE, .syncWrite, [116, 0, 4, 0, 1, 150, 0, 0, 0, 2, 170, 0, 0, 0]),
      "FF FF FD 00 FE 11 00 83 74 00 04 00 01 96 00 00 00 02 AA 00 00 00 82 87"
    ),
    (
      Long(
        id: 0xFE, .syncWrite, [116, 0, 4, 0, 1, 0, 8, 0, 0, 2, 0, 8, 0, 0, 3, 0, 8, 0, 0]),
      "FF FF FD 00 FE 16 00 83 74 00 04 00 01 00 08 00 00 02 00 08 00 00 03 00 08 00 00 78 4B"
    ),
    (
      Long(id: 0xFE, .bulkRead, [1, 144, 0, 2, 0, 2, 146, 0, 1, 0]),
      "FF FF FD 00 FE 0D 00 92 01 90 00 02 00 02 92 00 01 00 1A 05"
    ),
    (
      Long(id: 0xFE, .bulkWrite, [1, 32, 0, 2, 0, 160, 0, 2, 31, 0, 1, 0, 80]),
      "FF FF FD 00 FE 10 00 93 01 20 00 02 00 A0 00 02 1F 00 01 00 50 B7 68"
    ),
    (Long(id: 0xFE, .write, [98, 0, 10]), "FF FF FD 00 FE 06 00 03 62 00 0A BA 14"),
    (Long(id: 1, .read, [70, 0, 1, 0]), "FF FF FD 00 01 07 00 02 46 00 01 00 3C A3"),
    (
      Long(id: 0xFE, .fastSyncRead, [132, 0, 4, 0, 1, 2]),
      "FF FF FD 00 FE 09 00 8A 84 00 04 00 01 02 4D 72"
    ),
    (Long(id: 200, .write, [24, 0, 1]), "FF FF FD 00 C8 06 00 03 18 00 01 A8 27"),
    (Long(id: 1, .write, [30, 0, 0, 2]), "FF FF FD 00 01 07 00 03 1E 00 00 02 53 C5"),
    (
      Long(id: 1, .write, [116, 0, 0xFF, 0xFF, 0xFD, 0x00]),
      "FF FF FD 00 01 0A 00 03 74 00 FF FF FD FD 00 21 E7"
    ),
    (
      Long(id: 1, .status, [0] + LittleEndian.bytes(-1, 4) + LittleEndian.bytes(2045, 4)),
      "FF FF FD 00 01 0D 00 55 00 FF FF FF FF FD FD 07 00 00 60 BE"
    ),
  ]

  @Test("Dynamixel 2.0, both directions", arguments: long)
  func longPackets(packet: DynamixelPacket, text: String) {
    #expect(packet.bytes == bytes(text))
    var parser = DynamixelParser()
    let frames = parser.receive(bytes(text))
    #expect(frames.count == 1)
    #expect(frames.first?.id == packet.id)
    #expect(frames.first?.code == packet.instruction)
    #expect(frames.first?.data == packet.parameters)
    #expect(parser.pendingCount == 0 && parser.rejected == 0)
    // The simulator's ears are other ears.
    var ear = SimulatedListener(.dynamixel2)
    let heard = bytes(text).compactMap { ear.hear($0) }
    #expect(heard.count == 1 && heard[0].isIntact && heard[0].body == packet.parameters)
  }

  @Test("The CRC's table and check value")
  func check() {
    #expect(DynamixelCheck.of(Array("123456789".utf8)[...]) == 0xFEE8)
    let first: [UInt16] = [
      0, 0x8005, 0x800F, 0x000A, 0x801B, 0x001E, 0x0014, 0x8011, 0x8033, 0x0036,
    ]
    for (index, value) in first.enumerated() {
      #expect(DynamixelCheck.of([UInt8(index)]) == value)
    }
    #expect(DynamixelCheck.of([128]) == 0x8303 && DynamixelCheck.of([255]) == 0x0202)
  }

  /// `FF FF` and `55 55`: header, id, code, parameters, bytes.
  static let short: [(ShortFrame, String)] = {
    typealias Short = ShortFrame
    func servo(_ id: UInt8, _ code: UInt8, _ parameters: [UInt8] = []) -> Short {
      Short(.servo, id: id, code: code, parameters)
    }
    func lx(_ id: UInt8, _ command: LXCommand, _ parameters: [UInt8] = []) -> Short {
      Short(.lx, id: id, code: command.rawValue, parameters)
    }
    return [
      // Dynamixel 1.0
      (servo(1, 1), "FF FF 01 02 01 FB"), (servo(1, 0), "FF FF 01 02 00 FC"),
      (servo(1, 3, [24, 1]), "FF FF 01 04 03 18 01 DE"),
      (servo(1, 3, [30, 0, 8]), "FF FF 01 05 03 1E 00 08 D0"),
      (
        servo(0xFE, 0x83, [30, 2, 1, 0, 8, 2, 0, 4]), "FF FF FE 0A 83 1E 02 01 00 08 02 00 04 45"
      ),
      (servo(1, 2, [36, 2]), "FF FF 01 04 02 24 02 D2"),
      (servo(1, 0, [0, 8]), "FF FF 01 04 00 00 08 F2"),
      // Feetech
      (servo(1, 2, [3, 2]), "FF FF 01 04 02 03 02 F3"),
      (servo(1, 0, [9, 3]), "FF FF 01 04 00 09 03 EE"),
      (servo(1, 2, [56, 2]), "FF FF 01 04 02 38 02 BE"),
      (servo(1, 0, [0x64, 0x80]), "FF FF 01 04 00 64 80 16"),
      (servo(1, 2, [56, 8]), "FF FF 01 04 02 38 08 B8"),
      (servo(1, 3, [40, 0]), "FF FF 01 04 03 28 00 CF"),
      (servo(1, 3, [40, 1]), "FF FF 01 04 03 28 01 CE"),
      (servo(1, 3, [55, 0]), "FF FF 01 04 03 37 00 C0"),
      (servo(1, 3, [55, 1]), "FF FF 01 04 03 37 01 BF"),
      (
        servo(1, 3, [41, 50, 0, 8, 0, 0, 0xE8, 3]), "FF FF 01 0A 03 29 32 00 08 00 00 E8 03 A3"
      ),
      (
        servo(0xFE, 0x83, [42, 2, 1, 0, 8, 2, 0, 4, 3, 0, 12]),
        "FF FF FE 0D 83 2A 02 01 00 08 02 00 04 03 00 0C 27"
      ),
      (
        servo(
          0xFE, 0x83, [41, 7, 1, 50, 0, 8, 0, 0, 0xE8, 3, 2, 50, 0, 4, 0, 0, 0xE8, 3]),
        "FF FF FE 14 83 29 07 01 32 00 08 00 00 E8 03 02 32 00 04 00 00 E8 03 F1"
      ),
      (servo(0xFE, 0x82, [56, 2, 1, 2, 3]), "FF FF FE 07 82 38 02 01 02 03 38"),
      (servo(0xFE, 0x83, [40, 1, 1, 0, 2, 0, 3, 0]), "FF FF FE 0A 83 28 01 01 00 02 00 03 00 45"),
      (servo(0xFE, 3, [40, 0]), "FF FF FE 04 03 28 00 D2"),
      (servo(1, 0x20), "FF FF 01 02 20 DC"),
      (servo(1, 3, [42, 2, 0, 0, 0, 0, 0]), "FF FF 01 09 03 2A 02 00 00 00 00 00 C6"),
      (servo(1, 0, [2, 0]), "FF FF 01 04 00 02 00 F8"),
      // LX-16A
      (lx(1, .moveWrite, [0xF4, 1, 0xE8, 3]), "55 55 01 07 01 F4 01 E8 03 16"),
      (lx(1, .moveWrite, [0x20, 3, 0xF4, 1]), "55 55 01 07 01 20 03 F4 01 DE"),
      (lx(1, .moveWaitWrite, [0xF4, 1, 20, 0]), "55 55 01 07 07 F4 01 14 00 E7"),
      (lx(0xFE, .moveStart), "55 55 FE 03 0B F3"),
      (lx(1, .moveStop), "55 55 01 03 0C EF"), (lx(0xFE, .moveStop), "55 55 FE 03 0C F2"),
      (lx(1, .positionRead), "55 55 01 03 1C DF"),
      (lx(1, .positionRead, [0xF4, 1]), "55 55 01 05 1C F4 01 E8"),
      (lx(1, .positionRead, LittleEndian.bytes(-12, 2)), "55 55 01 05 1C F4 FF EA"),
      (lx(1, .loadWrite, [0]), "55 55 01 04 1F 00 DB"),
      (lx(1, .loadWrite, [1]), "55 55 01 04 1F 01 DA"),
      (lx(0xFE, .loadWrite, [0]), "55 55 FE 04 1F 00 DE"),
      (lx(0xFE, .idRead), "55 55 FE 03 0E F0"), (lx(1, .idRead, [1]), "55 55 01 04 0E 01 EB"),
      (lx(1, .voltageRead), "55 55 01 03 1B E0"),
      (lx(1, .voltageRead, LittleEndian.bytes(7400, 2)), "55 55 01 05 1B E8 1C DA"),
      (lx(1, .offsetAdjust, LittleEndian.bytes(-25, 1)), "55 55 01 04 11 E7 02"),
    ]
  }()

  @Test("Dynamixel 1.0, Feetech and LX-16A, both directions", arguments: short)
  func shortFrames(frame: ShortFrame, text: String) {
    #expect(frame.bytes == bytes(text))
    var parser = ShortFrameParser(frame.header)
    let frames = parser.receive(bytes(text))
    #expect(frames.count == 1)
    #expect(frames.first?.id == frame.id)
    #expect(frames.first?.code == frame.code)
    #expect(frames.first?.data == frame.parameters)
    #expect(parser.pendingCount == 0 && parser.rejected == 0)
    var ear = SimulatedListener(frame.header == .lx ? .lx : .servo)
    let heard = bytes(text).compactMap { ear.hear($0) }
    #expect(heard.count == 1 && heard[0].isIntact && heard[0].body == frame.parameters)
  }

  @Test("The dialects say the worked packets")
  func dialects() {
    let wiring = BusRobots.wiring(.dynamixel2, motors: 3)
    let long = DynamixelDialect(wiring)
    #expect(long.torque(true, [1, 2]) == bytes(Self.long[16].1))
    #expect(
      long.goals((1...3).map { BusGoal(id: $0, value: 2048) }, interval: 0.01)
        == bytes(Self.long[25].1))
    #expect(
      long.read(long.positionBlock, fromAll: [1, 2])?.bytes
        == bytes("FF FF FD 00 FE 09 00 82 7E 00 0A 00 01 02 38 92"))
    #expect(
      long.write(1, to: 24, of: 200)?.bytes == bytes("FF FF FD 00 C8 06 00 03 18 00 01 A8 27"))
    #expect(long.pingAll()?.bytes == bytes("FF FF FD 00 FE 03 00 01 31 42"))
    let one = DynamixelOneDialect(wiring)
    let goals = [BusGoal(id: 1, value: 2048), BusGoal(id: 2, value: 1024)]
    #expect(
      one.goals(goals, interval: 0.01) == bytes("FF FF FE 0A 83 1E 02 01 00 08 02 00 04 45"))
    let sts = FeetechDialect(BusRobots.wiring(.feetechSTS))
    #expect(
      sts.goals(goals + [BusGoal(id: 3, value: 3072)], interval: 0.01)
        == bytes("FF FF FE 0D 83 2A 02 01 00 08 02 00 04 03 00 0C 27"))
    #expect(sts.torque(false, [1, 2, 3]) == bytes("FF FF FE 0A 83 28 01 01 00 02 00 03 00 45"))
    #expect(sts.read(sts.positionBlock, from: 1).bytes == bytes("FF FF 01 04 02 38 08 B8"))
    let scs = FeetechDialect(BusRobots.wiring(.feetechSCS))
    #expect(
      scs.goals([BusGoal(id: 1, value: 512)], interval: 0.01)
        == ShortFrame(.servo, id: 0xFE, code: 0x83, [42, 2, 1, 2, 0]).bytes)
    let lx = LXDialect(BusRobots.wiring(.lx16a))
    #expect(lx.stop([]) == bytes("55 55 FE 03 0C F2"))
    #expect(lx.torque(true, [1]) == bytes("55 55 01 04 1F 01 DA"))
    #expect(lx.read(lx.positionBlock, from: 1).bytes == bytes("55 55 01 03 1C DF"))
    #expect(
      lx.goals([BusGoal(id: 1, value: 500)], interval: 0.02 / 1.1)
        == bytes("55 55 01 07 01 F4 01 14 00 ED"))
  }

  @Test("Signs: two's complement, sign and magnitude, big-endian")
  func signs() {
    for value in -2000...2000 {
      #expect(LittleEndian.value(LittleEndian.bytes(value, 4)[...], isSigned: true) == value)
      #expect(SignMagnitude.value(SignMagnitude.raw(value, signBit: 15), signBit: 15) == value)
    }
    #expect(SignMagnitude.value(0x8064, signBit: 15) == -100)
    #expect(WordOrder.bigEndian.value([0x02, 0x00]) == 512)
    #expect(WordOrder.bigEndian.bytes(512, 2) == [2, 0])
    var image = [UInt8](repeating: 0, count: 71)
    image.replaceSubrange(56..<58, with: [0x64, 0x80])
    #expect(FeetechRegister.position.value(in: image, .littleEndian) == -100)
  }
}
