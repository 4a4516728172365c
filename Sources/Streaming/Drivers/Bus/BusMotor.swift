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

/// A step on the way from one phase to the next.
enum BusStep: Sendable {
  /// A question, asked up to three times; whether silence is for a later judgement.
  case ask(BusRequest, toleratesSilence: Bool)
  /// A question, asked once of one who may not answer.
  case askOnce(BusRequest)
  /// Packets that nobody answers.
  case send([UInt8])
  /// Time [s].
  case wait(Double)
  /// Collects whatever answers for so long [s].
  case listen(BusRequest, Double)
  /// A decision on what is known by now.
  case judge(BusJudgement)
}

/// What is decided on the way.
enum BusJudgement: Sendable {
  // Identify
  case power, powered, pinged, unexpectedIDs, usable, shared, stands, identified
  // Engage
  case resting, settled, torqueFound, torqueCapped
  case goals([Int])
  case torques([Int])
  case steady([Int])
  case engaged
  // End
  case held, released, torqueRestoring, torqueRestored
}

/// A question that is on the wire.
struct BusExchange: Sendable {
  /// What it is asked for.
  enum Purpose: Sendable, Hashable {
    case step(triesLeft: Int, toleratesSilence: Bool)
    case listen
    case poll
  }

  var request: BusRequest
  var purpose: Purpose
  /// Motors whose answer is missing, in the order of the wire.
  var outstanding: [BusRequest.Answer]
  /// An answer before this instant belongs to an older question [s].
  var earliest: Double
  /// When the wire is free again, if all answer [s].
  var free: Double
  /// When no answer is awaited any more [s].
  var deadline: Double
  var rejectedBefore: Int
  var answers: [BusReply] = []
  /// Answers from motors that were not asked, twice, or of a wrong length.
  var strange = 0
  /// Bytes that arrived and are in no packet.
  var noise = 0
}
