/// Questions and settings of V3: what is answered, and what it costs the main loop.
extension ArmV3 {
  /// The answer to a line without its number, and the time that it takes [ms]; nil for what is not
  /// known.
  mutating func ordinary(
    _ line: ArmMarlinLine, _ now: Double, _ serial: inout ArmSerial, _ body: inout ArmBody
  ) -> (String, Double)? {
    line.letter == "P"
      ? question(line, body) : line.letter == "M" ? setting(line, now, &serial, &body) : nil
  }

  private func said(_ text: String) -> String { "ok \(text)\r\n" }

  private func question(_ line: ArmMarlinLine, _ body: ArmBody) -> (String, Double)? {
    let q = body.encoders
    switch line.code {
    case 2200: return (said("B\(two(q.x)) L\(two(q.y)) R\(two(q.z))"), 32)
    case 2201: return (said("V\(body.introducesItselfAs ?? "SwiftPro")"), 1.5)
    case 2202: return (said("V3.3.1"), 1.5)
    case 2203, 2204: return (said(body.isOld ? "V3.0.1" : "V3.2.0"), 1.5)
    case 2205: return (said("V"), 1.5)
    case 2206:
      guard let motor = line["N"] else { return ("E21 \r\n", 1.5) }
      guard 0...3 ~= motor else { return ("E22 \r\n", 1.5) }
      let value = [q.x, q.y, q.z, body.wrist][Int(motor)]
      return (said("V\(two(value))\r\n"), motor == 3 ? 2.5 : 8)
    case 2220: return (said("X\(two(tool.x)) Y\(two(tool.y)) Z\(two(tool.z))"), 1.8)
    case 2221:
      let stretch = (tool.x * tool.x + tool.y * tool.y).squareRoot()
      let turn = body.geometry.solve(tool)?.x ?? 90
      return (said("S\(two(stretch)) R\(two(turn)) H\(two(tool.z))"), 3.5)
    case 2231, 2232, 2233: return (said("V0"), 1.5)
    case 2234: return (said(body.hasPower ? "V1" : "V0"), 2.5)
    case 2245: return (said(""), 1.5)
    case 2400: return (said("V\(mode)"), 1.5)
    default: return nil
    }
  }

  private mutating func setting(
    _ line: ArmMarlinLine, _ now: Double, _ serial: inout ArmSerial, _ body: inout ArmBody
  ) -> (String, Double)? {
    switch line.code {
    case 17:
      body.attached = [true, true, true]
      measure(body, &serial)
      return ("ok\n", 1035)
    case 114:
      let steps = planner.position * ArmMarlinPlanner.resolution
      serial.print(
        "X:\(two(tool.x)) Y:\(two(tool.y)) Z:\(two(tool.z)) E:0.00 "
          + "Count X: \(Int(steps.x)) Y:\(Int(steps.y)) Z:\(Int(steps.z))\n")
    case 203:
      for (index, axis) in "XYZ".enumerated() {
        if let value = line[axis] { planner.greatestSpeed[index] = max(value, 0.01) }
      }
    case 204:
      if let value = line["P"] { serial.print("Setting Print Acceleration: \(two(value))\n") }
      if let value = line["T"] {
        serial.print("Setting Travel Acceleration: \(two(value))\n")
        planner.acceleration = max(value, 1)
        stored[1070] = value
      }
    case 205:
      if let value = line["X"] { planner.jump.pair = value }
      if let value = line["Z"] { planner.jump.right = value }
    case 2019: body.attached = [false, false, false]
    case 2120:
      reportInterval = line["V"] ?? 0
      nextReport = reportInterval > 0 ? now + reportInterval : .infinity
    case 2122: reportsEnd = (line["V"] ?? 0) != 0
    case 2200: return (said(planner.isIdle ? "V0" : "V1"), 1.5)
    case 2201, 2202:
      if let motor = line["N"], 0...2 ~= motor { body.attached[Int(motor)] = line.code == 2201 }
    case 2203:
      let motor = Int(line["N"] ?? 9)
      return (said(0...2 ~= motor && body.attached[motor] ? "V1" : "V0"), 1.5)
    case 2211:
      guard line["N"] != nil, let place = line["A"], line["T"] != nil else {
        return ("E21 \r\n", 1.5)
      }
      return (said("V\(two(stored[Int(place)] ?? 0))"), 2)
    case 2222:
      let point = [line["X"], line["Y"], line["Z"]].compactMap { $0 }
      guard point.count == 3 else { return ("E21 \r\n", 1.5) }
      let pose = body.geometry.solve(SIMD3(point[0], point[1], point[2]))
      return (said(pose.map(body.geometry.isLegal) == true ? "V1" : "V0"), 2.5)
    case 2210, 2213, 2231, 2232, 2233, 2234, 2240, 2241, 2410, 2411: break
    case 2400:
      mode = Int(line["S"] ?? Double(mode))
      measure(body, &serial)
      return ("ok\n", 33)
    default: return nil
    }
    return ("ok\n", 1.5)
  }

  private func two(_ value: Double) -> String { decimals(value, 2) }
}
