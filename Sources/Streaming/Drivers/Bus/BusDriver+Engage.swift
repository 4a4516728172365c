// Engaging, finishing, stopping and releasing.
extension BusDriver {
  /// The time between switching on two groups, to limit the supply's load [s].
  private static var groupPause: Double { 0.075 }
  /// How far a motor may move when it is switched on [rad].
  private static var stillness: Double { 1 * Double.pi / 180 }

  /// Begins to engage: goals first, then torque.
  ///
  /// Motors that have torque already keep it, since a robot that stands by it would fall; their
  /// goals become their measured positions.
  mutating func beginEngage() {
    abandon()
    phase = .engaging
    watchdog = nil
    next([.send(dialect.watchdog(0, ids))] + asking(dialect.torqueBlock, Array(motors.indices)))
    script.steps.append(.judge(.resting))
  }

  mutating func beginGroups() {
    var steps: [BusStep] = []
    for group in groups {
      steps += [.send(dialect.slow(group.map { ids[$0] }))]
      steps += asking(dialect.positionBlock, group) + [.judge(.goals(group))]
    }
    script.steps = steps + [.judge(.engaged)]
    // All must stand still just before the first goal.
    next(readingPositions)
  }

  /// Sets the goals of a group to its measured positions, within limits.
  private mutating func goalsAtRest(_ group: [Int]) -> [BusGoal] {
    for motor in group {
      guard let position = value(.position, motor) else { continue }
      let allowed = allowed(motor)
      motors[motor].goal = min(max(position, allowed.lowerBound), allowed.upperBound)
    }
    return goals(of: group)
  }

  private func moves(_ motor: Int) -> Bool {
    guard let before = motors[motor].position, let after = value(.position, motor) else {
      return true
    }
    return Double(abs(after - before)) > max(3 * abs(units(Self.stillness, motor)), 3)
  }

  func goals(of group: [Int]) -> [BusGoal] {
    group.compactMap { motor in motors[motor].goal.map { BusGoal(id: ids[motor], value: $0) } }
  }

  mutating func setGoals(_ group: [Int]) {
    // Positions are read again just before: limp joints sink, and a goal must not make them jump.
    if let moved = group.first(where: { moves($0) }) {
      return fail(
        DriverFault(
          .position,
          "\(name(moved)) went from register \(motors[moved].position ?? 0) to "
            + "\(value(.position, moved) ?? 0) before it was switched on, expected it at rest"))
    }
    for motor in group {
      motors[motor].position = value(.position, motor)
      motors[motor].positionTime = now
    }
    next(sendingGoals(goalsAtRest(group), of: group, attempt: 0))
  }

  /// Sends goals of a group and reads them back.
  private func sendingGoals(_ goals: [BusGoal], of group: [Int], attempt: Int) -> [BusStep] {
    [.send(dialect.goals(inTheirTurns(goals), interval: 0.2)), .wait(0.005)]
      + asking(dialect.goalBlock, group) + [.judge(.torques(group, attempt: attempt))]
  }

  /// Switches torque on only if the goals have arrived, since an old goal would be a jump.
  mutating func judgeGoals(_ group: [Int], _ attempt: Int) {
    if let wrong = group.first(where: { value(.goal, $0) != motors[$0].goal }) {
      guard attempt < 2 else {
        return fail(
          DriverFault(
            .deviceError,
            "\(name(wrong)) does not take a goal: it has \(value(.goal, wrong) ?? 0), expected "
              + "\(motors[wrong].goal ?? 0)"))
      }
      return next(sendingGoals(goals(of: group), of: group, attempt: attempt + 1))
    }
    next(switchingOn(group, attempt: 0))
  }

  private func switchingOn(_ group: [Int], attempt: Int) -> [BusStep] {
    let limp = group.filter { !motors[$0].hasTorque }
    let on: [BusStep] =
      limp.isEmpty ? [] : [.send(dialect.torque(true, limp.map { ids[$0] })), .wait(0.02)]
    return on + asking(dialect.torqueBlock, group) + asking(dialect.positionBlock, group)
      + [.judge(.steady(group, attempt: attempt))]
  }

  mutating func judgeSteady(_ group: [Int], _ attempt: Int) {
    if let limp = group.first(where: { value(.torque, $0) != 1 }) {
      guard attempt < 2 else {
        return fail(
          DriverFault(.deviceError, "\(name(limp)) has no torque after it was switched on"))
      }
      return next(switchingOn(group, attempt: attempt + 1))
    }
    for motor in group {
      motors[motor].hasTorque = true
      guard let before = motors[motor].position, let after = value(.position, motor) else {
        continue
      }
      guard Double(abs(after - before)) <= max(abs(units(Self.stillness, motor)), 3) else {
        return fail(
          DriverFault(
            .position,
            "\(name(motor)) moved from register \(before) to \(after) when it was switched on, "
              + "expected no more than 1°"))
      }
      motors[motor].position = after
      motors[motor].positionTime = now
    }
    let goals = inTheirTurns(goalsAtRest(group))
    next([.send(dialect.goals(goals, interval: 0.2)), .wait(Self.groupPause)])
  }

  mutating func judgeEngaged() {
    transmit(dialect.fast(ids))
    beginStream()
    output.events.append(.measured(measurement(of: Array(motors.indices))))
    output.events.append(.engaged)
  }

  // MARK: The end

  mutating func beginFinish() {
    if let last = stream.frame { send(last) }
    // The question that is on the wire ends by itself.
    stream.abandon()
    phase = .finishing
    let off = switchingWatchdogOff()
    let goals = inTheirTurns(goals(of: Array(motors.indices)))
    next(
      [
        .send(off), .send(dialect.goals(goals, interval: stream.interval)),
        .wait(2 * Dialect.lag),
      ] + asking(dialect.positionBlock, Array(motors.indices)) + [.judge(.held)])
  }

  /// The packets that switch the watchdog off; empty if it is off.
  private mutating func switchingWatchdogOff() -> [UInt8] {
    guard watchdog != nil else { return [] }
    watchdog = nil
    return dialect.watchdog(0, ids)
  }

  mutating func judgeHeld() {
    for motor in motors.indices {
      motors[motor].position = value(.position, motor)
      motors[motor].positionTime = now
    }
    beginStream()
    output.events.append(.measured(measurement(of: Array(motors.indices))))
    output.events.append(.held)
  }

  /// The goals for a stop: the last goal of a motor, which it reaches shortly without a jerk, or
  /// its position if it could not follow and would press on.
  private var restingGoals: [BusGoal] {
    motors.indices.compactMap { motor in
      guard let goal = motors[motor].goal else { return nil }
      let wired = wiring.motors[motor]
      let age = now - motors[motor].positionTime
      guard let position = motors[motor].position, age < 0.25 else {
        return BusGoal(id: ids[motor], value: goal)
      }
      let reach = units(wired.velocityLimit * (Dialect.lag + age) + 3 * .pi / 180, motor)
      guard abs(Double(goal - position)) > abs(reach) else {
        return BusGoal(id: ids[motor], value: goal)
      }
      let allowed = allowed(motor)
      return BusGoal(
        id: ids[motor], value: min(max(position, allowed.lowerBound), allowed.upperBound))
    }
  }

  /// Stops at once.
  ///
  /// The stop is sent three times in all, because nobody acknowledges it and an answer on the wire
  /// may damage the first.
  mutating func stop() {
    let isKnown = phase != .idle
    let free = wire.exchange?.free ?? now
    abandon()
    let goals = restingGoals
    for goal in goals { if let motor = indexOfID[goal.id] { motors[motor].goal = goal.value } }
    let bytes = switchingWatchdogOff() + dialect.stop(inTheirTurns(goals))
    output.bytes = []
    output.discardsPending = true
    wire.discard(at: now)
    transmit(bytes)
    output.events.append(.stopped)
    phase = isKnown ? .stopped : .idle
    script.resumeTime = -.infinity
    script.steps =
      isKnown
      ? [.wait(max(0.005, free - wire.sent)), .send(bytes), .wait(0.03), .send(bytes)]
        + torqueRestoring : []
  }

  /// Switches torque off from the last group to the first (limbs before the trunk).
  mutating func beginRelease() {
    abandon()
    phase = .releasing
    script.resumeTime = -.infinity
    watchdog = nil
    next(releasing(attempt: 0))
  }

  private func releasing(attempt: Int) -> [BusStep] {
    [.send(dialect.watchdog(0, ids))] + torqueRestoring
      + groups.reversed().flatMap { group -> [BusStep] in
        [.send(dialect.torque(false, group.map { ids[$0] })), .wait(0.05)]
      } + asking(dialect.torqueBlock, Array(motors.indices), toleratesSilence: true)
      + [.judge(.released(attempt: attempt))]
  }

  mutating func judgeReleased(_ attempt: Int) {
    let silent = motors.indices.filter { motors[$0].misses > 0 }
    let firm = motors.indices.filter { motors[$0].misses == 0 && value(.torque, $0) != 0 }
    guard firm.isEmpty else {
      guard attempt < 2 else {
        return fail(DriverFault(.deviceError, "still with torque after release: \(list(firm))"))
      }
      return next(releasing(attempt: attempt + 1))
    }
    guard silent.isEmpty else { return fail(noAnswer(from: silent)) }
    for motor in motors.indices {
      motors[motor].hasTorque = false
      motors[motor].goal = nil
    }
    phase = .released
    output.events.append(.released)
  }
}
