/// Streams to LewanSoul and Hiwonder LX-16A motors.
///
/// One timed move for each motor and frame; between two frames one motor's position after the other.
/// There is no watchdog: the last moves are carried out when the host falls silent.
public struct LX16ADriver: RobotDriver {
  private var bus: BusDriver<LXDialect>

  /// A driver of the motors of a wiring.
  public init(_ wiring: Wiring) { bus = BusDriver(wiring) }

  /// Which motors there are and how they count.
  public var wiring: Wiring { bus.wiring }

  /// The rate at which frames and readings fit on the wire with time to spare [Hz].
  public var preferredRate: Double { bus.preferredRate }

  /// How long after a set-point the motors are where it says [s].
  public var expectedLag: Double { LXDialect.lag }

  /// When the driver wants to be advanced [s].
  public var wakeTime: Double? { bus.wakeTime }

  /// Goes on to `now`, with what arrived since and at most one order.
  public mutating func advance(
    to now: Double, received: [UInt8], order: DriverOrder?
  ) -> DriverOutput {
    bus.advance(to: now, received: received, order: order)
  }
}
