/// A packet that a simulated motor has received.
struct SimulatedPacket: Sendable {
  var id: Int
  var instruction: UInt8
  var body: [UInt8]
  var isIntact: Bool
}

/// The framing of simulated motors, written independently of the drivers, so that an error in one
/// is not repeated in the other.
struct SimulatedListener: Sendable {
  /// How packets are framed.
  enum Framing: Sendable {
    case dynamixel2, servo, lx
  }

  private let framing: Framing
  private var buffer: [UInt8] = []

  init(_ framing: Framing) { self.framing = framing }

  private var header: [UInt8] {
    switch framing {
    case .dynamixel2: [0xFF, 0xFF, 0xFD, 0x00]
    case .servo: [0xFF, 0xFF]
    case .lx: [0x55, 0x55]
    }
  }

  /// Receives one byte; returns the packet that ends with it, if any.
  mutating func hear(_ byte: UInt8) -> SimulatedPacket? {
    buffer.append(byte)
    if buffer.count > 2048 { buffer.removeFirst(1024) }
    let header = header
    while !buffer.isEmpty {
      let shared = min(buffer.count, header.count)
      let isFalse =
        !buffer.prefix(shared).elementsEqual(header.prefix(shared))
        || (framing == .servo && buffer.count > 2 && buffer[2] == 0xFF)
      guard isFalse else { break }
      buffer.removeFirst()
    }
    return framing == .dynamixel2 ? takeLong() : takeShort()
  }

  private mutating func takeLong() -> SimulatedPacket? {
    guard buffer.count >= 10 else { return nil }
    let length = Int(buffer[5]) + 256 * Int(buffer[6])
    guard length >= 3, length < 2000 else {
      buffer.removeFirst()
      return nil
    }
    guard buffer.count >= 7 + length else { return nil }
    let sum = Self.crc(buffer.prefix(5 + length))
    let isIntact =
      UInt16(buffer[5 + length]) == sum & 0xFF && UInt16(buffer[6 + length]) == sum >> 8
    var body: [UInt8] = []
    var index = 8
    while index < 5 + length {
      body.append(buffer[index])
      // FF FF FD FD on the wire was FF FF FD.
      if index >= 10, Array(buffer[(index - 2)...index]) == [0xFF, 0xFF, 0xFD],
        index + 1 < 5 + length, buffer[index + 1] == 0xFD
      {
        index += 1
      }
      index += 1
    }
    let packet = SimulatedPacket(
      id: Int(buffer[4]), instruction: buffer[7], body: body, isIntact: isIntact)
    buffer.removeFirst(7 + length)
    return packet
  }

  private mutating func takeShort() -> SimulatedPacket? {
    guard buffer.count >= 6 else { return nil }
    // The length byte of an LX-16A counts itself, the others do not.
    let length = Int(buffer[3]) - (framing == .lx ? 1 : 0)
    guard length >= 2 else {
      buffer.removeFirst()
      return nil
    }
    guard buffer.count >= 4 + length else { return nil }
    let sum = buffer[2..<(3 + length)].reduce(0) { ($0 + Int($1)) % 256 }
    let packet = SimulatedPacket(
      id: Int(buffer[2]), instruction: buffer[4], body: Array(buffer[5..<(3 + length)]),
      isIntact: 255 - sum == Int(buffer[3 + length]))
    buffer.removeFirst(4 + length)
    return packet
  }

  /// The bytes of an answer, with faults.
  func answer(
    _ id: Int, code: Int, _ data: [UInt8], _ faults: SimulatedBusFaults
  ) -> [UInt8] {
    let bytes = framed(id, code: code, data, faults)
    // Both motors send the same identity at the same time, but different readings.
    let isIntroduction = framing == .lx ? code == 14 : data.count <= 3
    guard faults.sharedID == id, !isIntroduction else { return bytes }
    let other = framed(id, code: code, data.map { $0 &+ 0x15 }, faults)
    // A low level on the wire wins.
    return zip(bytes, other).map { $0 & $1 } + bytes.dropFirst(other.count)
  }

  private func framed(
    _ id: Int, code: Int, _ data: [UInt8], _ faults: SimulatedBusFaults
  ) -> [UInt8] {
    let said = UInt8(truncatingIfNeeded: faults.spoiledID(id))
    let code = UInt8(truncatingIfNeeded: code)
    guard framing == .dynamixel2 else {
      let length = data.count + (framing == .lx ? 3 : 2) + faults.extraLength
      var bytes = header + [said, UInt8(truncatingIfNeeded: length), code] + data
      let sum = bytes.dropFirst(2).reduce(0) { $0 + Int($1) }
      bytes.append(UInt8((~sum + (faults.spoilsCheck ? 1 : 0)) & 0xFF))
      return bytes
    }
    let body = Self.stuffed([0x55, code] + data)
    let length = body.count + 2 + faults.extraLength
    var bytes = header + [said, UInt8(length & 0xFF), UInt8(length >> 8 & 0xFF)] + body
    let sum = Self.crc(bytes[...]) &+ (faults.spoilsCheck ? 1 : 0)
    bytes += [UInt8(sum & 0xFF), UInt8(sum >> 8)]
    return bytes
  }

  private static func stuffed(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    for byte in bytes {
      result.append(byte)
      if result.suffix(3).elementsEqual([0xFF, 0xFF, 0xFD]) { result.append(0xFD) }
    }
    return result
  }

  /// CRC-16 bit by bit: x¹⁶ + x¹⁵ + x² + 1.
  static func crc(_ bytes: ArraySlice<UInt8>) -> UInt16 {
    var remainder: UInt16 = 0
    for byte in bytes {
      for bit in (0..<8).reversed() {
        let feedback = (remainder >> 15) ^ UInt16(byte >> UInt8(bit) & 1)
        remainder <<= 1
        if feedback == 1 { remainder ^= 0x8005 }
      }
    }
    return remainder
  }

  /// An integer of at most four bytes, the least significant first.
  static func number(_ bytes: ArraySlice<UInt8>) -> Int {
    var value = 0
    var weight = 1
    for byte in bytes.prefix(4) {
      value += Int(byte) * weight
      weight *= 256
    }
    return value
  }
}
