/// The V3 firmware's main loop (3.2.0, Marlin): four buffered lines that all commands share, moves
/// cut into segments, a planner of three usable blocks, `ok` when the last segment is queued.
struct ArmV3: Sendable {
  private var lines: [ArmLine] = []
  private var buffer = ArmLineBuffer(capacity: 96)
  private var busyUntil = -Double.infinity
  /// Points of the move under way that are not in the planner yet, and the speed between them.
  private var segments: [(target: SIMD3<Double>, speed: Double)] = []
  /// Whether a quick stop has ended the move under way.
  private var isCutOff = false
  private var reportInterval = 0.0
  private var nextReport = Double.infinity
  private var mode = 0

  /// One millisecond that ends at `now`.
  mutating func step(_ now: Double, _ serial: inout ArmSerial, _ body: inout ArmBody) {
    while let byte = serial.nextArrival(by: now) { serial.store(byte) }
    if now >= nextReport {
      nextReport = now + reportInterval
      let tip = body.geometry.tip(body.encoders)
      serial.print("@3 X\(decimals(tip.x)) Y\(decimals(tip.y)) Z\(decimals(tip.z)) R90.0000\n")
    }
    guard serial.printing.isEmpty, now >= busyUntil else { return }
    readLines(&body, &serial)
    guard let line = lines.first else { return }
    if isCutOff {
      isCutOff = false
      return finish("ok", &serial, body)
    }
    if !segments.isEmpty {
      feed(&body)
      guard segments.isEmpty else { return }
      return finish("ok", &serial, body)
    }
    execute(line, now, &serial, &body)
  }

  private mutating func readLines(_ body: inout ArmBody, _ serial: inout ArmSerial) {
    while lines.count < 4, let byte = serial.read() {
      guard let text = buffer.take(byte), !text.isEmpty else { continue }
      guard let line = ArmLine(text) else { continue }
      // The quick stop is looked at on reception, if the queue has room; a number would hide it.
      if line.body == "M410", line.id == nil {
        body.planner.reset(to: body.encoders)
        isCutOff = !segments.isEmpty
        segments.removeAll()
      }
      lines.append(line)
    }
  }

  private mutating func feed(_ body: inout ArmBody) {
    while let next = segments.first, !body.planner.isFull {
      body.planner.add(target: next.target, speed: next.speed)
      segments.removeFirst()
    }
  }

  private mutating func finish(
    _ result: String, _ serial: inout ArmSerial, _ body: ArmBody
  ) {
    guard !lines.isEmpty else { return }
    let line = lines.removeFirst()
    let number = line.id.map { "$\($0 + body.idShift) " } ?? ""
    serial.print(number + result + "\n")
  }

  private mutating func execute(
    _ line: ArmLine, _ now: Double, _ serial: inout ArmSerial, _ body: inout ArmBody
  ) {
    busyUntil = now + 0.001
    switch (line.letter, line.code) {
    case ("G", 0), ("G", 1):
      let tip = body.geometry.tip(body.planner.planned)
      cut(
        to: SIMD3(line["X"] ?? tip.x, line["Y"] ?? tip.y, line["Z"] ?? tip.z),
        feed: line["F"] ?? 1000, &serial, &body)
    case ("G", 2202):
      guard let motor = line["N"], let value = line["V"], 0...3 ~= motor else {
        return finish("E21", &serial, body)
      }
      guard motor != 3 else {
        body.turnWrist(value)
        return finish("ok", &serial, body)
      }
      var target = body.planner.planned
      if motor == 0 {
        target.x = value
      } else if motor == 1 {
        target.y = value
      } else {
        target.z = value
      }
      guard isTaken(target, body) else { return refuse(&serial, body) }
      segments = [(target, (line["F"] ?? 1000) / 60)]
    case ("G", 2203):
      guard body.planner.isIdle else { return }
      finish("ok", &serial, body)
    case ("M", 2000):
      body.planner.reset(to: body.encoders)
      finish("ok", &serial, body)
    case ("M", _), ("P", _), ("G", 2004): other(line, now, &serial, &body)
    default: unknown(line, &serial)
    }
  }

  private func isTaken(_ target: SIMD3<Double>, _ body: ArmBody) -> Bool {
    !body.refusesMoves && body.geometry.isLegal(target) && body.isAttached
  }

  private mutating func refuse(_ serial: inout ArmSerial, _ body: ArmBody) {
    finish("ok E22 unreachable\n", &serial, body)
  }

  /// Cuts a straight line into a hundred segments for each second.
  private mutating func cut(
    to tip: SIMD3<Double>, feed: Double, _ serial: inout ArmSerial, _ body: inout ArmBody
  ) {
    let start = body.planner.planned
    let from = body.geometry.tip(start)
    guard let end = body.geometry.solve(tip), isTaken(end, body) else {
      return refuse(&serial, body)
    }
    let way = tip - from
    let length = (way * way).sum().squareRoot()
    let duration = length / max(feed / 60, 0.1)
    let count = min(max(Int((duration * 100).rounded()), 1), 3000)
    var previous = start
    for index in 1...count {
      let at = from + way * (Double(index) / Double(count))
      let next = index == count ? end : body.geometry.solve(at) ?? end
      let delta = next - previous
      let turn = (delta * delta).sum().squareRoot()
      segments.append((next, turn / max(duration / Double(count), 0.001)))
      previous = next
    }
  }

  private mutating func unknown(_ line: ArmLine, _ serial: inout ArmSerial) {
    if !lines.isEmpty { lines.removeFirst() }
    serial.print("echo:Unknown command: \"\(line.body)\"\n")
  }

  private mutating func other(
    _ line: ArmLine, _ now: Double, _ serial: inout ArmSerial, _ body: inout ArmBody
  ) {
    let q = body.encoders
    // P2220 says where it was sent, not where it is.
    let tip = body.geometry.tip(body.planner.planned)
    if line.letter == "P", line.code == 2200, !body.hasPower {
      serial.print("No Power Connected!\n")
    }
    switch (line.letter, line.code) {
    case ("P", 2200):
      finish("ok B\(decimals(q.x)) L\(decimals(q.y)) R\(decimals(q.z))", &serial, body)
    case ("P", 2201): finish("ok V\(body.introducesItselfAs ?? "SwiftPro")", &serial, body)
    case ("P", 2202): finish("ok V3.3.0", &serial, body)
    case ("P", 2203): finish(body.isOld ? "ok V3.0.1" : "ok V3.2.0", &serial, body)
    case ("P", 2204): finish("ok V3.2.1", &serial, body)
    case ("P", 2205): finish("ok V0123456789AB", &serial, body)
    case ("P", 2206):
      guard let motor = line["N"], 0...3 ~= motor else { return finish("E21", &serial, body) }
      let value = [q.x, q.y, q.z, body.wristTarget][Int(motor)]
      finish("ok V\(decimals(value))", &serial, body)
    case ("P", 2220):
      finish("ok X\(decimals(tip.x)) Y\(decimals(tip.y)) Z\(decimals(tip.z))", &serial, body)
    case ("P", 2234): finish(body.hasPower ? "ok V1" : "ok V0", &serial, body)
    case ("P", 2400): finish("ok V\(mode)", &serial, body)
    case ("M", 2200): finish(body.planner.isIdle ? "ok V0" : "ok V1", &serial, body)
    case ("M", 2203): finish(body.isAttached ? "ok V1" : "ok V0", &serial, body)
    case ("M", 17):
      body.attached = [true, true, true]
      busyUntil = now + 1
      finish("ok", &serial, body)
    case ("M", 2019):
      body.attached = [false, false, false]
      finish("ok", &serial, body)
    case ("M", 2120):
      reportInterval = line["V"] ?? 0
      nextReport = reportInterval > 0 ? now + reportInterval : .infinity
      finish("ok", &serial, body)
    case ("G", 2004):
      busyUntil = now + min((line["P"] ?? 0) / 1000, 60)
      finish("ok", &serial, body)
    case ("M", 204), ("M", 410), ("M", 2122), ("M", 2210), ("M", 2231), ("M", 2232), ("M", 2400):
      finish("ok", &serial, body)
    default: unknown(line, &serial)
    }
  }
}
