/// The properties of a protocol that no file gives.
extension Wiring.Device {
  /// The valid ids of a motor.
  var ids: ClosedRange<Int> {
    switch self {
    case .uarmSwiftPro, .uarmSwift, .uarmMetal: 0...3
    case .dynamixel2: 0...252
    case .dynamixel1, .feetechSTS, .feetechSCS, .lx16a: 0...253
    }
  }

  /// The range of a motor's goal register.
  ///
  /// It covers one turn, without the multi-turn modes. Base and wrist of a uArm are servo angles of
  /// 0 to 180°, left and right are angles to the horizon.
  func register(id: Int) -> ClosedRange<Double> {
    switch self {
    case .uarmSwiftPro, .uarmSwift, .uarmMetal: id == 1 || id == 2 ? -180...180 : 0...180
    case .dynamixel2, .dynamixel1, .feetechSTS: 0...4095
    case .feetechSCS: 0...1023
    case .lx16a: 0...1000
    }
  }

  /// The default register units of a radian; nil if they depend on the model.
  var unitsPerRadian: Double? {
    switch self {
    case .uarmSwiftPro, .uarmSwift, .uarmMetal: 180 / .pi
    case .dynamixel2, .feetechSTS: 4096 / (2 * .pi)
    case .dynamixel1: nil  // MX: 4096 a turn; AX: 1024 over 300°
    case .feetechSCS: 1024 / (300 * .pi / 180)
    case .lx16a: 1000 / (240 * .pi / 180)
    }
  }

  /// The default of the register at position zero.
  func zero(id: Int) -> Double? {
    switch self {
    case .uarmSwiftPro, .uarmSwift, .uarmMetal: id == 1 || id == 2 ? 0 : 90
    case .dynamixel2, .feetechSTS: 2048
    case .dynamixel1: nil
    case .feetechSCS: 512
    case .lx16a: 500
    }
  }

  /// The factory baud rate.
  var baud: Int {
    switch self {
    case .uarmSwiftPro, .uarmSwift, .uarmMetal, .lx16a: 115_200
    case .dynamixel2, .dynamixel1: 57_600
    case .feetechSTS, .feetechSCS: 1_000_000
    }
  }
}
