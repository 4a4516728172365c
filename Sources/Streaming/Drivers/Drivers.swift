/// Creates drivers for all kinds of devices.
public enum Drivers {
  /// Creates the driver for the device of a wiring.
  public static func make(for wiring: Wiring) -> any RobotDriver {
    switch wiring.device {
    case .dynamixel2: DynamixelDriver(wiring)
    case .dynamixel1: DynamixelOneDriver(wiring)
    case .feetechSTS, .feetechSCS: FeetechDriver(wiring)
    case .lx16a: LX16ADriver(wiring)
    case .uarmSwiftPro, .uarmSwift, .uarmMetal: UArmDriver(wiring: wiring)
    }
  }
}
