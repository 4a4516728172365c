/// The register that caps a motor's torque while it follows goals.
struct BusTorqueRegister: Sendable, Hashable {
  /// The name of the register, such as "goal PWM".
  var name: String
  var block: BusBlock
  /// The non-volatile register that holds the greatest value of this one.
  var greatest: BusBlock
  /// The byte order of both registers.
  var order = WordOrder.littleEndian
}

extension BusDialect {
  var torqueRegister: BusTorqueRegister? { nil }
  func torqueLimits(_ values: [BusGoal]) -> [UInt8] { [] }
}

extension DynamixelDialect {
  /// The goal PWM, which limits the PWM in position mode, is in RAM and on all models.
  ///
  /// The goal current has no effect in that mode. Mode 5 would limit the current, but it counts
  /// over many turns without the motor's position limits, and can be set only without torque.
  var torqueRegister: BusTorqueRegister? {
    BusTorqueRegister(name: "goal PWM", block: BusBlock(100, 2), greatest: BusBlock(36, 2))
  }

  func torqueLimits(_ values: [BusGoal]) -> [UInt8] { syncWrite(.goalPWM, values) }
}

extension DynamixelOneDialect {
  /// The torque limit in RAM, which is set to the greatest torque at power-on.
  var torqueRegister: BusTorqueRegister? {
    BusTorqueRegister(name: "torque limit", block: BusBlock(34, 2), greatest: BusBlock(14, 2))
  }

  func torqueLimits(_ values: [BusGoal]) -> [UInt8] {
    ServoPackets().syncWrite(34, width: 2, values)
  }
}

extension FeetechDialect {
  /// The torque limit in RAM of STS and SMS; SCS have none.
  var torqueRegister: BusTorqueRegister? {
    turn == nil
      ? nil
      : BusTorqueRegister(name: "torque limit", block: BusBlock(48, 2), greatest: BusBlock(16, 2))
  }

  func torqueLimits(_ values: [BusGoal]) -> [UInt8] {
    ServoPackets().syncWrite(48, width: 2, values)
  }
}

/// The state of the motors' torque limits.
struct BusTorque: Sendable {
  /// The values of the registers before anything was written.
  var found: [Int?]
  /// The caps of the wiring.
  var caps: [Int?]
  /// The values that were written last; nil if none was.
  var sent: [Int?]
  /// The level that is to be written.
  var level: TorqueLevel?
  /// Whether the level is still to be written in the stream.
  var isDue = false
  /// The motors that have not confirmed their values yet.
  var unconfirmed: Set<Int> = []
  /// How often the level was written.
  var tries = 0
  /// While limits are restored: the motors that are still to be asked, the one that is asked, and
  /// how many did not answer.
  var unasked: [Int] = []
  var asked: Int?
  var silent = 0
  /// When the level was written last [s].
  var written = -Double.infinity

  init(count: Int) {
    found = Array(repeating: nil, count: count)
    caps = found
    sent = found
  }

  /// The value to write to a motor now.
  func wanted(_ motor: Int) -> Int? {
    switch level {
    case .share(let share): caps[motor].map { max(1, Int((Double($0) * share).rounded())) }
    case .found: restored(motor)
    case nil: nil
    }
  }

  /// The value that was found, but not less than the present cap, since a lower limit could let the
  /// robot sink.
  private func restored(_ motor: Int) -> Int? {
    guard let found = found[motor], sent[motor] != nil else { return nil }
    return max(found, caps[motor] ?? found)
  }

  /// The motors whose limits differ, or may differ, from those that were found.
  var changed: [Int] {
    sent.indices.filter { motor in
      guard let sent = sent[motor] else { return false }
      return sent != found[motor] || unconfirmed.contains(motor)
    }
  }
}
