// Torque limits: written before the motors move, restored afterwards.
extension BusDriver {
  /// The number of writes after which a motor counts as refusing its limit.
  private static var torqueTries: Int { 3 }

  // MARK: Before the go

  /// A motor's torque limit as last read; nil if there is none.
  private func torqueLimit(_ motor: Int) -> Int? { number(dialect.torqueRegister?.block, motor) }

  private func number(_ block: BusBlock?, _ motor: Int) -> Int? {
    guard let block, let register = dialect.torqueRegister else { return nil }
    let place = dialect.place(of: block)
    guard place + block.count <= motors[motor].image.count else { return nil }
    return register.order.value(motors[motor].image[place..<(place + block.count)])
  }

  /// The cap of a motor in register units; nil if it is not capped.
  private func torqueCap(_ motor: Int) -> Int? {
    guard let register = dialect.torqueRegister, let share = wiring.torqueCap(ofMotor: motor),
      let greatest = number(register.greatest, motor), greatest > 0
    else { return nil }
    return max(1, Int((share * Double(greatest)).rounded()))
  }

  /// Why a motor has too little torque to be engaged; nil if it has enough.
  func torqueComplaint(_ motor: Int) -> String? {
    guard let register = dialect.torqueRegister, torqueCap(motor) != nil,
      let limit = torqueLimit(motor), limit <= 0
    else { return nil }
    return "has a \(register.name) of \(limit), as after an overload, expected more: switch its "
      + "supply off and on"
  }

  /// Remarks on the limits that will be written when the motors are engaged.
  var torqueNotes: [String] {
    guard let register = dialect.torqueRegister else {
      return [
        "\(Dialect.name) motors of this kind have no torque limit that goes when the power goes: "
          + "none is written"
      ]
    }
    var kinds: [String] = []
    var members: [String: [Int]] = [:]
    for motor in motors.indices {
      guard let cap = torqueCap(motor), let limit = torqueLimit(motor), limit != cap else {
        continue
      }
      let kind = "\(register.name) \(limit) -> \(cap)"
      if members[kind] == nil { kinds.append(kind) }
      members[kind, default: []].append(motor)
    }
    return kinds.map { kind in
      let motors = members[kind] ?? []
      let whose = motors.count == ids.count ? "all \(ids.count) motors" : list(motors)
      return "\(kind) of \(whose) from engaging to the end"
    }
  }

  // MARK: Engaging

  /// Caps the torque of all motors, then switches it on.
  mutating func beginTorque() {
    guard let register = dialect.torqueRegister else { return beginGroups() }
    torque.tries = 0
    // Read again, because a change of the operating mode resets the limit.
    next(asking(register.block, Array(motors.indices)) + [.judge(.torqueFound)])
  }

  mutating func judgeTorqueFound() {
    for motor in motors.indices {
      torque.caps[motor] = torqueCap(motor)
      if torque.sent[motor] == nil { torque.found[motor] = torqueLimit(motor) }
    }
    torque.level = .share(1)
    writeTorque()
  }

  private mutating func writeTorque() {
    guard let register = dialect.torqueRegister else { return }
    let values = noteTorqueSent()
    guard !values.isEmpty else { return next([.judge(.torqueCapped)]) }
    next(
      [.send(dialect.torqueLimits(values)), .wait(0.005)]
        + asking(register.block, values.compactMap { indexOfID[$0.id] }) + [.judge(.torqueCapped)])
  }

  /// The limits to write.
  private var torqueValues: [BusGoal] {
    motors.indices.compactMap { motor in
      torque.wanted(motor).map { BusGoal(id: ids[motor], value: $0) }
    }
  }

  /// Notes that the limits are written now, and returns them.
  private mutating func noteTorqueSent() -> [BusGoal] {
    let goals = torqueValues
    torque.tries += 1
    torque.written = now
    torque.unconfirmed = []
    for goal in goals {
      guard let motor = indexOfID[goal.id] else { continue }
      torque.sent[motor] = goal.value
      torque.unconfirmed.insert(motor)
    }
    return goals
  }

  mutating func judgeTorqueCapped() {
    let wrong = motors.indices.first {
      torque.sent[$0] != nil && torqueLimit($0) != torque.sent[$0]
    }
    guard let wrong else {
      torque.unconfirmed = []
      return beginGroups()
    }
    guard torque.tries < Self.torqueTries else { return fail(unconfirmedTorque(of: wrong)) }
    writeTorque()
  }

  private func unconfirmedTorque(of motor: Int) -> DriverFault {
    DriverFault(
      .deviceError,
      "\(name(motor)) does not take its \(dialect.torqueRegister?.name ?? "torque limit"): it has "
        + "\(torqueLimit(motor) ?? 0), expected \(torque.sent[motor] ?? 0)")
  }

  // MARK: Between frames

  mutating func limitTorque(to level: TorqueLevel) {
    guard dialect.torqueRegister != nil, torque.level != nil else { return }
    torque.level = level
    torque.isDue = true
    torque.tries = 0
  }

  /// Writes limits that are due and reads them back.
  mutating func runTorque() {
    guard let register = dialect.torqueRegister, torque.isDue else { return }
    if torque.tries > 0 {
      guard !stream.urgent.contains(where: { $0.block == register.block }) else { return }
      guard !torque.unconfirmed.isEmpty else {
        torque.isDue = false
        return
      }
      guard now - torque.written >= 0.02 else { return }
      guard torque.tries < Self.torqueTries else {
        torque.isDue = false
        return giveUpTorque()
      }
    }
    guard fits(wire.time(of: dialect.torqueLimits(torqueValues).count)) else { return }
    let values = noteTorqueSent()
    transmit(dialect.torqueLimits(values))
    for goal in values {
      guard let motor = indexOfID[goal.id] else { continue }
      stream.urgent.append(.init(motor: motor, block: register.block))
    }
  }

  /// Notes that a motor has its limit.
  mutating func inspectTorqueLimit(_ motor: Int, _ block: BusBlock) {
    guard block == dialect.torqueRegister?.block, let value = torque.sent[motor],
      torqueLimit(motor) == value
    else { return }
    torque.unconfirmed.remove(motor)
  }

  /// Warns of a limit that stays too high; a limit that stays too low ends the stream.
  private mutating func giveUpTorque() {
    guard let motor = torque.unconfirmed.min() else { return }
    let fault = unconfirmedTorque(of: motor)
    if case .share(1) = torque.level { return fail(fault) }
    output.events.append(.warning(fault.description))
  }

  // MARK: The end

  /// The steps that restore the limits, on a bus where some motors may not answer any more.
  var torqueRestoring: [BusStep] {
    torque.sent.contains { $0 != nil } ? [.judge(.torqueRestoring)] : []
  }

  mutating func beginTorqueRestoring() {
    torque.level = .found
    torque.isDue = false
    let values = noteTorqueSent()
    torque.unasked = values.compactMap { indexOfID[$0.id] }
    torque.silent = 0
    if !values.isEmpty {
      next([.send(dialect.torqueLimits(values)), .wait(0.005), .judge(.torqueRestored)])
    }
  }

  /// Reads the limits back one after the other, until two motors have not answered, since the host
  /// may be about to exit.
  mutating func judgeTorqueRestored() {
    if let asked = torque.asked, motors[asked].misses > 0 { torque.silent += 1 }
    torque.asked = nil
    guard let register = dialect.torqueRegister, torque.silent < 2, let motor = torque.unasked.first
    else { return }
    torque.unasked.removeFirst()
    torque.asked = motor
    next([.askOnce(dialect.read(register.block, from: ids[motor])), .judge(.torqueRestored)])
  }

  var torqueLimits: TorqueLimits? {
    guard let register = dialect.torqueRegister, torque.caps.contains(where: { $0 != nil }) else {
      return nil
    }
    return TorqueLimits(
      register: register.name, level: torque.level,
      isSettled: !torque.isDue && torque.unconfirmed.isEmpty,
      changes: torque.changed.map { motor in
        TorqueLimits.Change(
          joint: wiring.motors[motor].joint, before: torque.found[motor] ?? 0,
          now: torque.sent[motor] ?? 0)
      })
  }

  var alarmTemperatures: [Double?] {
    motors.indices.map { motors[$0].hasHealth ? Double(greatestTemperature($0)) : nil }
  }
}
