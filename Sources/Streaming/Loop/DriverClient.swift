/// A driver on a port, one order after the other, for programs that take their time.
///
/// For finding out and measuring; nothing is streamed here.
public struct DriverClient {
  private var port: any Transport & Sendable
  private var driver: any RobotDriver
  private var outgoing = OutgoingBytes()
  /// What the driver said beside the events that were waited for.
  public private(set) var warnings: [String] = []

  /// The longest wait without a look at driver and clock [s].
  private static let longestWait = 0.02

  /// A client of a driver on an open port.
  public init(port: any Transport & Sendable, driver: any RobotDriver) {
    self.port = port
    self.driver = driver
  }

  /// Gives an order and waits until the driver says that it is carried out.
  ///
  /// - Parameters:
  ///   - order: What is to be done.
  ///   - seconds: How long it may take.
  ///   - isDone: Whether an event is the one that ends the order.
  /// - Returns: All events until then.
  public mutating func carryOut(
    _ order: DriverOrder, within seconds: Double, until isDone: (DriverEvent) -> Bool
  ) throws(DriverFault) -> [DriverEvent] {
    let end = MonotonicClock.now + seconds
    var next: DriverOrder? = order
    var events: [DriverEvent] = []
    while MonotonicClock.now < end {
      let new = try turn(next)
      next = nil
      events += new
      for case .warning(let text) in new { warnings.append(text) }
      for case .fault(let fault) in new { throw fault }
      if new.contains(where: isDone) { return events }
      try wait(until: end)
    }
    throw DriverFault(
      .silent, "'\(port.name)' has not carried out an order within \(seconds) s")
  }

  /// Who is there and where the joints are [rad or m]; nothing moves.
  ///
  /// - Parameters:
  ///   - mayPower: Whether a supply that is off may be switched on.
  ///   - seconds: How long it may take.
  public mutating func measure(
    mayPower: Bool = false, within seconds: Double = 30
  ) throws(DriverFault) -> (device: DeviceReport?, positions: [Double]) {
    var known = [Double?](repeating: nil, count: driver.wiring.motors.count)
    var isIdentified = false
    let events = try carryOut(.identify(mayPower: mayPower), within: seconds) { event in
      switch event {
      case .identified: isIdentified = true
      case .measured(let found) where found.positions.count == known.count:
        for (index, position) in found.positions.enumerated() {
          known[index] = position ?? known[index]
        }
      default: break
      }
      return isIdentified && known.allSatisfy { $0?.isFinite == true }
    }
    var device: DeviceReport?
    for case .identified(let report) in events { device = report }
    return (device, known.compactMap { $0 })
  }

  /// Places of joints that cannot be measured, once `measure` has found out what is connected.
  public var jointsWithoutSensor: Set<Int> { driver.motorsWithoutSensor }

  /// Where one joint is now [rad or m], of a robot that was measured before; `joint` has a sensor.
  public mutating func measureAgain(
    _ joint: Int, within seconds: Double = 5
  ) throws(DriverFault) -> Double {
    var found: Double?
    _ = try carryOut(.measure, within: seconds) { event in
      if case .measured(let measurement) = event, measurement.positions.indices.contains(joint) {
        found = measurement.positions[joint]
      }
      return found?.isFinite == true
    }
    return found ?? .nan
  }

  /// Lets go of the motors; the robot may fall.
  public mutating func release(within seconds: Double = 5) throws(DriverFault) {
    _ = try carryOut(.release, within: seconds) { $0 == .released }
  }

  /// Gives the port back.
  public mutating func close() { port.close() }

  private mutating func turn(_ order: DriverOrder?) throws(DriverFault) -> [DriverEvent] {
    do throws(TransportError) {
      let now = MonotonicClock.now
      let output = driver.advance(to: now, received: try port.read(), order: order)
      if output.discardsPending { try outgoing.discard(&port) }
      try outgoing.write(output.bytes, to: &port, now: now)
      return output.events
    } catch {
      throw DriverFault(.linkLost, error.description)
    }
  }

  private mutating func wait(until end: Double) throws(DriverFault) {
    let now = MonotonicClock.now
    let wait = outgoing.isEmpty ? Self.longestWait : 0.001
    do throws(TransportError) {
      try port.waitForBytes(until: min(end, now + wait, driver.wakeTime ?? .infinity))
    } catch {
      throw DriverFault(.linkLost, error.description)
    }
  }
}
