/// The register that caps a motor's torque while it follows goals.
struct BusTorqueRegister: Sendable, Hashable {
  /// What people call it, such as "goal PWM".
  var name: String
  var block: BusBlock
  /// The register that holds the greatest value which the motor takes for it, kept without power.
  var greatest: BusBlock
  /// How the bytes of both lie on the wire.
  var order = WordOrder.littleEndian
}

extension BusDialect {
  var torqueRegister: BusTorqueRegister? { nil }
  func torqueLimits(_ values: [BusGoal]) -> [UInt8] { [] }
}

extension DynamixelDialect {
  /// The goal PWM, which limits the PWM in position mode, is in RAM and on all models.
  ///
  /// The goal current limits nothing in that mode. Mode 5 would limit the current, but it counts over
  /// many turns, without the motor's own position limits, and is changed without torque only.
  var torqueRegister: BusTorqueRegister? {
    BusTorqueRegister(name: "goal PWM", block: BusBlock(100, 2), greatest: BusBlock(36, 2))
  }

  func torqueLimits(_ values: [BusGoal]) -> [UInt8] { syncWrite(.goalPWM, values) }
}

extension DynamixelOneDialect {
  /// The torque limit in RAM; the greatest torque is what it begins with when power comes.
  var torqueRegister: BusTorqueRegister? {
    BusTorqueRegister(name: "torque limit", block: BusBlock(34, 2), greatest: BusBlock(14, 2))
  }

  func torqueLimits(_ values: [BusGoal]) -> [UInt8] {
    ServoPackets().syncWrite(34, width: 2, values)
  }
}

extension FeetechDialect {
  /// STS and SMS have a torque limit in RAM; SCS have none there.
  var torqueRegister: BusTorqueRegister? {
    turn == nil
      ? nil
      : BusTorqueRegister(name: "torque limit", block: BusBlock(48, 2), greatest: BusBlock(16, 2))
  }

  func torqueLimits(_ values: [BusGoal]) -> [UInt8] {
    ServoPackets().syncWrite(48, width: 2, values)
  }
}

/// What a driver knows of its motors' torque limits.
struct BusTorque: Sendable {
  /// What the registers held before anything was written.
  var found: [Int?]
  /// The caps of the wiring.
  var caps: [Int?]
  /// What was written last; nil where nothing was.
  var sent: [Int?]
  /// What all are to be told.
  var level: TorqueLevel?
  /// Whether that is still to be written, in the stream.
  var isDue = false
  /// The motors that have not said yet that they have it.
  var unconfirmed: Set<Int> = []
  /// How often it was written.
  var tries = 0
  /// At the end: who is still to be asked, who is being asked, and how many did not answer.
  var unasked: [Int] = []
  var asked: Int?
  var silent = 0
  /// When it was written last [s].
  var written = -Double.infinity

  init(count: Int) {
    found = Array(repeating: nil, count: count)
    caps = found
    sent = found
  }

  /// What a motor is to be told now.
  func wanted(_ motor: Int) -> Int? {
    switch level {
    case .share(let share): caps[motor].map { max(1, Int((Double($0) * share).rounded())) }
    case .found: restored(motor)
    case nil: nil
    }
  }

  /// What was found, but never less than the cap under which the robot stands now: a limit that was
  /// lower than the cap before could let it sink.
  private func restored(_ motor: Int) -> Int? {
    guard let found = found[motor], sent[motor] != nil else { return nil }
    return max(found, caps[motor] ?? found)
  }

  /// The motors whose limits are, or may be, not what was found.
  var changed: [Int] {
    sent.indices.filter { motor in
      guard let sent = sent[motor] else { return false }
      return sent != found[motor] || unconfirmed.contains(motor)
    }
  }
}
