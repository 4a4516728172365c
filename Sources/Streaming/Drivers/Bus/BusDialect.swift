/// A frame that was found in what arrived, whatever the protocol.
struct BusFrame: Sendable, Hashable {
  var id: UInt8
  /// Instruction, command or error.
  var code: UInt8
  /// What follows the code, without stuffing.
  var data: [UInt8]
  /// The frame as it was on the wire.
  var wire: [UInt8]
}

/// Finds frames in a stream of bytes and finds its way back after damage.
protocol BusParser: Sendable {
  /// The longest frame that is awaited, in bytes; longer ones are damage.
  var limit: Int { get set }
  /// How many beginnings of frames turned out to be none.
  var rejected: Int { get }
  /// Bytes that wait for the rest of their frame; never more than `limit`.
  var pending: [UInt8] { get }
  /// Forgets what waits.
  mutating func reset()
  /// The frames that are complete now.
  mutating func receive(_ bytes: [UInt8]) -> [BusFrame]
}

extension BusParser {
  /// How many bytes wait.
  var pendingCount: Int { pending.count }
}

/// What a motor answered.
struct BusReply: Sendable, Hashable {
  var id: Int
  /// Why the motor did not do what it was asked, nil where it did.
  var refusal: String?
  /// The error that the motor reports of itself, nil where it is well.
  var alert: BusAlert?
  var data: [UInt8]
}

/// An error that a motor reports of itself.
struct BusAlert: Sendable, Hashable {
  var kind: DriverFault.Kind
  /// "overload", "overheating"; nil where the motor must be asked.
  var text: String?
}

/// A stretch of a motor's registers (LX-16A: a read command and the size of its answer).
struct BusBlock: Sendable, Hashable {
  var address: Int
  var count: Int

  init(_ address: Int, _ count: Int) {
    self.address = address
    self.count = count
  }

  /// Whether another stretch lies within.
  func holds(_ other: BusBlock) -> Bool {
    address <= other.address && other.address + other.count <= address + count
  }
}

/// One packet that is answered.
struct BusRequest: Sendable, Hashable {
  /// One answer that it makes.
  struct Answer: Sendable, Hashable {
    var id: Int
    /// Bytes of data; nil where any number will do.
    var count: Int?
  }

  var bytes: [UInt8]
  /// The answers, in their order on the wire.
  var answers: [Answer]
  /// Bytes of all answers together, with their headers.
  var answerBytes: Int
  /// What is read, nil for pings and writes.
  var block: BusBlock?
  /// The code that an answer must carry (LX-16A), nil where codes are errors.
  var code: UInt8?
  /// Whether all answers are in one packet, one after the other (Dynamixel's fast sync read).
  var isShared = false
}

/// What can be known of a motor; units as said.
enum BusQuantity: Sendable, Hashable {
  case model
  case firmware
  /// 1 or 0.
  case torque
  /// Register units.
  case goal
  /// Register units, signed.
  case position
  /// Thousandths of the greatest.
  case load
  /// Millivolts.
  case voltage, lowestVoltage, highestVoltage
  /// Degrees Celsius.
  case temperature, highestTemperature
  /// The bits of the latched error.
  case error
  /// The bus watchdog as set; -1 when it has stopped the motor.
  case watchdog
  /// Register units: the motor's own limits.
  case lowestGoal, highestGoal
  /// Microseconds.
  case returnDelay
}

/// A register that must have a value before the stream, written only if it has another.
struct BusSetting: Sendable, Hashable {
  /// Such as "return delay".
  var name: String
  var block: BusBlock
  var found: Int
  var value: Int
  /// The packets that write it.
  var bytes: [UInt8]
  /// Whether the motor cannot be used without it.
  var isNeeded = true
  /// How its bytes lie on the wire.
  var order = WordOrder.littleEndian
}

/// What one protocol says in its own words; everything else the drivers of all buses share.
protocol BusDialect: Sendable {
  associatedtype Parser: BusParser

  /// "Dynamixel"
  static var name: String { get }
  /// The tables of the models by their names, for those that can say a model.
  static var models: [String: Int] { get }
  /// One unit of the bus watchdog [s], nil where there is none.
  static var watchdogUnit: Double? { get }
  /// Frames a second beyond which the motors gain nothing [Hz].
  static var greatestRate: Double { get }
  /// How long the motors stay behind their goals [s].
  static var lag: Double { get }
  /// Register units of a full turn, nil where the range ends before.
  var turn: Double? { get }

  init(_ wiring: Wiring)
  static func makeParser() -> Parser

  /// Bytes of an answer with so much data, at most.
  func answerCount(_ data: Int) -> Int
  /// What a frame says as an answer, nil for one that is none.
  func reply(_ frame: BusFrame) -> BusReply?

  /// The answers in a shared packet, or in the beginning of one that the others never completed:
  /// those that are whole.
  func sharedReplies(_ bytes: [UInt8], to request: BusRequest) -> [BusReply]
  /// A question that shows whether these motors have shared answers, nil where they cannot.
  func sharingTrial(_ ids: [Int]) -> BusRequest?
  /// What the trial has shown.
  mutating func notice(sharing: Bool)

  func ping(_ id: Int) -> BusRequest
  /// A question to all, nil where the protocol has none that is safe.
  func pingAll() -> BusRequest?
  /// Model and firmware in the answer to a ping, nil where it has none.
  func identity(_ reply: BusReply) -> (model: Int, firmware: Int)?
  func read(_ block: BusBlock, from id: Int) -> BusRequest
  /// One request that all of them answer, nil where these motors have none.
  func read(_ block: BusBlock, fromAll ids: [Int]) -> BusRequest?
  /// One byte into a board that is no motor, nil where the protocol has no boards.
  func write(_ value: Int, to address: Int, of id: Int) -> BusRequest?

  /// What is read of each motor when it is met.
  var identityBlocks: [BusBlock] { get }
  var positionBlock: BusBlock { get }
  var goalBlock: BusBlock { get }
  var torqueBlock: BusBlock { get }
  /// What is read now and then beside the position.
  var healthBlocks: [BusBlock] { get }
  /// The size of a motor's image, in bytes.
  var imageCount: Int { get }
  /// Where a block's data lie in a motor's image.
  func place(of block: BusBlock) -> Int
  /// Whether a block says a quantity.
  func holds(_ quantity: BusQuantity, _ block: BusBlock) -> Bool
  /// A quantity from a motor's image, nil where these motors have none.
  func value(_ quantity: BusQuantity, in image: [UInt8]) -> Int?

  /// The firmware's number as people write it.
  func firmwareText(_ firmware: Int) -> String

  /// Called when all identities are known: a dialect may choose words by model.
  mutating func configure(for images: [[UInt8]])
  /// What must be written, or why the motor cannot be used: the end of a sentence after its name.
  func settings(id: Int, image: [UInt8]) -> BusSettings
  /// What a latched error means, nil for none.
  func alert(_ bits: Int) -> BusAlert?

  /// Torque for the motors, on or off.
  func torque(_ on: Bool, _ ids: [Int]) -> [UInt8]
  /// The goals of one frame.
  func goals(_ goals: [BusGoal], interval: Double) -> [UInt8]
  /// Low speed, for the moment of switching on.
  func slow(_ ids: [Int]) -> [UInt8]
  /// The speed of the stream.
  func fast(_ ids: [Int]) -> [UInt8]
  /// The bus watchdog's setting, empty where there is none.
  func watchdog(_ value: Int, _ ids: [Int]) -> [UInt8]
  /// The stop of the protocol, with the goals to hold.
  func stop(_ goals: [BusGoal]) -> [UInt8]

  /// The register that caps a motor's torque and is forgotten without power; nil where there is none.
  var torqueRegister: BusTorqueRegister? { get }
  /// Values for that register, in packets that nobody answers.
  func torqueLimits(_ values: [BusGoal]) -> [UInt8]
  /// How a motor counts its turns.
  func turns(_ image: [UInt8]) -> BusTurns
}

/// What a motor's settings come to.
enum BusSettings: Sendable, Hashable {
  /// These must be written; and what else is worth a line.
  case write([BusSetting], notes: [String])
  /// The end of a sentence after the motor's name.
  case unusable(String)
}

/// Where one motor shall be, in register units.
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
