import Foundation

/// `G`: moves, and what is left of grbl's G-code.
extension ArmV4 {
  /// Carries out the G command in the slot that is next.
  mutating func motion(
    _ line: ArmV4Line, _ now: Double, _ serial: inout ArmSerial, _ body: inout ArmBody
  ) {
    guard line.letter != "G" || line.hasCode else { return slots.finish("") }
    guard line.letter == "G", let letters = order(line.code) else {
      if let result = gcode(line, &serial, &body) { slots.finish(result) }
      return
    }
    guard let values = line.scan(letters) else { return missing(&serial) }
    let numbers = values.compactMap { $0 }
    // A number that is none: ok without motion.
    guard numbers.count == values.count else { return slots.finish("ok") }
    joints(line.code, numbers, now, &body)
  }

  /// The order of parameters of the arm's own commands; nil for those of G-code.
  private func order(_ code: Int) -> String? {
    switch code {
    case 2004: "P"
    case 2201, 2205: "SRHF"
    case 2202: "NVF"
    case 2204: "XYZF"
    case 2206: "BLRF"
    case 2207, 2208: version.isLatest ? "NF" : nil
    default: nil
    }
  }

  private mutating func joints(
    _ code: Int, _ values: [Double], _ now: Double, _ body: inout ArmBody
  ) {
    switch code {
    case 2004:
      // The firmware's tick is a tenth fast.
      delayUntil = now + 0.9 * min(max(values[0], 0), 60_000) / 1000
      slots.finish("ok")
    case 2202: single(values, &body)
    case 2206:
      let target = SIMD3(values[0], values[1], values[2])
      // Converted to a point and back, so what no point has is refused.
      let point = body.geometry.solve(body.geometry.tip(target))
      go([point == nil ? nil : body.wholeSteps(target)], values[3], &body)
    case 2201: straight(to: ArmV4Modal.polar(values[0], values[1], values[2]), values[3], &body)
    case 2204:
      let tip = body.geometry.tip(body.planner.planned)
      straight(to: tip + SIMD3(values[0], values[1], values[2]), values[3], &body)
    case 2205:
      let tip = body.geometry.tip(body.planner.planned)
      let reach = (tip.x * tip.x + tip.y * tip.y).squareRoot()
      straight(
        to: ArmV4Modal.polar(
          reach + values[0], body.planner.planned.x + values[1], tip.z + values[2]),
        values[3], &body)
    default: slots.finish("ok")
    }
  }

  private mutating func single(_ values: [Double], _ body: inout ArmBody) {
    let (motor, value) = (values[0], values[1])
    guard 0 <= motor, motor < 4 else { return slots.finish("E21") }
    guard motor < 3 else {
      body.turnWrist(value)
      if value <= 360 { wristDuty = body.wristTarget }
      return slots.finish("ok")
    }
    var target = body.planner.planned
    // Earlier versions lose the sign.
    target[Int(motor)] = version.isLatest ? value : abs(value)
    go([body.wholeSteps(target)], values[2], &body)
  }

  /// Blocks for some poses, nil for one that cannot be reached.
  mutating func go(_ targets: [SIMD3<Double>?], _ feed: Double, _ body: inout ArmBody) {
    if let refusal = refusal(targets, body) { return slots.finish(refusal) }
    // Earlier versions creep at the least speed instead.
    guard feed > 0 || !version.isLatest else { return slots.finish("ok") }
    hasMoved = true
    for case let target? in targets { stalled.append((target, feed * 80 / 60)) }
    while let next = stalled.first, !body.planner.isFull {
      body.planner.add(target: next.target, speed: next.speed)
      stalled.removeFirst()
    }
    if stalled.isEmpty { slots.finish("ok") }
  }

  private func refusal(_ targets: [SIMD3<Double>?], _ body: ArmBody) -> String? {
    if version.isLatest, !body.isAttached { return "E27" }
    let reachable = targets.allSatisfy { $0.map(body.geometry.isLegal) == true }
    return reachable && !body.refusesMoves ? nil : "E22"
  }

  /// A straight line of the tool point in eleven pieces.
  private mutating func straight(to tip: SIMD3<Double>, _ feed: Double, _ body: inout ArmBody) {
    let from = body.geometry.tip(body.planner.planned)
    let targets = (1...11).map { body.geometry.solve(from + (tip - from) * (Double($0) / 11)) }
    go(targets, min(feed, 100), &body)
  }

  /// A line of G-code; nil if its result is written already, or will be when there is room.
  mutating func gcode(
    _ line: ArmV4Line, _ serial: inout ArmSerial, _ body: inout ArmBody
  ) -> String? {
    // What is longer does not fit where it is copied to.
    guard line.body.count <= 49 else { return "" }
    switch modal.take(line.words()) {
    case .result(let text): return text
    case .pause:
      hold()
      return "ok"
    case .end:
      serial.print("[Pgm End]\r\n")
      return "ok"
    case .move(let tip, let feed, let isStraight):
      guard let target = body.geometry.solve(tip) else { return "E22" }
      if isStraight {
        straight(to: tip, feed, &body)
      } else {
        go([body.wholeSteps(target)], feed, &body)
      }
      return nil
    }
  }
}

/// What the firmware's G-code parser remembers from line to line.
struct ArmV4Modal: Sendable {
  /// What comes of a line.
  enum Outcome: Sendable {
    case result(String)
    case pause
    case end
    case move(to: SIMD3<Double>, feed: Double, isStraight: Bool)
  }

  /// The point that omitted axes keep: the last one that a line named, not where the arm is [mm].
  private var point = SIMD3<Double>()
  private var feed = 0.0
  private var isStraight = false
  private var isRelative = false

  /// The point of a stretch [mm], a base angle [degrees] and a height [mm].
  static func polar(_ stretch: Double, _ angle: Double, _ height: Double) -> SIMD3<Double> {
    let turn = (angle - 90) * .pi / 180
    return SIMD3(stretch * cos(turn), stretch * sin(turn), height)
  }

  /// Takes a line; nil where one of its words has no number.
  mutating func take(_ words: [(letter: Character, value: Double)]?) -> Outcome {
    guard let words else { return .result("") }
    var axes: [Int: Double] = [:]
    var seen: Set<Character> = []
    var next = self
    var outcome = Outcome.result("ok")
    var goesHome = false
    var setsOrigin = false
    for (letter, value) in words {
      if letter != "G", letter != "M", !seen.insert(letter).inserted { return .result("E20") }
      switch letter {
      case "G":
        switch value {
        case 0, 1: next.isStraight = value == 1
        case 28, 30: goesHome = true
        case 92: setsOrigin = true
        case 90, 91: next.isRelative = value == 91
        case 17...21, 40, 49, 54...59, 61, 80, 93, 94: break
        default: return .result("E20")
        }
      case "M":
        switch value {
        case 0: outcome = .pause
        case 2, 30: outcome = .end
        case 1, 3, 4, 5, 7, 8, 9: break
        default: return .result("E20")
        }
      case "F":
        guard value >= 0 else { return .result("") }
        next.feed = value
      case "X": axes[0] = value
      case "Y": axes[1] = value
      case "Z": axes[2] = value
      case "I", "J", "K", "L", "N", "P", "R", "S", "T": break
      default: return .result("E20")
      }
    }
    if setsOrigin { return .result("ok") }
    if next.isStraight, !(next.feed > 0), words.contains(where: { $0.letter == "G" }) {
      return .result("")
    }
    if goesHome {
      next.point = SIMD3()
    } else {
      for (axis, value) in axes { next.point[axis] = next.isRelative ? point[axis] + value : value }
    }
    self = next
    guard goesHome || !axes.isEmpty else { return outcome }
    return .move(to: point, feed: feed, isStraight: isStraight)
  }
}
