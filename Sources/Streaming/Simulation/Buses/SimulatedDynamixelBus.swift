/// A simulated bus of Dynamixel motors, protocol 2.0 (X series) or 1.0 (MX and AX).
struct SimulatedDynamixelBus: SimulatedBus {
  var wire: SimulatedWire
  var motors: [SimulatedDynamixel]
  private var board: SimulatedPowerBoard?
  var faults = SimulatedBusFaults()
  let isVersion2: Bool
  var listener: SimulatedListener
  var now = 0.0

  /// Creates the motors of a wiring, without torque at a pose [rad or m], in the order of the
  /// wiring; `isSupplied` tells whether a switched supply is on.
  init(_ wiring: Wiring, pose: [Double], isSupplied: Bool = false) {
    isVersion2 = wiring.device != .dynamixel1
    let version2 = isVersion2
    listener = SimulatedListener(version2 ? .dynamixel2 : .servo)
    wire = SimulatedWire(baud: wiring.baud)
    motors = zip(wiring.motors, pose).map { motor, position in
      SimulatedDynamixel(motor, position: position, isVersion2: version2, baud: wiring.baud)
    }.sorted { $0.id < $1.id }
    board = wiring.powerSwitch.map { SimulatedPowerBoard($0, isOn: isSupplied) }
  }

  // MARK: Answers

  private mutating func answer(
    _ id: Int, error: Int, _ data: [UInt8], delay: Double, at time: Double
  ) {
    let bytes = listener.answer(id, code: error | takeBlip(of: id), data, faults)
    wire.fromDevice(bytes, notBefore: time + delay + faults.takeStaleness())
  }

  func listens(_ motor: SimulatedDynamixel) -> Bool {
    guard !faults.isSilent, board?.isOff(at: now) != true else { return false }
    return !(faults.hidesFirst && motor.id == motors.first?.id)
  }

  mutating func handle(_ packet: SimulatedPacket, at time: Double) {
    if let power = board, packet.id == power.id { return handleBoard(packet, at: time) }
    for index in motors.indices where listens(motors[index]) { motors[index].advance(to: time) }
    let isForAll = packet.id == 0xFE
    let instruction = packet.instruction
    if isForAll, packet.isIntact {
      switch instruction {
      case 0x01: return pingAll(at: time)
      case 0x82 where isVersion2: return chain(syncReads(packet.body), at: time)
      case 0x8A where isVersion2: return fastChain(syncReads(packet.body), at: time)
      case 0x9A where isVersion2: return fastChain(bulkReads(packet.body), at: time)
      case 0x83: return syncWrite(packet.body, at: time)
      case 0x92: return chain(bulkReads(packet.body), at: time)
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
    _ packet: SimulatedPacket, _ index: Int, isForAll: Bool, at time: Double
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
      let address = SimulatedListener.number(packet.body[0..<wide])
      let count = SimulatedListener.number(packet.body[wide..<(2 * wide)])
      guard address + count <= motor.size, count > 0 else {
        return refuse(index, motor.rangeError, at: time)
      }
      answer(
        motor.id, error: motor.alertBits, motors[index].read(address, count, at: time),
        delay: motor.delay, at: time)
    case 0x03, 0x04:
      guard packet.body.count > wide else { return }
      let address = SimulatedListener.number(packet.body[0..<wide])
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
    case 0x06 where isVersion2:
      let error = motors[index].factoryReset(packet.body, isForAll: isForAll, at: time)
      if !isForAll { answer(motor.id, error: error, [], delay: motor.delay, at: time) }
    case 0x10 where isVersion2:
      let error = motors[index].clear(packet.body, at: time)
      if !isForAll { refuse(index, error, at: time) }
    case 0x08 where isVersion2:
      if !isForAll { refuse(index, 0, at: time) }
      motors[index].restart(until: time + 0.5)
    default: if !isForAll { refuse(index, motor.instructionError, at: time) }
    }
  }

  private mutating func handleBoard(_ packet: SimulatedPacket, at time: Double) {
    guard packet.isIntact, !faults.isSilent, var power = board else { return }
    let wide = isVersion2 ? 2 : 1
    switch packet.instruction {
    case 0x01: answer(power.id, error: 0, isVersion2 ? [0, 0x73, 1] : [], delay: 0.0001, at: time)
    case 0x02 where packet.body.count == 2 * wide:
      let isSwitch = SimulatedListener.number(packet.body[0..<wide]) == power.address
      answer(power.id, error: 0, [isSwitch ? power.value : 0], delay: 0.0001, at: time)
    case 0x03 where packet.body.count == wide + 1:
      if SimulatedListener.number(packet.body[0..<wide]) == power.address {
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
    for index in motors.indices where listens(motors[index]) && motors[index].isAwake(at: time) {
      let motor = motors[index]
      answer(
        motor.id, error: motor.alertBits, motor.bytes(0, 2) + motor.bytes(6, 1),
        delay: motor.delay + slot * Double(motor.id), at: time)
    }
    if let board, !faults.isSilent {
      answer(board.id, error: 0, [0, 0x73, 1], delay: slot * Double(board.id), at: time)
    }
  }

  /// Answers one after the other; motors after a missing one do not answer.
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

  private typealias Reading = (id: Int, address: Int, count: Int)

  private func syncReads(_ body: [UInt8]) -> [Reading] {
    guard body.count >= 5 else { return [] }
    let address = SimulatedListener.number(body[0..<2])
    let count = SimulatedListener.number(body[2..<4])
    return body.dropFirst(4).map { (Int($0), address, count) }
  }

  private func bulkReads(_ body: [UInt8]) -> [Reading] {
    var reads: [(id: Int, address: Int, count: Int)] = []
    if isVersion2 {
      for start in stride(from: 0, to: body.count - 4, by: 5) {
        reads.append(
          (
            Int(body[start]), SimulatedListener.number(body[(start + 1)..<(start + 3)]),
            SimulatedListener.number(body[(start + 3)..<(start + 5)])
          ))
      }
    } else {
      for start in stride(from: 1, to: body.count - 2, by: 3) {
        reads.append((Int(body[start + 1]), Int(body[start + 2]), Int(body[start])))
      }
    }
    return reads
  }

  private mutating func syncWrite(_ body: [UInt8], at time: Double) {
    let wide = isVersion2 ? 2 : 1
    guard body.count > 2 * wide else { return }
    let address = SimulatedListener.number(body[0..<wide])
    let count = SimulatedListener.number(body[wide..<(2 * wide)])
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
      let address = SimulatedListener.number(body[(start + 1)..<(start + 3)])
      let count = SimulatedListener.number(body[(start + 3)..<(start + 5)])
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
