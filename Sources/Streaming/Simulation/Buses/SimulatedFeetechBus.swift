/// A simulated bus of Feetech motors, STS or SCS.
struct SimulatedFeetechBus: SimulatedBus {
  var wire: SimulatedWire
  var motors: [SimulatedFeetech]
  var faults = SimulatedBusFaults()
  var listener = SimulatedListener(.servo)
  private let isSTS: Bool
  var now = 0.0

  /// Creates the motors of a wiring, without torque at a pose [rad or m], in the order of the
  /// wiring.
  init(_ wiring: Wiring, pose: [Double]) {
    isSTS = wiring.device != .feetechSCS
    let isSTS = isSTS
    wire = SimulatedWire(baud: wiring.baud)
    motors = zip(wiring.motors, pose).map { motor, position in
      SimulatedFeetech(motor, position: position, isSTS: isSTS)
    }.sorted { $0.id < $1.id }
  }

  private func listens(_ index: Int, at time: Double) -> Bool {
    guard !faults.isSilent, time >= motors[index].asleepUntil else { return false }
    return !(faults.hidesFirst && index == 0)
  }

  private mutating func answer(_ index: Int, _ data: [UInt8], at time: Double) {
    let bytes = listener.answer(motors[index].id, code: motors[index].errors, data, faults)
    wire.fromDevice(
      bytes, notBefore: time + motors[index].delay + faults.takeStaleness())
  }

  mutating func handle(_ packet: SimulatedPacket, at time: Double) {
    guard packet.isIntact else { return }
    let body = packet.body
    switch (packet.id, packet.instruction) {
    case (0xFE, 0x82) where isSTS && body.count > 2:
      for id in body.dropFirst(2) {
        // Motors after a missing one do not answer.
        guard let index = motors.firstIndex(where: { $0.id == Int(id) }), listens(index, at: time)
        else { return }
        let begin = max(time, wire.lastWord)
        answer(index, motors[index].read(Int(body[0]), Int(body[1]), at: begin), at: begin)
      }
    case (0xFE, 0x83) where body.count > 2:
      let count = Int(body[1])
      var start = 2
      while count > 0, start + count < body.count {
        let data = Array(body[(start + 1)...(start + count)])
        for index in motors.indices
        where motors[index].id == Int(body[start]) && listens(index, at: time) {
          motors[index].write(Int(body[0]), data, at: time)
        }
        start += count + 1
      }
    default:
      for index in motors.indices where packet.id == 0xFE || packet.id == motors[index].id {
        if listens(index, at: time) { handle(packet, index, at: time) }
      }
    }
  }

  private mutating func handle(_ packet: SimulatedPacket, _ index: Int, at time: Double) {
    let body = packet.body
    let isForAll = packet.id == 0xFE
    switch packet.instruction {
    case 0x01: if !isForAll { answer(index, [], at: time) }
    case 0x02 where body.count == 2:
      if !isForAll {
        answer(index, motors[index].read(Int(body[0]), Int(body[1]), at: time), at: time)
      }
    case 0x03 where body.count > 1:
      motors[index].write(Int(body[0]), Array(body.dropFirst()), at: time)
      if !isForAll, motors[index].answersWrites { answer(index, [], at: time) }
    case 0x04 where body.count > 1:
      motors[index].registered = (Int(body[0]), Array(body.dropFirst()))
      if !isForAll, motors[index].answersWrites { answer(index, [], at: time) }
    case 0x05:
      if let (address, data) = motors[index].registered {
        motors[index].write(address, data, at: time)
        motors[index].registered = nil
      }
    default: break
    }
  }
}
