import Foundation

/// A transport to a simulated device in this process.
///
/// The device advances within the calls of its host; its time passes while the host waits for
/// bytes.
public struct SimulatedTransport: Transport, Sendable {
  /// The name of the device.
  public let name: String
  private var device: any SimulatedDevice
  private var link: FaultyLink
  private var schedule: FaultSchedule

  /// Creates a transport to a device behind a link, with a schedule of faults.
  public init(
    name: String, device: any SimulatedDevice, link: FaultyLink, faults: [FaultSchedule.Entry] = []
  ) {
    self.name = name
    self.device = device
    self.link = link
    schedule = FaultSchedule(faults)
  }

  /// Creates a transport to the device of a wiring, at rest in a pose that people leave it in.
  ///
  /// - Parameters:
  ///   - wiring: The robot's wiring.
  ///   - isSupplied: Whether the motors are supplied before a switch is touched; only such motors
  ///     say where they are.
  ///   - faults: A schedule of faults.
  public init(
    of wiring: Wiring, isSupplied: Bool = false, faults: [FaultSchedule.Entry] = []
  ) {
    let kind = SimulatedKind(for: wiring.device)
    self.init(
      name: "simulated \(kind.rawValue)",
      device: SimulatedDevices.make(
        kind, wiring: wiring, pose: SimulatedDevices.standingPose(of: wiring),
        isSupplied: isSupplied),
      link: FaultyLink(seed: 1), faults: faults)
  }

  /// The positions of the motors in the device's units.
  public var motorPositions: [Double] { device.motorPositions }

  /// Writes bytes; the link takes all of them.
  public mutating func write(_ bytes: [UInt8]) throws(TransportError) -> Int {
    let now = MonotonicClock.now
    schedule.begin(now)
    try pass(now)
    link.sendToDevice(bytes, at: now)
    return bytes.count
  }

  /// Reads the bytes that have arrived.
  public mutating func read() throws(TransportError) -> [UInt8] {
    let now = MonotonicClock.now
    try pass(now)
    return link.receivedByHost(now)
  }

  /// Waits until bytes have arrived, or until a time of `MonotonicClock`.
  public mutating func waitForBytes(until instant: Double) throws(TransportError) {
    while true {
      let now = MonotonicClock.now
      try pass(now)
      guard now < instant, !link.hasBytesForHost(now) else { return }
      let wake = [device.wakeTime, link.wakeTime, schedule.wakeTime].compactMap { $0 }.min()
      // The device is not advanced more often than this.
      MonotonicClock.sleep(until: min(instant, max(wake ?? instant, now + 1e-4)))
    }
  }

  /// Discards the bytes that have not arrived yet.
  public mutating func discard() throws(TransportError) {
    link.discardToDevice()
    _ = link.receivedByHost(.infinity)
  }

  /// Unplugs the device.
  public mutating func close() { link.inject(.unplug) }

  private mutating func pass(_ now: Double) throws(TransportError) {
    for fault in schedule.due(now) {
      link.inject(fault)
      if !fault.isOfLink { device.inject(fault) }
    }
    link.sendToHost(device.advance(to: now, received: link.receivedByDevice(now)), at: now)
    guard !link.isUnplugged else { throw .lost("the simulated cable of \(name) was pulled") }
  }
}

/// A schedule of faults, in seconds after the host's first byte.
public struct FaultSchedule: Sendable {
  /// A fault and when it begins.
  public struct Entry: Sendable, Hashable {
    /// The fault.
    public var fault: Fault
    /// The time after the host's first byte [s].
    public var time: Double

    /// Creates an entry.
    public init(_ fault: Fault, at time: Double) {
      self.fault = fault
      self.time = time
    }
  }

  private var entries: [Entry]
  private var start: Double?

  /// Creates a schedule that has not begun.
  public init(_ entries: [Entry]) { self.entries = entries.sorted { $0.time < $1.time } }

  /// Begins the schedule at the host's first byte; later calls have no effect.
  public mutating func begin(_ now: Double) { start = start ?? now }

  /// When the next fault begins [s]; nil for never.
  public var wakeTime: Double? {
    guard let start, let first = entries.first else { return nil }
    return start + first.time
  }

  /// Removes and returns the faults that begin by now.
  public mutating func due(_ now: Double) -> [Fault] {
    guard let wake = wakeTime, wake <= now, let start else { return [] }
    let due = entries.prefix { start + $0.time <= now }
    entries.removeFirst(due.count)
    return due.map(\.fault)
  }
}
