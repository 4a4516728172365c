// Carrying out scripts.
extension BusDriver {
  /// The number of attempts after which a motor counts as silent.
  private static var tries: Int { 3 }

  /// Does all steps that can be done now.
  mutating func runScript() {
    while wire.exchange == nil, now >= script.resumeTime {
      if let again = script.retry {
        script.retry = nil
        ask(
          again.request,
          .step(triesLeft: again.triesLeft, toleratesSilence: again.toleratesSilence))
        return
      }
      guard !script.steps.isEmpty else { return }
      switch script.steps.removeFirst() {
      case .ask(let request, let tolerates):
        ask(request, .step(triesLeft: Self.tries - 1, toleratesSilence: tolerates))
      case .askOnce(let request): ask(request, .step(triesLeft: 0, toleratesSilence: true))
      case .send(let bytes): transmit(bytes)
      case .wait(let seconds): script.resumeTime = max(now, wire.sent) + seconds
      case .listen(let request, let seconds): ask(request, .listen, for: seconds)
      case .judge(let judgement): judge(judgement)
      }
    }
  }

  /// Continues the script after a question, repeats the question or fails.
  mutating func endStep(_ ended: BusExchange, triesLeft: Int, _ tolerates: Bool) {
    guard phase != .failed else { return }
    if ended.request.isShared { dialect.notice(sharing: ended.outstanding.isEmpty) }
    let refusal = ended.answers.first { $0.refusal != nil }
    if ended.outstanding.isEmpty, refusal == nil { return }
    if triesLeft > 0 {
      script.retry = .init(
        request: ended.request, triesLeft: triesLeft - 1, toleratesSilence: tolerates)
      // A pause, so that a late answer arrives before the next question.
      script.resumeTime = now + 0.02
    } else if !tolerates {
      if let refusal, let motor = indexOfID[refusal.id] {
        fail(DriverFault(.deviceError, "\(name(motor)) \(refusal.refusal ?? "refused")"))
      } else {
        let silent = ended.outstanding.compactMap { indexOfID[$0.id] }
        fail(phase == .identifying ? noReading(from: silent) : noAnswer(from: silent))
      }
    }
  }

  mutating func next(_ steps: [BusStep]) { script.insert(steps) }

  func asking(_ block: BusBlock, _ motors: [Int], toleratesSilence: Bool = false) -> [BusStep] {
    motors.map { .ask(dialect.read(block, from: ids[$0]), toleratesSilence: toleratesSilence) }
  }

  /// The motors by groups, in the order of the wiring.
  var groups: [[Int]] {
    var names: [String] = []
    var members: [String: [Int]] = [:]
    for (index, motor) in wiring.motors.enumerated() {
      let group = motor.group ?? ""
      if members[group] == nil { names.append(group) }
      members[group, default: []].append(index)
    }
    return names.map { members[$0] ?? [] }
  }

  private mutating func judge(_ judgement: BusJudgement) {
    switch judgement {
    case .power: judgePower()
    case .powered: judgePowered()
    case .pinged: judgePinged()
    case .unexpectedIDs: judgeUnexpectedIDs()
    case .usable: judgeUsable()
    case .shared: judgeShared()
    case .settled: judgeSettled()
    case .stands(let previous, let attempt): judgeStands(previous, attempt)
    case .identified: judgeIdentified()
    case .resting: beginSettings()
    case .torqueFound: judgeTorqueFound()
    case .torqueCapped: judgeTorqueCapped()
    case .torqueRestoring: beginTorqueRestoring()
    case .torqueRestored: judgeTorqueRestored()
    case .goals(let group): setGoals(group)
    case .torques(let group, let attempt): judgeGoals(group, attempt)
    case .steady(let group, let attempt): judgeSteady(group, attempt)
    case .engaged: judgeEngaged()
    case .held: judgeHeld()
    case .released(let attempt): judgeReleased(attempt)
    }
  }

  /// A quantity of a motor, as last read.
  func value(_ quantity: BusQuantity, _ motor: Int) -> Int? {
    guard let value = dialect.value(quantity, in: motors[motor].image) else { return nil }
    guard quantity == .position || quantity == .goal, let turn = dialect.turn else { return value }
    return value - motors[motor].turns * Int(turn)
  }

  /// The goals that a motor may receive [register units].
  func allowed(_ motor: Int) -> ClosedRange<Int> {
    let wired = wiring.motors[motor]
    let ends = [wired.raw(wired.limits.lowerBound), wired.raw(wired.limits.upperBound)]
    // The tolerance of a thousandth of a unit includes limits that are whole units.
    let lower = max(wired.range.lowerBound, min(ends[0], ends[1]) - 0.001).rounded(.up)
    let upper = min(wired.range.upperBound, max(ends[0], ends[1]) + 0.001).rounded(.down)
    guard lower >= -1e9, upper <= 1e9, lower <= upper else { return 0...0 }
    return Int(lower)...Int(upper)
  }

  /// Register units of an angle [rad].
  func units(_ angle: Double, _ motor: Int) -> Double {
    angle * wiring.motors[motor].unitsPerRadian
  }
}
