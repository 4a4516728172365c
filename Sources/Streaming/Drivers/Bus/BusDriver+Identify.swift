// Identifying the motors, their states and positions; only a power switch may be written.
extension BusDriver {
  /// The highest temperature at which motors are engaged [°C].
  private static var coolEnough: Int { 60 }
  /// The largest difference of two readings that agree [register units].
  private static var agreement: Int { 2 }
  /// How far outside its limits a joint may rest; it is then held at the limit [rad].
  private static var slack: Double { 1 * Double.pi / 180 }

  mutating func beginIdentify(mayPower: Bool) {
    abandon()
    phase = .identifying
    motors = motors.map { _ in BusMotor(imageCount: dialect.imageCount) }
    identification = BusIdentification(mayPower: mayPower)
    wire.beginIdentification()
    if let power = wiring.powerSwitch {
      let block = BusBlock(power.address, 1)
      next([
        .ask(dialect.read(block, from: power.id), toleratesSilence: true), .judge(.power),
      ])
    } else {
      next(pings)
    }
  }

  private var pings: [BusStep] {
    ids.map { .ask(dialect.ping($0), toleratesSilence: true) } + [.judge(.pinged)]
  }

  /// Switches the motors' supply on if it is off and this is allowed; motors start without torque.
  mutating func judgePower() {
    guard let power = wiring.powerSwitch, identification.powerReply != power.value else {
      return next(pings)
    }
    guard identification.mayPower || identification.powerReply == nil else {
      return fail(
        DriverFault(
          .voltage,
          "the motors' supply is off: address \(power.address) of the board \(power.id) says "
            + "\(identification.powerReply ?? 0), expected \(power.value), which is written with --go only"
        ))
    }
    guard identification.powerReply != nil else { return judgePowered() }
    guard let write = dialect.write(power.value, to: power.address, of: power.id) else {
      return fail(
        DriverFault(.wrongDevice, "a \(Dialect.name) bus of this protocol has no power switch"))
    }
    identification.notes.append(
      "motor supply switched on (board \(power.id), address \(power.address))")
    next([
      .ask(write, toleratesSilence: true), .wait(max(0, min(power.delay, 5))),
      .ask(
        dialect.read(BusBlock(power.address, 1), from: power.id), toleratesSilence: true),
      .judge(.powered),
    ])
  }

  mutating func judgePowered() {
    guard let power = wiring.powerSwitch, identification.powerReply != power.value else {
      return next(pings)
    }
    let found =
      identification.powerReply.map { "address \(power.address) says \($0)" }
      ?? "it does not answer"
    fail(
      DriverFault(
        .missingMotors,
        "the board \(power.id) that switches the motors on does not: \(found), expected "
          + "\(power.value)"))
  }

  /// Checks that all wired motors have answered and are of the wired models.
  mutating func judgePinged() {
    let missing = motors.indices.filter { motors[$0].answered == -.infinity }
    guard missing.isEmpty else {
      let areDamaged = missing.allSatisfy { motors[$0].damaged > 2 }
      guard missing.count < ids.count || wire.strangeAnswers <= 2, !areDamaged else {
        return fail(noAnswer(from: missing))
      }
      let who =
        missing.count == ids.count
        ? "none of the \(ids.count) motors answers (power, baud rate \(wiring.baud), cable?): "
        : "\(missing.count) of \(ids.count) motors \(missing.count == 1 ? "does" : "do") not answer: "
      return fail(DriverFault(.missingMotors, who + list(missing)))
    }
    if let wrong = wrongModel() { return fail(wrong) }
    var steps: [BusStep] = []
    if let all = dialect.pingAll() {
      // As in the vendor's SDK: each of the 253 ids has a time slot.
      steps += [.listen(all, 253 * (wire.time(of: 14) + 0.003) + 0.05), .judge(.unexpectedIDs)]
    }
    for block in dialect.identityBlocks { steps += asking(block, Array(motors.indices)) }
    next(steps + [.judge(.usable)])
  }

  private func wrongModel() -> DriverFault? {
    for (motor, wired) in wiring.motors.enumerated() {
      guard let found = motors[motor].model else { continue }
      let foundName = Dialect.models.first { $0.value == found }?.key
      guard let expected = wired.model else {
        guard foundName == nil, !Dialect.models.isEmpty else { continue }
        return DriverFault(
          .wrongDevice,
          "\(name(motor)) is of model \(found), whose registers are not known here, expected "
            + knownModels)
      }
      guard
        let number = Int(expected)
          ?? Dialect.models.first(where: { expected.hasPrefix($0.key) })?.value
      else {
        if Dialect.models.isEmpty { continue }
        return DriverFault(
          .wrongDevice, "\(name(motor)): model '\(expected)' is not known, expected \(knownModels)")
      }
      guard number == found else {
        return DriverFault(
          .wrongDevice,
          "\(name(motor)) is of model \(foundName ?? String(found)), expected \(expected)")
      }
    }
    return nil
  }

  private var knownModels: String {
    "one of " + Dialect.models.keys.sorted().joined(separator: ", ")
  }

  /// Refuses motors that are not wired, which may be another robot's or share an id.
  mutating func judgeUnexpectedIDs() {
    let unexpected = identification.unexpectedIDs.filter {
      indexOfID[$0.key] == nil && $0.key != wiring.powerSwitch?.id
    }
    let motors = unexpected.filter { Dialect.models.values.contains($0.value) }.keys.sorted()
    guard motors.isEmpty else {
      let list = motors.map(String.init).joined(separator: ", ")
      return fail(
        DriverFault(
          .wrongDevice,
          "the bus has motors that are not wired: ids \(list), expected \(ids.count) motors"))
    }
    for id in unexpected.keys.sorted() {
      identification.notes.append(
        "something else answers on the bus: id \(id), model \(unexpected[id] ?? 0)")
    }
  }

  /// Checks state and settings of every motor and reports all problems in one fault.
  mutating func judgeUsable() {
    dialect.configure(for: motors.map(\.image))
    for motor in motors.indices where motors[motor].model == nil {
      motors[motor].model = value(.model, motor)
    }
    if let wrong = wrongModel() { return fail(wrong) }
    var complaints: [(kind: DriverFault.Kind, text: String)] = []
    for motor in motors.indices {
      motors[motor].hasTorque = value(.torque, motor) == 1
      motors[motor].hasHealth = value(.voltage, motor) != nil
      if let text = torqueComplaint(motor) {
        complaints.append((.deviceError, name(motor) + " " + text))
      }
      if let complaint = complaint(motor) {
        complaints.append((complaint.kind, name(motor) + " " + complaint.text))
      }
      switch dialect.settings(id: ids[motor], image: motors[motor].image) {
      case .unusable(let text): complaints.append((.wrongDevice, name(motor) + " " + text))
      case .write(let list, let remarks):
        identification.notes += remarks.map { "\(name(motor)) \($0)" }
        for setting in list { plan(setting, motor, &complaints) }
      }
    }
    guard let first = complaints.first else {
      noteReturnDelay()
      identification.notes += settingLines("will be written when engaged") + torqueNotes
      if let trial = dialect.sharingTrial(ids) {
        return next([.ask(trial, toleratesSilence: true), .judge(.shared)])
      }
      return readStanding(then: .identified)
    }
    let texts = complaints.prefix(4).map(\.text).joined(separator: "; ")
    let more = complaints.count > 4 ? "; and \(complaints.count - 4) more" : ""
    fail(DriverFault(first.kind, texts + more))
  }

  /// Continues once it is known whether the motors can share an answer.
  mutating func judgeShared() {
    // Motors that do not know the question do not answer it.
    wire.forgiveMiss()
    readStanding(then: .identified)
  }

  /// Plans to write a setting, or reports it for a motor with torque, which would refuse it.
  private mutating func plan(
    _ setting: BusSetting, _ motor: Int,
    _ complaints: inout [(kind: DriverFault.Kind, text: String)]
  ) {
    guard motors[motor].hasTorque else {
      return identification.settings.append(.init(motor: motor, setting: setting))
    }
    let text = "\(name(motor)) has torque, so that its \(setting.name) stays \(setting.found)"
    if setting.isNeeded {
      complaints.append((.deviceError, text + ", expected \(setting.value): release it first"))
    } else {
      identification.notes.append(text)
    }
  }

  private func complaint(_ motor: Int) -> (kind: DriverFault.Kind, text: String)? {
    if let alert = dialect.alert(value(.error, motor) ?? 0) {
      return (alert.kind, "has a latched error: \(alert.text ?? "unknown"), expected none")
    }
    if let alert = motors[motor].alert {
      return (alert.kind, "reports \(alert.text ?? "a hardware error"), expected no error")
    }
    if let voltage = value(.voltage, motor), let low = value(.lowestVoltage, motor),
      let high = value(.highestVoltage, motor), low < high, !(low...high).contains(voltage)
    {
      return (.voltage, "has \(volts(voltage)), expected \(volts(low)) to \(volts(high))")
    }
    if let warmth = value(.temperature, motor), warmth > Self.coolEnough {
      return (.temperature, "has \(warmth) °C, expected \(Self.coolEnough) °C at most")
    }
    if let low = value(.lowestGoal, motor), let high = value(.highestGoal, motor), low < high {
      let allowed = allowed(motor)
      if allowed.lowerBound < low || allowed.upperBound > high {
        return (
          .wrongDevice,
          "takes goals from \(low) to \(high) only, expected \(allowed.lowerBound) to "
            + "\(allowed.upperBound) as wired"
        )
      }
    }
    return nil
  }

  func volts(_ millivolts: Int) -> String { "\(Double(millivolts / 100) / 10) V" }

  /// Notes the motors' longest return delay, on which the time-outs depend.
  mutating func noteReturnDelay() {
    guard let delay = motors.indices.compactMap({ value(.returnDelay, $0) }).max() else { return }
    wire.returnDelay = max(0.00002, min(Double(delay) * 1e-6, 0.0006))
  }

  /// Reads all positions until two readings agree.
  mutating func readStanding(then judgement: BusJudgement) {
    next(readingPositions + [.judge(judgement)])
  }

  /// Reads all positions until two readings agree.
  var readingPositions: [BusStep] {
    readingPositions(after: motors.map { _ in nil }, attempt: 0)
  }

  private func readingPositions(after previous: [Int?], attempt: Int) -> [BusStep] {
    asking(dialect.positionBlock, Array(motors.indices))
      + [.judge(.stands(previous: previous, attempt: attempt))]
  }

  mutating func judgeStands(_ previous: [Int?], _ attempt: Int) {
    let reading = motors.indices.map { value(.position, $0) }
    let differs = motors.indices.first { motor in
      guard let first = previous[motor], let second = reading[motor] else { return true }
      return abs(first - second) > Self.agreement
    }
    if let differs {
      guard attempt < 7 else {
        return fail(
          DriverFault(
            .position,
            "\(name(differs)) does not stand still: it was read at "
              + "\(previous[differs] ?? 0) and \(reading[differs] ?? 0), expected no more than "
              + "\(Self.agreement) units apart"))
      }
      return next(readingPositions(after: reading, attempt: attempt + 1))
    }
    for motor in motors.indices {
      let slack = Int(units(Self.slack, motor).rounded(.up))
      if let fault = unwrap(motor, slack: slack) { return fail(fault) }
      motors[motor].position = value(.position, motor)
      motors[motor].positionTime = now
      if let fault = misplaced(motor) { return fail(fault) }
    }
  }

  private func misplaced(_ motor: Int) -> DriverFault? {
    guard let position = motors[motor].position else { return nil }
    let wired = wiring.motors[motor]
    let allowed = allowed(motor)
    let slack = Int(units(Self.slack, motor).rounded(.up))
    if !((allowed.lowerBound - slack)...(allowed.upperBound + slack)).contains(position) {
      return DriverFault(
        .position,
        "\(name(motor)) stands at \(degrees(wired.position(Double(position)))) (register "
          + "\(position)), expected \(degrees(wired.limits.lowerBound)) to "
          + degrees(wired.limits.upperBound))
    }
    if let turn = dialect.turn {
      let last = Int(turn) - 1
      if !(slack...(last - slack)).contains(position) {
        return DriverFault(
          .position,
          "\(name(motor)) stands at register \(position), at the seam of its turn, expected "
            + "\(slack) to \(last - slack)")
      }
    }
    return nil
  }

  /// An angle for a message: "12.5°".
  func degrees(_ radians: Double) -> String {
    "\((radians * 1800 / .pi).rounded() / 10)°"
  }

  mutating func judgeIdentified() {
    phase = .identified
    identification.isComplete = true
    if let note = wire.latencyNote { identification.notes.append(note) }
    let firmwares = Set(motors.indices.compactMap { motors[$0].firmware ?? value(.firmware, $0) })
    let firmware = firmwares.sorted().map(dialect.firmwareText).joined(separator: ", ")
    output.events.append(
      .identified(
        DeviceReport(
          device: "\(ids.count) \(Dialect.name) motors",
          firmware: firmware.isEmpty ? "not told" : firmware,
          notes: identification.notes + turnNotes)))
    output.events.append(.measured(measurement(of: Array(motors.indices))))
  }

  /// A measurement of the motors that have answered.
  func measurement(of answered: [Int]) -> Measurement {
    var result = Measurement(
      time: now, positions: Array(repeating: nil, count: motors.count))
    for motor in answered {
      result.positions[motor] = motors[motor].position.map {
        wiring.motors[motor].position(Double($0))
      }
      result.loads[motor] = value(.load, motor).map { Double($0) / 1000 }
    }
    for motor in motors.indices where motors[motor].hasHealth {
      result.temperatures[motor] = value(.temperature, motor).map(Double.init)
      result.voltages[motor] = value(.voltage, motor).map { Double($0) / 1000 }
    }
    return result
  }
}
