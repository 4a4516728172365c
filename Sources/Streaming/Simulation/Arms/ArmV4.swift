import Foundation

/// The V4 firmware's main loop (4.10.0): a ring of synchronous commands, a single slot for queries,
/// a planner that stalls the parser, and bytes that the receive interrupt catches.
struct ArmV4: Sendable {
  private struct Slot: Sendable {
    var line: ArmLine?
    var report = ""
    var isDone = false
  }

  private var slots = Array(repeating: Slot(), count: 20)
  private var receiveSlot = 0
  private var parseSlot = 0
  private var reportSlot = 0
  private var waitingCount = 0
  private var buffer = ArmLineBuffer(capacity: 80)
  private var move: (target: SIMD3<Double>, speed: Double)?
  private var busyUntil = -Double.infinity
  private var delayUntil = -Double.infinity
  private var wantsStatus = false
  /// The interrupt waits for room in the transmit ring, for ever.
  private(set) var isHung = false
  private var origin: SIMD3<Double>
  private var mode = 0
  private var pumpRuns = false
  private var reportInterval = 0.0
  private var nextReport = Double.infinity
  private var reportsMotionEnd = false
  private var hasMoved = false
  private var wasIdle = true
  /// Bits of `$10`.
  var statusMask = 3
  /// `M204 A`, units of 80 degrees/s².
  var accelerationUnits = 10.0

  private(set) var eepromWriteCount = 0
  private(set) var overwrittenCount = 0
  private(set) var standstillCount = 0
  private(set) var fullTime = 0.0
  private(set) var synchronousCount = 0
  private(set) var outOfTurnCount = 0
  private var lastReported = 0
  private var serials: [Int] = Array(repeating: 0, count: 20)

  init(at pose: SIMD3<Double>) { origin = pose }

  /// Whether the next reply will be the one that belongs to the next command.
  var isAligned: Bool { receiveSlot == reportSlot && slots.allSatisfy { !$0.isDone } }

  /// The banner's lines.
  func banner(_ body: ArmBody) -> String {
    "angle offset: 0.00, 0.00, 0.00\r\ndevice name : \(name(body))\r\nsoft ver : \(version(body))\r\n"
      + "api ver : V4.0.5\r\nwork mode : \(mode)\r\n"
  }

  private func name(_ body: ArmBody) -> String { body.introducesItselfAs ?? "SwiftPro" }
  private func version(_ body: ArmBody) -> String { body.isOld ? "V4.2.0" : "V4.10.0" }

  // MARK: - Time

  /// One millisecond that ends at `now`.
  mutating func step(_ now: Double, _ serial: inout ArmSerial, _ body: inout ArmBody) {
    while let byte = serial.nextArrival(by: now) { receive(byte, &serial, &body) }
    guard !isHung else { return }
    if body.planner.isFull { fullTime += 0.001 }
    if now >= nextReport {
      nextReport = now + reportInterval
      let tip = body.geometry.tip(body.encoders)
      serial.print("@3 X\(decimals(tip.x)) Y\(decimals(tip.y)) Z\(decimals(tip.z)) R90.0000\n")
    }
    // The loop waits while it prints, while a command works, and while motion is suspended.
    guard serial.printing.isEmpty, now >= busyUntil else { return }
    if wantsStatus {
      wantsStatus = false
      serial.print(status(serial, body))
      return
    }
    guard !body.planner.isHeld, !body.planner.isHolding else { return }
    if let waiting = move {
      guard !body.planner.isFull else { return }
      body.planner.add(target: waiting.target, speed: waiting.speed)
      move = nil
      finish("ok")
    }
    readLine(now, &serial, &body)
    if waitingCount > 0, now >= delayUntil, move == nil { execute(now, &serial, &body) }
    report(&serial, body)
  }

  /// The receive interrupt.
  private mutating func receive(
    _ byte: UInt8, _ serial: inout ArmSerial, _ body: inout ArmBody
  ) {
    switch byte {
    case 0x21:
      if !body.planner.isIdle { body.planner.hold() }
      if !serial.interruptPrints("ok @9 V0\n") { isHung = true }
    case 0x7E:
      body.planner.resume()
      if !serial.interruptPrints("ok\n") { isHung = true }
    case 0x3F: wantsStatus = true
    case 0x40: body.planner.hold()
    case 0x18:
      isHung = false
      body.planner.reset(to: body.encoders)
      origin = body.encoders
      serial.emptyRing()
      buffer.clear()
      if move != nil {
        move = nil
        finish("E20")
      }
      _ = serial.interruptPrints("ok\n")
    default: serial.store(byte)
    }
  }

  private func status(_ serial: ArmSerial, _ body: ArmBody) -> String {
    let planner = body.planner
    var text = planner.isHeld || planner.isHolding ? "<Hold" : planner.isIdle ? "<Idle" : "<Run"
    let units = (planner.position - origin) / 80
    let figures = "\(decimals(units.y, 3)),\(decimals(units.z, 3)),\(decimals(units.x, 3))"
    if statusMask & 1 != 0 { text += ",MPos:\(figures)" }
    if statusMask & 2 != 0 { text += ",WPos:\(figures)" }
    if statusMask & 4 != 0 { text += ",Buf:\(planner.blocks.count)" }
    if statusMask & 8 != 0 { text += ",RX:\(serial.ringCount)" }
    return text + ">\r\n"
  }

  // MARK: - Lines

  private mutating func readLine(
    _ now: Double, _ serial: inout ArmSerial, _ body: inout ArmBody
  ) {
    while let byte = serial.read() {
      guard let text = buffer.take(byte) else { continue }
      busyUntil = now + 0.0004
      // The text after the number is copied into 50 bytes; what is longer would break the memory.
      guard let line = ArmLine(text), line.body.utf8.count <= 49 else { return }
      if line.letter == "$" { return system(line, &serial, &body) }
      let report = line.id.map { "$\($0 + body.idShift)" } ?? ""
      if line.letter == "P" {
        serial.print(prefix(line) + answer(report, query(line, body)))
        return
      }
      guard waitingCount < slots.count else { return serial.print("E23 buffer full\r\n") }
      if slots[receiveSlot].isDone { overwrittenCount += 1 }
      slots[receiveSlot].line = line
      // Without a number the old text stays and grows, as in the firmware.
      if line.id != nil { slots[receiveSlot].report = report }
      synchronousCount += 1
      serials[receiveSlot] = synchronousCount
      receiveSlot = (receiveSlot + 1) % slots.count
      waitingCount += 1
      return
    }
  }

  /// What the firmware prints without a line end before the reply.
  private func prefix(_ line: ArmLine) -> String {
    line.code == 2231 && pumpRuns ? "value:12      value2:34" : ""
  }

  private func answer(_ report: String, _ result: String) -> String {
    report.isEmpty || result.isEmpty ? report + result + "\n" : "\(report) \(result)\n"
  }

  private mutating func execute(
    _ now: Double, _ serial: inout ArmSerial, _ body: inout ArmBody
  ) {
    guard let line = slots[parseSlot].line else { return }
    slots[parseSlot].line = nil
    switch line.letter {
    case "G": motion(line, now, &serial, &body)
    case "M": finish(setting(line, now, &serial, &body))
    default: finish("E20")
    }
  }

  /// Writes the result of the command in the parse slot.
  private mutating func finish(_ result: String) {
    let report = slots[parseSlot].report
    slots[parseSlot].report =
      report.isEmpty || result.isEmpty ? report + result : report + " " + result
    slots[parseSlot].isDone = true
    parseSlot = (parseSlot + 1) % slots.count
    waitingCount -= 1
  }

  /// Replies leave only when the machine is idle.
  private mutating func report(_ serial: inout ArmSerial, _ body: ArmBody) {
    let isIdle = body.planner.isIdle && move == nil
    if isIdle, !wasIdle { standstillCount += 1 }
    wasIdle = isIdle
    guard isIdle else { return }
    for _ in slots.indices {
      guard slots[reportSlot].isDone else { break }
      if serials[reportSlot] < lastReported { outOfTurnCount += 1 }
      lastReported = serials[reportSlot]
      serial.print(slots[reportSlot].report + "\n")
      slots[reportSlot] = Slot()
      reportSlot = (reportSlot + 1) % slots.count
    }
    if hasMoved, reportsMotionEnd { serial.print("@9 V0\n") }
    hasMoved = false
  }

  // MARK: - Commands

  private mutating func motion(
    _ line: ArmLine, _ now: Double, _ serial: inout ArmSerial, _ body: inout ArmBody
  ) {
    busyUntil = now + 0.002
    guard !line.parameters.contains(where: { $0.value == nil }) else {
      // A number that the parser rejects: ok without motion in G22xx, nothing at all in G0.
      return finish(line.code > 1999 ? "ok" : "")
    }
    switch line.code {
    case 0, 1:
      guard line.has("XYZ"), let x = line["X"], let y = line["Y"], let z = line["Z"] else {
        return finish("ok")
      }
      go(body.geometry.solve(SIMD3(x, y, z)), line["F"] ?? 0, &body)
    case 2004:
      guard let milliseconds = line["P"] else { return missing(&serial) }
      delayUntil = now + min(milliseconds, 60_000) / 1000
      finish("ok")
    case 2202:
      guard let motor = line["N"], let value = line["V"], let feed = line["F"] else {
        return missing(&serial)
      }
      guard motor != 3 else {
        body.turnWrist(value)
        return finish("ok")
      }
      var target = body.planner.planned
      if motor == 0 {
        target.x = value
      } else if motor == 1 {
        target.y = value
      } else {
        target.z = value
      }
      go(target, feed, &body)
    case 2206:
      guard let base = line["B"], let left = line["L"], let right = line["R"],
        let feed = line["F"]
      else { return missing(&serial) }
      // Converted to a point and back, so what no point has is refused.
      let target = SIMD3(base, left, right)
      go(body.geometry.solve(body.geometry.tip(target)) == nil ? nil : target, feed, &body)
    default: finish("E20")
    }
  }

  private mutating func missing(_ serial: inout ArmSerial) {
    serial.print("sscanf 1\r\n")
    finish("E21")
  }

  private mutating func go(_ target: SIMD3<Double>?, _ feed: Double, _ body: inout ArmBody) {
    guard body.isAttached else { return finish("E27") }
    guard !body.refusesMoves, let target, body.geometry.isLegal(target) else {
      return finish("E22")
    }
    guard feed > 0 else { return finish("ok") }
    hasMoved = true
    move = (target, feed * 80 / 60)
    if !body.planner.isFull {
      body.planner.add(target: target, speed: feed * 80 / 60)
      move = nil
      finish("ok")
    }
  }

  private mutating func setting(
    _ line: ArmLine, _ now: Double, _ serial: inout ArmSerial, _ body: inout ArmBody
  ) -> String {
    switch line.code {
    case 17, 2201: body.attached = [true, true, true]
    case 18, 2019: body.attached = [false, false, false]
    case 2202:
      let index = [0.0: 2, 1: 0, 2: 1][line["N"] ?? -1]
      if let index { body.attached[index] = false }
    case 204:
      guard let units = line["A"], units > 0 else { return "E21" }
      accelerationUnits = units
      body.planner.acceleration = units * 80
      eepromWriteCount += 1
    case 2120:
      guard let interval = line["V"] else { return "E21" }
      reportInterval = interval
      nextReport = interval > 0 ? now + interval : .infinity
    case 2121: nextReport = .infinity
    case 2122: reportsMotionEnd = line["V"] == 1
    case 2123, 2124, 2232, 2240, 2241: break
    case 2203:
      guard let index = line["N"], 0...2 ~= index else { return "E21" }
      return body.attached[Int(index)] ? "ok V1" : "ok V0"
    case 2210: busyUntil = now + min((line["T"] ?? 0) / 1000, 5)
    case 2220:
      guard let x = line["X"], let y = line["Y"], let z = line["Z"] else { return "E21" }
      guard let q = body.geometry.solve(SIMD3(x, y, z)) else { return "E22" }
      return "ok B\(decimals(q.x)) L\(decimals(q.y)) R\(decimals(q.z))"
    case 2221:
      guard let b = line["B"], let l = line["L"], let r = line["R"] else { return "E21" }
      let tip = body.geometry.tip(SIMD3(b, l, r))
      return "ok X\(decimals(tip.x)) Y\(decimals(tip.y)) Z\(decimals(tip.z))"
    case 2222:
      guard let x = line["X"], let y = line["Y"], let z = line["Z"] else { return "E21" }
      let q = body.geometry.solve(SIMD3(x, y, z))
      return q.map(body.geometry.isLegal) == true ? "ok V1" : "ok V0"
    case 2231: pumpRuns = (line["V"] ?? 0) != 0
    case 2400:
      guard let wanted = line["S"], 0...9 ~= wanted else { return "E21" }
      mode = Int(wanted)
      body.geometry = .v4(mode: mode)
      eepromWriteCount += 1
    default: return "E20"
    }
    return "ok"
  }

  private func query(_ line: ArmLine, _ body: ArmBody) -> String {
    let q = body.encoders
    switch line.code {
    case 2200: return "ok B\(decimals(q.x)) L\(decimals(q.y)) R\(decimals(q.z))"
    case 2201: return "ok \(name(body))"
    case 2202: return "ok V5.3.1"
    case 2203: return "ok \(version(body))"
    case 2204: return "ok V4.0.5"
    case 2205: return "ok V0123456789AB"
    case 2206:
      guard let motor = line["N"], 0...3 ~= motor else { return "E21" }
      return "ok V\(decimals([q.x, q.y, q.z, body.wristTarget][Int(motor)]))"
    case 2220:
      let tip = body.geometry.tip(q)
      return "ok X\(decimals(tip.x)) Y\(decimals(tip.y)) Z\(decimals(tip.z))"
    case 2221:
      let tip = body.geometry.tip(q)
      let out = (tip.x * tip.x + tip.y * tip.y).squareRoot()
      return "ok S\(decimals(out)) R\(decimals(q.x)) H\(decimals(tip.z))"
    case 2231: return pumpRuns ? "ok V1" : "ok V0"
    case 2232, 2233, 2235, 2236, 2240, 2241: return "ok V0"
    case 2234: return body.hasPower ? "ok V1" : "ok V0"
    case 2244: return body.encodersFail ? "E26 V1" : "ok"
    case 2400: return "ok V\(mode)"
    default: return "E20"
    }
  }

  /// `$$` and `$10=`.
  private mutating func system(
    _ line: ArmLine, _ serial: inout ArmSerial, _ body: inout ArmBody
  ) {
    if line.body == "$$" {
      var text = "$10=\(statusMask) (status report mask)\r\n$11=0.010 (junction deviation)\r\n"
      for (index, axis) in ["x", "y", "z"].enumerated() {
        text += "$\(100 + index)=6400.000 (\(axis), step/mm)\r\n"
        text += "$\(110 + index)=250.000 (\(axis) max rate, mm/min)\r\n"
        text += "$\(120 + index)=\(decimals(accelerationUnits, 3)) (\(axis) accel, mm/sec^2)\r\n"
      }
      return serial.print(text + "ok\r\n")
    }
    if line.body.hasPrefix("$10="), let bits = Int(line.body.dropFirst(4)) {
      guard body.planner.isIdle else { return serial.print("error: Not idle\r\n") }
      statusMask = bits & 31
      eepromWriteCount += 1
      return serial.print("ok\r\n")
    }
    serial.print("error: Invalid statement\r\n")
  }
}
