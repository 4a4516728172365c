/// What the simulated buses share: motors on one half-duplex wire, and what can befall any of them.
protocol SimulatedBus: SimulatedDevice {
  associatedtype Motor: SimulatedBusMotor

  var wire: SimulatedWire { get set }
  /// By their ids in ascending order.
  var motors: [Motor] { get set }
  var listener: SimulatedListener { get set }
  var faults: SimulatedBusFaults { get set }
  var now: Double { get set }

  /// Carries out what the motors have heard; a damaged packet too.
  mutating func handle(_ packet: SimulatedPacket, at time: Double)
}

/// A motor on such a bus.
protocol SimulatedBusMotor: Sendable {
  var id: Int { get }
  var servo: SimulatedServo { get set }
  /// What its encoder adds to the truth [register units].
  var slip: Double { get set }
  /// Register units in a turn.
  var unitsPerTurn: Double { get }
  /// By how much its encoder jumps: a turn, or 20° where the range ends before [register units].
  var leap: Double { get }

  mutating func advance(to now: Double)
  /// A latched overload.
  mutating func overload()
  /// A latched overload that no answer tells of.
  mutating func overloadUnsaid()
  /// The supply falls below what it allows.
  mutating func sag()
  /// It is hotter than it allows.
  mutating func overheat()
  /// It starts again and sleeps until an instant.
  mutating func restart(until instant: Double)
  /// It introduces itself as something else.
  mutating func impersonate()
  /// Its firmware is too old.
  mutating func age()
}

extension SimulatedBusMotor {
  mutating func advance(to now: Double) { servo.advance(to: now) }
  mutating func overload() {}
  mutating func overloadUnsaid() {}
  mutating func age() {}
}

extension SimulatedBus {
  /// How far a motor that presses against something stays behind [degrees].
  private static var stallAngle: Double { 8 }

  /// How often host and motors spoke at once.
  var collisions: Int { wire.collisions }

  /// When a packet arrives at either end [s].
  var wakeTime: Double? { wire.wakeTime }

  /// Where the motors are, by their ids [register units].
  var motorPositions: [Double] { motors.map { $0.servo.position(at: now) } }

  /// Lets time pass to `now` with what the host sent; returns what has left the motors by now.
  mutating func advance(to now: Double, received: [UInt8]) -> [UInt8] {
    self.now = max(self.now, now)
    wire.fromHost(received, at: self.now)
    while let (time, byte) = wire.nextByte(at: self.now) {
      if let packet = listener.hear(byte) { handle(packet, at: time) }
    }
    for index in motors.indices { motors[index].advance(to: self.now) }
    return wire.toHost(at: self.now)
  }

  /// Lets a fault begin; what a bus of such motors cannot have is ignored.
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
