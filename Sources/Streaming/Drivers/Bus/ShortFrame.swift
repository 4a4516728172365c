/// A frame with a one-byte checksum: two equal header bytes, id, length, code, parameters, check.
///
/// Dynamixel 1.0 and Feetech begin with `FF FF`; their length counts code, parameters and check.
/// LX-16A begins with `55 55`; its length counts itself too.
struct ShortFrame: Sendable, Hashable {
  /// The header byte, which is sent twice.
  enum Header: UInt8, Sendable {
    case servo = 0xFF
    case lx = 0x55

    /// What the length byte counts beside the parameters.
    var lengthBias: Int { self == .lx ? 3 : 2 }
  }

  /// The id of all motors.
  static let broadcast: UInt8 = 0xFE

  var header: Header
  /// The id of the recipient, or of the sender of an answer.
  var id: UInt8
  /// Instruction, command or error.
  var code: UInt8
  var parameters: [UInt8]

  init(_ header: Header, id: UInt8, code: UInt8, _ parameters: [UInt8] = []) {
    self.header = header
    self.id = id
    self.code = code
    self.parameters = parameters
  }

  /// The bytes on the wire.
  var bytes: [UInt8] {
    let length = UInt8(truncatingIfNeeded: parameters.count + header.lengthBias)
    var result = [header.rawValue, header.rawValue, id, length, code]
    result += parameters
    result.append(Self.check(result[2...]))
    return result
  }

  /// The complement of the sum of all bytes between header and check.
  static func check(_ bytes: ArraySlice<UInt8>) -> UInt8 { ~bytes.reduce(0, &+) }
}

/// Finds short frames in a stream of bytes that may contain other data.
struct ShortFrameParser: BusParser {
  let header: ShortFrame.Header
  var limit = 255 + 4
  private(set) var rejected = 0
  private var buffer: [UInt8] = []

  init(_ header: ShortFrame.Header) { self.header = header }

  var pending: [UInt8] { buffer }

  mutating func reset() { buffer.removeAll(keepingCapacity: true) }

  mutating func receive(_ bytes: [UInt8]) -> [BusFrame] {
    buffer += bytes
    var frames: [BusFrame] = []
    var start = 0
    while start < buffer.count {
      let there = buffer.count - start
      guard buffer[start] == header.rawValue, there < 2 || buffer[start + 1] == header.rawValue
      else {
        start += 1
        continue
      }
      guard there >= 4 else { break }
      let count = Int(buffer[start + 3]) - header.lengthBias + 6
      // FF is not an id, but a third header byte, which shifts the frame by one.
      guard buffer[start + 2] != 0xFF, count >= 6, count <= limit else {
        rejected += 1
        start += 1
        continue
      }
      guard there >= count else { break }
      let end = start + count
      guard buffer[end - 1] == ShortFrame.check(buffer[(start + 2)..<(end - 1)]) else {
        rejected += 1
        start += 1
        continue
      }
      frames.append(
        BusFrame(
          id: buffer[start + 2], code: buffer[start + 4],
          data: Array(buffer[(start + 5)..<(end - 1)]), wire: Array(buffer[start..<end])))
      start = end
    }
    buffer.removeFirst(start)
    return frames
  }
}
