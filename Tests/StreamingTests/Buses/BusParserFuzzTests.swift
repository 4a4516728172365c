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
}
