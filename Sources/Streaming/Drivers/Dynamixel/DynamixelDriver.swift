/// Streams to Dynamixel motors of the X series and MX(2.0), protocol 2.0.
///
/// One sync write for each frame, one sync read of positions between two frames, health of one motor
/// after the other; the motors' own bus watchdog stops them if the host falls silent.
public struct DynamixelDriver: RobotDriver {
  private var bus: BusDriver<DynamixelDialect>

  /// A driver of the motors of a wiring.
  public init(_ wiring: Wiring) { bus = BusDriver(wiring) }

  /// Which motors there are and how they count.
  public var wiring: Wiring { bus.wiring }

  /// The rate at which frames and readings fit on the wire with time to spare [Hz].
  public var preferredRate: Double { bus.preferredRate }

  /// How long after a set-point the motors are where it says [s].
  public var expectedLag: Double { DynamixelDialect.lag }

  /// When the driver wants to be advanced [s].
  public var wakeTime: Double? { bus.wakeTime }

  /// Goes on to `now`, with what arrived since and at most one order.
  public mutating func advance(
    to now: Double, received: [UInt8], order: DriverOrder?
  ) -> DriverOutput {
    bus.advance(to: now, received: received, order: order)
  }
}
