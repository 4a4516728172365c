// Checking the readings of a motor.
extension BusDriver {
  /// Checks what was just read; during a stream a fault must be read twice.
  ///
  /// A suspicious value is read again at once, and only once: the second reading confirms or clears
  /// it, and nothing else clears it.
  mutating func inspect(_ motor: Int, _ reply: BusReply, _ block: BusBlock?) {
    if let block { inspectTorqueLimit(motor, block) }
    guard [.engaging, .ready, .finishing].contains(phase) else { return }
    inspectAlert(motor, reply, block)
    guard phase != .failed, reply.refusal == nil, let block else { return }
    if dialect.holds(.error, block) { inspectErrors(motor, reply, block) }
    if dialect.holds(.torque, block), phase != .engaging, motors[motor].hasTorque {
      check(value(.torque, motor) == 1, motor, .torque, block, .deviceError) {
        "has lost its torque (did it start again?), expected it on"
      }
    }
    if dialect.holds(.watchdog, block), phase == .ready, let watchdog, now > watchdog.sent + 0.05 {
      let found = value(.watchdog, motor) ?? 0
      let wanted = watchdog.value
      check(found == wanted, motor, .watchdog, block, .deviceError) {
        found == -1
          ? "was stopped by its bus watchdog, expected packets in time"
          : "has its bus watchdog at \(found) (did it start again?), expected \(wanted)"
      }
    }
    if dialect.holds(.voltage, block) { inspectVoltage(motor, block) }
    if dialect.holds(.temperature, block) { inspectTemperature(motor, block) }
    if dialect.holds(.position, block) { inspectPosition(motor, block) }
  }

  private mutating func inspectAlert(_ motor: Int, _ reply: BusReply, _ block: BusBlock?) {
    guard let cause = errorBlock else {
      // Every answer has the error bits, so an answer without errors clears the suspicion.
      guard let alert = reply.alert else {
        motors[motor].suspicions[.alert] = nil
        return
      }
      return alarm(
        motor, .alert, block ?? dialect.torqueBlock, alert.kind,
        "reports \(alert.text ?? "a hardware error")")
    }
    // The alert bit does not tell the cause, and its absence clears nothing; only the register
    // does.
    guard reply.alert != nil, !motors[motor].alerted, block.map({ !$0.holds(cause) }) ?? true
    else { return }
    motors[motor].alerted = true
    if phase == .ready {
      stream.urgent.insert(.init(motor: motor, block: cause), at: 0)
    } else {
      next(asking(cause, [motor]))
    }
  }

  /// The block that holds the latched errors; nil if answers have them.
  private var errorBlock: BusBlock? {
    (dialect.healthBlocks + [dialect.positionBlock]).first { dialect.holds(.error, $0) }
  }

  /// Whether an error of a motor is suspected and not cleared.
  func isErrorSuspected(_ motor: Int) -> Bool {
    motors[motor].alerted || motors[motor].suspicions[.alert] != nil
  }

  /// Checks the latched errors, which confirm, raise or clear a suspicion.
  private mutating func inspectErrors(_ motor: Int, _ reply: BusReply, _ block: BusBlock) {
    if let alert = dialect.alert(value(.error, motor) ?? 0) {
      alarm(motor, .alert, block, alert.kind, "reports \(alert.text ?? "an error")")
    } else if let alert = reply.alert {
      alarm(
        motor, .alert, block, alert.kind,
        "reports \(alert.text ?? "a hardware error and does not say which")")
    } else {
      motors[motor].suspicions[.alert] = nil
      motors[motor].alerted = false
    }
  }

  private mutating func check(
    _ isWell: Bool, _ motor: Int, _ suspicion: BusMotor.Suspicion, _ block: BusBlock,
    _ kind: DriverFault.Kind, _ text: () -> String
  ) {
    if isWell {
      motors[motor].suspicions[suspicion] = nil
    } else {
      alarm(motor, suspicion, block, kind, text())
    }
  }

  /// Reports a fault when it is read twice, or at once while there is no stream.
  private mutating func alarm(
    _ motor: Int, _ suspicion: BusMotor.Suspicion, _ block: BusBlock, _ kind: DriverFault.Kind,
    _ text: String
  ) {
    let seen = motors[motor].suspicions[suspicion, default: 0] + 1
    motors[motor].suspicions[suspicion] = seen
    guard seen < 2, phase == .ready else {
      return fail(DriverFault(kind, name(motor) + " " + text))
    }
    stream.askFirst(.init(motor: motor, block: block))
  }

  private mutating func inspectVoltage(_ motor: Int, _ block: BusBlock) {
    guard let voltage = value(.voltage, motor), let low = value(.lowestVoltage, motor),
      let high = value(.highestVoltage, motor), low < high
    else { return }
    let text = "has \(volts(voltage)), expected \(volts(low)) to \(volts(high))"
    check((low...high).contains(voltage), motor, .voltage, block, .voltage) { text }
  }

  /// The highest temperature of a motor in a stream [°C].
  func greatestTemperature(_ motor: Int) -> Int {
    min(75, (value(.highestTemperature, motor) ?? 78) - 3)
  }

  /// Stops before motors switch themselves off at their limit and the robot falls.
  private mutating func inspectTemperature(_ motor: Int, _ block: BusBlock) {
    guard let warmth = value(.temperature, motor) else { return }
    let greatest = greatestTemperature(motor)
    let text = "has \(warmth) °C, expected \(greatest) °C at most"
    check(warmth <= greatest, motor, .temperature, block, .temperature) { text }
  }

  /// Checks for a position that the motor cannot have reached, caused by encoder slip or a damaged
  /// answer.
  private mutating func inspectPosition(_ motor: Int, _ block: BusBlock) {
    guard let position = value(.position, motor) else { return }
    guard phase == .ready, let last = motors[motor].position else {
      if phase == .ready { keep(position, motor) }
      return
    }
    // A delayed host reads old answers late, so the last position may be as old as its question.
    let elapsed = now - motors[motor].positionAsked
    let way = 2 * wiring.motors[motor].velocityLimit * elapsed + 6 * .pi / 180
    let reach = min(abs(units(way, motor)), 1e9)
    let isNear = Double(abs(position - last)) <= reach
    if isNear { keep(position, motor) }
    check(isNear, motor, .jump, block, .position) {
      "jumped from register \(last) to \(position), expected no more than "
        + "\(Int(reach)) units"
    }
  }

  private mutating func keep(_ position: Int, _ motor: Int) {
    motors[motor].position = position
    motors[motor].positionTime = now
    motors[motor].positionAsked = wire.asked
  }
}
