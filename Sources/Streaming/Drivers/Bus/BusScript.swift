/// The steps that lead from one phase of a bus driver to the next.
struct BusScript: Sendable {
  /// A question that is asked again.
  struct Retry: Sendable {
    var request: BusRequest
    var triesLeft: Int
    var toleratesSilence: Bool
  }

  /// The steps that are left.
  var steps: [BusStep] = []
  /// When the next step may be done [s].
  var resumeTime = -Double.infinity
  /// The question that is asked before the next step; nil if there is none.
  var retry: Retry?

  /// Whether something is left to do.
  var isPending: Bool { !steps.isEmpty || retry != nil }

  /// Puts steps before those that are left.
  mutating func insert(_ next: [BusStep]) { steps.insert(contentsOf: next, at: 0) }

  /// Forgets the steps that are left.
  mutating func abandon() {
    steps = []
    retry = nil
  }
}

/// One step of a script.
enum BusStep: Sendable {
  /// A question, asked up to three times; if silence is tolerated, a later decision handles it.
  case ask(BusRequest, toleratesSilence: Bool)
  /// A question that is asked once, of a motor that may not answer.
  case askOnce(BusRequest)
  /// Packets that nobody answers.
  case send([UInt8])
  /// A pause [s].
  case wait(Double)
  /// A question to all, whose answers are collected for some time [s].
  case listen(BusRequest, Double)
  /// A decision from what is known by now.
  case judge(BusJudgement)
}

/// A decision of a script, with how often it was made before in vain.
enum BusJudgement: Sendable {
  // Identify
  case power, powered, pinged, unexpectedIDs, usable, shared, identified
  /// Whether all motors stand still, compared with their previous positions.
  case stands(previous: [Int?], attempt: Int)
  // Engage
  case resting, settled, torqueFound, torqueCapped
  case goals([Int])
  case torques([Int], attempt: Int)
  case steady([Int], attempt: Int)
  case engaged
  // End
  case held
  case released(attempt: Int)
  case torqueRestoring, torqueRestored
}
