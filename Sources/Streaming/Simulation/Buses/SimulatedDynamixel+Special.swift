// Features of protocol 2.0 beside reading and writing: indirect data, clear, factory reset, fast
// reads.
extension SimulatedDynamixel {
  /// A block of indirect addresses, two bytes each, and the data that they refer to.
  struct Indirection: Sendable {
    var addresses: Int
    var count: Int
    var data: Int
  }

  /// The blocks: one of twenty in the smallest motors, two of 28 in the others.
  var indirections: [Indirection] {
    guard isVersion2 else { return [] }
    return isSmallest
      ? [Indirection(addresses: 168, count: 20, data: 208)]
      : [
        Indirection(addresses: 168, count: 28, data: 224),
        Indirection(addresses: 578, count: 28, data: 634),
      ]
  }

  /// XL330 and XC330.
  private var isSmallest: Bool { [1190, 1200, 1210, 1220, 1230, 1240].contains(get(0, 2)) }

  /// Resets the indirect addresses, each of which then refers to its own data, as after each start.
  mutating func resetIndirections() {
    for part in indirections {
      for place in 0..<part.count { set(part.addresses + 2 * place, 2, part.data + place) }
    }
  }

  /// The address that an address refers to: itself except for indirect data.
  func destination(of address: Int) -> Int {
    for part in indirections where (part.data..<(part.data + part.count)).contains(address) {
      return get(part.addresses + 2 * (address - part.data), 2)
    }
    return address
  }

  /// Whether an address is the first byte of an indirect address.
  func isIndirectAddress(_ address: Int) -> Bool {
    indirections.contains {
      ($0.addresses..<($0.addresses + 2 * $0.count)).contains(address)
        && (address - $0.addresses) % 2 == 0
    }
  }

  /// The registers as a host reads them, with indirect data resolved.
  func seen(_ address: Int, _ count: Int) -> [UInt8] {
    (address..<(address + count)).map { bytes(destination(of: $0), 1)[0] }
  }

  /// Fast sync and bulk read came with firmware 45, with 46 in the smallest motors.
  var readsFast: Bool { isVersion2 && get(6, 1) >= (isSmallest ? 46 : 45) }

  /// Clears whole turns of a motor that stands; from firmware 42 on.
  mutating func clear(_ body: [UInt8], at now: Double) -> Int {
    guard get(6, 1) >= 42 else { return instructionError }
    guard body == [0x01, 0x44, 0x58, 0x4C, 0x22] else { return rangeError }
    servo.advance(to: now)
    guard abs(servo.speed) < 3 else { return 1 }
    let turns = ((servo.position + slip) / 4096).rounded(.down)
    slip -= turns * 4096
    return 0
  }

  /// Resets to factory settings and restarts: 1 keeps the id, 2 the baud rate too.
  mutating func factoryReset(_ body: [UInt8], isForAll: Bool, at now: Double) -> Int {
    guard body.count == 1, [0x01, 0x02, 0xFF].contains(body[0]) else { return rangeError }
    // From firmware 42 on, a full reset must not be sent to all motors.
    if isForAll, body[0] == 0xFF, get(6, 1) >= 42 { return 0 }
    let (oldID, oldBaud) = (get(7, 1), get(8, 1))
    for (address, byte) in factory.enumerated() { set(address, 1, Int(byte)) }
    set(7, 1, body[0] == 0xFF ? 1 : oldID)
    set(8, 1, body[0] == 0x02 ? oldBaud : Self.factoryBaud)
    // At another baud rate than that of the bus it receives nothing.
    restart(until: get(8, 1) == oldBaud ? now + 0.5 : .infinity)
    return 0
  }

  /// 57600 baud.
  static let factoryBaud = 1

  /// The code of a baud rate, as register 8 has it.
  static func code(ofBaud baud: Int) -> Int {
    [9600, 57600, 115_200, 1_000_000, 2_000_000, 3_000_000, 4_000_000, 4_500_000]
      .firstIndex(of: baud) ?? factoryBaud
  }
}

extension SimulatedDynamixelBus {
  /// Answers a fast sync or bulk read with one packet, to which each motor adds error, id, data and
  /// the check of all bytes so far; motors after a missing one do not answer.
  mutating func fastChain(_ reads: [(id: Int, address: Int, count: Int)], at time: Double) {
    let length = reads.reduce(1) { $0 + $1.count + 4 } + faults.extraLength
    var packet: [UInt8] = [0xFF, 0xFF, 0xFD, 0x00, 0xFE]
    packet += [UInt8(length & 0xFF), UInt8(length >> 8 & 0xFF), 0x55]
    for (place, read) in reads.enumerated() {
      guard let index = motors.firstIndex(where: { $0.id == read.id }), listens(motors[index]),
        motors[index].isAwake(at: time), motors[index].statusLevel >= 1, motors[index].readsFast,
        read.count > 0, read.address + read.count <= motors[index].size
      else { return }
      motors[index].heard(at: time)
      let begin = max(time, wire.lastWord)
      let sent = place == 0 ? 0 : packet.count
      let error = motors[index].alertBits | takeBlip(of: read.id)
      packet += [UInt8(truncatingIfNeeded: error), UInt8(faults.spoiledID(read.id) & 0xFF)]
      packet += motors[index].read(read.address, read.count, at: begin).map {
        faults.sharedID == read.id ? $0 & ($0 &+ 0x15) : $0
      }
      var sum = SimulatedListener.crc(packet[...]) &+ (faults.spoilsCheck ? 1 : 0)
      if faults.sharedID == read.id { sum &= sum &* 3 }
      packet += [UInt8(sum & 0xFF), UInt8(sum >> 8)]
      let delay = place == 0 ? motors[index].delay + faults.takeStaleness() : 5e-6
      wire.fromDevice(Array(packet[sent...]), notBefore: begin + delay)
    }
  }

  /// The alert bit of a single answer.
  mutating func takeBlip(of id: Int) -> Int {
    guard id == motors.first?.id, faults.takeBlip() else { return 0 }
    return isVersion2 ? 0x80 : 1 << 5
  }
}
