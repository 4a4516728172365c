// Fast sync read: one packet in which all motors answer.
//
// It saves seven bytes and a return delay for each motor. Indirect data, which could add health to
// the same packet, are not used: a dozen registers of each motor would have to be written and
// restored, some models refuse that with torque on, and every answer has the alert bit anyway.
extension DynamixelDialect {
  /// Whether the firmware supports it; the smallest motors support it one version later.
  static func readsFast(_ image: [UInt8]) -> Bool {
    guard let firmware = DynamixelRegister.firmware.value(in: image),
      let model = DynamixelRegister.model.value(in: image)
    else { return false }
    return firmware >= ([1190, 1200].contains(model) ? 46 : 45)
  }

  /// A reading of positions, because the firmware version alone does not prove the support.
  func sharingTrial(_ ids: [Int]) -> BusRequest? {
    mayShare && ids.count > 1 ? fastRead(positionBlock, ids) : nil
  }

  mutating func notice(sharing: Bool) { shares = sharing }

  func fastRead(_ block: BusBlock, _ ids: [Int]) -> BusRequest {
    let parameters = LittleEndian.bytes(block.address, 2) + LittleEndian.bytes(block.count, 2)
    let packet = DynamixelPacket(
      id: DynamixelPacket.broadcast, .fastSyncRead, parameters + ids.map(byte))
    return BusRequest(
      bytes: packet.bytes, answers: ids.map { .init(id: $0, count: block.count) },
      answerBytes: Self.fastHead + ids.count * (block.count + Self.fastFrame), block: block,
      isShared: true)
  }

  /// The bytes before the first answer: header, id, length and instruction.
  private static let fastHead = 8
  private static let fastFrame = 4

  /// The complete answers, even if later ones are missing or damaged.
  ///
  /// The check of each motor is that of all bytes before it. There is no byte stuffing.
  func sharedReplies(_ bytes: [UInt8], to request: BusRequest) -> [BusReply] {
    let head: [UInt8] = [0xFF, 0xFF, 0xFD, 0x00, DynamixelPacket.broadcast]
    guard let count = request.block?.count, bytes.count > Self.fastHead,
      bytes.starts(with: head), bytes[7] == DynamixelPacket.Instruction.status.rawValue,
      Int(bytes[5]) | Int(bytes[6]) << 8 == request.answerBytes - 7
    else { return [] }
    var replies: [BusReply] = []
    var (checked, check) = (0, UInt16(0))
    var start = Self.fastHead
    while start + count + Self.fastFrame <= bytes.count {
      let end = start + 2 + count
      check = DynamixelCheck.of(bytes[checked..<end], after: check)
      guard UInt16(bytes[end]) | UInt16(bytes[end + 1]) << 8 == check else { break }
      let error = bytes[start]
      replies.append(
        BusReply(
          id: Int(bytes[start + 1]), refusal: DynamixelRefusal(rawValue: error & 0x7F).map(\.text),
          alert: error & 0x80 == 0 ? nil : BusAlert(kind: .deviceError, text: nil),
          data: Array(bytes[(start + 2)..<end])))
      checked = end
      start = end + 2
    }
    return replies
  }
}
