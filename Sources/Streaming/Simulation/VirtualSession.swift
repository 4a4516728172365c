/// Bytes that were sent or received.
public struct RecordedBytes: Sendable, Hashable {
  /// When the bytes left their sender [s].
  public var time: Double
  /// Whether the host sent them to the device.
  public var isToDevice: Bool
  /// The bytes.
  public var bytes: [UInt8]

  /// Creates a record.
  public init(time: Double, isToDevice: Bool, bytes: [UInt8]) {
    self.time = time
    self.isToDevice = isToDevice
    self.bytes = bytes
  }
}

/// A session and a simulated device, connected by a link, in virtual time.
///
/// Minutes of streaming take milliseconds, and the same schedule gives the same bytes.
package struct VirtualSession: Sendable {
  /// An event that is scheduled for a time.
  package enum ScheduledEvent: Sendable, Hashable {
    /// A fault of the link or the device begins.
    case fault(Fault)
    /// The operator gives an input.
    case input(OperatorInput)
    /// The host does not run for some time [s].
    case hostAway(Double)
  }

  /// The session at the host's end.
  package private(set) var session: Session
  /// The simulated device.
  package private(set) var device: any SimulatedDevice
  /// The link between them.
  package private(set) var link: FaultyLink
  /// All bytes that host and device have sent.
  package private(set) var recorded: [RecordedBytes] = []
  /// The session's events with their times [s].
  package private(set) var events: [(time: Double, event: SessionEvent)] = []
  /// The positions of the motors at each frame, in the device's units.
  package private(set) var motorPositions: [(time: Double, positions: [Double])] = []
  /// The clock [s].
  package private(set) var now = 0.0

  private var schedule: [(time: Double, event: ScheduledEvent)] = []
  private var hostReturns = -Double.infinity
  private var linkLostAt: Double?

  /// The time after which the host notices a pulled cable [s].
  private static let noticing = 0.05
  /// The least step in time [s].
  private static let leastStep = 1e-6

  /// Creates a virtual session at time zero.
  package init(session: Session, device: any SimulatedDevice, link: FaultyLink) {
    self.session = session
    self.device = device
    self.link = link
  }

  /// Schedules an event.
  package mutating func at(_ time: Double, _ event: ScheduledEvent) {
    schedule.append((time, event))
    schedule.sort { $0.time < $1.time }
  }

  /// Runs until the session is over or until `limit` [s]; returns whether the session is over.
  @discardableResult
  package mutating func run(until limit: Double) -> Bool {
    while !session.isFinished, now < limit { step(limit) }
    return session.isFinished
  }

  /// Lets time pass after the end of the session, so that the device comes to rest.
  package mutating func coast(_ duration: Double) {
    let end = now + duration
    while now < end {
      now = min(end, max(now + Self.leastStep, [device.wakeTime, link.wakeTime].earliest))
      exchange()
    }
  }

  private mutating func step(_ limit: Double) {
    let wake = [
      session.wakeTime.map { max($0, hostReturns) }, device.wakeTime, link.wakeTime,
      schedule.first?.time, linkLostAt,
    ].earliest
    now = min(limit, max(now + Self.leastStep, wake))
    var input: OperatorInput?
    while let first = schedule.first, first.time <= now {
      // Each call takes one input; further ones wait for the next call.
      if case .input = first.event, input != nil { break }
      schedule.removeFirst()
      switch first.event {
      case .input(let wish): input = wish
      case .hostAway(let duration): hostReturns = now + duration
      case .fault(let fault):
        link.inject(fault)
        if !fault.isOfLink { device.inject(fault) }
        if fault == .unplug { linkLostAt = now + Self.noticing }
      }
    }
    exchange()
    if let lost = linkLostAt, lost <= now {
      linkLostAt = nil
      input = .linkLost("the port is gone: the cable was pulled")
    }
    if now >= hostReturns { advanceHost(input) }
  }

  private mutating func exchange() {
    let sent = device.advance(to: now, received: link.receivedByDevice(now))
    record(sent, isToDevice: false)
    link.sendToHost(sent, at: now)
  }

  private mutating func advanceHost(_ input: OperatorInput?) {
    let output = session.advance(to: now, received: link.receivedByHost(now), input: input)
    if output.discardsPending { link.discardToDevice() }
    if !link.isUnplugged {
      record(output.bytes, isToDevice: true)
      link.sendToDevice(output.bytes, at: now)
    }
    for event in output.events {
      events.append((now, event))
      if case .frame = event { motorPositions.append((now, device.motorPositions)) }
    }
  }

  private mutating func record(_ bytes: [UInt8], isToDevice: Bool) {
    guard !bytes.isEmpty else { return }
    recorded.append(RecordedBytes(time: now, isToDevice: isToDevice, bytes: bytes))
  }
}

extension [Double?] {
  /// The earliest of the times; infinity if there are none.
  fileprivate var earliest: Double { compactMap { $0 }.min() ?? .infinity }
}
