/// The driver of each kind of device.
public enum Drivers {
  /// A driver for what a wiring says.
  public static func make(for wiring: Wiring) -> any RobotDriver {
    switch wiring.device {
    case .dynamixel2: DynamixelDriver(wiring)
    default: DynamixelDriver(wiring)
    }
  }
}
