/// The firmwares of Metal and Swift: moves one after the other, answered when finished, parameters
/// by position, and a move to the home pose at the start.
struct ArmBlocking: Sendable {
  /// A move under way.
  private struct Move: Sendable {
    var from: SIMD3<Double>
    var to: SIMD3<Double>
    var duration: Double
    var elapsed = 0.0
    var id: Int?
    var isNumbered = true
  }

  let isMetal: Bool
  private var move: Move?
  private var queue: [ArmLine] = []
  private var buffer: ArmLineBuffer
  private var bootTo: SIMD3<Double>?
  private var reportInterval = 0.0
  private var nextReport = Double.infinity

  init(isMetal: Bool) {
    self.isMetal = isMetal
    buffer = ArmLineBuffer(capacity: isMetal ? 48 : 64)
  }

  var isMoving: Bool { move != nil || bootTo != nil }

  /// Moves the arm to its home pose, as at every start of the firmware.
  mutating func bootMove(_ body: ArmBody) {
    let home = isMetal ? SIMD3(0.0, 150, 150) : SIMD3(150.0, 0, 150)
    bootTo = body.geometry.solve(home)
  }

  /// One millisecond that ends at `now`.
  mutating func step(_ now: Double, _ serial: inout ArmSerial, _ body: inout ArmBody) {
    while let byte = serial.nextArrival(by: now) { serial.store(byte) }
    if let target = bootTo {
      bootTo = nil
      move = Move(from: body.planner.position, to: target, duration: 1, isNumbered: false)
    }
    if now >= nextReport {
      nextReport = now + reportInterval
      let tip = body.geometry.tip(body.encoders)
      serial.print(
        "@3 X\(decimals(tip.x, 2)) Y\(decimals(tip.y, 2)) Z\(decimals(tip.z, 2)) R90\r\n")
    }
    if move != nil {
      advance(&serial, &body)
      // Metal does not read while it moves; bytes wait in the ring or are lost.
      if isMetal { return }
    }
    readLine(now, &serial, &body)
    if move == nil, !queue.isEmpty { begin(queue.removeFirst(), &serial, &body) }
  }

  private mutating func advance(_ serial: inout ArmSerial, _ body: inout ArmBody) {
    guard var current = move, !body.planner.isStuck, body.hasPower else { return }
    current.elapsed += 0.001
    let share = min(current.elapsed / current.duration, 1)
    let smooth = share * share * (3 - 2 * share)
    body.planner.reset(to: current.from + (current.to - current.from) * smooth)
    move = current
    guard share >= 1 else { return }
    move = nil
    if current.isNumbered { answer(current.id, ok, &serial, body) }
  }

  private var ok: String { isMetal ? "OK" : "ok" }

  private func answer(
    _ id: Int?, _ text: String, _ serial: inout ArmSerial, _ body: ArmBody
  ) {
    serial.print((id.map { "$\($0 + body.idShift) " } ?? "") + text + "\r\n")
  }

  private mutating func readLine(
    _ now: Double, _ serial: inout ArmSerial, _ body: inout ArmBody
  ) {
    guard serial.printing.isEmpty else { return }
    while let byte = serial.read() {
      guard let text = buffer.take(byte), let line = ArmLine(text) else { continue }
      let code = isMetal || line.code >= 1000 || line.code < 100 ? line.code : line.code + 2000
      var known = line
      known.code = code
      // A Metal has no four-digit codes.
      if isMetal, code >= 1000 { return answer(line.id, "E20", &serial, body) }
      if isMetal, code >= 100 { known.code = code + 2000 }
      if line.letter == "G", known.code != 2203 {
        guard !isMetal else { return begin(known, &serial, &body) }
        guard queue.count < 20 else { return answer(line.id, "E23", &serial, body) }
        return queue.append(known)
      }
      return immediate(known, now, &serial, &body)
    }
  }

  private mutating func begin(
    _ line: ArmLine, _ serial: inout ArmSerial, _ body: inout ArmBody
  ) {
    let values = line.parameters.map(\.value)
    switch line.code {
    case 0, 1:
      guard values.count == 4, let x = values[0], let y = values[1], let z = values[2],
        let feed = values[3]
      else { return answer(line.id, "E21", &serial, body) }
      start(SIMD3(x, y, z), feed, line.id, &serial, &body)
    case 2202:
      guard values.count >= 2, let motor = values[0], let value = values[1], motor == 3 else {
        return answer(line.id, "E21", &serial, body)
      }
      body.turnWrist(value)
      answer(line.id, ok, &serial, body)
    default: answer(line.id, "E20", &serial, body)
    }
  }

  private mutating func start(
    _ tip: SIMD3<Double>, _ feed: Double, _ id: Int?, _ serial: inout ArmSerial,
    _ body: inout ArmBody
  ) {
    if isMetal, feed < 0 { return answer(id, "E10", &serial, body) }
    if !isMetal, !body.hasPower { return answer(id, "E24", &serial, body) }
    var point = tip
    // Metal truncates its inputs to tenths of a millimetre.
    if isMetal { point = (tip * 10).rounded(.towardZero) / 10 }
    guard !body.refusesMoves, let target = body.geometry.solve(point),
      body.geometry.isLegal(target), -120...260 ~= point.z
    else { return answer(id, "E22", &serial, body) }
    let way = point - body.geometry.tip(body.planner.position)
    let length = (way * way).sum().squareRoot()
    // Metal: F from 100 is mm/s, below it the servo's raw duty. Swift: taken as mm/min.
    let speed = isMetal ? (feed < 100 ? 1000 : min(feed, 1000)) : max(feed / 60, 0.1)
    move = Move(
      from: body.planner.position, to: target, duration: max(length / speed, 0.004), id: id)
  }

  private mutating func immediate(
    _ line: ArmLine, _ now: Double, _ serial: inout ArmSerial, _ body: inout ArmBody
  ) {
    let q = body.encoders
    let tip = body.geometry.tip(q)
    let name = body.introducesItselfAs ?? (isMetal ? "Metal" : "Swift")
    let version =
      isMetal ? (body.isOld ? "V1.7.4" : "V2.2.4") : (body.isOld ? "V1.0.3" : "V2.1.0")
    var text: String
    switch (line.letter, line.code) {
    case ("G", 2203) where !isMetal:
      queue.removeAll()
      move = nil
      text = ok
    case ("P", 2200):
      text =
        "\(ok) B\(decimals(q.x, 2)) L\(decimals(q.y, 2)) R\(decimals(q.z, 2)) H\(decimals(body.wristTarget, 2))"
    case ("P", 2201): text = "\(ok) V\(name)"
    case ("P", 2202): text = isMetal ? "\(ok) V2.1" : "\(ok) V3.2.0"
    case ("P", 2203): text = "\(ok) \(version)"
    case ("P", 2204): text = "\(ok) V2.2.3"
    case ("P", 2220):
      text = "\(ok) X\(decimals(tip.x, 2)) Y\(decimals(tip.y, 2)) Z\(decimals(tip.z, 2))"
    case ("P", 2206):
      let motor = line.parameters.first?.value
      guard let motor, 0...3 ~= motor else { return answer(line.id, "E21", &serial, body) }
      text = "\(ok) V\(decimals([q.x, q.y, q.z, body.wristTarget][Int(motor)], 2))"
    case ("P", 2234) where !isMetal: text = body.hasPower ? "ok V1" : "ok V0"
    case ("M", 2200) where !isMetal: text = move != nil ? "ok V1" : "ok V0"
    case ("M", 2120):
      reportInterval = line.parameters.first?.value ?? 0
      nextReport = reportInterval > 0 ? now + reportInterval : .infinity
      text = ok
    case ("M", 2201), ("M", 2202):
      guard line.parameters.count == 1, let motor = line.parameters[0].value, 0...3 ~= motor else {
        return answer(line.id, "E21", &serial, body)
      }
      // The wrist's servo is not followed here.
      if motor < 3 { body.attached[Int(motor)] = line.code == 2201 }
      text = ok
    default: text = "E20"
    }
    answer(line.id, text, &serial, body)
  }
}
