/// A simulated Dynamixel motor: its registers and its behaviour.
struct SimulatedDynamixel: SimulatedBusMotor {
  /// The id; a factory reset sets it to 1.
  var id: Int { isVersion2 ? get(7, 1) : get(3, 1) }
  var servo: SimulatedServo
  /// The error of the encoder [register units].
  var slip = 0.0
  let unitsPerTurn: Double
  var leap: Double { isVersion2 ? 4096 : unitsPerTurn / 18 }
  var registered: (address: Int, data: [UInt8])?
  private var table: [UInt8]
  let isVersion2: Bool
  /// The factory settings of the first registers.
  private(set) var factory: [UInt8] = []
  private let isMX: Bool
  private let topSpeed: Double
  private var lastHeard = 0.0
  private var asleepUntil = -Double.infinity
  private var isTripped = false

  /// 2.3 A in units of 2.69 mA, an XM430-W350 by its e-Manual.
  private static let stallCurrent = 855.0

  /// Whether register 126 is a load in this model.
  private var isLoadModel: Bool { [1060, 30].contains(get(0, 2)) }

  /// 46 rev/min, an XM430-W350 without load at 12.0 V by its e-Manual; for the other models too.
  private static let turnsPerSecond = 46.0 / 60

  var size: Int { table.count }

  init(_ motor: Wiring.Motor, position: Double, isVersion2: Bool, baud: Int) {
    self.isVersion2 = isVersion2
    unitsPerTurn = abs(motor.unitsPerRadian) * 2 * .pi
    isMX = unitsPerTurn > 2000
    topSpeed = unitsPerTurn * Self.turnsPerSecond
    servo = SimulatedServo(
      position: motor.raw(position), unitsPerTurn: unitsPerTurn,
      turnsPerSecond: Self.turnsPerSecond)
    table = Array(repeating: 0, count: isVersion2 ? 662 : 64)
    isVersion2 ? fill2(motor) : fill1(motor)
    factory = Array(table[0..<(isVersion2 ? 64 : 24)])
    if isVersion2 { set(8, 1, Self.code(ofBaud: baud)) }
    coldStart()
  }

  // MARK: The table

  mutating func set(_ address: Int, _ count: Int, _ value: Int) {
    for index in 0..<count {
      table[address + index] = UInt8(truncatingIfNeeded: value >> (8 * index))
    }
  }

  func get(_ address: Int, _ count: Int) -> Int {
    SimulatedListener.number(table[address..<(address + count)])
  }

  func bytes(_ address: Int, _ count: Int) -> [UInt8] { Array(table[address..<(address + count)]) }

  private mutating func fill2(_ motor: Wiring.Motor) {
    let numbers = [
      "XM430-W350": 1020, "XM430-W210": 1030, "XL430": 1060, "MX-28": 30, "MX-64": 311,
    ]
    let model = motor.model ?? "XM430-W350"
    set(0, 2, Int(model) ?? numbers.first { model.hasPrefix($0.key) }?.value ?? 1020)
    set(6, 1, 46)
    set(7, 1, motor.id)
    set(9, 1, 250)
    set(11, 1, 3)
    set(13, 1, 2)
    set(31, 1, 80)
    set(32, 2, 160)
    set(34, 2, 95)
    set(36, 2, 885)
    set(38, 2, 1193)
    set(44, 4, 350)
    set(48, 4, 4095)
    set(52, 4, 0)
    set(63, 1, 52)
  }

  private mutating func fill1(_ motor: Wiring.Motor) {
    set(0, 2, isMX ? 29 : 12)
    set(2, 1, 36)
    set(3, 1, motor.id)
    set(5, 1, 250)
    set(8, 2, isMX ? 4095 : 1023)
    set(11, 1, 80)
    set(12, 1, 60)
    set(13, 1, 160)
    set(14, 2, 1023)
    set(16, 1, 2)
    set(18, 1, 36)
  }

  /// Sets the RAM as after power-on.
  private mutating func coldStart() {
    if isVersion2 {
      for address in 64..<147 { table[address] = 0 }
      set(68, 1, 2)
      set(84, 2, 800)
      set(100, 2, get(36, 2))
      set(116, 4, Int(servo.position.rounded()))
      set(144, 2, 120)
      set(146, 1, 31)
      resetIndirections()
    } else {
      for address in 24..<50 { table[address] = 0 }
      set(30, 2, Int(servo.position.rounded()))
      set(34, 2, get(14, 2))
      set(42, 1, 120)
      set(43, 1, 31)
    }
    servo.hasTorque = false
    servo.goal = servo.position
    servo.topSpeed = topSpeed
    servo.torqueShare = 1
    isTripped = false
  }

  var statusLevel: Int { isVersion2 ? get(68, 1) : get(16, 1) }
  var delay: Double { Double(get(isVersion2 ? 9 : 5, 1)) * 2e-6 + 10e-6 }
  var lengthError: Int { isVersion2 ? 5 : 1 << 3 }
  var rangeError: Int { isVersion2 ? 4 : 1 << 3 }
  var instructionError: Int { isVersion2 ? 2 : 1 << 6 }

  // MARK: State

  func isAwake(at now: Double) -> Bool { now >= asleepUntil }

  mutating func heard(at now: Double) { lastHeard = max(lastHeard, now) }

  /// The bits of the error byte beside the refusal.
  var alertBits: Int {
    isVersion2 ? (get(70, 1) == 0 || isUnsaid ? 0 : 0x80) : errors1
  }
  private var isUnsaid = false
  private var errors1 = 0

  /// A latched error: bits 0 voltage, 2 overheating, 5 overload in both protocols.
  private mutating func raise(_ bit: Int) {
    if isVersion2 {
      set(70, 1, get(70, 1) | 1 << bit)
    } else {
      errors1 |= 1 << bit
    }
    let shutdown = get(isVersion2 ? 63 : 18, 1)
    if shutdown >> bit & 1 == 1 { switchTorque(false) }
  }

  mutating func overload() { raise(5) }

  /// Only the register shows the error, and torque stays on.
  mutating func overloadUnsaid() {
    guard isVersion2 else { return }
    set(70, 1, 1 << 5)
    isUnsaid = true
  }

  mutating func sag() {
    isVersion2 ? set(144, 2, 80) : set(42, 1, 50)
    raise(0)
  }

  mutating func overheat() {
    set(isVersion2 ? 146 : 43, 1, 85)
    raise(2)
  }

  mutating func impersonate() { set(0, 2, isVersion2 ? 350 : 5000) }

  mutating func age() { set(isVersion2 ? 6 : 2, 1, 17) }

  mutating func restart(until instant: Double) {
    errors1 = 0
    isUnsaid = false
    coldStart()
    asleepUntil = instant
  }

  private mutating func switchTorque(_ on: Bool) {
    set(isVersion2 ? 64 : 24, 1, on ? 1 : 0)
    if on, !servo.hasTorque {
      // Models differ; the worst case is a motor that goes to its old goal.
      servo.goal = Double(signed(isVersion2 ? 116 : 30))
    }
    servo.hasTorque = on
  }

  private func signed(_ address: Int) -> Int {
    guard isVersion2 else { return get(address, 2) }
    let value = get(address, 4)
    return value >= 1 << 31 ? value - (1 << 32) : value
  }

  mutating func advance(to now: Double) {
    servo.advance(to: now)
    guard isVersion2, !isTripped, servo.hasTorque else { return }
    let period = get(98, 1)
    guard period >= 1, period <= 127, now - lastHeard > Double(period) * 0.02 else { return }
    isTripped = true
    set(98, 1, 255)
    set(108, 4, 0)
    set(112, 4, 0)
    servo.goal = servo.position
  }

  // MARK: Read and write

  mutating func read(_ address: Int, _ count: Int, at now: Double) -> [UInt8] {
    servo.advance(to: now)
    let position = Int((servo.position(at: now) + slip).rounded())
    if servo.extraHeat > 0 { set(isVersion2 ? 146 : 43, 1, 31 + Int(servo.extraHeat)) }
    if isVersion2 {
      set(120, 2, Int(now * 1000) & 0x7FFF)
      set(126, 2, Int(servo.effort * (isLoadModel ? 1000 : Self.stallCurrent)))
      set(128, 4, Int(servo.speed / unitsPerTurn * 60 / 0.229))
      set(132, 4, position)
    } else {
      set(36, 2, min(max(position, 0), isMX ? 4095 : 1023))
      let load = Int(servo.effort * 1023)
      set(40, 2, load < 0 ? -load : 1024 + load)
    }
    return seen(address, count)
  }

  /// Writes registers; returns the error, 0 for none.
  mutating func write(_ address: Int, _ data: [UInt8], at now: Double) -> Int {
    servo.advance(to: now)
    return isVersion2 ? write2(all: data, from: address) : write1(address, data)
  }

  private static let widths = [
    36: 2, 100: 2, 116: 4, 112: 4, 108: 4, 64: 1, 98: 1, 68: 1, 9: 1, 11: 1, 20: 4,
  ]

  /// Writes register by register; the first error ends it.
  private mutating func write2(all data: [UInt8], from address: Int) -> Int {
    var start = 0
    while start < data.count {
      let width = isIndirectAddress(address + start) ? 2 : 1
      // Indirect data that refer to the bytes of one register are written together.
      let first = destination(of: address + start)
      let wanted = Self.widths[first] ?? width
      var count = 1
      while count < wanted, start + count < data.count,
        destination(of: address + start + count) == first + count
      {
        count += 1
      }
      let error = write2(first, Array(data[start..<(start + count)]))
      guard error == 0 else { return error }
      start += count
    }
    return 0
  }

  private mutating func write2(_ address: Int, _ data: [UInt8]) -> Int {
    let value = SimulatedListener.number(data[...])
    guard address + data.count <= table.count else { return 4 }
    if address < 64 {
      guard get(64, 1) == 0, ![0, 2, 6].contains(address) else { return 7 }
    }
    guard !(120..<147).contains(address), address != 69, address != 70 else { return 7 }
    if let width = Self.widths[address], width != data.count { return 5 }
    if isIndirectAddress(address) {
      guard data.count == 2 else { return 5 }
      // The larger models refuse this with torque on; here all do.
      guard get(64, 1) == 0 else { return 7 }
      guard (64..<table.count).contains(value) else { return 4 }
    }
    switch address {
    case 64:
      guard value <= 1 else { return 4 }
      if value == 1, get(70, 1) & get(63, 1) != 0 { return 7 }
      switchTorque(value == 1)
    case 100:
      let goal = value >= 1 << 15 ? value - (1 << 16) : value
      guard goal >= -get(36, 2), goal <= get(36, 2) else { return 6 }
      servo.torqueShare = Double(goal.magnitude) / 885
    case 98:
      guard value <= 127 else { return 4 }
      isTripped = false
    case 116:
      guard !isTripped else { return 4 }
      let goal = value >= 1 << 31 ? value - (1 << 32) : value
      guard goal >= get(52, 4), goal <= get(48, 4) else { return 6 }
      if servo.hasTorque { servo.goal = Double(goal) }
    case 112:
      guard value <= 32767 else { return 4 }
      servo.topSpeed =
        value == 0 ? topSpeed : min(topSpeed, Double(value) * 0.229 / 60 * unitsPerTurn)
    case 11:
      guard [0, 1, 3, 4, 5, 16].contains(value) else { return 4 }
      // A change of the mode resets the limits, and position mode counts within one turn.
      set(100, 2, get(36, 2))
      servo.torqueShare = 1
      if value == 3 { slip -= (slip / 4096).rounded() * 4096 }
    default: break
    }
    for (index, byte) in data.enumerated() { table[address + index] = byte }
    return 0
  }

  private mutating func write1(_ address: Int, _ data: [UInt8]) -> Int {
    guard address + data.count <= table.count, address >= 3 else { return 1 << 3 }
    if address < 24, get(24, 1) == 1 { return 1 << 3 }
    guard !(36..<44).contains(address), address != 46 else { return 1 << 3 }
    if address <= 30, address + data.count >= 32 {
      let goal = Int(data[30 - address]) + 256 * Int(data[31 - address])
      guard goal >= get(6, 2), goal <= get(8, 2) else { return 1 << 1 }
    }
    for (index, byte) in data.enumerated() { table[address + index] = byte }
    if address <= 24, address + data.count > 24 { switchTorque(get(24, 1) == 1) }
    if address <= 30, address + data.count > 30 {
      // A goal switches torque on, as in real motors.
      if !servo.hasTorque { switchTorque(true) }
      servo.goal = Double(get(30, 2))
    }
    if address <= 34, address + data.count > 35 {
      servo.torqueShare = Double(min(get(34, 2), get(14, 2))) / 1023
    }
    if address <= 32, address + data.count > 32 {
      let speed = get(32, 2)
      servo.topSpeed =
        speed == 0
        ? topSpeed : min(topSpeed, Double(speed) * 0.114 / 60 * unitsPerTurn)
    }
    return 0
  }
}
