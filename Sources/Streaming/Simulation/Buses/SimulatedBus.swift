/// A simulated bus: motors on one half-duplex wire, with faults that any bus can have.
protocol SimulatedBus: SimulatedDevice {
  associatedtype Motor: SimulatedBusMotor

  var wire: SimulatedWire { get set }
  /// The motors in ascending order of ids.
  var motors: [Motor] { get set }
  var listener: SimulatedListener { get set }
  var faults: SimulatedBusFaults { get set }
  var now: Double { get set }

  /// Handles a packet that the motors have received, which may be damaged.
  mutating func handle(_ packet: SimulatedPacket, at time: Double)
}

/// A motor on such a bus.
protocol SimulatedBusMotor: Sendable {
  var id: Int { get }
  var servo: SimulatedServo { get set }
  /// The error of the encoder [register units].
  var slip: Double { get set }
  /// Register units in a turn.
  var unitsPerTurn: Double { get }
  /// The jump of a faulty encoder: a turn, or 20° for a smaller range [register units].
  var leap: Double { get }

  mutating func advance(to now: Double)
  /// Latches an overload.
  mutating func overload()
  /// Latches an overload that answers do not report.
  mutating func overloadUnsaid()
  /// Lowers the supply below the limit.
  mutating func sag()
  /// Raises the temperature above the limit.
  mutating func overheat()
  /// Restarts the motor, which does not answer until a time.
  mutating func restart(until instant: Double)
  /// Makes the motor report another model.
  mutating func impersonate()
  /// Makes the motor report old firmware.
  mutating func age()
}

extension SimulatedBusMotor {
  mutating func advance(to now: Double) { servo.advance(to: now) }
  mutating func overload() {}
  mutating func overloadUnsaid() {}
  mutating func age() {}
}

extension SimulatedBus {
  /// The error of a motor that presses against something [degrees].
  private static var stallAngle: Double { 8 }

  /// The number of collisions of host and motors.
  var collisions: Int { wire.collisions }

  /// When a packet arrives at either end [s].
  var wakeTime: Double? { wire.wakeTime }

  /// The positions of the motors, by ids [register units].
  var motorPositions: [Double] { motors.map { $0.servo.position(at: now) } }

  /// Advances to `now` with the host's bytes; returns the bytes that have left the motors.
  mutating func advance(to now: Double, received: [UInt8]) -> [UInt8] {
    self.now = max(self.now, now)
    wire.fromHost(received, at: self.now)
    while let (time, byte) = wire.nextByte(at: self.now) {
      if let packet = listener.hear(byte) { handle(packet, at: time) }
    }
    for index in motors.indices { motors[index].advance(to: self.now) }
    return wire.toHost(at: self.now)
  }

  /// Begins a fault; faults that such motors cannot have are ignored.
  mutating func inject(_ fault: Fault) {
    faults.begin(fault)
    if fault == .sharedID { faults.sharedID = motors.first?.id }
    for index in motors.indices {
      switch fault {
      case .voltageDip: motors[index].sag()
      case .reset: motors[index].restart(until: now + 0.5)
      case .noPower: motors[index].restart(until: .infinity)
      case .oldFirmware: motors[index].age()
      case .jam where index == 0: motors[index].servo.isJammed = true
      case .stall where index == 0:
        motors[index].servo.drag = motors[index].unitsPerTurn * Self.stallAngle / 360
      case .heating where index == 0: motors[index].servo.isHeating = true
      case .alert where index == 0: motors[index].overload()
      case .unsaidError where index == 0: motors[index].overloadUnsaid()
      case .positionJump where index == 0: motors[index].slip = motors[index].leap
      case .overheat where index == 0: motors[index].overheat()
      case .wrongDevice where index == 0: motors[index].impersonate()
      default: break
      }
    }
  }
}
