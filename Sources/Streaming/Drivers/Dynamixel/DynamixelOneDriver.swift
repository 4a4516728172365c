/// Streams to Dynamixel motors of protocol 1.0: MX, AX, RX.
///
/// One sync write for each frame; between two frames one bulk read where all motors are MX, else one
/// motor after the other. There is no watchdog: the last goals stay in force when the host falls silent.
public struct DynamixelOneDriver: RobotDriver {
  private var bus: BusDriver<DynamixelOneDialect>

  /// A driver of the motors of a wiring.
  public init(_ wiring: Wiring) { bus = BusDriver(wiring) }

  /// Which motors there are and how they count.
  public var wiring: Wiring { bus.wiring }

  /// The rate at which frames and readings fit on the wire with time to spare [Hz].
  public var preferredRate: Double { bus.preferredRate }

  /// How long after a set-point the motors are where it says [s].
  public var expectedLag: Double { DynamixelOneDialect.lag }

  /// When the driver wants to be advanced [s].
  public var wakeTime: Double? { bus.wakeTime }

  /// Goes on to `now`, with what arrived since and at most one order.
  public mutating func advance(
    to now: Double, received: [UInt8], order: DriverOrder?
  ) -> DriverOutput {
    bus.advance(to: now, received: received, order: order)
  }
}
