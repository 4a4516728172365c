// Registers that must have a value before the stream: written after the user's go, where they differ.
extension BusDriver {
  /// Writes what was found different when the motors were identified, then goes on to torque.
  mutating func beginSettings() {
    for motor in motors.indices { motors[motor].hasTorque = value(.torque, motor) == 1 }
    // With torque it would be refused; whoever switched it on meanwhile is told in `judgeSettled`.
    identification.settings.removeAll { !$0.setting.isNeeded && motors[$0.motor].hasTorque }
    guard !identification.settings.isEmpty else { return beginTorque() }
    var steps: [BusStep] = []
    // A register that is kept without power takes its time to be written.
    for entry in identification.settings { steps += [.send(entry.setting.bytes), .wait(0.03)] }
    for entry in identification.settings {
      let request = dialect.read(entry.setting.block, from: ids[entry.motor])
      steps.append(.ask(request, toleratesSilence: false))
    }
    next(steps + [.judge(.settled)])
  }

  mutating func judgeSettled() {
    for entry in identification.settings {
      let (motor, setting) = (entry.motor, entry.setting)
      let place = dialect.place(of: setting.block)
      let found = setting.order.value(motors[motor].image[place..<(place + setting.block.count)])
      guard found == setting.value else {
        return fail(
          DriverFault(
            .deviceError,
            "\(name(motor)): \(setting.name) is \(found) after it was written, expected "
              + "\(setting.value)"))
      }
    }
    for line in settingLines("written") { output.events.append(.warning(line)) }
    identification.settings = []
    noteReturnDelay()
    beginTorque()
  }

  /// The settings by their names and values, each with its motors: "return delay 250 -> 0 of motor 1
  /// (a), motor 2 (b) written".
  func settingLines(_ ending: String) -> [String] {
    var kinds: [String] = []
    var members: [String: [Int]] = [:]
    for entry in identification.settings {
      let kind = "\(entry.setting.name) \(entry.setting.found) -> \(entry.setting.value)"
      if members[kind] == nil { kinds.append(kind) }
      members[kind, default: []].append(entry.motor)
    }
    return kinds.map { kind in
      let motors = members[kind] ?? []
      let whose = motors.count == ids.count ? "all \(ids.count) motors" : list(motors)
      return "\(kind) of \(whose) \(ending)"
    }
  }
}
