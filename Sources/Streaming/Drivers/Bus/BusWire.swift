/// The wire of a servo bus: bytes out, at most one question at a time, and the answers to it.
///
/// The wire's occupancy is computed from the baud rate and byte counts, because the system does not
/// say when bytes have left.
struct BusWire<Dialect: BusDialect>: Sendable {
  /// An answer that comes this much later than the wire needs was delayed on its way [s].
  private static var heldBack: Double { 0.004 }

  private let baud: Int
  private var parser = Dialect.makeParser()
  private var gauge = BusGauge()
  /// The packet sent last, in case an adapter echoes it.
  private var echo: [UInt8] = []
  /// The longest delay of an answer beyond the wire's own time [s].
  private var latency = 0.0
  private var hasLatency = false
  /// How many questions were answered, and how many of them late.
  private var answerCount = 0
  private var lateAnswerCount = 0

  /// The question that is on the wire; nil if there is none.
  private(set) var exchange: BusExchange?
  /// When the last byte that was handed out has left [s].
  private(set) var sent = -Double.infinity
  /// When the question whose answers were taken last was asked [s].
  private(set) var asked = -Double.infinity
  /// When a question was answered last [s].
  private(set) var lastAnswer = -Double.infinity
  /// How many questions in a row nobody answered.
  private(set) var missesInARow = 0
  /// How many answers in a row were damaged or were not asked for.
  private(set) var strangeAnswers = 0
  /// How long a motor waits before it answers [s].
  var returnDelay = 0.0005

  init(baud: Int) { self.baud = baud }

  // MARK: Times

  /// The time that bytes take on the wire [s]: 8 bits, start and stop.
  func time(of bytes: Int) -> Double { Double(bytes) * 10 / Double(max(baud, 1)) }

  /// How long a question occupies the wire if all motors answer [s].
  func duration(_ request: BusRequest) -> Double {
    let count = Double(request.answers.count)
    // In a shared packet only the first motor waits for its delay.
    let delays = request.isShared ? returnDelay + count * 0.00002 : count * (returnDelay + 0.00005)
    return time(of: request.bytes.count + request.answerBytes) + delays + 0.001
  }

  /// What is added to the wire's own time before an answer is given up [s]: twice the default latency
  /// timer of an FTDI adapter on Linux until the real latency is known, and again after a miss.
  private var patience: Double {
    hasLatency ? min(max(2 * latency + 0.004, 0.006), 0.034) : 0.034
  }

  /// The share of the wire's time in use since the last call; nil more often than twice a second.
  mutating func load(at now: Double) -> Double? { gauge.share(at: now) }

  // MARK: Sending

  /// Sends packets that nobody answers.
  mutating func transmit(_ bytes: [UInt8], at now: Double, into output: inout DriverOutput) {
    guard !bytes.isEmpty else { return }
    output.bytes += bytes
    let time = time(of: bytes.count)
    sent = max(sent, now) + time
    gauge.add(time)
  }

  /// Asks a question; bytes that arrived before it do not belong to its answer.
  mutating func ask(
    _ request: BusRequest, _ purpose: BusExchange.Purpose, for seconds: Double? = nil,
    at now: Double, in dialect: Dialect, into output: inout DriverOutput
  ) {
    parser.reset()
    let longest = request.answers.compactMap(\.count).max()
    // Byte stuffing can add a third.
    parser.limit = dialect.answerCount(longest.map { $0 + $0 / 3 + 1 } ?? 64)
    if request.bytes.count > parser.limit { parser.limit = request.bytes.count }  // its echo
    if request.isShared { parser.limit = max(parser.limit, request.answerBytes) }
    let begin = max(sent, now)
    transmit(request.bytes, at: now, into: &output)
    echo = request.bytes
    gauge.add(time(of: request.answerBytes))
    let free = begin + duration(request)
    exchange = BusExchange(
      request: request, purpose: purpose, outstanding: request.answers,
      earliest: begin + 0.5 * time(of: request.bytes.count), free: free,
      deadline: seconds.map { sent + $0 } ?? free + patience, rejectedBefore: parser.rejected)
  }

  // MARK: Receiving

  /// Takes bytes that have arrived.
  mutating func receive(_ bytes: [UInt8], at now: Double, in dialect: Dialect) {
    // Without a question there is no answer: late answers and noise are dropped.
    guard let current = exchange, now >= current.earliest else {
      if exchange == nil { strangeAnswers += 1 }
      return
    }
    let frames = parser.receive(bytes)
    exchange?.noise += bytes.count - frames.reduce(0) { $0 + $1.wire.count }
    for frame in frames {
      if frame.wire == echo {
        echo = []
        continue
      }
      take(frame, dialect)
    }
  }

  private mutating func take(_ frame: BusFrame, _ dialect: Dialect) {
    guard let current = exchange else { return }
    if current.request.isShared {
      let replies = dialect.sharedReplies(frame.wire, to: current.request)
      if replies.isEmpty { exchange?.strange += 1 }
      for reply in replies { exchange?.take(reply) }
      return
    }
    guard let reply = dialect.reply(frame) else { return }
    if let code = current.request.code, frame.code != code { return }
    exchange?.take(reply)
  }

  /// Ends the question if it is answered or its time is over, and returns it with its answers.
  mutating func settle(at now: Double, in dialect: Dialect) -> BusExchange? {
    if let waiting = exchange, waiting.request.isShared, now >= waiting.deadline {
      // The motors before the missing one have answered.
      for reply in dialect.sharedReplies(parser.pending, to: waiting.request) {
        exchange?.take(reply)
      }
    }
    guard var ended = exchange else { return nil }
    // If one answer is from the wrong motor, the others may be too.
    if ended.strange > 0, ended.request.answers.count > 1 {
      guard now >= ended.deadline else { return nil }
      ended.outstanding = ended.request.answers
      ended.answers = []
    }
    guard ended.isAnswered || now >= ended.deadline else { return nil }
    exchange = nil
    count(ended, at: now)
    let isDamaged =
      ended.strange > 0 || parser.rejected > ended.rejectedBefore || !parser.pending.isEmpty
      || ended.noise > 0
    ended.isDamaged = !ended.isAnswered && isDamaged
    if ended.isDamaged { strangeAnswers += 1 }
    asked = ended.earliest
    return ended
  }

  /// Keeps the statistics of answers and their delays.
  private mutating func count(_ ended: BusExchange, at now: Double) {
    if !ended.answers.isEmpty {
      lastAnswer = now
      missesInARow = 0
    } else if ended.purpose != .listen {
      missesInARow += 1
    }
    if ended.isAnswered {
      sent = min(sent, now)
      let ideal = ended.free - 0.001
      latency = max(latency, min(now - ideal, 0.017))
      hasLatency = true
      // An adapter hands over a full USB packet at once.
      if ended.request.answerBytes < 62 {
        answerCount += 1
        if now - ideal > Self.heldBack { lateAnswerCount += 1 }
      }
      strangeAnswers = 0
    } else if ended.purpose != .listen, ended.strange == 0,
      parser.rejected == ended.rejectedBefore
    {
      // Nothing was damaged, so the missing answer may still be on its way.
      hasLatency = false
    }
  }

  // MARK: Starting over

  /// Forgets the question and everything that has arrived.
  mutating func abandon() {
    exchange = nil
    parser.reset()
  }

  /// Resets what is counted while the motors are identified.
  mutating func beginIdentification() {
    returnDelay = 0.0005
    strangeAnswers = 0
    answerCount = 0
    lateAnswerCount = 0
  }

  /// Forgets a question whose missing answer says nothing about the wire.
  mutating func forgiveMiss() {
    strangeAnswers = 0
    missesInARow = 0
  }

  /// Starts to measure the silence of the motors anew.
  mutating func beginStream(at now: Double) {
    lastAnswer = now
    missesInARow = 0
  }

  /// Notes that bytes in front of the port are thrown away, so that the wire is free now.
  mutating func discard(at now: Double) { sent = now }

  /// A line for the report if answers are delayed on their way; nil if they are in time.
  ///
  /// One answer in three may be late for other reasons, such as a busy machine.
  var latencyNote: String? {
    guard answerCount >= 3, 3 * lateAnswerCount > 2 * answerCount else { return nil }
    let most = Int((latency * 1000).rounded())
    return "answers come up to \(most) ms late, as behind an FTDI adapter "
      + "with its latency timer at 16 ms, so that joints are read more rarely; as root, 'echo 1 > "
      + "/sys/bus/usb-serial/devices/PORT/latency_timer' makes it 1 ms"
  }
}

/// Measures how much of the wire's time is in use.
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
