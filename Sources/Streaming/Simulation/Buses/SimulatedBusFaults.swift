/// The faults of the answers of a simulated bus.
struct SimulatedBusFaults: Sendable {
  /// Answers carry another id.
  private var spoilsID = false
  /// What is added to the length that answers claim.
  private(set) var extraLength = 0
  private(set) var spoilsCheck = false
  private(set) var isSilent = false
  private(set) var hidesFirst = false
  private var isStale = false
  private var blips = false
  /// The id that two motors share; nil if none is shared.
  var sharedID: Int?

  /// Begins a fault of the answers; other faults are those of motors.
  mutating func begin(_ fault: Fault) {
    switch fault {
    case .wrongID: spoilsID = true
    case .wrongLength: extraLength = 2
    case .badChecksum: spoilsCheck = true
    case .staleReply: isStale = true
    case .silence: isSilent = true
    case .missingMotor: hidesFirst = true
    case .alertBlip: blips = true
    default: break
    }
  }

  func spoiledID(_ id: Int) -> Int { spoilsID ? (id + 1) % 253 : id }

  /// Whether the next answer has the alert bit; only one answer has it.
  mutating func takeBlip() -> Bool {
    defer { blips = false }
    return blips
  }

  /// The delay of the next answer [s]; only one answer is delayed.
  mutating func takeStaleness() -> Double {
    defer { isStale = false }
    return isStale ? 0.06 : 0
  }
}

/// A board that switches the motors' supply.
struct SimulatedPowerBoard: Sendable {
  let id: Int
  let address: Int
  private let on: UInt8
  private let delay: Double
  private(set) var value: UInt8
  private var ready: Double

  init(_ power: Wiring.PowerSwitch, isOn: Bool) {
    id = power.id
    address = power.address
    on = UInt8(truncatingIfNeeded: power.value)
    delay = 0.8 * power.delay
    value = isOn ? on : 0
    ready = isOn ? 0 : .infinity
  }

  mutating func write(_ new: UInt8, at time: Double) {
    if new == on, value != on { ready = time + delay }
    if new != on { ready = .infinity }
    value = new
  }

  func isOff(at now: Double) -> Bool { now < ready }
}
