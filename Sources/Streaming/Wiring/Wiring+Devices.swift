/// What is known of a protocol's registers before any file is read.
extension Wiring.Device {
  /// The ids that a motor may have.
  var ids: ClosedRange<Int> {
    switch self {
    case .uarmSwiftPro, .uarmSwift, .uarmMetal: 0...3
    case .dynamixel2: 0...252
    case .dynamixel1, .feetechSTS, .feetechSCS, .lx16a: 0...253
    }
  }

  /// What the register of the goal can express for a motor; more is never sent.
  ///
  /// Within one turn, without the multi-turn modes. uArm: base and wrist are servo angles of 0 to
  /// 180°, left and right angles to the horizon.
  func register(id: Int) -> ClosedRange<Double> {
    switch self {
    case .uarmSwiftPro, .uarmSwift, .uarmMetal: id == 1 || id == 2 ? -180...180 : 0...180
    case .dynamixel2, .dynamixel1, .feetechSTS: 0...4095
    case .feetechSCS: 0...1023
    case .lx16a: 0...1000
    }
  }

  /// Register units for a radian where the file gives none; nil where models differ.
  var unitsPerRadian: Double? {
    switch self {
    case .uarmSwiftPro, .uarmSwift, .uarmMetal: 180 / .pi
    case .dynamixel2, .feetechSTS: 4096 / (2 * .pi)
    case .dynamixel1: nil  // MX: 4096 a turn; AX: 1024 over 300°
    case .feetechSCS: 1024 / (300 * .pi / 180)
    case .lx16a: 1000 / (240 * .pi / 180)
    }
  }

  /// The register at position zero where the file gives none.
  func zero(id: Int) -> Double? {
    switch self {
    case .uarmSwiftPro, .uarmSwift, .uarmMetal: id == 1 || id == 2 ? 0 : 90
    case .dynamixel2, .feetechSTS: 2048
    case .dynamixel1: nil
    case .feetechSCS: 512
    case .lx16a: 500
    }
  }

  /// Bits a second as the devices come.
  var baud: Int {
    switch self {
    case .uarmSwiftPro, .uarmSwift, .uarmMetal, .lx16a: 115_200
    case .dynamixel2, .dynamixel1: 57_600
    case .feetechSTS, .feetechSCS: 1_000_000
    }
  }
}
