/// A frame that a parser has found, of any protocol.
struct BusFrame: Sendable, Hashable {
  var id: UInt8
  /// Instruction, command or error.
  var code: UInt8
  /// The bytes after the code, without stuffing.
  var data: [UInt8]
  /// The frame as it was on the wire.
  var wire: [UInt8]
}

/// A parser that finds frames in a stream of bytes and recovers after damage.
protocol BusParser: Sendable {
  /// The largest length of an expected frame in bytes; longer ones are damaged.
  var limit: Int { get set }
  /// The number of frame headers that were rejected.
  var rejected: Int { get }
  /// The bytes of an incomplete frame; never more than `limit`.
  var pending: [UInt8] { get }
  /// Discards the pending bytes.
  mutating func reset()
  /// Adds bytes and returns the frames that are complete.
  mutating func receive(_ bytes: [UInt8]) -> [BusFrame]
}

extension BusParser {
  /// The number of pending bytes.
  var pendingCount: Int { pending.count }
}

/// The answer of a motor.
struct BusReply: Sendable, Hashable {
  var id: Int
  /// Why the motor has refused the request; nil if it has not.
  var refusal: String?
  /// The error that the motor reports; nil if there is none.
  var alert: BusAlert?
  var data: [UInt8]
}

/// An error that a motor reports.
struct BusAlert: Sendable, Hashable {
  var kind: DriverFault.Kind
  /// The name of the error, such as "overload"; nil if a register must be read for it.
  var text: String?
}

/// A block of a motor's registers (LX-16A: a read command and the size of its answer).
struct BusBlock: Sendable, Hashable {
  var address: Int
  var count: Int

  init(_ address: Int, _ count: Int) {
    self.address = address
    self.count = count
  }

  /// Whether it contains another block.
  func holds(_ other: BusBlock) -> Bool {
    address <= other.address && other.address + other.count <= address + count
  }
}

/// A packet that is answered.
struct BusRequest: Sendable, Hashable {
  /// An expected answer.
  struct Answer: Sendable, Hashable {
    var id: Int
    /// The number of data bytes; nil for any number.
    var count: Int?
  }

  var bytes: [UInt8]
  /// The answers, in their order on the wire.
  var answers: [Answer]
  /// The number of bytes of all answers, with their headers.
  var answerBytes: Int
  /// The block that is read; nil for pings and writes.
  var block: BusBlock?
  /// The code that an answer must have (LX-16A); nil if codes are errors.
  var code: UInt8?
  /// Whether all answers are in one packet, one after the other (Dynamixel's fast sync read).
  var isShared = false
}

/// A quantity of a motor.
enum BusQuantity: Sendable, Hashable {
  case model
  case firmware
  /// 1 or 0.
  case torque
  /// Register units.
  case goal
  /// Register units, signed.
  case position
  /// Thousandths of the greatest load.
  case load
  /// Millivolts.
  case voltage, lowestVoltage, highestVoltage
  /// Degrees Celsius.
  case temperature, highestTemperature
  /// The bits of the latched error.
  case error
  /// The setting of the bus watchdog; -1 if it has stopped the motor.
  case watchdog
  /// The motor's own limits in register units.
  case lowestGoal, highestGoal
  /// Microseconds.
  case returnDelay
}

/// A register that must have a certain value for streaming; it is written only if it differs.
struct BusSetting: Sendable, Hashable {
  /// The name, such as "return delay".
  var name: String
  var block: BusBlock
  var found: Int
  var value: Int
  /// The packets that write the value.
  var bytes: [UInt8]
  /// Whether the motor cannot be used without the setting.
  var isNeeded = true
  /// The byte order of the value.
  var order = WordOrder.littleEndian
}

/// A protocol of servo motors: packets, registers and limits; the rest of a bus driver is shared.
protocol BusDialect: Sendable {
  associatedtype Parser: BusParser

  /// The name of the protocol, such as "Dynamixel".
  static var name: String { get }
  /// The model numbers by model names; empty for motors that do not report a model.
  static var models: [String: Int] { get }
  /// The unit of the bus watchdog [s]; nil if there is none.
  static var watchdogUnit: Double? { get }
  /// The frame rate above which the motion does not improve [Hz].
  static var greatestRate: Double { get }
  /// The lag of the motors behind their goals [s].
  static var lag: Double { get }
  /// The register units of a full turn; nil if the range is smaller.
  var turn: Double? { get }

  init(_ wiring: Wiring)
  static func makeParser() -> Parser

  /// The largest number of bytes of an answer with some data bytes.
  func answerCount(_ data: Int) -> Int
  /// The answer in a frame; nil if the frame is none.
  func reply(_ frame: BusFrame) -> BusReply?

  /// The complete answers in a shared packet, or in the beginning of an incomplete one.
  func sharedReplies(_ bytes: [UInt8], to request: BusRequest) -> [BusReply]
  /// A request that shows whether the motors can share an answer; nil if they cannot.
  func sharingTrial(_ ids: [Int]) -> BusRequest?
  /// Notes whether the motors have shared an answer.
  mutating func notice(sharing: Bool)

  func ping(_ id: Int) -> BusRequest
  /// A ping to all motors; nil if the protocol has no safe one.
  func pingAll() -> BusRequest?
  /// Model and firmware in the answer to a ping; nil if it has none.
  func identity(_ reply: BusReply) -> (model: Int, firmware: Int)?
  func read(_ block: BusBlock, from id: Int) -> BusRequest
  /// A request that all of the motors answer; nil if they have none.
  func read(_ block: BusBlock, fromAll ids: [Int]) -> BusRequest?
  /// A request that writes one byte to a board that is not a motor; nil if the protocol has no
  /// boards.
  func write(_ value: Int, to address: Int, of id: Int) -> BusRequest?

  /// The blocks that are read when a motor is identified.
  var identityBlocks: [BusBlock] { get }
  var positionBlock: BusBlock { get }
  var goalBlock: BusBlock { get }
  var torqueBlock: BusBlock { get }
  /// The blocks that are read occasionally to monitor a motor's health.
  var healthBlocks: [BusBlock] { get }
  /// The size of a motor's image, in bytes.
  var imageCount: Int { get }
  /// The index of a block's data in a motor's image.
  func place(of block: BusBlock) -> Int
  /// Whether a block contains a quantity.
  func holds(_ quantity: BusQuantity, _ block: BusBlock) -> Bool
  /// A quantity in a motor's image; nil if the motors do not have it.
  func value(_ quantity: BusQuantity, in image: [UInt8]) -> Int?

  /// The usual notation of a firmware version.
  func firmwareText(_ firmware: Int) -> String

  /// Configures the dialect for the identified motors, given their images.
  mutating func configure(for images: [[UInt8]])
  /// The settings that must be written, or why the motor cannot be used.
  func settings(id: Int, image: [UInt8]) -> BusSettings
  /// The alert for the bits of a latched error; nil for none.
  func alert(_ bits: Int) -> BusAlert?

  /// Packets that switch the torque of motors on or off.
  func torque(_ on: Bool, _ ids: [Int]) -> [UInt8]
  /// Packets with the goals of one frame.
  func goals(_ goals: [BusGoal], interval: Double) -> [UInt8]
  /// Packets that set a low speed while the torque is switched on.
  func slow(_ ids: [Int]) -> [UInt8]
  /// Packets that set the speed for streaming.
  func fast(_ ids: [Int]) -> [UInt8]
  /// Packets that set the bus watchdog; empty if there is none.
  func watchdog(_ value: Int, _ ids: [Int]) -> [UInt8]
  /// Packets that stop the motors and hold goals.
  func stop(_ goals: [BusGoal]) -> [UInt8]

  /// The volatile register that caps a motor's torque; nil if there is none.
  var torqueRegister: BusTorqueRegister? { get }
  /// Packets with values for that register, which nobody answers.
  func torqueLimits(_ values: [BusGoal]) -> [UInt8]
  /// How a motor counts its turns.
  func turns(_ image: [UInt8]) -> BusTurns
}

/// The result of checking a motor's settings.
enum BusSettings: Sendable, Hashable {
  /// The settings that must be written, and remarks for the user.
  case write([BusSetting], notes: [String])
  /// Why the motor cannot be used, as the end of a sentence after its name.
  case unusable(String)
}

/// The goal of a motor in register units, or another value for it.
struct BusGoal: Sendable, Hashable {
  var id: Int
  var value: Int
}

extension BusDialect {
  func firmwareText(_ firmware: Int) -> String { String(firmware) }
  func sharedReplies(_ bytes: [UInt8], to request: BusRequest) -> [BusReply] { [] }
  func sharingTrial(_ ids: [Int]) -> BusRequest? { nil }
  mutating func notice(sharing: Bool) {}
}
