/// The frames and polls of a stream to a servo bus.
struct BusStream: Sendable {
  /// A set-point that waits for the wire.
  struct Frame: Sendable {
    var point: SetPoint
    var goals: [BusGoal]
    /// When it was handed over [s].
    var time: Double
  }

  /// A question that is asked before all others.
  struct Question: Sendable, Hashable {
    var motor: Int
    var block: BusBlock
  }

  /// The time that is kept free before a frame is due [s].
  static let guardTime = 0.0003
  /// The time between two questions about a motor's health [s].
  static let healthPeriod = 0.025
  /// The time between two readings of positions while no frames come [s].
  static let holdingPeriod = 0.05

  /// The frame that waits; nil if there is none.
  var frame: Frame?
  /// When the frame that was sent last was handed over [s].
  var goalTime = -Double.infinity
  /// When the last frame was sent [s].
  var lastFrame = -Double.infinity
  /// When anything was last sent that all motors receive [s].
  var lastTraffic = -Double.infinity
  /// The time between two frames [s].
  var interval = 0.0
  /// Whether all positions were read, or asked for, since the last frame.
  var hasReadPositions = false
  /// The questions that are asked first.
  var urgent: [Question] = []
  /// When positions were last read without frames [s].
  private var pollTime = -Double.infinity
  /// The motor whose position is read next.
  private(set) var cursor = 0
  private var healthCursor = 0
  /// When a motor was last asked about its health [s].
  private var healthTime = -Double.infinity

  /// Begins a stream of motors that hold.
  mutating func begin(at now: Double) {
    frame = nil
    lastFrame = -.infinity
    goalTime = -.infinity
    lastTraffic = now
    pollTime = now
    healthTime = now
    cursor = 0
    urgent = []
    hasReadPositions = true
  }

  /// Forgets what waits to be sent.
  mutating func abandon() {
    frame = nil
    urgent = []
  }

  // MARK: Times

  /// Whether frames come.
  func isStreaming(at now: Double) -> Bool { now < lastFrame + 2 * interval }

  /// When the next frame must find the wire free [s].
  func due(at now: Double) -> Double { isStreaming(at: now) ? lastFrame + interval : .infinity }

  /// When a question may be asked if nothing else happens [s]; `sent` is when the wire is free.
  func nextPoll(at now: Double, sent: Double) -> Double {
    guard isStreaming(at: now) else { return pollTime + Self.holdingPeriod }
    let health = max(healthTime + Self.healthPeriod, sent)
    return health > now && health < due(at: now) ? health : lastFrame + 2 * interval
  }

  /// Begins another reading of positions if no frames come and it is time for one.
  mutating func pollWhileHolding(at now: Double) {
    guard !isStreaming(at: now), now >= pollTime + Self.holdingPeriod else { return }
    pollTime = now
    hasReadPositions = false
  }

  // MARK: Polls

  /// Notes that a frame was sent.
  mutating func sentFrame(handedOver: Double, at now: Double) {
    frame = nil
    goalTime = handedOver
    lastFrame = now
    lastTraffic = now
    hasReadPositions = false
  }

  /// Puts a question before all others, once.
  mutating func askFirst(_ question: Question) {
    urgent.removeAll { $0 == question }
    urgent.insert(question, at: 0)
  }

  /// Puts a question behind those that are asked first, unless it is among them.
  mutating func askSoon(_ question: Question) {
    guard !urgent.contains(question) else { return }
    urgent.append(question)
  }

  /// Whether a question about health is due, or overdue by a period.
  func isHealthDue(at now: Double, overdue: Bool = false) -> Bool {
    now >= healthTime + (overdue ? 2 : 1) * Self.healthPeriod
  }

  /// The next question about health of motors with so many blocks each; nil if there are none.
  func healthQuestion(of motors: Int, _ blocks: [BusBlock]) -> Question? {
    guard !blocks.isEmpty else { return nil }
    return Question(
      motor: healthCursor / blocks.count % motors, block: blocks[healthCursor % blocks.count])
  }

  /// Notes that the question about health was asked, of so many in all.
  mutating func askedHealth(of count: Int, at now: Double) {
    healthCursor = (healthCursor + 1) % count
    healthTime = now
  }

  /// Notes that the positions of the next motors were asked for, of so many in all.
  mutating func askedPositions(_ asked: Int, of count: Int) {
    cursor += asked
    guard cursor >= count else { return }
    cursor = 0
    hasReadPositions = true
  }
}

/// A motor watchdog that is switched on: it stops the motors if the host falls silent.
struct BusWatchdog: Sendable {
  /// Its setting, in units of `BusDialect.watchdogUnit`.
  var value: Int
  /// When the setting has left [s].
  var sent: Double
}
