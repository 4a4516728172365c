/// The driver of Feetech motors: STS and SMS, or SCS.
///
/// It sends one sync write for each frame. Between two frames it sends one sync read (STS) or reads
/// one motor after the other (SCS). There is no watchdog: the last goals stay in force if the host
/// falls silent.
typealias FeetechDriver = BusDriver<FeetechDialect>

/// The protocol of Feetech motors.
///
/// STS and SMS have little-endian words and a sync read, SCS have big-endian words and no sync
/// read.
struct FeetechDialect: BusDialect {
  static let name = "Feetech"
  static let models = ["STS3215": 777, "STS3250": 2825, "SM8512BL": 11272, "SCS0009": 1284]
  static let watchdogUnit: Double? = nil
  static let greatestRate = 100.0
  static let lag = 0.03

  /// The speed while torque is switched on [step/s of 4096]: 27°/s.
  private static let slowSpeed = 310.0
  /// The speed for streaming, near the greatest one of an STS3215 [step/s].
  private static let fastSpeed = 3400.0
  /// In 100 step/s².
  private static let slowAcceleration = 20
  private static let fastAcceleration = 254

  private let isSTS: Bool
  let packets: ServoPackets
  let motors: [Int: Wiring.Motor]
  private let order: [Int]
  /// The unit of the speed register of each motor [step/s].
  private var speedUnits: [Int: Double] = [:]

  var turn: Double? { isSTS ? 4096 : nil }

  init(_ wiring: Wiring) {
    isSTS = wiring.device != .feetechSCS
    packets = ServoPackets(order: isSTS ? .littleEndian : .bigEndian)
    motors = Dictionary(wiring.motors.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    order = wiring.motors.map(\.id)
    identityBlocks = [BusBlock(0, 40), BusBlock(40, isSTS ? 31 : 27)]
  }

  static func makeParser() -> ShortFrameParser { ShortFrameParser(.servo) }

  // MARK: Packets

  func answerCount(_ data: Int) -> Int { data + ServoPackets.overhead }

  /// Data are valid even if an error bit is set; an undefined bit shows damage.
  func reply(_ frame: BusFrame) -> BusReply? {
    guard frame.id != ShortFrame.broadcast, frame.code & 0b1101_0000 == 0 else { return nil }
    return BusReply(
      id: Int(frame.id), refusal: nil, alert: alert(Int(frame.code)), data: frame.data)
  }

  func alert(_ bits: Int) -> BusAlert? {
    let names = [
      (0, "input voltage"), (1, "angle sensor"), (2, "overheating"), (3, "over-current"),
      (5, "overload"),
    ].filter { bits >> $0.0 & 1 == 1 }.map(\.1)
    guard !names.isEmpty else { return nil }
    let kind: DriverFault.Kind =
      bits & 0b101010 != 0 ? .deviceError : bits & 4 != 0 ? .temperature : .voltage
    return BusAlert(kind: kind, text: names.joined(separator: ", "))
  }

  /// A read, because a ping and the answer of a motor with low voltage have the same bytes, so that
  /// the echo of an adapter would look like a motor.
  func ping(_ id: Int) -> BusRequest { packets.read(BusBlock(0, 5), from: id) }

  /// Motors without time slots would answer at once.
  func pingAll() -> BusRequest? { nil }
  func identity(_ reply: BusReply) -> (model: Int, firmware: Int)? { nil }
  func read(_ block: BusBlock, from id: Int) -> BusRequest { packets.read(block, from: id) }
  func read(_ block: BusBlock, fromAll ids: [Int]) -> BusRequest? {
    isSTS ? packets.syncRead(block, from: ids) : nil
  }
  func write(_ value: Int, to address: Int, of id: Int) -> BusRequest? {
    packets.write(value, to: address, width: 1, of: id)
  }

  private func syncWrite(_ register: FeetechRegister, _ value: Int, _ ids: [Int]) -> [UInt8] {
    packets.syncWrite(register.rawValue, width: register.width, value, ids)
  }

  // MARK: Registers

  let identityBlocks: [BusBlock]
  /// Position, speed, load, voltage, temperature.
  let positionBlock = BusBlock(56, 8)
  let goalBlock = FeetechRegister.goal.block
  let torqueBlock = FeetechRegister.torque.block
  let healthBlocks = [FeetechRegister.torque.block]
  let imageCount = 71

  func place(of block: BusBlock) -> Int { block.address }

  private func register(_ quantity: BusQuantity) -> FeetechRegister? {
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
    case .error: isSTS ? .status : nil
    case .watchdog: nil
    }
  }

  func holds(_ quantity: BusQuantity, _ block: BusBlock) -> Bool {
    guard let register = register(quantity) else { return false }
    return block.holds(register.block)
  }

  func value(_ quantity: BusQuantity, in image: [UInt8]) -> Int? {
    guard let raw = register(quantity)?.value(in: image, packets.order) else { return nil }
    return switch quantity {
    case .voltage, .lowestVoltage, .highestVoltage: raw * 100
    case .returnDelay: raw * 2
    case .firmware: Int(image[0]) * 100 + Int(image[1])
    default: raw
    }
  }

  func firmwareText(_ firmware: Int) -> String { "\(firmware / 100).\(firmware % 100)" }

  /// Reads the unit of speed, which differs between motors of one model, from bit 2 of the phase
  /// register.
  mutating func configure(for images: [[UInt8]]) {
    for (id, image) in zip(order, images) {
      let phase = FeetechRegister.phase.value(in: image, packets.order) ?? 0
      speedUnits[id] = isSTS && phase & 4 == 0 ? 50 : 1
    }
  }

  func settings(id: Int, image: [UInt8]) -> BusSettings {
    func value(_ register: FeetechRegister) -> Int {
      register.value(in: image, packets.order) ?? -1
    }
    guard isSTS else { return .write(maximumTorque(id, image), notes: []) }
    var notes: [String] = []
    if value(.lowestGoal) == 0, value(.highestGoal) == 0 {
      notes.append("counts over many turns (both angle limits 0)")
    }
    if value(.phase) & 16 != 0 { notes.append("reports the full angle (phase, bit 4)") }
    if value(.offset) != 0 { notes.append("has a position offset of \(value(.offset))") }
    guard value(.mode) != 0 else { return .write([], notes: notes) }
    let mode = FeetechRegister.mode
    return .write(
      [
        BusSetting(
          name: "mode", block: mode.block, found: value(mode), value: 0,
          bytes: syncWrite(.lock, 0, [id]) + syncWrite(mode, 0, [id]) + syncWrite(.lock, 1, [id]))
      ], notes: notes)
  }

  // MARK: Orders

  func torque(_ on: Bool, _ ids: [Int]) -> [UInt8] { syncWrite(.torque, on ? 1 : 0, ids) }

  func goals(_ goals: [BusGoal], interval: Double) -> [UInt8] {
    packets.syncWrite(
      FeetechRegister.goal.rawValue, width: 2,
      goals.map { BusGoal(id: $0.id, value: SignMagnitude.raw($0.value, signBit: 15)) })
  }

  func slow(_ ids: [Int]) -> [UInt8] { speeds(ids, Self.slowAcceleration) { _ in Self.slowSpeed } }

  /// An explicit speed well above the joint's limit, because the meaning of 0 depends on another
  /// bit.
  func fast(_ ids: [Int]) -> [UInt8] {
    speeds(ids, Self.fastAcceleration) { id in
      let limit = motors[id].map { abs($0.velocityLimit * $0.unitsPerRadian) } ?? 0
      return max(Self.fastSpeed, 1.5 * min(limit, 20000))
    }
  }

  private func speeds(_ ids: [Int], _ acceleration: Int, _ speed: (Int) -> Double) -> [UInt8] {
    let values = ids.map { id in
      BusGoal(id: id, value: max(1, Int((speed(id) / (speedUnits[id] ?? 1)).rounded(.up))))
    }
    let first = isSTS ? syncWrite(.acceleration, acceleration, ids) : []
    return first
      + packets.syncWrite(FeetechRegister.goalTime.rawValue, width: 2, 0, ids)
      + packets.syncWrite(FeetechRegister.goalSpeed.rawValue, width: 2, values)
  }

  func watchdog(_ value: Int, _ ids: [Int]) -> [UInt8] { [] }
  func stop(_ goals: [BusGoal]) -> [UInt8] { self.goals(goals, interval: 0) }
}
