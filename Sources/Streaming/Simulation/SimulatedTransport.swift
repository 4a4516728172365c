import Foundation

/// A simulated device in this process, as a port that a stream can use.
///
/// The device lives in the calls of its host: whoever waits for bytes lets its time pass.
public struct SimulatedTransport: Transport, Sendable {
  /// What is at the other end.
  public let name: String
  private var device: any SimulatedDevice
  private var link: FaultyLink
  private var schedule: FaultSchedule
  /// How long it takes to notice that the cable is pulled [s].
  private static let noticing = 0.05

  /// A device behind a wire, with what is to go wrong.
  public init(
    name: String, device: any SimulatedDevice, link: FaultyLink, faults: [FaultSchedule.Entry] = []
  ) {
    self.name = name
    self.device = device
    self.link = link
    schedule = FaultSchedule(faults)
  }

  /// Where the motors are, in the device's units.
  public var motorPositions: [Double] { device.motorPositions }

  /// Hands bytes to the wire, which takes all.
  public mutating func write(_ bytes: [UInt8]) throws(TransportError) -> Int {
    let now = MonotonicClock.now
    schedule.begin(now)
    try pass(now)
    link.sendToDevice(bytes, at: now)
    return bytes.count
  }

  /// What has arrived.
  public mutating func read() throws(TransportError) -> [UInt8] {
    let now = MonotonicClock.now
    try pass(now)
    return link.receivedByHost(now)
  }

  /// Waits until something has arrived, or the instant of `MonotonicClock` has come.
  public mutating func waitForBytes(until instant: Double) throws(TransportError) {
    while true {
      let now = MonotonicClock.now
      try pass(now)
      guard now < instant, !link.hasBytesForHost(now) else { return }
      let wake = [device.wakeTime, link.wakeTime, schedule.wakeTime].compactMap { $0 }.min()
      // A device that wants to be advanced all the time is not.
      MonotonicClock.sleep(until: min(instant, max(wake ?? instant, now + 1e-4)))
    }
  }

  /// Throws away what has not arrived yet.
  public mutating func discard() throws(TransportError) {
    link.discardToDevice()
    _ = link.receivedByHost(.infinity)
  }

  /// Nothing to give back.
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

/// Faults that begin so many seconds after the host's first byte.
public struct FaultSchedule: Sendable {
  /// A fault and when it begins.
  public struct Entry: Sendable, Hashable {
    /// The fault.
    public var fault: Fault
    /// Seconds after the host's first byte [s].
    public var time: Double

    /// A fault at a time.
    public init(_ fault: Fault, at time: Double) {
      self.fault = fault
      self.time = time
    }
  }

  private var entries: [Entry]
  private var start: Double?

  /// A schedule that has not begun.
  public init(_ entries: [Entry]) { self.entries = entries.sorted { $0.time < $1.time } }

  /// The host's first byte was seen; later calls change nothing.
  public mutating func begin(_ now: Double) { start = start ?? now }

  /// When the next fault begins [s], nil for never.
  public var wakeTime: Double? {
    guard let start, let first = entries.first else { return nil }
    return start + first.time
  }

  /// The faults that begin now.
  public mutating func due(_ now: Double) -> [Fault] {
    guard let wake = wakeTime, wake <= now, let start else { return [] }
    let due = entries.prefix { start + $0.time <= now }
    entries.removeFirst(due.count)
    return due.map(\.fault)
  }
}
