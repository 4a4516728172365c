/// `$`: what grbl 0.9j says of itself.
extension ArmV4 {
  /// Prints the answer to a line that begins with `$`.
  mutating func system(
    _ line: ArmV4Line, _ serial: inout ArmSerial, _ body: inout ArmBody
  ) {
    let text = String(decoding: line.body, as: UTF8.self)
    switch text {
    case "$": serial.print(Self.help)
    case "$$": serial.print(settings)
    case "$G": serial.print("[G0 G54 G17 G21 G90 G94 M0 M5 M9 T0 F0. S0.]\r\nok\r\n")
    case "$#": serial.print(Self.offsets)
    case "$X":
      if state == .alarm {
        state = .idle
        serial.print("[Caution: Unlocked]\r\n")
      }
      serial.print("ok\r\n")
    case "$C" where state == .idle:
      checks.toggle()
      serial.print(checks ? "[Enabled]\r\nok\r\n" : "[Disabled]\r\nok\r\n")
    case "$I" where state == .idle: serial.print("[0.9j.20160726:]\r\nok\r\n")
    case "$N" where state == .idle: serial.print("$N0=\r\n$N1=\r\nok\r\n")
    case "$C", "$I", "$N": serial.print("error: Not idle\r\n")
    case "$H": serial.print("error: Setting disabled\r\n")
    default: store(text.dropFirst(), &serial, &body)
    }
  }

  /// `$number=value`.
  private mutating func store(
    _ text: Substring, _ serial: inout ArmSerial, _ body: inout ArmBody
  ) {
    let parts = text.split(separator: "=", omittingEmptySubsequences: false)
    guard let number = parts.first.flatMap({ Int($0) }) else {
      return serial.print("error: Bad number format\r\n")
    }
    guard parts.count == 2 else { return serial.print("error: Invalid statement\r\n") }
    guard let value = Double(parts[1]) else {
      return serial.print("error: Bad number format\r\n")
    }
    guard state == .idle || state == .alarm else { return serial.print("error: Not idle\r\n") }
    switch number {
    case 10: statusMask = Int(min(max(value, 0), 255))
    case 120...122:
      guard value > 0 else { return serial.print("error: Value < 0\r\n") }
      accelerationUnits = value
      body.planner.acceleration = value * 80
    default: break
    }
    eepromWriteCount += 1
    serial.print("ok\r\n")
  }

  private var settings: String {
    let bits = String(statusMask, radix: 2)
    let mask = String(repeating: "0", count: max(0, 8 - bits.count)) + bits
    var text = Self.general.replacing("MASK", with: "\(statusMask) (status report mask:\(mask))")
    let rows: [(Int, String, String)] = [
      (100, "6400.000", ", step/mm"), (110, "100000.000", " max rate, mm/min"),
      (120, decimals(accelerationUnits, 3), " accel, mm/sec^2"),
      (130, "10000.000", " max travel, mm"),
    ]
    for (number, value, what) in rows {
      for (index, axis) in ["x", "y", "z"].enumerated() {
        text += "$\(number + index)=\(value) (\(axis)\(what))\r\n"
      }
    }
    return text + "ok\r\n"
  }

  private static let general = lines([
    "$0=10 (step pulse, usec)", "$1=255 (step idle delay, msec)",
    "$2=0 (step port invert mask:00000000)", "$3=0 (dir port invert mask:00000000)",
    "$4=1 (step enable invert, bool)", "$5=0 (limit pins invert, bool)",
    "$6=0 (probe pin invert, bool)", "$10=MASK", "$11=0.010 (junction deviation, mm)",
    "$12=0.002 (arc tolerance, mm)", "$13=0 (report inches, bool)", "$20=0 (soft limits, bool)",
    "$21=0 (hard limits, bool)", "$22=0 (homing cycle, bool)",
    "$23=0 (homing dir invert mask:00000000)", "$24=25.000 (homing feed, mm/min)",
    "$25=500.000 (homing seek, mm/min)", "$26=250 (homing debounce, msec)",
    "$27=1.000 (homing pull-off, mm)",
  ])

  private static let help = lines([
    "$$ (view Grbl settings)", "$# (view # parameters)", "$G (view parser state)",
    "$I (view build info)", "$N (view startup blocks)", "$x=value (save Grbl setting)",
    "$Nx=line (save startup block)", "$C (check gcode mode)", "$X (kill alarm lock)",
    "$H (run homing cycle)", "~ (cycle start)", "! (feed hold)", "? (current status)",
    "ctrl-x (reset Grbl)", "ok",
  ])

  private static let offsets = lines(
    ["G54", "G55", "G56", "G57", "G58", "G59", "G28", "G30", "G92"].map {
      "[\($0):0.000,0.000,0.000]"
    } + ["[TLO:0.000]", "[PRB:0.000,0.000,0.000:0]", "ok"])

  private static func lines(_ lines: [String]) -> String {
    lines.map { $0 + "\r\n" }.joined()
  }
}
