/// How a motor counts its turns.
enum BusTurns: Sendable, Hashable {
  /// Within one turn: a goal in another turn cannot be expressed or is refused.
  case one
  /// Over many turns, for goals and positions.
  case many
  /// Over many turns until the pending settings are written, then within one.
  case oneOnceWritten
}

extension BusDialect {
  func turns(_ image: [UInt8]) -> BusTurns { .one }
}

extension DynamixelDialect {
  /// Extended position and current-based position mode count over many turns; position mode, which
  /// is written before torque is on, counts within one turn.
  func turns(_ image: [UInt8]) -> BusTurns {
    DynamixelRegister.operatingMode.value(in: image) == 3 ? .one : .oneOnceWritten
  }
}

extension FeetechDialect {
  /// STS and SMS whose both angle limits are 0.
  func turns(_ image: [UInt8]) -> BusTurns {
    guard turn != nil, FeetechRegister.lowestGoal.value(in: image, .littleEndian) == 0,
      FeetechRegister.highestGoal.value(in: image, .littleEndian) == 0
    else { return .one }
    return .many
  }
}

// Motors whose register is whole turns away from the joint's limits.
extension BusDriver {
  /// The number of turns to check on either side; a signed register holds seven.
  private static var mostTurns: Int { 7 }

  /// Finds the turn of a motor in which its joint is within limits, and uses it from now on.
  ///
  /// Goals are sent in the motor's own turn, so that it never moves the long way round. It is a
  /// fault if the motor does not take goals in its turn, or if more than one turn fits.
  mutating func unwrap(_ motor: Int, slack: Int) -> DriverFault? {
    guard let turn = dialect.turn, let raw = dialect.value(.position, in: motors[motor].image)
    else { return nil }
    let allowed = allowed(motor)
    let wide = (allowed.lowerBound - slack)...(allowed.upperBound + slack)
    let counts = dialect.turns(motors[motor].image)
    let fitting = (-Self.mostTurns...Self.mostTurns).filter { wide.contains(raw - $0 * Int(turn)) }
    motors[motor].turns = 0
    guard counts != .one || fitting != [0] else { return nil }
    guard fitting.count <= 1 else {
      // A motor that counts within one turn is in turn 0.
      if counts == .one, fitting.contains(0) { return nil }
      return DriverFault(
        .position,
        "\(name(motor)) stands at register \(raw) of many turns, which may be either end of its "
          + "joint, expected one turn in which it is within limits: turn it by hand to the middle")
    }
    guard let turns = fitting.first, turns != 0 else { return nil }
    guard counts != .one else {
      return DriverFault(
        .position,
        "\(name(motor)) counts \(Self.text(turns)) off: it stands at register \(raw), which is "
          + "\(raw - turns * Int(turn)) a turn on, and takes goals within one turn only, so that it "
          + "would go the long way round: switch its supply off and on")
    }
    motors[motor].turns = turns
    return nil
  }

  private static func text(_ turns: Int) -> String {
    abs(turns) == 1 ? "a turn" : "\(abs(turns)) turns"
  }

  /// Remarks on motors that count in another turn.
  var turnNotes: [String] {
    motors.indices.filter { motors[$0].turns != 0 }.map { motor in
      "\(name(motor)) counts \(Self.text(motors[motor].turns)) off its joint, which is unwrapped"
    }
  }

  /// Goals in the turns of the motors.
  func inTheirTurns(_ goals: [BusGoal]) -> [BusGoal] {
    guard let turn = dialect.turn else { return goals }
    return goals.map { goal in
      guard let motor = indexOfID[goal.id] else { return goal }
      return BusGoal(id: goal.id, value: goal.value + motors[motor].turns * Int(turn))
    }
  }
}
