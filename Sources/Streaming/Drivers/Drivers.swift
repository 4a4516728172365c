/// The driver of each kind of device.
public enum Drivers {
  /// A driver for what a wiring says.
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
