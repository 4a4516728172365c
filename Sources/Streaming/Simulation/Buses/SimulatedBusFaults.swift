/// What is wrong with the answers of a simulated bus.
struct SimulatedBusFaults: Sendable {
  /// Answers carry another id.
  private var spoilsID = false
  /// What answers claim beside their length.
  private(set) var extraLength = 0
  private(set) var spoilsCheck = false
  private(set) var isSilent = false
  private(set) var hidesFirst = false
  private var isStale = false
  private var blips = false
  /// The id that two motors have.
  var sharedID: Int?

  /// Lets a fault of the answers begin; others are the motors' own.
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

  /// Whether the next answer has the alert bit; one has, then none again.
  mutating func takeBlip() -> Bool {
    defer { blips = false }
    return blips
  }

  /// How late the next answer is [s]; one is, then all are in time again.
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
