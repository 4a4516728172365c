// Questions, answers, time-outs.
extension BusDriver {
  /// An answer that comes so much later than the wire needs was held back by somebody [s].
  private static var heldBack: Double { 0.004 }

  /// What is added to the wire's own time before an answer is given up [s]: twice the latency timer
  /// of an FTDI adapter as Linux sets it, until its real latency is known, and again where answers
  /// stay away.
  private var patience: Double {
    hasLatency ? min(max(2 * latency + 0.004, 0.006), 0.034) : 0.034
  }

  /// Hands out packets that nobody answers.
  mutating func transmit(_ bytes: [UInt8]) {
    guard !bytes.isEmpty else { return }
    output.bytes += bytes
    let time = wireTime(bytes.count)
    sent = max(sent, now) + time
    gauge.add(time)
  }

  /// How long a question keeps the wire, if all answer [s].
  func duration(_ request: BusRequest) -> Double {
    let count = Double(request.answers.count)
    // In a shared packet only the first motor waits for its delay.
    let delays = request.isShared ? returnDelay + count * 0.00002 : count * (returnDelay + 0.00005)
    return wireTime(request.bytes.count + request.answerBytes) + delays + 0.001
  }

  /// Asks a question; what arrived before belongs to nobody.
  mutating func ask(
    _ request: BusRequest, _ purpose: BusExchange.Purpose, for seconds: Double? = nil
  ) {
    parser.reset()
    let longest = request.answers.compactMap(\.count).max()
    // Byte stuffing can add a third.
    parser.limit = dialect.answerCount(longest.map { $0 + $0 / 3 + 1 } ?? 64)
    if request.bytes.count > parser.limit { parser.limit = request.bytes.count }  // its echo
    if request.isShared { parser.limit = max(parser.limit, request.answerBytes) }
    let begin = max(sent, now)
    transmit(request.bytes)
    echo = request.bytes
    gauge.add(wireTime(request.answerBytes))
    let free = begin + duration(request)
    exchange = BusExchange(
      request: request, purpose: purpose, outstanding: request.answers,
      earliest: begin + 0.5 * wireTime(request.bytes.count), free: free,
      deadline: seconds.map { sent + $0 } ?? free + patience, rejectedBefore: parser.rejected)
  }

  mutating func receive(_ bytes: [UInt8]) {
    // Without a question there is no answer: late ones and noise go here.
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
      take(frame)
    }
  }

  private mutating func take(_ frame: BusFrame) {
    guard let current = exchange else { return }
    if current.request.isShared {
      let replies = dialect.sharedReplies(frame.wire, to: current.request)
      if replies.isEmpty { exchange?.strange += 1 }
      for reply in replies { take(reply) }
      return
    }
    guard let reply = dialect.reply(frame) else { return }
    if let code = current.request.code, frame.code != code { return }
    take(reply)
  }

  private mutating func take(_ reply: BusReply) {
    guard var current = exchange else { return }
    if current.purpose == .listen {
      current.answers.append(reply)
      exchange = current
      return
    }
    guard let place = current.outstanding.firstIndex(where: { $0.id == reply.id }) else {
      exchange?.strange += 1
      return
    }
    // A refusal comes without data.
    let wanted = current.outstanding[place].count
    guard wanted == nil || reply.data.count == wanted || reply.refusal != nil else {
      exchange?.strange += 1
      return
    }
    current.outstanding.remove(at: place)
    current.answers.append(reply)
    exchange = current
  }

  /// Ends a question that is answered, or whose time is over.
  mutating func settle() {
    if let waiting = exchange, waiting.request.isShared, now >= waiting.deadline {
      // Those before the one that is missing have answered.
      for reply in dialect.sharedReplies(parser.pending, to: waiting.request) { take(reply) }
    }
    guard var current = exchange else { return }
    // Where one answer is somebody else's, the others may be too.
    if current.strange > 0, current.request.answers.count > 1 {
      guard now >= current.deadline else { return }
      current.outstanding = current.request.answers
      current.answers = []
    }
    let isAnswered = current.purpose != .listen && current.outstanding.isEmpty
    guard isAnswered || now >= current.deadline else { return }
    exchange = nil
    if !current.answers.isEmpty {
      lastAnswer = now
      missesInARow = 0
    } else if current.purpose != .listen {
      missesInARow += 1
    }
    if isAnswered {
      sent = min(sent, now)
      let ideal = current.free - 0.001
      latency = max(latency, min(now - ideal, 0.017))
      hasLatency = true
      // What fills a USB packet is handed over at once.
      if current.request.answerBytes < 62 {
        answerCount += 1
        if now - ideal > Self.heldBack { lateAnswerCount += 1 }
      }
      strangeAnswers = 0
    } else if current.purpose != .listen, current.strange == 0,
      parser.rejected == current.rejectedBefore
    {
      // Nothing was damaged, so what is missing may be on its way still.
      hasLatency = false
    }
    let isDamaged =
      current.strange > 0 || parser.rejected > current.rejectedBefore || !parser.pending.isEmpty
      || current.noise > 0
    if !isAnswered, isDamaged {
      strangeAnswers += 1
      for missing in current.outstanding {
        if let motor = indexOfID[missing.id] { motors[motor].damaged += 1 }
      }
    }
    asked = current.earliest
    for answer in current.answers { absorb(answer, of: current.request) }
    for missing in current.outstanding { miss(missing.id, current.request.block) }
    switch current.purpose {
    case .step(let tries, let tolerates): endStep(current, triesLeft: tries, tolerates)
    case .listen:
      for answer in current.answers where dialect.identity(answer) != nil {
        unexpectedIDs[answer.id] = dialect.identity(answer)?.model ?? 0
      }
    case .poll: endPoll(current)
    }
  }

  private mutating func miss(_ id: Int, _ block: BusBlock?) {
    guard let motor = indexOfID[id] else { return }
    motors[motor].misses += 1
    if block == dialect.positionBlock { motors[motor].positionMisses += 1 }
  }

  /// Keeps what a motor said.
  private mutating func absorb(_ reply: BusReply, of request: BusRequest) {
    guard let motor = indexOfID[reply.id] else {
      if reply.id == wiring.powerSwitch?.id { powerReply = reply.data.first.map(Int.init) ?? -1 }
      return
    }
    motors[motor].misses = 0
    motors[motor].answered = now
    motors[motor].alert = reply.alert
    if request.block == dialect.positionBlock {
      motors[motor].positionMisses = 0
      motors[motor].damaged = 0
    }
    if reply.refusal == nil {
      if let block = request.block, reply.data.count == block.count {
        let place = dialect.place(of: block)
        motors[motor].image.replaceSubrange(place..<(place + block.count), with: reply.data)
      } else if request.block == nil, let identity = dialect.identity(reply) {
        motors[motor].model = identity.model
        motors[motor].firmware = identity.firmware
      }
    }
    inspect(motor, reply, request.block)
  }

  /// The fault of motors that no longer answer.
  func noAnswer(from silent: [Int]) -> DriverFault {
    let count = ids.count
    let who =
      silent.count == count
      ? "none of the \(count) motors answers any more"
      : "no answer any more from " + list(silent)
    let areDamaged = !silent.isEmpty && silent.allSatisfy { motors[$0].damaged > 2 }
    guard strangeAnswers > 2 || areDamaged else { return DriverFault(.silent, who) }
    guard silent.count < count || count == 1 else {
      return DriverFault(
        .protocolBroken,
        "what arrives from the \(Dialect.name) bus makes no sense: wrong header, id, length or "
          + "checksum, expected the answers of \(count) motors at \(wiring.baud) baud; is that the "
          + "motors' rate, and this their protocol?")
    }
    return DriverFault(
      .protocolBroken,
      "\(list(silent)): the answers are damaged (wrong id, length or checksum)"
        + (count == 1 ? "" : " while those of the other motors are understood")
        + ", expected one whole answer to a question; do two motors have this id? Connect one at a "
        + "time and give each its own")
  }

  /// A line for the report where answers are held back on their way; nil where they are in time.
  ///
  /// One in three may be late for other reasons: a busy machine.
  var latencyNote: String? {
    guard answerCount >= 3, 3 * lateAnswerCount > 2 * answerCount else { return nil }
    let most = Int((latency * 1000).rounded())
    return "answers come up to \(most) ms late, as behind an FTDI adapter "
      + "with its latency timer at 16 ms, so that joints are read more rarely; as root, 'echo 1 > "
      + "/sys/bus/usb-serial/devices/PORT/latency_timer' makes it 1 ms"
  }

  /// The fault of motors that were met and answer no reading: the vendor's level 0 lets them answer
  /// pings only, and it is not ours to change before the user's go.
  func noReading(from silent: [Int]) -> DriverFault {
    guard strangeAnswers <= 2, !silent.isEmpty, silent.allSatisfy({ motors[$0].model != nil })
    else { return noAnswer(from: silent) }
    return DriverFault(
      .silent,
      list(silent) + " answered a ping and then no reading: lost, or at status return level 0; "
        + "expected level 1 or 2")
  }

  /// Motors in a sentence: "motor 1 (a), motor 2 (b)".
  func list(_ motors: [Int]) -> String { motors.map(name).joined(separator: ", ") }
}
