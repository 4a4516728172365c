/// A bus of Feetech motors that are not there, STS or SCS.
public struct SimulatedFeetechBus: SimulatedDevice {
  private var wire: SimulatedWire
  private var motors: [SimulatedFeetech]
  private var faults = SimulatedBusFaults()
  private var listener = SimulatedListener(.servo)
  private let isSTS: Bool
  private var now = 0.0

  /// The motors of a wiring, standing limp at a pose [rad or m], in the order of the wiring.
  public init(_ wiring: Wiring, pose: [Double]) {
    isSTS = wiring.device != .feetechSCS
    let isSTS = isSTS
    wire = SimulatedWire(baud: wiring.baud)
    motors = zip(wiring.motors, pose).map { motor, position in
      SimulatedFeetech(motor, position: position, isSTS: isSTS)
    }.sorted { $0.id < $1.id }
  }

  /// How often host and motors spoke at once.
  public var collisions: Int { wire.collisions }

  /// When a packet arrives at either end [s].
  public var wakeTime: Double? { wire.wakeTime }

  /// Where the motors are, by their ids [register units].
  public var motorPositions: [Double] { motors.map { $0.servo.position(at: now) } }

  /// Lets time pass to `now` with what the host sent; returns what has left the motors by now.
  public mutating func advance(to now: Double, received: [UInt8]) -> [UInt8] {
    self.now = max(self.now, now)
    wire.fromHost(received, at: self.now)
    while let (time, byte) = wire.nextByte(at: self.now) {
      if let packet = listener.hear(byte), packet.isIntact { handle(packet, at: time) }
    }
    for index in motors.indices { motors[index].servo.advance(to: self.now) }
    return wire.toHost(at: self.now)
  }

  /// Lets a fault begin; what a bus of motors cannot have is ignored.
  public mutating func inject(_ fault: Fault) {
    faults.begin(fault, at: now)
    switch fault {
    case .jam: onFirst { $0.servo.isJammed = true }
    case .alert: onFirst { $0.raise(5) }
    case .positionJump: onFirst { $0.slip = $0.unitsPerTurn / 18 }
    case .voltageDip: for index in motors.indices { motors[index].sag() }
    case .overheat: onFirst { $0.overheat() }
    case .reset: for index in motors.indices { motors[index].restart(until: now + 0.5) }
    case .noPower: for index in motors.indices { motors[index].restart(until: .infinity) }
    case .wrongDevice: onFirst { $0.set(3, 2, 9999) }
    default: break
    }
  }

  private mutating func onFirst(_ change: (inout SimulatedFeetech) -> Void) {
    if !motors.isEmpty { change(&motors[0]) }
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

  private mutating func handle(_ packet: SimulatedPacket, at time: Double) {
    let body = packet.body
    switch (packet.id, packet.instruction) {
    case (0xFE, 0x82) where isSTS && body.count > 2:
      for id in body.dropFirst(2) {
        // Whoever comes after a motor that is missing waits for it in vain.
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
