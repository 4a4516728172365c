/// What the drivers of all servo buses share: one question at a time, one owner of the wire.
///
/// The wire is modelled from baud rate and byte counts, so that a question is only asked where its
/// answer is through before the next frame is due, and a frame waits for no answer but the one that
/// is on the wire.
struct BusDriver<Dialect: BusDialect>: RobotDriver {
  enum Phase: Sendable, Hashable {
    case idle, identifying, identified, engaging, ready, finishing, stopped, releasing, released
    case failed
  }

  let wiring: Wiring
  var dialect: Dialect
  let ids: [Int]
  let indexOfID: [Int: Int]

  var phase = Phase.idle
  var now = -Double.infinity
  var output = DriverOutput()
  var parser: Dialect.Parser
  var motors: [BusMotor]

  // The wire
  var exchange: BusExchange?
  /// When the last byte handed out has left [s].
  var sent = -Double.infinity
  /// The last packet, for its echo.
  var echo: [UInt8] = []
  /// What answers took beyond the wire's own time at most [s].
  var latency = 0.0
  var hasLatency = false
  var lastAnswer = -Double.infinity
  /// When the question was asked whose answers are being kept [s].
  var asked = -Double.infinity
  var missesInARow = 0
  var strangeAnswers = 0
  /// How many questions were answered, and how many of them late.
  var answerCount = 0
  var lateAnswerCount = 0
  var returnDelay = 0.0005

  // The way from one phase to the next
  var script: [BusStep] = []
  var resumeTime = -Double.infinity
  var retry: (request: BusRequest, triesLeft: Int, toleratesSilence: Bool)?
  var isIdentified = false
  var notes: [String] = []
  var unexpectedIDs: [Int: Int] = [:]
  var mayPower = false
  var powerReply: Int?
  /// What is to be written when the motors are engaged.
  var settings: [(motor: Int, setting: BusSetting)] = []
  var attempts = 0
  var firstReading: [Int?] = []

  // Torque limits
  var torque: BusTorque

  // The stream
  var frame: (point: SetPoint, goals: [BusGoal])?
  /// When the frame that waits was handed over, and the one that was sent last [s].
  var frameTime = -Double.infinity
  var goalTime = -Double.infinity
  var lastFrame = -Double.infinity
  var lastTraffic = -Double.infinity
  var interval = 0.0
  var watchdog = 0
  var watchdogTime = -Double.infinity
  var hasReadPositions = false
  var cursor = 0
  var urgent: [(motor: Int, block: BusBlock)] = []
  var healthCursor = 0
  var healthTime = -Double.infinity
  var pollTime = -Double.infinity
  var gauge = BusGauge()

  init(_ wiring: Wiring) {
    self.wiring = wiring
    dialect = Dialect(wiring)
    ids = wiring.motors.map(\.id)
    indexOfID = Dictionary(
      wiring.motors.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
    parser = Dialect.makeParser()
    let count = dialect.imageCount
    motors = wiring.motors.map { _ in BusMotor(imageCount: count) }
    firstReading = motors.map { _ in nil }
    torque = BusTorque(count: motors.count)
  }

  /// The time that bytes take on the wire [s]: 8 bits, start and stop.
  func wireTime(_ bytes: Int) -> Double { Double(bytes) * 10 / Double(max(wiring.baud, 1)) }

  /// A motor in a sentence: "motor 3 (r_sho_roll)".
  func name(_ motor: Int) -> String {
    "motor \(wiring.motors[motor].id) (\(wiring.motors[motor].joint))"
  }

  /// The rate at which frame, reading of positions and a question of health fit with 50 % to spare.
  var preferredRate: Double {
    let count = ids.count
    let write = dialect.goals(ids.map { BusGoal(id: $0, value: 0) }, interval: 0.01).count
    let read: Double
    if let request = dialect.read(dialect.positionBlock, fromAll: ids) {
      read = wireTime(request.bytes.count + request.answerBytes)
    } else {
      // One after the other: a quarter of them for each frame is enough.
      let one = dialect.read(dialect.positionBlock, from: ids.first ?? 1)
      let each = wireTime(one.bytes.count + one.answerBytes) + 0.0015
      read = each * Double((count + 3) / 4)
    }
    let total = wireTime(write) + read + 0.001
    return max(1, min(Dialect.greatestRate, (1 / (1.5 * total)).rounded(.down)))
  }

  var expectedLag: Double { Dialect.lag }

  var wakeTime: Double? {
    var times: [Double] = []
    if let exchange {
      times.append(exchange.deadline)
      if frame != nil { times.append(exchange.free) }
    } else if !script.isEmpty || retry != nil {
      times.append(resumeTime)
    }
    if exchange == nil, phase == .ready { times.append(nextPoll) }
    return times.min()
  }

  mutating func advance(
    to instant: Double, received: [UInt8], order: DriverOrder?
  ) -> DriverOutput {
    now = max(now, instant)
    if !received.isEmpty { receive(received) }
    settle()
    if let order { take(order) }
    run()
    defer { output = DriverOutput() }
    return output
  }

  // MARK: Orders

  private mutating func take(_ order: DriverOrder) {
    switch order {
    case .identify(let mayPower):
      guard [.idle, .identified, .stopped, .released, .failed].contains(phase) else {
        return refuse("identify")
      }
      beginIdentify(mayPower: mayPower)
    case .measure:
      // Who is there is asked again with it, which on a bus costs little.
      guard [.identified, .released].contains(phase) else { return refuse("measure") }
      beginIdentify(mayPower: false)
    case .engage:
      guard [.identified, .stopped, .released].contains(phase), isIdentified else {
        return refuse("engage")
      }
      beginEngage()
    case .follow(let point):
      guard phase == .ready else { return refuse("a set-point") }
      follow(point)
    case .finish:
      guard phase == .ready else { return refuse("the end of the stream") }
      beginFinish()
    case .stop: stop()
    case .release: beginRelease()
    }
  }

  private mutating func refuse(_ order: String) {
    fail(
      DriverFault(
        .refusedSetPoint, "\(order) came while the \(Dialect.name) bus was \(phaseName)"))
  }

  private var phaseName: String {
    switch phase {
    case .idle: "not yet identified"
    case .identifying: "being identified"
    case .identified: "identified but not engaged"
    case .engaging: "being engaged"
    case .ready: "streaming"
    case .finishing: "coming to its end"
    case .stopped: "stopped"
    case .releasing: "being released"
    case .released: "released"
    case .failed: "failed"
    }
  }

  /// Says a fault and falls silent until the next order; the last goals stay in force.
  mutating func fail(_ fault: DriverFault) {
    guard phase != .failed else { return }
    output.events.append(.fault(fault))
    phase = .failed
    abandon()
  }

  /// Forgets everything that was on its way.
  mutating func abandon() {
    script = []
    retry = nil
    exchange = nil
    frame = nil
    urgent = []
    parser.reset()
  }

  // MARK: Time

  private mutating func run() {
    runScript()
    if phase == .ready { runStream() }
  }
}

/// How much of the wire's time is in use.
struct BusGauge: Sendable {
  private var begin = -Double.infinity
  private var used = 0.0
  private let period = 0.5

  mutating func add(_ seconds: Double) { used += seconds }

  /// The share since the last answer, twice a second.
  mutating func share(at now: Double) -> Double? {
    guard now - begin >= period else { return nil }
    defer {
      begin = now
      used = 0
    }
    return begin == -.infinity ? nil : min(1, used / (now - begin))
  }
}
