/// A packet of Dynamixel protocol 2.0, without header, length, stuffing and CRC.
struct DynamixelPacket: Sendable, Hashable {
  /// The instruction of a packet.
  enum Instruction: UInt8, Sendable {
    case ping = 0x01
    case read = 0x02
    case write = 0x03
    case regWrite = 0x04
    case action = 0x05
    case reboot = 0x08
    case clear = 0x10
    case status = 0x55
    case syncRead = 0x82
    case syncWrite = 0x83
    case fastSyncRead = 0x8A
    case bulkRead = 0x92
    case bulkWrite = 0x93
  }

  /// The id of all motors.
  static let broadcast: UInt8 = 0xFE

  /// The longest packet, as in the vendor's SDK.
  static let maximumCount = 1024

  /// The id of the recipient, or of the sender of an answer.
  var id: UInt8
  /// The byte of the instruction.
  var instruction: UInt8
  /// The parameters; a status packet begins with the error.
  var parameters: [UInt8]

  init(id: UInt8, _ instruction: Instruction, _ parameters: [UInt8] = []) {
    self.init(id: id, code: instruction.rawValue, parameters)
  }

  init(id: UInt8, code: UInt8, _ parameters: [UInt8]) {
    self.id = id
    instruction = code
    self.parameters = parameters
  }

  /// The bytes on the wire.
  var bytes: [UInt8] {
    var result: [UInt8] = [0xFF, 0xFF, 0xFD, 0x00, id, 0, 0, instruction]
    result.reserveCapacity(parameters.count + 12)
    for byte in parameters {
      result.append(byte)
      let end = result.count
      // Byte stuffing: an FD is added after a header sequence within the parameters.
      if byte == 0xFD, end >= 10, result[end - 2] == 0xFF, result[end - 3] == 0xFF {
        result.append(0xFD)
      }
    }
    let length = result.count - 5
    result[5] = UInt8(truncatingIfNeeded: length)
    result[6] = UInt8(truncatingIfNeeded: length >> 8)
    let check = DynamixelCheck.of(result[...])
    result.append(UInt8(truncatingIfNeeded: check))
    result.append(UInt8(truncatingIfNeeded: check >> 8))
    return result
  }
}

/// CRC-16 with polynomial 0x8005, from zero, most significant bit first.
enum DynamixelCheck {
  private static let table: [UInt16] = (0..<256).map { index in
    (0..<8).reduce(UInt16(index) << 8) { value, _ in
      value & 0x8000 == 0 ? value << 1 : (value << 1) ^ 0x8005
    }
  }

  static func of(_ bytes: ArraySlice<UInt8>) -> UInt16 { of(bytes, after: 0) }

  /// The check of bytes that follow others with a given check.
  static func of(_ bytes: ArraySlice<UInt8>, after check: UInt16) -> UInt16 {
    let table = table
    return bytes.reduce(check) { check, byte in
      (check << 8) ^ table[Int(UInt8(truncatingIfNeeded: check >> 8) ^ byte)]
    }
  }
}

/// Finds packets of protocol 2.0 in a stream of bytes that may contain other data.
struct DynamixelParser: BusParser {
  var limit = DynamixelPacket.maximumCount
  private(set) var rejected = 0
  private var buffer: [UInt8] = []

  var pending: [UInt8] { buffer }

  mutating func reset() { buffer.removeAll(keepingCapacity: true) }

  mutating func receive(_ bytes: [UInt8]) -> [BusFrame] {
    buffer += bytes
    var frames: [BusFrame] = []
    var start = 0
    scan: while start < buffer.count {
      switch look(at: start) {
      case .incomplete: break scan
      case .skip(let count): start += count
      case .frame(let frame, let count):
        frames.append(frame)
        start += count
      }
    }
    buffer.removeFirst(start)
    return frames
  }

  private enum Look {
    case incomplete
    case skip(Int)
    case frame(BusFrame, Int)
  }

  private mutating func look(at start: Int) -> Look {
    let there = buffer.count - start
    for (offset, byte) in [0xFF, 0xFF, 0xFD, 0x00].enumerated() {
      guard offset < there else { return .incomplete }
      guard buffer[start + offset] == byte else { return .skip(1) }
    }
    guard there >= 7 else { return .incomplete }
    let length = Int(buffer[start + 5]) | Int(buffer[start + 6]) << 8
    // FD after the header is stuffing, not an id; a length above the limit is damage.
    guard buffer[start + 4] != 0xFD, length >= 3, length + 7 <= limit else {
      rejected += 1
      return .skip(1)
    }
    guard there >= length + 7 else { return .incomplete }
    let end = start + length + 7
    let check = UInt16(buffer[end - 2]) | UInt16(buffer[end - 1]) << 8
    guard check == DynamixelCheck.of(buffer[start..<(end - 2)]) else {
      rejected += 1
      return .skip(1)
    }
    let frame = BusFrame(
      id: buffer[start + 4], code: buffer[start + 7],
      data: Self.unstuffed(buffer[(start + 8)..<(end - 2)]), wire: Array(buffer[start..<end]))
    return .frame(frame, length + 7)
  }

  private static func unstuffed(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var state = 0  // how much of FF FF FD the bytes before make
    for byte in bytes {
      if state == 3, byte == 0xFD {
        state = 0
        continue
      }
      result.append(byte)
      switch byte {
      case 0xFF: state = min(state == 3 ? 1 : state + 1, 2)
      case 0xFD: state = state == 2 ? 3 : 0
      default: state = 0
      }
    }
    return result
  }
}
