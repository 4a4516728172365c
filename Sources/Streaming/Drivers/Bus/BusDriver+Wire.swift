// Questions, answers, time-outs.
extension BusDriver {
  /// What is added to the wire's own time before an answer is given up [s]: twice the latency timer
  /// of an FTDI adapter as Linux sets it, until its real latency is known.
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
    let each = returnDelay + 0.00005
    return wireTime(request.bytes.count + request.answerBytes)
      + Double(request.answers.count) * each + 0.001
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
    for frame in parser.receive(bytes) {
      if frame.wire == echo {
        echo = []
        continue
      }
      take(frame)
    }
  }

  private mutating func take(_ frame: BusFrame) {
    guard var current = exchange, let reply = dialect.reply(frame) else { return }
    if let code = current.request.code, frame.code != code { return }
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
      strangeAnswers = 0
    } else if current.strange > 0 || parser.rejected > current.rejectedBefore
      || parser.pendingCount > 0
    {
      strangeAnswers += 1
    }
    for answer in current.answers { absorb(answer, of: current.request) }
    for missing in current.outstanding { miss(missing.id) }
    switch current.purpose {
    case .step(let tries, let tolerates): endStep(current, triesLeft: tries, tolerates)
    case .listen:
      for answer in current.answers where dialect.identity(answer) != nil {
        strays[answer.id] = dialect.identity(answer)?.model ?? 0
      }
    case .poll: endPoll(current)
    }
  }

  private mutating func miss(_ id: Int) {
    guard let motor = indexOfID[id] else { return }
    motors[motor].misses += 1
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
  func silence(of silent: [Int]) -> DriverFault {
    let count = ids.count
    let who =
      silent.count == count
      ? "none of the \(count) motors answers any more"
      : "no answer any more from " + list(silent)
    guard strangeAnswers > 2 else { return DriverFault(.silent, who) }
    return DriverFault(
      .protocolBroken,
      silent.count == count
        ? "what arrives from the \(Dialect.name) bus makes no sense: wrong id, length or checksum, "
          + "expected the answers of \(count) motors"
        : who + ", but bytes that make no sense: wrong id, length or checksum")
  }

  /// The fault of motors that were met and answer no reading: the vendor's level 0 lets them answer
  /// pings only, and it is not ours to change before the user's go.
  func muteness(of silent: [Int]) -> DriverFault {
    guard strangeAnswers <= 2, !silent.isEmpty, silent.allSatisfy({ motors[$0].model != nil })
    else { return silence(of: silent) }
    return DriverFault(
      .silent,
      list(silent) + " answered a ping and then no reading: lost, or at status return level 0; "
        + "expected level 1 or 2")
  }

  /// Motors in a sentence: "motor 1 (a), motor 2 (b)".
  func list(_ motors: [Int]) -> String { motors.map(name).joined(separator: ", ") }
}
