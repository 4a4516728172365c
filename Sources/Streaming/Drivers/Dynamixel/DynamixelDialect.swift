/// The driver of Dynamixel motors of the X series and MX(2.0), protocol 2.0.
///
/// It sends one sync write for each frame and one sync read of positions between two frames, and
/// reads the health of one motor after the other. The motors' bus watchdog stops them if the host
/// falls silent.
typealias DynamixelDriver = BusDriver<DynamixelDialect>

/// Protocol 2.0 of X series and MX(2.0) motors.
struct DynamixelDialect: BusDialect {
  static let name = "Dynamixel"
  static let models = [
    "XL430-W250": 1060, "XC430-W150": 1070, "XC430-W240": 1080, "XM430-W350": 1020,
    "XM430-W210": 1030, "XH430-W350": 1000, "XH430-W210": 1010, "XM540-W270": 1120,
    "XM540-W150": 1130, "XH540-W270": 1100, "XH540-W150": 1110, "XL330-M077": 1190,
    "XL330-M288": 1200, "MX-28": 30, "MX-64": 311, "MX-106": 321,
  ]
  static let watchdogUnit: Double? = 0.02
  static let greatestRate = 100.0
  static let lag = 0.03

  /// The first firmware version with the bus watchdog.
  static let oldestFirmware = 38
  /// The models whose register 126 is a load in 0.1 % and not a current.
  private static let loadModels: Set<Int> = [1060, 30]
  /// The speed while torque is switched on: 4.6 rev/min or 27°/s.
  private static let slowVelocity = 20

  var turn: Double? { 4096 }

  /// Whether the firmware of all motors supports fast sync read, and whether they have answered
  /// one.
  var mayShare = false
  var shares = false

  init(_ wiring: Wiring) {}

  static func makeParser() -> DynamixelParser { DynamixelParser() }

  // MARK: Packets

  func answerCount(_ data: Int) -> Int { data + 11 }

  func reply(_ frame: BusFrame) -> BusReply? {
    guard frame.code == DynamixelPacket.Instruction.status.rawValue, let error = frame.data.first
    else { return nil }
    return BusReply(
      id: Int(frame.id), refusal: DynamixelRefusal(rawValue: error & 0x7F).map(\.text),
      alert: error & 0x80 == 0 ? nil : BusAlert(kind: .deviceError, text: nil),
      data: Array(frame.data.dropFirst()))
  }

  private func request(
    _ packet: DynamixelPacket, from ids: [Int], count: Int?, block: BusBlock? = nil
  ) -> BusRequest {
    BusRequest(
      bytes: packet.bytes, answers: ids.map { .init(id: $0, count: count) },
      answerBytes: ids.count * answerCount(count ?? 3), block: block)
  }

  func ping(_ id: Int) -> BusRequest {
    request(DynamixelPacket(id: byte(id), .ping), from: [id], count: 3)
  }

  func pingAll() -> BusRequest? {
    request(DynamixelPacket(id: DynamixelPacket.broadcast, .ping), from: [], count: nil)
  }

  func identity(_ reply: BusReply) -> (model: Int, firmware: Int)? {
    guard reply.data.count == 3 else { return nil }
    return (LittleEndian.value(reply.data[0..<2]), Int(reply.data[2]))
  }

  func read(_ block: BusBlock, from id: Int) -> BusRequest {
    let parameters = LittleEndian.bytes(block.address, 2) + LittleEndian.bytes(block.count, 2)
    return request(
      DynamixelPacket(id: byte(id), .read, parameters), from: [id], count: block.count,
      block: block)
  }

  func read(_ block: BusBlock, fromAll ids: [Int]) -> BusRequest? {
    if shares, ids.count > 1 { return fastRead(block, ids) }
    let parameters = LittleEndian.bytes(block.address, 2) + LittleEndian.bytes(block.count, 2)
    let packet = DynamixelPacket(
      id: DynamixelPacket.broadcast, .syncRead, parameters + ids.map(byte))
    return request(packet, from: ids, count: block.count, block: block)
  }

  func write(_ value: Int, to address: Int, of id: Int) -> BusRequest? {
    let packet = DynamixelPacket(
      id: byte(id), .write, LittleEndian.bytes(address, 2) + [byte(value)])
    return request(packet, from: [id], count: 0)
  }

  /// A packet that writes one value to each id, which nobody answers.
  func syncWrite(_ register: DynamixelRegister, _ values: [BusGoal]) -> [UInt8] {
    guard !values.isEmpty else { return [] }
    let width = register.width
    var parameters = LittleEndian.bytes(register.rawValue, 2) + LittleEndian.bytes(width, 2)
    for value in values {
      parameters.append(byte(value.id))
      parameters += register.bytes(value.value)
    }
    return DynamixelPacket(id: DynamixelPacket.broadcast, .syncWrite, parameters).bytes
  }

  private func syncWrite(_ register: DynamixelRegister, _ value: Int, _ ids: [Int]) -> [UInt8] {
    syncWrite(register, ids.map { BusGoal(id: $0, value: value) })
  }

  // MARK: Registers

  let identityBlocks = [BusBlock(0, 64), BusBlock(64, 83)]
  /// Current, velocity, position.
  let positionBlock = BusBlock(126, 10)
  let goalBlock = DynamixelRegister.goalPosition.block
  let torqueBlock = DynamixelRegister.torque.block
  /// Torque to bus watchdog; voltage and temperature.
  let healthBlocks = [BusBlock(64, 35), BusBlock(144, 3)]
  let imageCount = 147

  func place(of block: BusBlock) -> Int { block.address }

  func value(_ quantity: BusQuantity, in image: [UInt8]) -> Int? {
    func value(_ register: DynamixelRegister) -> Int? { register.value(in: image) }
    return switch quantity {
    case .model: value(.model)
    case .firmware: value(.firmware)
    case .torque: value(.torque)
    case .goal: value(.goalPosition)
    case .position: value(.presentPosition)
    case .load: load(in: image)
    case .voltage: value(.presentVoltage).map { $0 * 100 }
    case .lowestVoltage: value(.lowestVoltage).map { $0 * 100 }
    case .highestVoltage: value(.highestVoltage).map { $0 * 100 }
    case .temperature: value(.presentTemperature)
    case .highestTemperature: value(.temperatureLimit)
    case .error: value(.hardwareError)
    case .watchdog: value(.busWatchdog)
    case .lowestGoal: value(.lowestPosition)
    case .highestGoal: value(.highestPosition)
    case .returnDelay: value(.returnDelay).map { $0 * 2 }
    }
  }

  func holds(_ quantity: BusQuantity, _ block: BusBlock) -> Bool {
    let register: DynamixelRegister? =
      switch quantity {
      case .torque: .torque
      case .goal: .goalPosition
      case .position: .presentPosition
      case .load: .presentCurrent
      case .voltage: .presentVoltage
      case .temperature: .presentTemperature
      case .error: .hardwareError
      case .watchdog: .busWatchdog
      default: nil
      }
    guard let register else { return false }
    return block.holds(register.block)
  }

  private func load(in image: [UInt8]) -> Int? {
    guard let current = DynamixelRegister.presentCurrent.value(in: image),
      let model = DynamixelRegister.model.value(in: image)
    else { return nil }
    if Self.loadModels.contains(model) { return current }
    guard let limit = DynamixelRegister.currentLimit.value(in: image), limit > 0 else { return nil }
    return current * 1000 / limit
  }

  mutating func configure(for images: [[UInt8]]) {
    mayShare = images.allSatisfy(Self.readsFast)
  }

  func alert(_ bits: Int) -> BusAlert? {
    guard bits & 0xFF != 0 else { return nil }
    let known = [
      0: "input voltage", 2: "overheating", 3: "encoder", 4: "electrical shock", 5: "overload",
    ]
    let names = (0..<8).filter { bits >> $0 & 1 == 1 }.map { known[$0] ?? "error bit \($0)" }
    let kind: DriverFault.Kind =
      bits & ~0b101 != 0 ? .deviceError : bits & 4 != 0 ? .temperature : .voltage
    return BusAlert(kind: kind, text: names.joined(separator: ", "))
  }

  func settings(id: Int, image: [UInt8]) -> BusSettings {
    func value(_ register: DynamixelRegister) -> Int { register.value(in: image) ?? -1 }
    if value(.firmware) < Self.oldestFirmware {
      return .unusable(
        "has firmware \(value(.firmware)), expected \(Self.oldestFirmware) or later, which has the "
          + "bus watchdog")
    }
    if value(.homingOffset) != 0 {
      return .unusable(
        "has a homing offset of \(value(.homingOffset)), expected 0: with an offset its position "
          + "can jump by a turn when torque is switched on")
    }
    var notes: [String] = []
    if value(.driveMode) & 1 == 1 { notes.append("counts in reverse (drive mode, bit 0)") }
    // A time-based profile, or torque that a goal switches on, would change the meaning of our
    // packets.
    let mode = value(.driveMode) & ~0b1100
    var settings: [BusSetting] = []
    func want(_ name: String, _ register: DynamixelRegister, _ wanted: Int, isNeeded: Bool = true) {
      guard value(register) != wanted else { return }
      settings.append(
        BusSetting(
          name: name, block: register.block, found: value(register), value: wanted,
          bytes: syncWrite(register, wanted, [id]), isNeeded: isNeeded))
    }
    want("drive mode", .driveMode, mode)
    want("operating mode", .operatingMode, 3)
    if value(.returnDelay) > 1 { want("return delay", .returnDelay, 0, isNeeded: false) }
    return .write(settings, notes: notes)
  }

  // MARK: Orders

  func torque(_ on: Bool, _ ids: [Int]) -> [UInt8] { syncWrite(.torque, on ? 1 : 0, ids) }

  func goals(_ goals: [BusGoal], interval: Double) -> [UInt8] { syncWrite(.goalPosition, goals) }

  func slow(_ ids: [Int]) -> [UInt8] {
    syncWrite(.profileVelocity, Self.slowVelocity, ids)
      + syncWrite(.profileAcceleration, 0, ids)
  }

  /// No profile, which would only add lag, since the host interpolates.
  func fast(_ ids: [Int]) -> [UInt8] { syncWrite(.profileVelocity, 0, ids) }

  func watchdog(_ value: Int, _ ids: [Int]) -> [UInt8] { syncWrite(.busWatchdog, value, ids) }

  func stop(_ goals: [BusGoal]) -> [UInt8] { syncWrite(.goalPosition, goals) }

  func byte(_ value: Int) -> UInt8 { UInt8(truncatingIfNeeded: value) }
}

/// The reason why a motor of protocol 2.0 has refused a request.
enum DynamixelRefusal: UInt8, Sendable {
  case resultFail = 1
  case instruction, check, dataRange, dataLength, dataLimit, access

  var text: String {
    switch self {
    case .resultFail: "could not carry it out"
    case .instruction: "does not know the instruction"
    case .check: "received a wrong CRC"
    case .dataRange: "refused a value out of range"
    case .dataLength: "refused data of a wrong length"
    case .dataLimit: "refused a value beyond its limit"
    case .access: "refused access to the register"
    }
  }
}
