/// The commands of LX-16A motors that are used here.
enum LXCommand: UInt8, Sendable, CaseIterable {
  /// Position, then time in ms.
  case moveWrite = 1
  case moveRead = 2
  /// As `moveWrite`, carried out at `moveStart`.
  case moveWaitWrite = 7
  case moveStart = 11
  case moveStop = 12
  case idRead = 14
  case offsetAdjust = 17
  /// The least and the greatest angle.
  case angleLimitRead = 21
  /// The least and the greatest voltage [mV].
  case voltageLimitRead = 23
  /// In °C.
  case temperatureLimitRead = 25
  case temperatureRead = 26
  /// In mV.
  case voltageRead = 27
  /// Signed.
  case positionRead = 28
  /// 0 is position; then speed.
  case modeRead = 30
  /// 1 is torque on, 0 is off.
  case loadWrite = 31
  case loadRead = 32

  /// The number of parameter bytes: of the command for a write, of the answer for a read.
  var width: Int {
    switch self {
    case .moveStart, .moveStop: 0
    case .idRead, .offsetAdjust, .temperatureLimitRead, .temperatureRead, .loadWrite, .loadRead: 1
    case .voltageRead, .positionRead: 2
    case .moveWrite, .moveRead, .moveWaitWrite, .angleLimitRead, .voltageLimitRead, .modeRead: 4
    }
  }

  /// The block that a reading command reads.
  var block: BusBlock { BusBlock(Int(rawValue), width) }
}

/// The driver of LewanSoul and Hiwonder LX-16A motors.
///
/// It sends one timed move for each motor and frame and reads one motor's position after the other
/// between two frames. There is no watchdog: the last moves are completed if the host falls silent.
typealias LX16ADriver = BusDriver<LXDialect>

/// The protocol of LX-16A motors; writes are never answered.
struct LXDialect: BusDialect {
  static let name = "LX-16A"
  static let models: [String: Int] = [:]
  static let watchdogUnit: Double? = nil
  static let greatestRate = 25.0
  static let lag = 0.09

  /// The duration of a move relative to the frame interval, so that the motors do not stop before a
  /// late frame.
  private static let stretch = 1.1

  /// The range ends at 240°.
  var turn: Double? { nil }

  init(_ wiring: Wiring) {}

  static func makeParser() -> ShortFrameParser { ShortFrameParser(.lx) }

  // MARK: Packets

  static func frame(_ id: Int, _ command: LXCommand, _ parameters: [UInt8] = []) -> [UInt8] {
    ShortFrame(
      .lx, id: UInt8(truncatingIfNeeded: id), code: command.rawValue, parameters
    ).bytes
  }

  func answerCount(_ data: Int) -> Int { data + 6 }

  func reply(_ frame: BusFrame) -> BusReply? {
    guard frame.id != ShortFrame.broadcast else { return nil }
    return BusReply(id: Int(frame.id), refusal: nil, alert: nil, data: frame.data)
  }

  func alert(_ bits: Int) -> BusAlert? { nil }

  func ping(_ id: Int) -> BusRequest {
    var request = read(LXCommand.idRead.block, from: id)
    request.block = nil
    return request
  }

  /// All motors would answer at once.
  func pingAll() -> BusRequest? { nil }
  func identity(_ reply: BusReply) -> (model: Int, firmware: Int)? { nil }

  func read(_ block: BusBlock, from id: Int) -> BusRequest {
    let code = UInt8(truncatingIfNeeded: block.address)
    return BusRequest(
      bytes: ShortFrame(.lx, id: UInt8(truncatingIfNeeded: id), code: code).bytes,
      answers: [.init(id: id, count: block.count)], answerBytes: answerCount(block.count),
      block: block, code: code)
  }

  func read(_ block: BusBlock, fromAll ids: [Int]) -> BusRequest? { nil }
  func write(_ value: Int, to address: Int, of id: Int) -> BusRequest? { nil }

  // MARK: What is read

  let identityBlocks = [
    LXCommand.angleLimitRead, .voltageLimitRead, .temperatureLimitRead, .temperatureRead,
    .voltageRead, .modeRead, .loadRead, .moveRead, .positionRead,
  ].map(\.block)
  let positionBlock = LXCommand.positionRead.block
  let goalBlock = LXCommand.moveRead.block
  let torqueBlock = LXCommand.loadRead.block
  let healthBlocks = [LXCommand.loadRead, .voltageRead, .temperatureRead].map(\.block)
  /// Four bytes for each command.
  let imageCount = 37 * 4

  func place(of block: BusBlock) -> Int { block.address * 4 }

  /// The command whose answer contains a quantity, and the index of its word.
  private func source(_ quantity: BusQuantity) -> (command: LXCommand, word: Int)? {
    switch quantity {
    case .torque: (.loadRead, 0)
    case .goal: (.moveRead, 0)
    case .position: (.positionRead, 0)
    case .voltage: (.voltageRead, 0)
    case .lowestVoltage: (.voltageLimitRead, 0)
    case .highestVoltage: (.voltageLimitRead, 1)
    case .temperature: (.temperatureRead, 0)
    case .highestTemperature: (.temperatureLimitRead, 0)
    case .lowestGoal: (.angleLimitRead, 0)
    case .highestGoal: (.angleLimitRead, 1)
    case .model, .firmware, .load, .error, .watchdog, .returnDelay: nil
    }
  }

  func holds(_ quantity: BusQuantity, _ block: BusBlock) -> Bool {
    source(quantity).map { $0.command.block == block } ?? false
  }

  func value(_ quantity: BusQuantity, in image: [UInt8]) -> Int? {
    guard let (command, word) = source(quantity) else { return nil }
    let start = place(of: command.block) + 2 * word
    let end = start + min(command.width, 2)
    guard end <= image.count else { return nil }
    return LittleEndian.value(image[start..<end], isSigned: command == .positionRead)
  }

  mutating func configure(for images: [[UInt8]]) {}

  func settings(id: Int, image: [UInt8]) -> BusSettings {
    let mode = image[place(of: LXCommand.modeRead.block)]
    guard mode == 0 else { return .unusable("is in motor mode (\(mode)), expected servo mode") }
    return .write([], notes: [])
  }

  // MARK: Orders

  func torque(_ on: Bool, _ ids: [Int]) -> [UInt8] {
    ids.flatMap { Self.frame($0, .loadWrite, [on ? 1 : 0]) }
  }

  /// Each move begins as it arrives.
  ///
  /// Prepared moves with a common start would begin together, but if one is lost, its motor would
  /// repeat an older move.
  func goals(_ goals: [BusGoal], interval: Double) -> [UInt8] {
    let time = LittleEndian.bytes(Int((min(interval, 30) * 1000 * Self.stretch).rounded(.up)), 2)
    return goals.flatMap { Self.frame($0.id, .moveWrite, LittleEndian.bytes($0.value, 2) + time) }
  }

  /// Each move has its own speed.
  func slow(_ ids: [Int]) -> [UInt8] { [] }
  func fast(_ ids: [Int]) -> [UInt8] { [] }
  func watchdog(_ value: Int, _ ids: [Int]) -> [UInt8] { [] }
  func stop(_ goals: [BusGoal]) -> [UInt8] {
    Self.frame(Int(ShortFrame.broadcast), .moveStop)
  }
}
