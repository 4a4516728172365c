/// The instructions in frames with header `FF FF`: Dynamixel 1.0, Feetech STS and SCS.
enum ServoInstruction: UInt8, Sendable {
  case ping = 0x01
  case read = 0x02
  case write = 0x03
  case regWrite = 0x04
  case action = 0x05
  case syncRead = 0x82
  case syncWrite = 0x83
  case bulkRead = 0x92
}

/// The byte order of two-byte integers.
enum WordOrder: Sendable, Hashable {
  case littleEndian, bigEndian

  func bytes(_ value: Int, _ width: Int) -> [UInt8] {
    let bytes = LittleEndian.bytes(value, width)
    return self == .littleEndian ? bytes : bytes.reversed()
  }

  func value(_ bytes: ArraySlice<UInt8>) -> Int {
    self == .littleEndian
      ? LittleEndian.value(bytes) : bytes.reduce(0) { $0 << 8 | Int($1) }
  }
}

/// Integers with a sign bit and a magnitude, as Feetech uses them.
enum SignMagnitude {
  static func value(_ raw: Int, signBit: Int) -> Int {
    let magnitude = raw & ((1 << signBit) - 1)
    return raw >> signBit & 1 == 1 ? -magnitude : magnitude
  }

  static func raw(_ value: Int, signBit: Int) -> Int {
    let magnitude = min(abs(value), (1 << signBit) - 1)
    return value < 0 ? magnitude | 1 << signBit : magnitude
  }
}

/// Creates packets with header `FF FF`.
struct ServoPackets: Sendable {
  var order = WordOrder.littleEndian

  /// The bytes of an answer beside its data: header, id, length, error and checksum.
  static let overhead = 6

  func frame(_ id: Int, _ instruction: ServoInstruction, _ parameters: [UInt8] = []) -> [UInt8] {
    ShortFrame(.servo, id: byte(id), code: instruction.rawValue, parameters).bytes
  }

  func ping(_ id: Int) -> BusRequest {
    BusRequest(
      bytes: frame(id, .ping), answers: [.init(id: id, count: 0)], answerBytes: Self.overhead)
  }

  func read(_ block: BusBlock, from id: Int) -> BusRequest {
    BusRequest(
      bytes: frame(id, .read, [byte(block.address), byte(block.count)]),
      answers: [.init(id: id, count: block.count)], answerBytes: Self.overhead + block.count,
      block: block)
  }

  /// A sync read of Feetech STS, which the motors answer in the order of the ids.
  func syncRead(_ block: BusBlock, from ids: [Int]) -> BusRequest {
    let parameters = [byte(block.address), byte(block.count)] + ids.map(byte)
    return toAll(frame(Int(ShortFrame.broadcast), .syncRead, parameters), block, ids)
  }

  /// A bulk read of MX motors of protocol 1.0: a zero, then length, id and address of each motor.
  func bulkRead(_ block: BusBlock, from ids: [Int]) -> BusRequest {
    var parameters: [UInt8] = [0]
    for id in ids { parameters += [byte(block.count), byte(id), byte(block.address)] }
    return toAll(frame(Int(ShortFrame.broadcast), .bulkRead, parameters), block, ids)
  }

  private func toAll(_ bytes: [UInt8], _ block: BusBlock, _ ids: [Int]) -> BusRequest {
    BusRequest(
      bytes: bytes, answers: ids.map { .init(id: $0, count: block.count) },
      answerBytes: ids.count * (Self.overhead + block.count), block: block)
  }

  func write(_ value: Int, to address: Int, width: Int, of id: Int) -> BusRequest {
    BusRequest(
      bytes: frame(id, .write, [byte(address)] + order.bytes(value, width)),
      answers: [.init(id: id, count: 0)], answerBytes: Self.overhead)
  }

  /// Packets that write one value to each id, which nobody answers; the length byte limits their
  /// size.
  func syncWrite(_ address: Int, width: Int, _ values: [BusGoal]) -> [UInt8] {
    let most = max(1, 240 / (width + 1))
    var result: [UInt8] = []
    for start in stride(from: 0, to: values.count, by: most) {
      var parameters = [byte(address), byte(width)]
      for value in values[start..<min(start + most, values.count)] {
        parameters.append(byte(value.id))
        parameters += order.bytes(value.value, width)
      }
      result += frame(Int(ShortFrame.broadcast), .syncWrite, parameters)
    }
    return result
  }

  func syncWrite(_ address: Int, width: Int, _ value: Int, _ ids: [Int]) -> [UInt8] {
    syncWrite(address, width: width, ids.map { BusGoal(id: $0, value: value) })
  }

  func byte(_ value: Int) -> UInt8 { UInt8(truncatingIfNeeded: value) }
}
