import Testing

@testable import Streaming

/// What other people's libraries send to motors, byte for byte, and what the simulated ones answer.
struct BusDialogue {
  var device: any SimulatedDevice
  var now = 1.0

  init(_ device: any SimulatedDevice) { self.device = device }

  /// Sends hexadecimal bytes; what is answered within 50 ms, in hexadecimal.
  mutating func ask(_ text: String) -> String {
    _ = device.advance(to: now, received: Self.bytes(text))
    var answer: [UInt8] = []
    for _ in 0..<500 {
      now += 1e-4
      answer += device.advance(to: now, received: [])
    }
    return answer.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }
      .joined(separator: " ").uppercased()
  }

  static func bytes(_ text: String) -> [UInt8] {
    text.split(separator: " ").compactMap { UInt8($0, radix: 16) }
  }
}

@Suite("Bytes of PyPI's pylx16a on the simulated LX-16A bus")
struct LXLibraryTests {
  /// In the order of `LX16A(1)`: what the constructor asks, and the answers that it accepts.
  static let meeting: [(question: String, answer: String)] = [
    ("55 55 01 03 1C DF", "55 55 01 05 1C F4 01 E8"),
    ("55 55 01 03 13 E8", "55 55 01 04 13 00 E7"),
    ("55 55 01 03 15 E6", "55 55 01 07 15 00 00 E8 03 F7"),
    ("55 55 01 03 17 E4", "55 55 01 07 17 94 11 E0 2E 2D"),
    ("55 55 01 03 19 E2", "55 55 01 04 19 55 8C"),
    ("55 55 01 03 1E DD", "55 55 01 07 1E 00 00 00 00 D9"),
    ("55 55 01 03 20 DB", "55 55 01 04 20 00 DA"),
    ("55 55 01 03 22 D9", "55 55 01 04 22 00 D8"),
    ("55 55 01 03 24 D7", "55 55 01 04 24 07 CF"),
    ("55 55 01 04 1F 01 DA", ""),
    ("55 55 01 03 20 DB", "55 55 01 04 20 01 D9"),
  ]

  static var dialogue: BusDialogue {
    let wiring = BusRobots.wiring(.lx16a, motors: 1)
    return BusDialogue(SimulatedLXBus(wiring, pose: [0]))
  }

  @Test("It connects: angle, offset, limits, mode, torque, lamp")
  func connects() {
    var dialogue = Self.dialogue
    for (question, answer) in Self.meeting {
      #expect(dialogue.ask(question) == answer, "\(question)")
    }
  }

  @Test("Lamp, offset and limits are kept as they were written")
  func settings() {
    var dialogue = Self.dialogue
    // led_power_off, set_led_error_triggers(False, True, False)
    #expect(dialogue.ask("55 55 01 04 21 01 D8") == "")
    #expect(dialogue.ask("55 55 01 03 22 D9") == "55 55 01 04 22 01 D7")
    #expect(dialogue.ask("55 55 01 04 23 02 D5") == "")
    #expect(dialogue.ask("55 55 01 03 24 D7") == "55 55 01 04 24 02 D4")
    // set_angle_offset(-6): -25 units, by which positions read more.
    #expect(dialogue.ask("55 55 01 04 11 E7 02") == "")
    #expect(dialogue.ask("55 55 01 03 13 E8") == "55 55 01 04 13 E7 00")
    #expect(dialogue.ask("55 55 01 03 1C DF") == "55 55 01 05 1C 0D 02 CE")
    // set_temp_limit(70), set_vin_limits(5000, 9000)
    #expect(dialogue.ask("55 55 01 04 18 46 9C") == "")
    #expect(dialogue.ask("55 55 01 03 19 E2") == "55 55 01 04 19 46 9B")
    #expect(dialogue.ask("55 55 01 07 16 88 13 28 23 FB") == "")
    #expect(dialogue.ask("55 55 01 03 17 E4") == "55 55 01 07 17 88 13 28 23 FA")
  }
}

@Suite("What protocol 2.0 has beside reading and writing, in the simulated motors")
struct DynamixelSpecialTests {
  static func dialogue(_ change: (inout SimulatedDynamixelBus) -> Void = { _ in }) -> BusDialogue {
    let wiring = BusRobots.wiring(.dynamixel2, motors: 3)
    var bus = SimulatedDynamixelBus(wiring, pose: [0, 0, 0])
    change(&bus)
    return BusDialogue(bus)
  }

  private static func packet(_ id: UInt8, _ code: UInt8, _ parameters: [UInt8]) -> String {
    DynamixelPacket(id: id, code: code, parameters).bytes
      .map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined(separator: " ")
  }

  private static func error(_ answer: String) -> UInt8? {
    let bytes = BusDialogue.bytes(answer)
    return bytes.count >= 11 ? bytes[8] : nil
  }

  @Test("Fast sync read: one packet, each motor's check that of all so far")
  func fastSync() {
    var dialogue = Self.dialogue()
    // dynamixel_sdk: GroupSyncRead(132, 4) of motors 1 and 2, fastSyncRead()
    let answer = BusDialogue.bytes(dialogue.ask("FF FF FD 00 FE 09 00 8A 84 00 04 00 01 02 4D 72"))
    #expect(answer.count == 7 + 17 && Array(answer[4..<8]) == [0xFE, 17, 0, 0x55])
    #expect(
      Array(answer[8..<14]) == [0, 1, 0, 8, 0, 0] && Array(answer[16..<22]) == [0, 2, 0, 8, 0, 0])
    for end in [14, 22] {
      let check = SimulatedListener.crc(answer[0..<end])
      #expect(UInt16(answer[end]) | UInt16(answer[end + 1]) << 8 == check)
    }
  }

  @Test("Fast bulk read; and nobody answers whose firmware is too old")
  func fastBulk() {
    var dialogue = Self.dialogue()
    let question = Self.packet(0xFE, 0x9A, [1, 144, 0, 2, 0, 2, 146, 0, 1, 0])
    let answer = BusDialogue.bytes(dialogue.ask(question))
    #expect(answer.count == 7 + 1 + 6 + 5 && Array(answer[8..<12]) == [0, 1, 120, 0])
    #expect(Array(answer[14..<17]) == [0, 2, 31])
    var old = Self.dialogue { $0.inject(.oldFirmware) }
    #expect(old.ask("FF FF FD 00 FE 09 00 8A 84 00 04 00 01 02 4D 72") == "")
    #expect(old.ask("FF FF FD 00 FE 09 00 82 84 00 04 00 01 02 CE FA") != "")
  }

  @Test("Indirect data lead where their addresses say, for reading and for writing")
  func indirect() {
    var dialogue = Self.dialogue()
    // Data 224 to 227 are the goal, 228 the LED.
    let addresses: [UInt8] = [116, 0, 117, 0, 118, 0, 119, 0, 65, 0]
    #expect(Self.error(dialogue.ask(Self.packet(1, 3, [168, 0] + addresses))) == 0)
    #expect(Self.error(dialogue.ask(Self.packet(1, 3, [64, 0, 1]))) == 0)
    #expect(Self.error(dialogue.ask(Self.packet(1, 3, [224, 0, 0x40, 0x08, 0, 0, 1]))) == 0)
    let read = BusDialogue.bytes(dialogue.ask(Self.packet(1, 2, [224, 0, 5, 0])))
    #expect(Array(read[9..<14]) == [0x40, 0x08, 0, 0, 1])
    let goal = BusDialogue.bytes(dialogue.ask(Self.packet(1, 2, [116, 0, 4, 0])))
    #expect(Array(goal[9..<13]) == [0x40, 0x08, 0, 0])
    // A goal beyond the limit is refused this way too, and so is an address of the EEPROM.
    #expect(Self.error(dialogue.ask(Self.packet(1, 3, [224, 0, 0, 0x20, 0, 0]))) == 6)
    #expect(Self.error(dialogue.ask(Self.packet(1, 3, [168, 0, 117, 0]))) == 7)
    #expect(Self.error(dialogue.ask(Self.packet(2, 3, [168, 0, 10, 0]))) == 4)
  }

  @Test("Clear forgets whole turns; a reset brings back what the factory set")
  func clearAndReset() {
    var dialogue = Self.dialogue { $0.inject(.positionJump) }
    let jumped = BusDialogue.bytes(dialogue.ask(Self.packet(1, 2, [132, 0, 4, 0])))
    #expect(Array(jumped[9..<13]) == [0, 0x18, 0, 0])
    #expect(Self.error(dialogue.ask(Self.packet(1, 0x10, [1, 0x44, 0x58, 0x4C, 0x23]))) == 4)
    #expect(
      dialogue.ask("FF FF FD 00 01 08 00 10 01 44 58 4C 22 B1 DC")
        == "FF FF FD 00 01 04 00 55 00 A1 0C")
    let cleared = BusDialogue.bytes(dialogue.ask(Self.packet(1, 2, [132, 0, 4, 0])))
    #expect(Array(cleared[9..<13]) == [0, 8, 0, 0])

    #expect(Self.error(dialogue.ask(Self.packet(2, 3, [9, 0, 0]))) == 0)
    #expect(Self.error(dialogue.ask(Self.packet(2, 6, [2]))) == 0)
    for _ in 0..<12 { _ = dialogue.ask("") }
    let delay = BusDialogue.bytes(dialogue.ask(Self.packet(2, 2, [9, 0, 1, 0])))
    #expect(delay.count == 12 && delay[9] == 250)
    // All but the id includes the baud rate, at which nobody on this bus speaks.
    #expect(Self.error(dialogue.ask(Self.packet(3, 6, [1]))) == 0)
    for _ in 0..<12 { _ = dialogue.ask("") }
    #expect(dialogue.ask(Self.packet(3, 1, [])) == "")
    // Everything of everybody is too much.
    #expect(dialogue.ask(Self.packet(0xFE, 6, [0xFF])) == "")
    #expect(dialogue.ask("FF FF FD 00 01 03 00 01 19 4E") != "")
  }

  @Test("The driver reads fast where all motors do, and as before where they do not")
  func driver() throws {
    for (isOld, code) in [(false, UInt8(0x8A)), (true, 0x82)] {
      let wiring = BusRobots.wiring(.dynamixel2, motors: 6)
      var bench = BusRobots.bench(wiring)
      if isOld, var bus = bench.device as? SimulatedDynamixelBus {
        bus.motors[2].set(6, 1, 44)
        bench.device = bus
      }
      let isUp = bench.bringUp()
      try #require(isUp, "\(bench.fault?.description ?? "")")
      let before = bench.sent.count
      _ = bench.stream(wiring, frames: 200, rate: 100)
      #expect(bench.fault == nil && bench.measurements.count > 150)
      let codes = Self.codes(bench.sent[before...].flatMap(\.bytes))
      #expect(codes.contains(code) && !codes.contains(code ^ 0x08))
    }
  }

  /// The instructions of the packets to all motors.
  private static func codes(_ bytes: [UInt8]) -> [UInt8] {
    var (codes, start): ([UInt8], Int) = ([], 0)
    while start + 10 <= bytes.count {
      if bytes[start + 4] == 0xFE { codes.append(bytes[start + 7]) }
      start += 7 + Int(bytes[start + 5]) + 256 * Int(bytes[start + 6])
    }
    return codes
  }

  @Test("Where the firmware's number promises it and no motor does it, it is done without")
  func promised() throws {
    let wiring = BusRobots.wiring(.dynamixel2, motors: 6)
    var bench = BusRobots.bench(wiring)
    let isFrom = Box(false)
    // All that the motors say together is lost, whatever pieces it comes in.
    bench.link = { _, bytes in
      if bytes.starts(with: [0xFF, 0xFF, 0xFD, 0]), bytes.count > 4 {
        isFrom.value = bytes[4] == 0xFE
      }
      return isFrom.value ? [] : bytes
    }
    let isUp = bench.bringUp()
    try #require(isUp, "\(bench.fault?.description ?? "")")
    _ = bench.stream(wiring, frames: 200, rate: 100)
    #expect(bench.fault == nil && bench.measurements.count > 150)
    let fast = bench.sent.filter {
      $0.bytes.count > 8 && $0.bytes[4] == 0xFE && $0.bytes[7] == 0x8A
    }
    #expect((1...3).contains(fast.count))
  }

  @Test("Of a shared packet that ends too soon those count that are whole")
  func salvaged() {
    let dialect = DynamixelDialect(BusRobots.wiring(.dynamixel2, motors: 3))
    let request = dialect.fastRead(BusBlock(132, 4), [1, 2, 3])
    var dialogue = Self.dialogue()
    let text = dialogue.ask(request.bytes.map { String($0, radix: 16) }.joined(separator: " "))
    let whole = BusDialogue.bytes(text)
    #expect(whole.count == request.answerBytes)
    #expect(dialect.sharedReplies(whole, to: request).map(\.id) == [1, 2, 3])
    #expect(dialect.sharedReplies(Array(whole.dropLast(9)), to: request).map(\.id) == [1])
    #expect(dialect.sharedReplies(Array(whole.dropLast(8)), to: request).map(\.id) == [1, 2])
    for index in whole.indices {
      var damaged = whole
      damaged[index] ^= 4
      let replies = dialect.sharedReplies(damaged, to: request)
      #expect(replies.count <= max(0, (index - 8) / 8), "\(index)")
      #expect(replies.allSatisfy { $0.data == [0, 8, 0, 0] })
    }
  }
}
