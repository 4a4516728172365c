/// The registers of MX and AX motors of protocol 1.0 that are used here.
enum DynamixelOneRegister: Int, Sendable, CaseIterable {
  case model = 0
  case firmware = 2
  /// In 2 µs.
  case returnDelay = 5
  case lowestGoal = 6
  case highestGoal = 8
  /// In °C.
  case temperatureLimit = 11
  /// In 0.1 V.
  case lowestVoltage = 12
  case highestVoltage = 13
  /// MX only, two's complement.
  case multiTurnOffset = 20
  case torque = 24
  case goal = 30
  /// In 0.114 rev/min (AX 0.111); 0 is the greatest speed.
  case movingSpeed = 32
  case position = 36
  /// In 0.1 %, bit 10 is clockwise.
  case load = 40
  /// In 0.1 V.
  case voltage = 42
  /// In °C.
  case temperature = 43

  /// Bytes.
  var width: Int {
    switch self {
    case .firmware, .returnDelay, .temperatureLimit, .lowestVoltage, .highestVoltage, .torque,
      .voltage, .temperature:
      1
    default: 2
    }
  }

  var block: BusBlock { BusBlock(rawValue, width) }

  /// The value in an image of the registers from address 0.
  func value(in image: [UInt8]) -> Int? {
    guard rawValue + width <= image.count else { return nil }
    return LittleEndian.value(
      image[rawValue..<(rawValue + width)], isSigned: self == .multiTurnOffset)
  }
}

/// The driver of Dynamixel motors of protocol 1.0: MX, AX, RX.
///
/// It sends one sync write for each frame. Between two frames it sends one bulk read if all motors
/// are MX, and otherwise reads one motor after the other. There is no watchdog: the last goals stay
/// in force if the host falls silent.
typealias DynamixelOneDriver = BusDriver<DynamixelOneDialect>

/// Protocol 1.0 of MX and AX motors.
struct DynamixelOneDialect: BusDialect {
  static let name = "Dynamixel 1.0"
  static let models = [
    "AX-12": 12, "AX-18": 18, "AX-12W": 300, "RX-10": 10, "RX-24": 24, "RX-28": 28, "RX-64": 64,
    "EX-106": 107, "MX-12": 360, "MX-28": 29, "MX-64": 310, "MX-106": 320,
  ]
  static let watchdogUnit: Double? = nil
  static let greatestRate = 100.0
  static let lag = 0.03

  /// The models with 4096 steps a turn that support bulk read.
  private static let mxModels: Set<Int> = [360, 29, 310, 320]
  /// The speed while torque is switched on: 4.6 rev/min or 27°/s.
  private static let slowSpeed = 40

  private let packets = ServoPackets()
  private var readsTogether: Bool
  let turn: Double?

  init(_ wiring: Wiring) {
    // AX motors turn by 300°; MX turn without end and have a seam.
    turn = wiring.motors.allSatisfy { abs($0.unitsPerRadian) > 500 } ? 4096 : nil
    readsTogether = turn != nil
  }

  static func makeParser() -> ShortFrameParser { ShortFrameParser(.servo) }

  // MARK: Packets

  func answerCount(_ data: Int) -> Int { data + ServoPackets.overhead }

  /// Error bits by the standard definition: 0 voltage, 1 angle limit, 2 overheating, 3 range,
  /// 4 checksum, 5 overload, 6 instruction.
  func reply(_ frame: BusFrame) -> BusReply? {
    guard frame.id != ShortFrame.broadcast, frame.code < 0x80 else { return nil }
    let refusals = [(3, "a value out of range"), (4, "a checksum"), (6, "an instruction")]
    let refusal = refusals.first { frame.code >> UInt8($0.0) & 1 == 1 }
    return BusReply(
      id: Int(frame.id), refusal: refusal.map { "refused \($0.1)" }, alert: alert(Int(frame.code)),
      data: frame.data)
  }

  func alert(_ bits: Int) -> BusAlert? {
    if bits >> 5 & 1 == 1 { return BusAlert(kind: .deviceError, text: "overload") }
    if bits >> 2 & 1 == 1 { return BusAlert(kind: .temperature, text: "overheating") }
    return bits & 1 == 1 ? BusAlert(kind: .voltage, text: "input voltage") : nil
  }

  /// A read, because a ping and the answer of a motor with low voltage have the same bytes, so that
  /// the echo of an adapter would look like a motor.
  func ping(_ id: Int) -> BusRequest { packets.read(BusBlock(0, 3), from: id) }

  /// All motors would answer at once in this protocol.
  func pingAll() -> BusRequest? { nil }
  func identity(_ reply: BusReply) -> (model: Int, firmware: Int)? { nil }
  func read(_ block: BusBlock, from id: Int) -> BusRequest { packets.read(block, from: id) }
  func read(_ block: BusBlock, fromAll ids: [Int]) -> BusRequest? {
    readsTogether ? packets.bulkRead(block, from: ids) : nil
  }
  func write(_ value: Int, to address: Int, of id: Int) -> BusRequest? {
    packets.write(value, to: address, width: 1, of: id)
  }

  private func syncWrite(_ register: DynamixelOneRegister, _ value: Int, _ ids: [Int]) -> [UInt8] {
    packets.syncWrite(register.rawValue, width: register.width, value, ids)
  }

  // MARK: Registers

  let identityBlocks = [BusBlock(0, 24), BusBlock(24, 26)]
  /// Position, speed, load, voltage, temperature.
  let positionBlock = BusBlock(36, 8)
  let goalBlock = DynamixelOneRegister.goal.block
  let torqueBlock = DynamixelOneRegister.torque.block
  let healthBlocks = [DynamixelOneRegister.torque.block]
  let imageCount = 50

  func place(of block: BusBlock) -> Int { block.address }

  private func register(_ quantity: BusQuantity) -> DynamixelOneRegister? {
    switch quantity {
    case .model: .model
    case .firmware: .firmware
    case .torque: .torque
    case .goal: .goal
    case .position: .position
    case .load: .load
    case .voltage: .voltage
    case .lowestVoltage: .lowestVoltage
    case .highestVoltage: .highestVoltage
    case .temperature: .temperature
    case .highestTemperature: .temperatureLimit
    case .lowestGoal: .lowestGoal
    case .highestGoal: .highestGoal
    case .returnDelay: .returnDelay
    case .error, .watchdog: nil
    }
  }

  func holds(_ quantity: BusQuantity, _ block: BusBlock) -> Bool {
    guard let register = register(quantity) else { return false }
    return block.holds(register.block)
  }

  func value(_ quantity: BusQuantity, in image: [UInt8]) -> Int? {
    guard let raw = register(quantity)?.value(in: image) else { return nil }
    return switch quantity {
    case .voltage, .lowestVoltage, .highestVoltage: raw * 100
    case .returnDelay: raw * 2
    case .load: raw & 1024 == 0 ? raw : -(raw & 1023)
    default: raw
    }
  }

  mutating func configure(for images: [[UInt8]]) {
    readsTogether = images.allSatisfy {
      Self.mxModels.contains(DynamixelOneRegister.model.value(in: $0) ?? 0)
    }
  }

  func settings(id: Int, image: [UInt8]) -> BusSettings {
    func value(_ register: DynamixelOneRegister) -> Int { register.value(in: image) ?? -1 }
    if value(.lowestGoal) == 0, value(.highestGoal) == 0 {
      return .unusable("is in wheel mode (both angle limits 0), expected joint mode")
    }
    if Self.mxModels.contains(value(.model)), value(.multiTurnOffset) != 0 {
      return .unusable("has a multi-turn offset of \(value(.multiTurnOffset)), expected 0")
    }
    let delay = DynamixelOneRegister.returnDelay
    guard value(delay) > 1 else { return .write([], notes: []) }
    return .write(
      [
        BusSetting(
          name: "return delay", block: delay.block, found: value(delay), value: 0,
          bytes: syncWrite(delay, 0, [id]), isNeeded: false)
      ], notes: [])
  }

  // MARK: Orders

  func torque(_ on: Bool, _ ids: [Int]) -> [UInt8] { syncWrite(.torque, on ? 1 : 0, ids) }
  func goals(_ goals: [BusGoal], interval: Double) -> [UInt8] {
    packets.syncWrite(DynamixelOneRegister.goal.rawValue, width: 2, goals)
  }
  func slow(_ ids: [Int]) -> [UInt8] { syncWrite(.movingSpeed, Self.slowSpeed, ids) }
  func fast(_ ids: [Int]) -> [UInt8] { syncWrite(.movingSpeed, 0, ids) }
  func watchdog(_ value: Int, _ ids: [Int]) -> [UInt8] { [] }
  func stop(_ goals: [BusGoal]) -> [UInt8] { self.goals(goals, interval: 0) }
}
