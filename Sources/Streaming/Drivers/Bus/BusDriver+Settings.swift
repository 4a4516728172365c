// Writing registers that must have certain values for streaming.
extension BusDriver {
  /// Writes the settings that were found to differ, then continues with torque limits.
  mutating func beginSettings() {
    for motor in motors.indices { motors[motor].hasTorque = value(.torque, motor) == 1 }
    // With torque the write would be refused; `judgeSettled` reports a needed setting that is
    // refused.
    identification.settings.removeAll { !$0.setting.isNeeded && motors[$0.motor].hasTorque }
    guard !identification.settings.isEmpty else { return beginTorque() }
    var steps: [BusStep] = []
    // Writing a non-volatile register takes some time.
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

  /// Lines that list each setting with its motors: "return delay 250 -> 0 of motor 1 (a), motor 2
  /// (b) written".
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
