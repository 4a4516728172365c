/// The state of one motor on a bus.
struct BusMotor: Sendable {
  /// A kind of reading that counts only when it is read twice, since a one-byte checksum does not
  /// detect all damage.
  enum Suspicion: Sendable, Hashable {
    case alert, torque, watchdog, voltage, temperature, jump
  }

  /// The motor's registers as last read.
  var image: [UInt8]
  /// The model, as reported by the motor.
  var model: Int?
  var firmware: Int?
  /// The error in the motor's last answer.
  var alert: BusAlert?
  /// The measured position [register units] and when it was read [s].
  var position: Int?
  var positionTime = -Double.infinity
  /// The number of turns by which the register is ahead of the joint; positions and goals are
  /// stored without them.
  var turns = 0
  /// When that position was requested [s]; it is not older.
  var positionAsked = -Double.infinity
  /// The number of unanswered questions for the position since the last answer.
  var positionMisses = 0
  /// The number of damaged answers since the last reading of the position.
  var damaged = 0
  /// The goal of the motor [register units].
  var goal: Int?
  /// Whether the motor's torque is on.
  var hasTorque = false
  /// Whether voltage and temperature of the motor can be read.
  var hasHealth = false
  /// The number of unanswered questions since the last answer, and when that came [s].
  var misses = 0
  var answered = -Double.infinity
  /// How often each suspicious reading was seen.
  var suspicions: [Suspicion: Int] = [:]
  /// Whether the alert bit was seen and its cause is being read.
  var alerted = false

  init(imageCount: Int) { image = Array(repeating: 0, count: imageCount) }
}
