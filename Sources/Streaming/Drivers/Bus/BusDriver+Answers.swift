// Sending questions and interpreting answers.
extension BusDriver {
  /// Sends packets that nobody answers.
  mutating func transmit(_ bytes: [UInt8]) { wire.transmit(bytes, at: now, into: &output) }

  /// Asks a question, with the time for the answers of a question to all [s].
  mutating func ask(
    _ request: BusRequest, _ purpose: BusExchange.Purpose, for seconds: Double? = nil
  ) {
    wire.ask(request, purpose, for: seconds, at: now, in: dialect, into: &output)
  }

  /// Handles the answers to a question that is answered, or whose time is over.
  mutating func settle() {
    guard let ended = wire.settle(at: now, in: dialect) else { return }
    if ended.isDamaged {
      for missing in ended.outstanding {
        if let motor = indexOfID[missing.id] { motors[motor].damaged += 1 }
      }
    }
    for answer in ended.answers { absorb(answer, of: ended.request) }
    for missing in ended.outstanding { miss(missing.id, ended.request.block) }
    switch ended.purpose {
    case .step(let tries, let tolerates): endStep(ended, triesLeft: tries, tolerates)
    case .listen:
      for answer in ended.answers {
        guard let identity = dialect.identity(answer) else { continue }
        identification.unexpectedIDs[answer.id] = identity.model
      }
    case .poll: endPoll(ended)
    }
  }

  private mutating func miss(_ id: Int, _ block: BusBlock?) {
    guard let motor = indexOfID[id] else { return }
    motors[motor].misses += 1
    if block == dialect.positionBlock { motors[motor].positionMisses += 1 }
  }

  /// Stores the data of an answer.
  private mutating func absorb(_ reply: BusReply, of request: BusRequest) {
    guard let motor = indexOfID[reply.id] else {
      if reply.id == wiring.powerSwitch?.id {
        identification.powerReply = reply.data.first.map(Int.init) ?? -1
      }
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
    guard wire.strangeAnswers > 2 || areDamaged else { return DriverFault(.silent, who) }
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

  /// The fault of motors that answer pings but no readings, as at the vendor's status return level
  /// 0, which must not be changed before the user allows it.
  func noReading(from silent: [Int]) -> DriverFault {
    guard wire.strangeAnswers <= 2, !silent.isEmpty, silent.allSatisfy({ motors[$0].model != nil })
    else { return noAnswer(from: silent) }
    return DriverFault(
      .silent,
      list(silent) + " answered a ping and then no reading: lost, or at status return level 0; "
        + "expected level 1 or 2")
  }

  /// Motors for a message: "motor 1 (a), motor 2 (b)".
  func list(_ motors: [Int]) -> String { motors.map(name).joined(separator: ", ") }
}
