/// A simulated Feetech motor: its registers and its behaviour.
struct SimulatedFeetech: SimulatedBusMotor {
  let id: Int
  var servo: SimulatedServo
  /// The error of the encoder [register units].
  var slip = 0.0
  let unitsPerTurn: Double
  var leap: Double { unitsPerTurn / 18 }
  var registered: (address: Int, data: [UInt8])?
  /// The error byte: bits 0 voltage, 1 sensor, 2 overheating, 3 current, 5 overload.
  private(set) var errors = 0
  private(set) var asleepUntil = -Double.infinity
  private var table = [UInt8](repeating: 0, count: 90)
  private let isSTS: Bool
  /// 45 rev/min, an STS3215 without load by its data sheet.
  private static let turnsPerSecond = 45.0 / 60

  init(_ motor: Wiring.Motor, position: Double, isSTS: Bool) {
    self.isSTS = isSTS
    id = motor.id
    unitsPerTurn = abs(motor.unitsPerRadian) * 2 * .pi
    servo = SimulatedServo(
      position: motor.raw(position), unitsPerTurn: unitsPerTurn,
      turnsPerSecond: Self.turnsPerSecond)
    set(0, 1, 3)
    set(1, 1, 9)
    set(3, 2, isSTS ? 777 : 1284)
    set(5, 1, id)
    set(8, 1, 1)
    set(11, 2, isSTS ? 4095 : 1023)
    set(13, 1, 70)
    set(14, 1, isSTS ? 140 : 84)
    set(15, 1, 40)
    set(16, 2, 1000)
    if isSTS { set(18, 1, 12) }
    coldStart()
  }

  private mutating func coldStart() {
    for address in 40..<90 { table[address] = 0 }
    setSigned(42, 15, Int(servo.position.rounded()))
    set(48, 2, isSTS ? 1000 : 1)
    set(55, 1, 1)
    set(62, 1, 74)
    set(63, 1, 33)
    servo.hasTorque = false
    servo.torqueShare = Double(get(16, 2)) / 1000
    servo.goal = servo.position
    servo.topSpeed = unitsPerTurn * Self.turnsPerSecond
    errors = 0
  }

  // MARK: The table

  private mutating func set(_ address: Int, _ count: Int, _ value: Int) {
    for index in 0..<count {
      let shift = isSTS ? index : count - 1 - index
      table[address + index] = UInt8(truncatingIfNeeded: value >> (8 * shift))
    }
  }

  private func get(_ address: Int, _ count: Int) -> Int {
    let bytes = table[address..<(address + count)]
    return (isSTS ? Array(bytes.reversed()) : Array(bytes)).reduce(0) { $0 * 256 + Int($1) }
  }

  private mutating func setSigned(_ address: Int, _ bit: Int, _ value: Int) {
    set(address, 2, value < 0 ? (1 << bit) - value : value)
  }

  private func signed(_ address: Int, _ bit: Int) -> Int {
    let raw = get(address, 2)
    return raw >= 1 << bit ? (1 << bit) - raw : raw
  }

  var answersWrites: Bool { table[8] == 1 }
  var delay: Double { Double(get(7, 1)) * 2e-6 + 20e-6 }

  // MARK: State

  private mutating func raise(_ bit: Int) {
    errors |= 1 << bit
    set(65, 1, errors)
    if bit == 5 || bit == 2 { switchTorque(false) }
  }

  mutating func overload() { raise(5) }

  mutating func sag() {
    set(62, 1, 35)
    raise(0)
  }

  mutating func overheat() {
    set(63, 1, 75)
    raise(2)
  }

  mutating func impersonate() { set(3, 2, 9999) }

  mutating func restart(until instant: Double) {
    coldStart()
    asleepUntil = instant
  }

  private mutating func switchTorque(_ on: Bool) {
    set(40, 1, on ? 1 : 0)
    // The worst case: the motor goes to its old goal.
    if on, !servo.hasTorque { servo.goal = Double(signed(42, 15)) }
    servo.hasTorque = on
  }

  // MARK: Read and write

  mutating func read(_ address: Int, _ count: Int, at now: Double) -> [UInt8] {
    servo.advance(to: now)
    setSigned(56, 15, Int((servo.position(at: now) + slip).rounded()))
    setSigned(58, 15, Int(servo.speed))
    setSigned(60, 10, Int(servo.effort * 1000))
    if servo.extraHeat > 0 { set(63, 1, 33 + Int(servo.extraHeat)) }
    guard address + count <= table.count else { return [] }
    return Array(table[address..<(address + count)])
  }

  mutating func write(_ address: Int, _ data: [UInt8], at now: Double) {
    servo.advance(to: now)
    guard address + data.count <= table.count else { return }
    let isLocked = get(isSTS ? 55 : 48, 1) == 1
    for (index, byte) in data.enumerated() {
      let target = address + index
      // Non-volatile registers are refused while locked; measurements are always refused.
      if target < 40, isLocked || get(40, 1) == 1 { continue }
      if (56..<71).contains(target) { continue }
      table[target] = byte
    }
    let touched = address..<(address + data.count)
    if touched.contains(40) { switchTorque(get(40, 1) == 1) }
    // STS have a limit in RAM that starts as the greatest torque; SCS have the greatest torque
    // only.
    if isSTS, touched.contains(48) {
      servo.torqueShare = Double(min(get(48, 2), get(16, 2), 1000)) / 1000
    } else if !isSTS, touched.contains(16) {
      servo.torqueShare = Double(min(get(16, 2), 1000)) / 1000
    }
    if touched.contains(46) {
      let unit = isSTS && get(18, 1) & 4 == 0 ? 50.0 : 1
      let speed = Double(get(46, 2) & 0x7FFF) * unit
      let top = unitsPerTurn * Self.turnsPerSecond
      servo.topSpeed = speed == 0 ? top : min(top, speed)
    }
    if touched.contains(42) {
      if !servo.hasTorque { switchTorque(true) }
      let goal = signed(42, 15)
      let (least, most) = (get(9, 2), get(11, 2))
      servo.goal = Double(least < most ? min(max(goal, least), most) : goal)
    }
  }
}
