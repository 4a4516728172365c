/// A command of the uArm family; `line(id:dialect:)` is its text.
enum UArmCommand: Sendable, Hashable {
  // Motion
  /// All three motors at once, absolute [degrees], feed in the firmware's F (V4 ≥ 4.5.0).
  case moveJoints(UArmKinematics.Angles, feed: Double)
  /// The tool point, absolute [mm].
  case moveTo(UArmKinematics.Point, feed: Double)
  /// The wrist servo [degrees], 90 is its middle; it acts when it is parsed.
  case wrist(Double)
  /// V3: stops quickly and clears the queue.
  case quickStop
  /// Swift: stops and clears the queue.
  case stopAndClear

  // Settings
  /// All motors hold.
  case attach
  /// All motors are released; the arm falls.
  case detach
  /// One motor holds (Swift and Metal).
  case attachMotor(Int)
  /// One motor is released (Swift and Metal).
  case detachMotor(Int)
  /// Whether a motor holds: 0 left, 1 right, 2 base on V4 (the firmware permutes them).
  case isAttached(Int)
  /// V4 acceleration of all motors, in units of 80 degrees/s²; stored in EEPROM.
  case acceleration(Double)
  /// Reports the position periodically [s]; 0 for never.
  case report(every: Double)
  /// Whether the end of a motion is reported.
  case reportMotionEnd(Bool)
  /// V4 closed-loop correction.
  case closedLoop(Bool)

  // Queries
  /// The device's name.
  case name
  /// The firmware's version.
  case firmware
  /// Whether the motors have power.
  case power
  /// Whether the encoders can be read.
  case encoders
  /// The end-effector mode.
  case mode
  /// Motor angles [degrees].
  case angles
  /// The tool point [mm].
  case position
  /// One motor's angle [degrees]; 3 is the wrist.
  case angle(Int)
  /// The listing of the grbl settings, V4; has no number.
  case settings
  /// The mask of the status line, V4; accepted only when idle, stored in EEPROM, has no number.
  case statusMask(Int)
}

/// The notation of codes and parameters.
enum UArmDialect: Sendable, Hashable {
  /// Four-digit codes and parameters by letter: Swift Pro and later Swift.
  case letters
  /// Three-digit codes and parameters by position: Metal and early Swift.
  case positions
}

/// The real-time bytes, which V4 handles on reception even while it does not parse.
enum UArmRealTime: UInt8, Sendable, Hashable {
  /// Feed hold: decelerates and keeps the queue.
  case hold = 0x21
  /// Resumes after a hold.
  case resume = 0x7E
  /// Queries the status line.
  case status = 0x3F
  /// Stops the steppers at once and clears planner and receive ring.
  case reset = 0x18
}

extension UArmCommand {
  /// The greatest F that is sent to V4: about 267 degrees/s along the three-motor vector.
  static let greatestFeed = 200.0

  /// The least F that is sent to V4: grbl raises smaller ones to 1 itself.
  static let leastFeed = 1.0

  /// Whether V4 answers it at once (P) and not from the ring of synchronous commands (G, M).
  var isQuery: Bool {
    switch self {
    case .name, .firmware, .power, .encoders, .mode, .angles, .position, .angle: true
    default: false
    }
  }

  /// Whether it puts a block into the planner.
  var isMove: Bool {
    switch self {
    case .moveJoints, .moveTo: true
    default: false
    }
  }

  /// Whether it has a number and a numbered reply.
  var isNumbered: Bool {
    switch self {
    case .settings, .statusMask: false
    default: true
    }
  }

  /// The line with its end; nil if it cannot be expressed (a number that is not finite, too long).
  func line(id: Int, dialect: UArmDialect = .letters) -> [UInt8]? {
    guard let text = text(dialect) else { return nil }
    // V4 copies the text into 50 bytes, Metal's line has 48; the id is copied into a small buffer.
    guard text.utf8.count <= 40, 1 <= id && id <= 9999 else { return nil }
    let line = isNumbered ? "#\(id) \(text)\n" : "\(text)\n"
    return Array(line.utf8)
  }

  /// The text without number and line end.
  func text(_ dialect: UArmDialect = .letters) -> String? {
    let long = dialect == .letters
    switch self {
    case .moveJoints(let angles, let feed):
      // Hundredths of a degree would add 2 degrees/s² to the acceleration over a tenth of a second.
      return joined(
        "G2206", [("B", angles.base), ("L", angles.left), ("R", angles.right)], decimals: 3, feed)
    case .moveTo(let point, let feed):
      return joined("G0", [("X", point.x), ("Y", point.y), ("Z", point.z)], decimals: 2, feed)
    case .wrist(let degrees):
      // Clamped, because the firmware mirrors angles beyond the servo's range; V4 requires F.
      guard degrees.isFinite, let value = fixed(min(max(degrees, 0), 180), 2) else { return nil }
      return long ? "G2202 N3 V\(value) F1" : "G202 N3 V\(value)"
    case .quickStop: return "M2000"
    case .stopAndClear: return long ? "G2203" : "G203"
    case .attach: return "M17"
    case .detach: return "M2019"
    case .attachMotor(let motor): return long ? "M2201 N\(motor)" : "M201 N\(motor)"
    case .detachMotor(let motor): return long ? "M2202 N\(motor)" : "M202 N\(motor)"
    case .isAttached(let motor): return long ? "M2203 N\(motor)" : "M203 N\(motor)"
    case .acceleration(let units):
      guard 0 < units && units <= 25, let value = fixed(units, 2) else { return nil }
      return "M204 A\(value)"
    case .report(let interval):
      guard 0 <= interval && interval <= 60, let value = fixed(interval, 1) else { return nil }
      return (long ? "M2120 V" : "M120 V") + (interval == 0 ? "0" : value)
    case .reportMotionEnd(let on): return "M2122 V\(on ? 1 : 0)"
    case .closedLoop(let on): return "M2123 V\(on ? 1 : 0)"
    case .name: return long ? "P2201" : "P201"
    case .firmware: return long ? "P2203" : "P203"
    case .power: return long ? "P2234" : "P234"
    case .encoders: return "P2244"
    case .mode: return "P2400"
    case .angles: return long ? "P2200" : "P200"
    case .position: return long ? "P2220" : "P220"
    case .angle(let motor): return long ? "P2206 N\(motor)" : "P206 N\(motor)"
    case .settings: return "$$"
    case .statusMask(let bits): return "$10=\(bits)"
    }
  }

  /// Code, values, and the feed with two decimals: with one alone it would be wrong by 1 %.
  private func joined(
    _ code: String, _ values: [(String, Double)], decimals: Int, _ feed: Double
  ) -> String? {
    guard feed > 0, let rate = fixed(feed, 2) else { return nil }
    var text = code
    for (letter, value) in values {
      guard let digits = fixed(value, decimals) else { return nil }
      text += " \(letter)\(digits)"
    }
    return text + " F\(rate)"
  }
}

/// A number with fixed decimals and no exponent; nil if it is not finite or has more than seven
/// digits before the point (G22xx fields hold at least nine characters).
func fixed(_ value: Double, _ decimals: Int) -> String? {
  guard -9_999_999 < value && value < 9_999_999 else { return nil }
  var scale = 1.0
  for _ in 0..<decimals { scale *= 10 }
  let units = Int((value * scale).rounded())
  let digits = String(abs(units))
  let padded =
    String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
  let whole = padded.dropLast(decimals)
  let sign = units < 0 ? "-" : ""
  return decimals == 0 ? sign + digits : "\(sign)\(whole).\(padded.suffix(decimals))"
}
