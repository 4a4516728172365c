/// Streams to Feetech motors: STS and SMS, or SCS.
///
/// One sync write for each frame; between two frames one sync read (STS) or one motor after the other
/// (SCS). There is no watchdog: the last goals stay in force when the host falls silent.
public struct FeetechDriver: RobotDriver {
  private var bus: BusDriver<FeetechDialect>

  /// A driver of the motors of a wiring.
  public init(_ wiring: Wiring) { bus = BusDriver(wiring) }

  /// Which motors there are and how they count.
  public var wiring: Wiring { bus.wiring }

  /// The rate at which frames and readings fit on the wire with time to spare [Hz].
  public var preferredRate: Double { bus.preferredRate }

  /// How long after a set-point the motors are where it says [s].
  public var expectedLag: Double { FeetechDialect.lag }

  /// When the driver wants to be advanced [s].
  public var wakeTime: Double? { bus.wakeTime }

  /// Goes on to `now`, with what arrived since and at most one order.
  public mutating func advance(
    to now: Double, received: [UInt8], order: DriverOrder?
  ) -> DriverOutput {
    bus.advance(to: now, received: received, order: order)
  }
}
