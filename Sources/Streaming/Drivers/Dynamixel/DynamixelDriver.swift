/// Streams to Dynamixel motors of the X series and MX(2.0), protocol 2.0.
///
/// One sync write for each frame, one sync read of positions between two frames, health of one motor
/// after the other; the motors' own bus watchdog stops them if the host falls silent.
public struct DynamixelDriver: RobotDriver {
  private var bus: BusDriver<DynamixelDialect>

  /// A driver of the motors of a wiring.
  public init(_ wiring: Wiring) { bus = BusDriver(wiring) }

  public var wiring: Wiring { bus.wiring }
  public var preferredRate: Double { bus.preferredRate }
  public var expectedLag: Double { DynamixelDialect.lag }
  public var wakeTime: Double? { bus.wakeTime }

  public mutating func advance(
    to now: Double, received: [UInt8], order: DriverOrder?
  ) -> DriverOutput {
    bus.advance(to: now, received: received, order: order)
  }
}
