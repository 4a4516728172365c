/// The driver of all servo buses, for one protocol: one question at a time on a wire that is
/// shared.
///
/// A question is asked only if its answer is complete before the next frame is due, and a frame
/// waits for no answer but the one that is on the wire.
struct BusDriver<Dialect: BusDialect>: RobotDriver {
  enum Phase: Sendable, Hashable {
    case idle, identifying, identified, engaging, ready, finishing, stopped, releasing, released
    case failed
  }

  let wiring: Wiring
  let ids: [Int]
  let indexOfID: [Int: Int]
  var dialect: Dialect

  var phase = Phase.idle
  var now = -Double.infinity
  var output = DriverOutput()
  var motors: [BusMotor]
  var wire: BusWire<Dialect>
  var script = BusScript()
  var identification = BusIdentification()
  var torque: BusTorque
  var stream = BusStream()
  /// The motors' watchdog; nil while it is off.
  var watchdog: BusWatchdog?

  init(_ wiring: Wiring) {
    self.wiring = wiring
    dialect = Dialect(wiring)
    ids = wiring.motors.map(\.id)
    indexOfID = Dictionary(
      wiring.motors.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
    wire = BusWire(baud: wiring.baud)
    let count = dialect.imageCount
    motors = wiring.motors.map { _ in BusMotor(imageCount: count) }
    torque = BusTorque(count: motors.count)
  }

  /// A motor for a message: "motor 3 (r_sho_roll)".
  func name(_ motor: Int) -> String {
    "motor \(wiring.motors[motor].id) (\(wiring.motors[motor].joint))"
  }

  /// The frame rate at which a frame, a reading of positions and a question about health take two
  /// thirds of the interval.
  var preferredRate: Double {
    let count = ids.count
    let write = dialect.goals(ids.map { BusGoal(id: $0, value: 0) }, interval: 0.01).count
    let read: Double
    if let request = dialect.read(dialect.positionBlock, fromAll: ids) {
      read = wire.time(of: request.bytes.count + request.answerBytes)
    } else {
      // Motors that are read one by one need a quarter of the readings for each frame.
      let one = dialect.read(dialect.positionBlock, from: ids.first ?? 1)
      let each = wire.time(of: one.bytes.count + one.answerBytes) + 0.0015
      read = each * Double((count + 3) / 4)
    }
    let total = wire.time(of: write) + read + 0.001
    return max(1, min(Dialect.greatestRate, (1 / (1.5 * total)).rounded(.down)))
  }

  var expectedLag: Double { Dialect.lag }

  var wakeTime: Double? {
    var times: [Double] = []
    if let exchange = wire.exchange {
      times.append(exchange.deadline)
      if stream.frame != nil { times.append(exchange.free) }
    } else {
      if script.isPending { times.append(script.resumeTime) }
      if phase == .ready { times.append(stream.nextPoll(at: now, sent: wire.sent)) }
    }
    return times.min()
  }

  mutating func advance(
    to instant: Double, received: [UInt8], order: DriverOrder?
  ) -> DriverOutput {
    now = max(now, instant)
    if !received.isEmpty { wire.receive(received, at: now, in: dialect) }
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
      // Motors are identified again at the same time, which takes little time on a bus.
      guard [.identified, .released].contains(phase) else { return refuse("measure") }
      beginIdentify(mayPower: false)
    case .engage:
      guard [.identified, .stopped, .released].contains(phase), identification.isComplete
      else {
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

  /// Reports a fault and sends nothing until the next order; the last goals stay in force.
  mutating func fail(_ fault: DriverFault) {
    guard phase != .failed else { return }
    output.events.append(.fault(fault))
    phase = .failed
    abandon()
  }

  /// Forgets the script, the question and the frame that are under way.
  mutating func abandon() {
    script.abandon()
    wire.abandon()
    stream.abandon()
  }

  // MARK: Time

  private mutating func run() {
    runScript()
    if phase == .ready { runStream() }
  }
}
