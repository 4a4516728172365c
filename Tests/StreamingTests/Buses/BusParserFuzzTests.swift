import Foundation
import TestSupport
import Testing

@testable import Streaming

@Suite("Parsers of buses under bytes that nobody meant")
struct BusParserFuzzTests {
  /// Inputs for each parser: a million in all, or as many as MOTIONC_FUZZ_INPUTS says.
  static let count =
    (ProcessInfo.processInfo.environment["MOTIONC_FUZZ_INPUTS"].flatMap(Int.init) ?? 1_000_000) / 3

  /// Feeds random bytes and damaged streams; checks bounds, and that a frame is found afterwards.
  static func fuzz<Parser: BusParser>(
    _ make: () -> Parser, _ valid: [[UInt8]], seed: UInt64, longest: Int
  ) -> (frames: Int, pending: Int, found: Int) {
    var random = Damage(seed: seed)
    var parser = make()
    var result = (frames: 0, pending: 0, found: 0)
    for input in 0..<count {
      var bytes: [UInt8]
      if input % 2 == 0 {
        let count = Int(random.next() % 24)
        bytes = (0..<count).map { _ in
          let value = random.next()
          // Headers often, so that more than the first comparison is reached.
          return value & 0x300 == 0 ? valid[0][Int(value >> 16 & 3) % 4] : UInt8(value & 0xFF)
        }
      } else {
        bytes = valid[Int(random.next() % UInt64(valid.count))]
        let at = Int(random.next() % UInt64(bytes.count))
        switch random.next() % 5 {
        case 0: bytes[at] ^= 1 << UInt8(random.next() % 8)
        case 1: bytes.remove(at: at)
        case 2: bytes.insert(bytes[at], at: at)
        case 3: bytes.removeLast(bytes.count - at)
        default: break
        }
      }
      result.frames += parser.receive(bytes).count
      result.pending = max(result.pending, parser.pendingCount)
      if input % 1000 == 999 {
        // Whatever came before: after as much silence as a frame can claim, a valid one is found.
        _ = parser.receive([UInt8](repeating: 0, count: longest))
        let found = parser.receive(valid[0])
        if found.contains(where: { $0.wire == valid[0] }) { result.found += 1 }
      }
    }
    return result
  }

  @Test("Dynamixel 2.0")
  func long() {
    let valid = BusPacketTests.long.map { $0.0.bytes }
    let result = Self.fuzz(DynamixelParser.init, valid, seed: 1, longest: 1100)
    #expect(result.frames > Self.count / 20)
    #expect(result.pending <= DynamixelPacket.maximumCount)
    #expect(result.found == Self.count / 1000)
  }

  @Test("Dynamixel 1.0, Feetech and LX-16A", arguments: [ShortFrame.Header.servo, .lx])
  func short(header: ShortFrame.Header) {
    let valid = BusPacketTests.short.map(\.0).filter { $0.header == header }.map(\.bytes)
    let result = Self.fuzz({ ShortFrameParser(header) }, valid, seed: 2, longest: 300)
    #expect(result.frames > Self.count / 20)
    #expect(result.pending <= 259)
    #expect(result.found == Self.count / 1000)
  }

  @Test("A valid stream in pieces of any size is the same frames")
  func pieces() {
    var random = Damage(seed: 3)
    for _ in 0..<300 {
      var stream: [UInt8] = []
      var expected: [[UInt8]] = []
      for _ in 0..<20 {
        let packet = BusPacketTests.long[Int(random.next() % UInt64(BusPacketTests.long.count))].0
        // Junk that is no header, and the beginning of one.
        stream += [[], [0x00], [0xFF], [0xFF, 0xFF, 0xFD, 0xFD]][Int(random.next() % 4)]
        stream += packet.bytes
        expected.append(packet.bytes)
      }
      var parser = DynamixelParser()
      var found: [[UInt8]] = []
      while !stream.isEmpty {
        let size = min(stream.count, 1 + Int(random.next() % 9))
        found += parser.receive(Array(stream.prefix(size))).map(\.wire)
        stream.removeFirst(size)
      }
      #expect(found == expected)
    }
  }

  @Test("Simulated motors survive whatever a host says", arguments: BusRobots.devices)
  func devices(device: Wiring.Device) {
    var random = Damage(seed: 4)
    let wiring = BusRobots.wiring(device, motors: 4)
    var bus = BusRobots.device(wiring)
    let valid = BusPacketTests.long.map { $0.0.bytes } + BusPacketTests.short.map { $0.0.bytes }
    for step in 0..<5000 {
      var bytes: [UInt8]
      if device == .dynamixel2 {
        let data = (0..<Int(random.next() % 16)).map { _ in UInt8(random.next() & 0xFF) }
        let codes: [UInt8] = [1, 2, 3, 4, 5, 8, 0x82, 0x83, 0x92, 0x93]
        bytes =
          DynamixelPacket(
            id: random.next() & 1 == 0 ? 0xFE : UInt8(random.next() % 6),
            code: codes[Int(random.next() % 10)], data
          ).bytes
      } else {
        let data = (0..<Int(random.next() % 16)).map { _ in UInt8(random.next() & 0xFF) }
        bytes =
          ShortFrame(
            device == .lx16a ? .lx : .servo,
            id: random.next() & 1 == 0 ? 0xFE : UInt8(random.next() % 6),
            code: UInt8(random.next() % (random.next() & 1 == 0 ? 40 : 256)), data
          ).bytes
      }
      if random.next() % 4 == 0 { bytes = random.damaged(valid[step % valid.count]) }
      _ = bus.advance(to: Double(step) * 0.004, received: bytes)
    }
    #expect(bus.motorPositions.allSatisfy { $0.isFinite })
  }

  @Test("Drivers survive whatever a device says", arguments: BusRobots.devices)
  func drivers(device: Wiring.Device) {
    let wiring = BusRobots.wiring(device, motors: 4)
    for seed in 0..<10 {
      var bench = BusRobots.bench(wiring)
      let isUp = seed < 2 ? false : bench.bringUp()
      #expect(seed < 2 || isUp)
      let random = Box(Damage(seed: UInt64(seed) + 50))
      bench.link = { _, bytes in
        guard !bytes.isEmpty else { return bytes }
        let size = Int(random.value.next() % 12)
        let data = (0..<size).map { _ in UInt8(random.value.next() & 0xFF) }
        let id = UInt8(1 + random.value.next() % 5)
        let said: [UInt8] =
          switch device {
          case .dynamixel2: DynamixelPacket(id: id, .status, [0] + data).bytes
          case .lx16a: ShortFrame(.lx, id: id, code: UInt8(data.count + 20), data).bytes
          default: ShortFrame(.servo, id: id, code: 0, data).bytes
          }
        return random.value.next() % 3 == 0 ? said : random.value.damaged(bytes + said)
      }
      if isUp {
        _ = bench.stream(wiring, frames: 100, rate: 20)
      } else {
        _ = bench.bringUp()
      }
      #expect(BusObserver(device, bench.sent).outside(wiring) == 0)
    }
  }
}
