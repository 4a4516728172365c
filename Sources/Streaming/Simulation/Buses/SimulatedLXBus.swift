/// A simulated bus of LX-16A motors.
struct SimulatedLXBus: SimulatedBus {
  var wire: SimulatedWire
  var motors: [SimulatedLX]
  var faults = SimulatedBusFaults()
  var listener = SimulatedListener(.lx)
  var now = 0.0

  /// Creates the motors of a wiring, without torque at a pose [rad or m], in the order of the
  /// wiring.
  init(_ wiring: Wiring, pose: [Double]) {
    wire = SimulatedWire(baud: wiring.baud)
    motors = zip(wiring.motors, pose).map { SimulatedLX($0, position: $1) }
      .sorted { $0.id < $1.id }
  }

  mutating func handle(_ packet: SimulatedPacket, at time: Double) {
    guard packet.isIntact else { return }
    for index in motors.indices where packet.id == 0xFE || packet.id == motors[index].id {
      guard !faults.isSilent, time >= motors[index].asleepUntil, !(faults.hidesFirst && index == 0)
      else { continue }
      let data = motors[index].handle(packet.instruction, packet.body, at: time)
      // Of the questions to all, only the one for the id is answered, by a bus of one motor.
      guard let data, packet.id != 0xFE || (packet.instruction == 14 && motors.count == 1) else {
        continue
      }
      let bytes = listener.answer(motors[index].id, code: Int(packet.instruction), data, faults)
      wire.fromDevice(bytes, notBefore: time + 0.0003 + faults.takeStaleness())
    }
  }
}

/// A simulated LX-16A motor.
struct SimulatedLX: SimulatedBusMotor {
  let id: Int
  var servo: SimulatedServo
  /// The error of the encoder [register units].
  var slip = 0.0
  var leap: Double { Self.turn / 18 }
  var unitsPerTurn: Double { Self.turn }
  private var millivolts = 7400
  private var mode: UInt8 = 0
  private(set) var asleepUntil = -Double.infinity
  private var celsius: UInt8 = 34
  private var limits = (least: 0, most: 1000)
  private var voltageLimits = (least: 4500, most: 12000)
  private var warmest: UInt8 = 85
  /// What is added to each position, a signed byte [register units].
  private var offset: Int8 = 0
  /// 0 is on.
  private var lamp: UInt8 = 0
  /// The errors for which the lamp blinks: 1 temperature, 2 voltage, 4 stall.
  private var lampErrors: UInt8 = 7
  private var lastMove = (position: 0, time: 0)
  private var prepared: (position: Int, time: Int)?
  /// Steps of 0.24° in a turn, and 60° in 0.16 s.
  private static let turn = 1500.0

  init(_ motor: Wiring.Motor, position: Double) {
    id = motor.id
    servo = SimulatedServo(
      position: motor.raw(position), unitsPerTurn: Self.turn, turnsPerSecond: 1.04)
    lastMove.position = Int(servo.position.rounded())
  }

  mutating func sag() { millivolts = 4000 }

  mutating func impersonate() { mode = 1 }

  mutating func overheat() {
    celsius = 90
    servo.hasTorque = false
  }

  mutating func restart(until instant: Double) {
    servo.hasTorque = false
    servo.move = nil
    servo.goal = servo.position
    prepared = nil
    asleepUntil = instant
  }

  private static func bytes(_ values: Int...) -> [UInt8] {
    values.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
  }

  private static func pair(_ body: [UInt8]) -> (position: Int, time: Int)? {
    guard body.count == 4 else { return nil }
    return (Int(body[0]) + 256 * Int(body[1]), Int(body[2]) + 256 * Int(body[3]))
  }

  private mutating func begin(_ move: (position: Int, time: Int), at now: Double) {
    lastMove = move
    let target = Double(min(max(move.position, limits.least), limits.most) + Int(offset))
    // The worst case: a move switches torque on again.
    servo.hasTorque = true
    let time = Double(min(move.time, 30000)) / 1000
    servo.move = (servo.goal, target, now, time)
  }

  /// Carries out a command; returns its answer, nil for none.
  mutating func handle(_ command: UInt8, _ body: [UInt8], at now: Double) -> [UInt8]? {
    servo.advance(to: now)
    switch command {
    case 1: if let move = Self.pair(body) { begin(move, at: now) }
    case 2: return Self.bytes(lastMove.position, lastMove.time)
    case 7: prepared = Self.pair(body)
    case 8: return Self.bytes(prepared?.position ?? 0, prepared?.time ?? 0)
    case 11:
      if let move = prepared { begin(move, at: now) }
    case 12:
      servo.move = nil
      servo.goal = servo.position
    case 14: return [UInt8(truncatingIfNeeded: id)]
    // Within ±30°; command 18, which stores the offset, has no further effect here.
    case 17 where body.count == 1 && abs(Int(Int8(bitPattern: body[0]))) <= 125:
      offset = Int8(bitPattern: body[0])
    case 19: return [UInt8(bitPattern: offset)]
    case 20:
      if let pair = Self.pair(body), pair.position < pair.time {
        limits = (pair.position, pair.time)
      }
    case 21: return Self.bytes(limits.least, limits.most)
    case 22:
      if let pair = Self.pair(body), 4500 <= pair.position, pair.position < pair.time,
        pair.time <= 12000
      {
        voltageLimits = (pair.position, pair.time)
      }
    case 23: return Self.bytes(voltageLimits.least, voltageLimits.most)
    case 24 where body.count == 1 && (50...100).contains(body[0]): warmest = body[0]
    case 25: return [warmest]
    case 26: return [UInt8(min(Double(celsius) + servo.extraHeat, 250))]
    case 27: return Self.bytes(millivolts)
    case 28: return Self.bytes(Int((servo.position(at: now) + slip).rounded()) - Int(offset))
    case 30: return [mode, 0, 0, 0]
    case 31 where body.count == 1:
      if !servo.hasTorque { servo.goal = servo.position }
      servo.hasTorque = body[0] == 1
      if body[0] == 0 { servo.move = nil }
    case 32: return [servo.hasTorque ? 1 : 0]
    case 33 where body.count == 1 && body[0] <= 1: lamp = body[0]
    case 34: return [lamp]
    case 35 where body.count == 1 && body[0] <= 7: lampErrors = body[0]
    case 36: return [lampErrors]
    default: break
    }
    return nil
  }
}
