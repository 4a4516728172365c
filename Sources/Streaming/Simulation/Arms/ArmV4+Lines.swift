/// Lines: which part of the firmware takes them, how long they keep it, what comes of them.
extension ArmV4 {
  /// Takes a line that was read.
  mutating func take(
    _ text: [UInt8], _ now: Double, _ serial: inout ArmSerial, _ body: ArmBody
  ) {
    guard let line = ArmV4Line(text) else { return }
    guard let letter = line.letter else {
      // A number alone is acknowledged; anything else behind it goes to the G-code parser.
      if line.body.isEmpty { return serial.print(answer(line, "ok", body)) }
      return enqueue(line, &serial, body)
    }
    switch letter {
    case "$" where line.id == nil: start(.query(line), 0.0005)
    case "P", "S": start(.query(line), cost(line, body))
    default: enqueue(line, &serial, body)
    }
  }

  private mutating func enqueue(
    _ line: ArmV4Line, _ serial: inout ArmSerial, _ body: ArmBody
  ) {
    guard !slots.isFull else { return serial.print("E23 buffer full\r\n") }
    slots.take(line, report: line.report(shift: body.idShift))
  }

  func answer(_ line: ArmV4Line, _ result: String, _ body: ArmBody) -> String {
    let report = line.report(shift: body.idShift)
    return report.isEmpty || result.isEmpty ? report + result + "\n" : "\(report) \(result)\n"
  }

  /// How long a command keeps the loop while nothing moves [s].
  func cost(_ line: ArmV4Line, _ body: ArmBody) -> Double {
    switch (line.letter, line.code) {
    case ("P", 2200): timing.allAngles
    case ("P", 2220), ("P", 2221): timing.allAngles + timing.toolPoint
    case ("P", 2243): timing.allAngles - timing.rawSaving
    case ("P", 2206):
      (line.value("N") ?? 3) < 3
        ? timing.oneAngle + (line.value("N") == 2 ? timing.rightSensor : 0) : timing.line
    case ("P", 2244): version.reportsSensors ? timing.sensorHealth : timing.line
    case ("M", 17): timing.allAngles
    case ("M", 2201): line.value("N") == nil ? timing.line : timing.allAngles + 0.0002
    case ("M", 204): line.value("A") == nil ? timing.line : timing.store
    case ("M", 2220), ("M", 2221):
      line.scan(line.code == 2220 ? "XYZ" : "BLR") == nil ? timing.line : timing.geometry
    case ("M", 2222): line.scan("XYZP") == nil ? timing.line : timing.geometry
    case ("G", 2004), ("G", 2207), ("G", 2208): timing.line
    case ("G", 2206): moveCost(line.scan("BLRF"), body)
    case ("G", 2202): singleCost(line.scan("NVF"), body)
    case ("G", 2201), ("G", 2204), ("G", 2205):
      line.rest.isEmpty ? timing.line : timing.straightLine
    case ("G", _), (nil, _): pointCost(line, body)
    default: timing.line
    }
  }

  private func moveCost(_ values: [Double?]?, _ body: ArmBody) -> Double {
    guard let values, let base = values[0], let left = values[1], let right = values[2],
      let feed = values[3]
    else { return timing.line + 0.0001 }
    if version.isLatest, !body.isAttached { return timing.detached }
    let target = SIMD3(base, left, right)
    guard feed > 0, body.geometry.isLegal(target) else { return timing.conversion }
    let way = body.wholeSteps(target) - body.planner.planned
    return (way * way).sum() < 1e-6 ? timing.noMove : timing.jointMove
  }

  private func singleCost(_ values: [Double?]?, _ body: ArmBody) -> Double {
    guard let values, let motor = values[0], motor < 3, let angle = values[1] else {
      return timing.line + 0.0004
    }
    var target = body.planner.planned
    target[Int(max(motor, 0))] = angle
    return body.geometry.isLegal(target) ? timing.singleMove : timing.conversion
  }

  private func pointCost(_ line: ArmV4Line, _ body: ArmBody) -> Double {
    var copy = modal
    guard line.body.count <= 49 else { return timing.line }
    guard case .move(let tip, let feed, let isStraight) = copy.take(line.words()) else {
      return timing.line
    }
    if isStraight { return timing.straightLine }
    guard let target = body.geometry.solve(tip), body.geometry.isLegal(target), feed > 0 else {
      return timing.unreachablePoint
    }
    return timing.pointMove
  }

  /// A command is done.
  mutating func complete(
    _ job: Job, _ now: Double, _ serial: inout ArmSerial, _ body: inout ArmBody
  ) {
    switch job {
    case .report:
      let tip = body.geometry.tip(ArmBody.angles(of: counts ?? body.sensorCounts))
      serial.print(
        "@3 X\(decimals(tip.x)) Y\(decimals(tip.y)) Z\(decimals(tip.z)) R\(decimals(wristDuty))\n")
    case .query(let line):
      // A status that was asked for meanwhile goes first.
      showStatus(&serial, body)
      switch line.letter {
      case "$": system(line, &serial, &body)
      case "S":
        if let result = switched(line, now, &serial, &body) {
          serial.print(answer(line, result, body))
        }
      default: serial.print(query(line, body))
      }
    case .synchronous(let line):
      switch line.letter {
      case "M": setting(line, now, &serial, &body)
      default: motion(line, now, &serial, &body)
      }
    }
  }

  /// A parameter is missing where the firmware scans for several.
  mutating func missing(_ serial: inout ArmSerial) {
    serial.print("sscanf 1\r\n")
    slots.finish("E21")
  }
}
