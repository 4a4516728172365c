/// What is known of one motor on a bus.
struct BusMotor: Sendable {
  /// A reading that must be seen twice before it counts: one byte of checksum lets some damage pass.
  enum Suspicion: Sendable, Hashable {
    case alert, torque, watchdog, voltage, temperature, jump
  }

  /// Its registers as last read.
  var image: [UInt8]
  /// What it said when it was met.
  var model: Int?
  var firmware: Int?
  /// The error that its last answer reported.
  var alert: BusAlert?
  /// Where it was measured [register units], and when [s].
  var position: Int?
  var positionTime = -Double.infinity
  /// How many turns its count is ahead of the joint's; positions and goals here are without them.
  var turns = 0
  /// When that position was asked for: it is no older [s].
  var positionAsked = -Double.infinity
  /// Questions for the position without an answer since the last.
  var positionMisses = 0
  /// Answers that came damaged since the last reading of the position.
  var damaged = 0
  /// Where it was told to be [register units].
  var goal: Int?
  /// Whether it was switched on by us, or found on.
  var hasTorque = false
  /// Whether its registers say what its voltage and temperature are.
  var hasHealth = false
  /// Questions without an answer since the last answer, and when that came [s].
  var misses = 0
  var answered = -Double.infinity
  /// What was seen once.
  var suspicions: [Suspicion: Int] = [:]
  /// Whether its alert bit was seen and its cause is being asked for.
  var alerted = false

  init(imageCount: Int) { image = Array(repeating: 0, count: imageCount) }
}
