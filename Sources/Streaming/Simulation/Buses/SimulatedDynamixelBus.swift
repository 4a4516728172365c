/// A bus of Dynamixel motors that are not there, protocol 2.0 (X series) or 1.0 (MX and AX).
public struct SimulatedDynamixelBus: SimulatedDevice {
  private var wire: SimulatedWire
  private var motors: [SimulatedDynamixel]
  private var board: SimulatedPowerBoard?
  private var faults = SimulatedBusFaults()
  private let isVersion2: Bool
  private var buffer: [UInt8] = []
  private var now = 0.0

  /// The motors of a wiring, standing limp at a pose [rad or m], in the order of the wiring.
  public init(_ wiring: Wiring, pose: [Double]) {
    isVersion2 = wiring.device != .dynamixel1
    let version2 = isVersion2
    wire = SimulatedWire(baud: wiring.baud)
    motors = zip(wiring.motors, pose).map { motor, position in
      SimulatedDynamixel(motor, position: position, isVersion2: version2, baud: wiring.baud)
    }.sorted { $0.id < $1.id }
    board = wiring.powerSwitch.map { SimulatedPowerBoard($0) }
  }

  /// How often host and motors spoke at once.
  public var collisions: Int { wire.collisions }

  public var wakeTime: Double? { wire.wakeTime }

  public var motorPositions: [Double] { motors.map { $0.servo.position(at: now) } }

  public mutating func advance(to now: Double, received: [UInt8]) -> [UInt8] {
    self.now = max(self.now, now)
    wire.fromHost(received, at: self.now)
    while let (time, byte) = wire.nextByte(at: self.now) {
      buffer.append(byte)
      if let packet = takePacket() { handle(packet, at: time) }
    }
    for index in motors.indices { motors[index].advance(to: self.now) }
    return wire.toHost(at: self.now)
  }

  public mutating func inject(_ fault: Fault) {
    faults.begin(fault, at: now)
    switch fault {
    case .jam: motors.first?.id != nil ? motors[0].servo.isJammed = true : ()
    case .alert: if !motors.isEmpty { motors[0].raise(5) }
    case .positionJump:
      if !motors.isEmpty { motors[0].slip = isVersion2 ? 4096 : motors[0].unitsPerTurn / 18 }
    case .voltageDip: for index in motors.indices { motors[index].sag() }
    case .overheat: if !motors.isEmpty { motors[0].overheat() }
    case .reset: for index in motors.indices { motors[index].restart(until: now + 0.5) }
    case .noPower: for index in motors.indices { motors[index].restart(until: .infinity) }
    case .wrongDevice: if !motors.isEmpty { motors[0].set(0, 2, isVersion2 ? 1060 : 12) }
    case .oldFirmware:
      for index in motors.indices { motors[index].set(isVersion2 ? 6 : 2, 1, 17) }
    default: break
    }
  }

  // MARK: Packets, with the simulator's own eyes

  private struct Packet {
    var id: Int
    var instruction: UInt8
    var body: [UInt8]
    var isIntact: Bool
  }

  /// The packet that ends with the last byte, if one does.
  private mutating func takePacket() -> Packet? {
    if buffer.count > 2048 { buffer.removeFirst(1024) }
    let header: [UInt8] = isVersion2 ? [0xFF, 0xFF, 0xFD, 0x00] : [0xFF, 0xFF]
    while !buffer.isEmpty {
      let shared = min(buffer.count, header.count)
      let isFalse =
        !buffer.prefix(shared).elementsEqual(header.prefix(shared))
        || (!isVersion2 && buffer.count > 2 && buffer[2] == 0xFF)
      guard isFalse else { break }
      buffer.removeFirst()
    }
    return isVersion2 ? takePacket2() : takePacket1()
  }

  private mutating func takePacket2() -> Packet? {
    guard buffer.count >= 10 else { return nil }
    let length = Int(buffer[5]) + 256 * Int(buffer[6])
    guard length >= 3, length < 2000 else {
      buffer.removeFirst()
      return nil
    }
    guard buffer.count >= 7 + length else { return nil }
    let sum = Self.crc(buffer.prefix(5 + length))
    let isIntact = buffer[5 + length] == sum & 0xFF && buffer[6 + length] == sum >> 8
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
    let packet = Packet(
      id: Int(buffer[4]), instruction: buffer[7], body: body, isIntact: isIntact)
    buffer.removeFirst(7 + length)
    return packet
  }

  private mutating func takePacket1() -> Packet? {
    guard buffer.count >= 6 else { return nil }
    let length = Int(buffer[3])
    guard length >= 2 else {
      buffer.removeFirst()
      return nil
    }
    guard buffer.count >= 4 + length else { return nil }
    let sum = buffer[2..<(3 + length)].reduce(0) { ($0 + Int($1)) % 256 }
    let packet = Packet(
      id: Int(buffer[2]), instruction: buffer[4], body: Array(buffer[5..<(3 + length)]),
      isIntact: 255 - sum == Int(buffer[3 + length]))
    buffer.removeFirst(4 + length)
    return packet
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

  // MARK: Answers

  private mutating func answer(
    _ id: Int, error: Int, _ data: [UInt8], delay: Double, at time: Double
  ) {
    let said = faults.spoiledID(id)
    var bytes: [UInt8]
    if isVersion2 {
      let stuffed = Self.stuffed([0x55, UInt8(error)] + data)
      let length = stuffed.count + 2 + faults.extraLength
      bytes =
        [0xFF, 0xFF, 0xFD, 0, UInt8(said), UInt8(length & 0xFF), UInt8(length >> 8)] + stuffed
      let sum = Self.crc(bytes[...]) &+ (faults.spoilsCheck ? 1 : 0)
      bytes += [UInt8(sum & 0xFF), UInt8(sum >> 8)]
    } else {
      bytes = [0xFF, 0xFF, UInt8(said), UInt8(data.count + 2 + faults.extraLength), UInt8(error)]
      bytes += data
      let sum = bytes.dropFirst(2).reduce(0) { $0 + Int($1) }
      bytes.append(UInt8((~sum + (faults.spoilsCheck ? 1 : 0)) & 0xFF))
    }
    wire.fromDevice(bytes, notBefore: time + delay + faults.takeStaleness())
  }

  private static func stuffed(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    for byte in bytes {
      result.append(byte)
      if result.suffix(3).elementsEqual([0xFF, 0xFF, 0xFD]) { result.append(0xFD) }
    }
    return result
  }

  private func listens(_ motor: SimulatedDynamixel) -> Bool {
    guard !faults.isSilent, board?.isOff(at: now) != true else { return false }
    return !(faults.hidesFirst && motor.id == motors.first?.id)
  }

  private mutating func handle(_ packet: Packet, at time: Double) {
    if let power = board, packet.id == power.id { return handleBoard(packet, at: time) }
    for index in motors.indices where listens(motors[index]) { motors[index].advance(to: time) }
    let isForAll = packet.id == 0xFE
    let instruction = packet.instruction
    if isForAll, packet.isIntact {
      switch instruction {
      case 0x01: return pingAll(at: time)
      case 0x82 where isVersion2: return syncRead(packet.body, at: time)
      case 0x83: return syncWrite(packet.body, at: time)
      case 0x92: return bulkRead(packet.body, at: time)
      case 0x93 where isVersion2: return bulkWrite(packet.body, at: time)
      default: break
      }
    }
    for index in motors.indices where isForAll || motors[index].id == packet.id {
      guard listens(motors[index]), motors[index].isAwake(at: time) else { continue }
      guard packet.isIntact else {
        if !isForAll { refuse(index, isVersion2 ? 3 : 1 << 4, at: time) }
        continue
      }
      motors[index].heard(at: time)
      handle(packet, index, isForAll: isForAll, at: time)
    }
  }

  private mutating func refuse(_ index: Int, _ error: Int, at time: Double) {
    answer(
      motors[index].id, error: error | motors[index].alertBits, [], delay: motors[index].delay,
      at: time)
  }

  private mutating func handle(
    _ packet: Packet, _ index: Int, isForAll: Bool, at time: Double
  ) {
    let motor = motors[index]
    let wide = isVersion2 ? 2 : 1
    switch packet.instruction {
    case 0x01:
      let data = isVersion2 ? motor.bytes(0, 2) + motor.bytes(6, 1) : []
      if !isForAll {
        answer(motor.id, error: motor.alertBits, data, delay: motor.delay, at: time)
      }
    case 0x02:
      guard !isForAll, motor.statusLevel >= 1 else { return }
      guard packet.body.count == 2 * wide else { return refuse(index, motor.lengthError, at: time) }
      let address = Self.number(packet.body[0..<wide])
      let count = Self.number(packet.body[wide..<(2 * wide)])
      guard address + count <= motor.size, count > 0 else {
        return refuse(index, motor.rangeError, at: time)
      }
      answer(
        motor.id, error: motor.alertBits, motors[index].read(address, count, at: time),
        delay: motor.delay, at: time)
    case 0x03, 0x04:
      guard packet.body.count > wide else { return }
      let address = Self.number(packet.body[0..<wide])
      let data = Array(packet.body[wide...])
      let error: Int
      if packet.instruction == 0x04 {
        motors[index].registered = (address, data)
        error = 0
      } else {
        error = motors[index].write(address, data, at: time)
      }
      if !isForAll, motor.statusLevel >= 2 {
        answer(motor.id, error: error | motors[index].alertBits, [], delay: motor.delay, at: time)
      }
    case 0x05:
      if let (address, data) = motor.registered {
        _ = motors[index].write(address, data, at: time)
        motors[index].registered = nil
      }
    case 0x08 where isVersion2:
      if !isForAll { refuse(index, 0, at: time) }
      motors[index].restart(until: time + 0.5)
    default: if !isForAll { refuse(index, motor.instructionError, at: time) }
    }
  }

  static func number(_ bytes: ArraySlice<UInt8>) -> Int {
    var value = 0
    var weight = 1
    for byte in bytes {
      value += Int(byte) * weight
      weight *= 256
    }
    return value
  }

  private mutating func handleBoard(_ packet: Packet, at time: Double) {
    guard packet.isIntact, !faults.isSilent, var power = board else { return }
    let wide = isVersion2 ? 2 : 1
    switch packet.instruction {
    case 0x01: answer(power.id, error: 0, isVersion2 ? [0, 0x73, 1] : [], delay: 0.0001, at: time)
    case 0x02 where packet.body.count == 2 * wide:
      let isSwitch = Self.number(packet.body[0..<wide]) == power.address
      answer(power.id, error: 0, [isSwitch ? power.value : 0], delay: 0.0001, at: time)
    case 0x03 where packet.body.count == wide + 1:
      if Self.number(packet.body[0..<wide]) == power.address {
        power.write(packet.body[wide], at: time)
      }
      answer(power.id, error: 0, [], delay: 0.0001, at: time)
    default: break
    }
    board = power
  }

  private mutating func pingAll(at time: Double) {
    guard isVersion2 else { return }
    let slot = 0.0003
    if let board, !faults.isSilent {
      _ = board
    }
    for index in motors.indices where listens(motors[index]) && motors[index].isAwake(at: time) {
      let motor = motors[index]
      answer(
        motor.id, error: motor.alertBits, motor.bytes(0, 2) + motor.bytes(6, 1),
        delay: motor.delay + slot * Double(motor.id), at: time)
    }
  }

  /// Answers one after the other; whoever comes after a motor that is missing waits for it in vain.
  private mutating func chain(_ reads: [(id: Int, address: Int, count: Int)], at time: Double) {
    for read in reads {
      guard let index = motors.firstIndex(where: { $0.id == read.id }), listens(motors[index]),
        motors[index].isAwake(at: time), motors[index].statusLevel >= 1
      else { return }
      motors[index].heard(at: time)
      guard read.address + read.count <= motors[index].size, read.count > 0 else { return }
      let begin = max(time, wire.lastWord)
      let data = motors[index].read(read.address, read.count, at: begin)
      answer(
        read.id, error: motors[index].alertBits, data, delay: motors[index].delay, at: begin)
    }
  }

  private mutating func syncRead(_ body: [UInt8], at time: Double) {
    guard body.count >= 5 else { return }
    let address = Self.number(body[0..<2])
    let count = Self.number(body[2..<4])
    chain(body.dropFirst(4).map { (Int($0), address, count) }, at: time)
  }

  private mutating func bulkRead(_ body: [UInt8], at time: Double) {
    var reads: [(id: Int, address: Int, count: Int)] = []
    if isVersion2 {
      for start in stride(from: 0, to: body.count - 4, by: 5) {
        reads.append(
          (
            Int(body[start]), Self.number(body[(start + 1)..<(start + 3)]),
            Self.number(body[(start + 3)..<(start + 5)])
          ))
      }
    } else {
      for start in stride(from: 1, to: body.count - 2, by: 3) {
        reads.append((Int(body[start + 1]), Int(body[start + 2]), Int(body[start])))
      }
    }
    chain(reads, at: time)
  }

  private mutating func syncWrite(_ body: [UInt8], at time: Double) {
    let wide = isVersion2 ? 2 : 1
    guard body.count > 2 * wide else { return }
    let address = Self.number(body[0..<wide])
    let count = Self.number(body[wide..<(2 * wide)])
    var start = 2 * wide
    while count > 0, start + count + 1 <= body.count {
      let id = Int(body[start])
      write(id, address, Array(body[(start + 1)..<(start + 1 + count)]), at: time)
      start += count + 1
    }
  }

  private mutating func bulkWrite(_ body: [UInt8], at time: Double) {
    var start = 0
    while start + 5 <= body.count {
      let address = Self.number(body[(start + 1)..<(start + 3)])
      let count = Self.number(body[(start + 3)..<(start + 5)])
      guard start + 5 + count <= body.count else { return }
      write(Int(body[start]), address, Array(body[(start + 5)..<(start + 5 + count)]), at: time)
      start += 5 + count
    }
  }

  private mutating func write(_ id: Int, _ address: Int, _ data: [UInt8], at time: Double) {
    for index in motors.indices where motors[index].id == id && listens(motors[index]) {
      guard motors[index].isAwake(at: time) else { continue }
      motors[index].heard(at: time)
      _ = motors[index].write(address, data, at: time)
    }
  }
}
