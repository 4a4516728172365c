/// A blocking client of a driver on a port, which carries out one order after the other.
///
/// It is meant for identifying and measuring a robot; it does not stream.
public struct DriverClient {
  private var port: any Transport & Sendable
  private var driver: any RobotDriver
  private var outgoing = OutgoingBytes()
  /// The driver's warnings so far.
  public private(set) var warnings: [String] = []

  /// The longest wait before driver and clock are checked again [s].
  private static let longestWait = 0.02

  /// Creates a client of a driver on an open port.
  public init(port: any Transport & Sendable, driver: any RobotDriver) {
    self.port = port
    self.driver = driver
  }

  /// Gives an order and waits until it is carried out.
  ///
  /// - Parameters:
  ///   - order: The order.
  ///   - seconds: The time limit [s].
  ///   - isDone: Returns whether an event ends the order.
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

  /// Identifies the device and measures the joints [rad or m]; nothing moves.
  ///
  /// - Parameters:
  ///   - mayPower: Whether a supply that is off may be switched on.
  ///   - seconds: The time limit [s].
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

  /// The indices of joints that cannot be measured; known after `measure`.
  public var jointsWithoutSensor: Set<Int> { driver.motorsWithoutSensor }

  /// Measures one joint of a robot that was measured before [rad or m]; the joint must have a
  /// sensor.
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

  /// Switches the motors' torque off; the robot may fall.
  public mutating func release(within seconds: Double = 5) throws(DriverFault) {
    _ = try carryOut(.release, within: seconds) { $0 == .released }
  }

  /// Closes the port.
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
