/// Reads what a host sends in Dynamixel protocol 2.0.
struct ObserverDynamixel2: ObserverDecoder {
  private(set) var remainder: [UInt8] = []
  private let registers = ObservedRegisters.dynamixel2
  private let switches: [Int: Int]
  /// Writes that wait for the action instruction.
  private var waiting: [ObservedOrder.Kind] = []

  init(switches: [Int: Int] = [:]) { self.switches = switches }

  /// The CRC bit by bit: polynomial 0x8005, from 0, the greatest bit first.
  static func check(_ bytes: some Sequence<UInt8>) -> UInt16 {
    var crc: UInt16 = 0
    for byte in bytes {
      for bit in (0..<8).reversed() {
        let carries = (crc >> 15 == 1) != (byte >> UInt8(bit) & 1 == 1)
        crc = crc &<< 1 ^ (carries ? 0x8005 : 0)
      }
    }
    return crc
  }

  mutating func take(_ bytes: [UInt8], at time: Double) -> [ObservedOrder] {
    remainder += bytes
    var orders: [ObservedOrder] = []
    while let (kinds, length) = packet() {
      remainder.removeFirst(length)
      orders += kinds.map { ObservedOrder(time: time, kind: $0) }
    }
    return orders
  }

  /// The first packet's orders and length; nil while it is incomplete.
  private mutating func packet() -> ([ObservedOrder.Kind], Int)? {
    guard remainder.count >= 7 else { return nil }
    guard Array(remainder[..<4]) == [0xFF, 0xFF, 0xFD, 0x00] else {
      return ([.forbidden("bytes that begin no packet: \(remainder.prefix(12))")], remainder.count)
    }
    let length = Int(remainder[5]) | Int(remainder[6]) << 8
    guard 3 <= length, length <= 1024 else { return ([.forbidden("length \(length)")], 7) }
    guard remainder.count >= 7 + length else { return nil }
    let end = 7 + length
    let found = UInt16(remainder[end - 2]) | UInt16(remainder[end - 1]) << 8
    guard Self.check(remainder[..<(end - 2)]) == found else {
      return ([.forbidden("wrong CRC")], end)
    }
    let body = Self.unstuffed(Array(remainder[7..<(end - 2)]))
    guard let body else { return ([.forbidden("a header inside a packet")], end) }
    return (
      joined(orders(id: Int(remainder[4]), instruction: body[0], Array(body[1...]))), end
    )
  }

  /// Without the FD that follows each FF FF FD; nil where one is missing.
  static func unstuffed(_ bytes: [UInt8]) -> [UInt8]? {
    var result: [UInt8] = []
    var skips = false
    for byte in bytes {
      if skips {
        guard byte == 0xFD else { return nil }
        skips = false
        continue
      }
      result.append(byte)
      skips = result.suffix(3) == [0xFF, 0xFF, 0xFD]
    }
    return skips ? nil : result
  }

  private mutating func orders(
    id: Int, instruction: UInt8, _ body: [UInt8]
  ) -> [ObservedOrder.Kind] {
    func word(_ at: Int) -> Int { Int(body[at]) | Int(body[at + 1]) << 8 }
    let target = id == 0xFE ? nil : id
    switch instruction {
    case 0x01 where body.isEmpty: return [.question]
    case 0x02 where body.count == 4: return [.question]
    case 0x82 where body.count >= 5, 0x8A where body.count >= 5: return [.question]
    case 0x92 where body.count % 5 == 0, 0x9A where body.count % 5 == 0: return [.question]
    case 0x03 where body.count >= 3, 0x04 where body.count >= 3:
      let kinds = registers.orders(
        writing: Array(body[2...]), at: word(0), of: target, switches: switches)
      guard instruction == 0x04 else { return kinds }
      waiting += kinds
      return []
    case 0x05 where body.isEmpty:
      defer { waiting = [] }
      return waiting
    case 0x08 where body.isEmpty: return [.setting(id: target, name: "reboot")]
    case 0x83 where body.count >= 4 && id == 0xFE:
      let length = word(2)
      guard length > 0, (body.count - 4) % (length + 1) == 0 else {
        return [.forbidden("a sync write of broken length")]
      }
      return stride(from: 4, to: body.count, by: length + 1).flatMap { start in
        registers.orders(
          writing: Array(body[(start + 1)..<(start + 1 + length)]), at: word(0),
          of: Int(body[start]), switches: switches)
      }
    default: return [.forbidden("instruction \(instruction) with \(body.count) bytes")]
    }
  }
}
