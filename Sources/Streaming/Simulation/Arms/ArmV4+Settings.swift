import Foundation

/// `M`: settings, actuators, geometry.
extension ArmV4 {
  /// Carries out the M command in the slot that is next.
  mutating func setting(
    _ line: ArmV4Line, _ now: Double, _ serial: inout ArmSerial, _ body: inout ArmBody
  ) {
    guard line.hasCode else { return slots.finish("") }
    guard let letters = Self.scanned[line.code] else {
      if let result = plain(line, &serial, &body) { slots.finish(result) }
      return
    }
    guard let values = line.scan(letters) else { return missing(&serial) }
    slots.finish(scanned(line.code, values.map { $0 ?? 0 }, now, &body))
  }

  /// Commands whose parameters are scanned, in this order.
  private static let scanned: [Int: String] = [
    204: "A", 2120: "V", 2210: "FT", 2220: "XYZ", 2221: "BLR", 2222: "XYZP", 2240: "NV",
    2241: "NV",
  ]

  private mutating func scanned(
    _ code: Int, _ values: [Double], _ now: Double, _ body: inout ArmBody
  ) -> String {
    switch code {
    case 204:
      guard values[0] > 0 else { return "ok" }
      accelerationUnits = values[0]
      body.planner.acceleration = values[0] * 80
      eepromWriteCount += 1
    case 2120:
      // The firmware's tick is a tenth fast.
      reportInterval = 0.9 * max(values[0], 0)
      nextReport = reportInterval > 0 ? now + reportInterval : .infinity
    case 2210:
      // Its reply, and what comes behind it, waits until the sound ends.
      busyUntil = now + min(max(values[1], 0) / 1000, 5)
      delayUntil = busyUntil
    case 2220: return "ok " + inverse(SIMD3(values[0], values[1], values[2]), body)
    case 2221:
      let tip = body.geometry.tip(SIMD3(values[0], values[1], values[2]))
      return "ok X\(decimals(tip.x)) Y\(decimals(tip.y)) Z\(decimals(tip.z))"
    case 2222:
      var tip = SIMD3(values[0], values[1], values[2])
      if values[3] == 1 { tip = ArmV4Modal.polar(values[0], values[1], values[2]) }
      return body.geometry.solve(tip).map(body.geometry.isLegal) == true ? "ok V1" : "ok V0"
    default: break
    }
    return "ok"
  }

  /// Angles of a point, as numbers even where there are none.
  private func inverse(_ tip: SIMD3<Double>, _ body: ArmBody) -> String {
    guard let q = body.geometry.solve(tip) else { return "B  NAN L  NAN R  NAN" }
    let reach = (tip.x * tip.x + tip.y * tip.y).squareRoot()
    let base = reach < body.geometry.ahead ? "  NAN" : decimals(q.x)
    return "B\(base) L\(decimals(q.y)) R\(decimals(q.z))"
  }

  private mutating func plain(
    _ line: ArmV4Line, _ serial: inout ArmSerial, _ body: inout ArmBody
  ) -> String? {
    let value = line.value("V")
    switch line.code {
    case 17:
      body.attached = [true, true, true]
      isWristAttached = true
      settle(&body)
    case 18, 2019:
      body.attached = [false, false, false]
      isWristAttached = false
    case 2201, 2202: return attach(line, line.code == 2201, &body)
    case 2203:
      // Counted left, right, base, wrist.
      guard let index = line.value("N"), 0 <= index, index < 4 else { return "E21" }
      return (body.attached + [isWristAttached])[Int(index)] ? "ok V1" : "ok V0"
    case 2121: nextReport = .infinity
    case 2122:
      guard let value, value == 0 || value == 1 else { return "E21" }
      reportsMotionEnd = value == 1
    case 2123, 2233: return value == nil ? "E21" : "ok"
    case 2124 where version.isLatest: return value == nil ? "E21" : "ok"
    case 2231:
      guard let value else { return "E21" }
      pumpRuns = value != 0
    case 2232:
      guard let value else { return "E21" }
      gripperHolds = value != 0
    case 2234: break
    case 2400: return chooseMode(line, &body)
    default: return gcode(line, &serial, &body)
    }
    return "ok"
  }

  /// The motors are where the sensors say, if nothing moves.
  private mutating func settle(_ body: inout ArmBody) {
    guard body.planner.isIdle else { return }
    let before = body.planner.position
    body.resynchronise()
    origin += body.planner.position - before
  }

  private mutating func attach(
    _ line: ArmV4Line, _ holds: Bool, _ body: inout ArmBody
  ) -> String {
    guard let motor = line.value("N"), 0 <= motor, motor < 4 else { return "E21" }
    if motor == 3 {
      isWristAttached = holds
    } else {
      body.attached[[2, 0, 1][Int(motor)]] = holds
    }
    if holds { settle(&body) }
    return "ok"
  }

  private mutating func chooseMode(_ line: ArmV4Line, _ body: inout ArmBody) -> String {
    guard let digit = line.value("S"), 0 <= digit else { return "E21" }
    mode = Int(min(digit, 1e6)) % 10
    body.geometry = .v4(mode: mode, version: version)
    eepromWriteCount += 1
    return "ok"
  }
}
