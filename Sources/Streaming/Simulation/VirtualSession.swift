/// Bytes that went over a wire.
public struct RecordedBytes: Sendable, Hashable {
  /// When they left [s].
  public var time: Double
  /// Whether they went from the host to the device.
  public var isToDevice: Bool
  /// The bytes.
  public var bytes: [UInt8]

  /// Bytes of an instant.
  public init(time: Double, isToDevice: Bool, bytes: [UInt8]) {
    self.time = time
    self.isToDevice = isToDevice
    self.bytes = bytes
  }
}

/// A session and a simulated device at both ends of a wire, in a time that only passes when asked.
///
/// Minutes of streaming take milliseconds, and the same schedule gives the same bytes.
package struct VirtualSession: Sendable {
  /// Something that happens at an instant.
  package enum ScheduledEvent: Sendable, Hashable {
    /// A fault of the link or the device begins.
    case fault(Fault)
    /// The operator wants something.
    case input(OperatorInput)
    /// The host does not get the processor for so long [s].
    case hostAway(Double)
  }

  /// The host's end.
  package private(set) var session: Session
  /// The other end.
  package private(set) var device: any SimulatedDevice
  /// What is between them.
  package private(set) var link: FaultyLink
  /// All bytes, as they left host and device.
  package private(set) var recorded: [RecordedBytes] = []
  /// What the session said, with the time [s].
  package private(set) var events: [(time: Double, event: SessionEvent)] = []
  /// Where the motors were whenever a frame was sent, in the device's units.
  package private(set) var motorPositions: [(time: Double, positions: [Double])] = []
  /// The clock [s].
  package private(set) var now = 0.0

  private var schedule: [(time: Double, event: ScheduledEvent)] = []
  private var hostReturns = -Double.infinity
  private var linkLostAt: Double?

  /// How long it takes a host to notice that the cable is pulled [s].
  private static let noticing = 0.05
  /// Time passes at least this much from step to step, so that it does pass [s].
  private static let leastStep = 1e-6

  /// A line at time zero.
  package init(session: Session, device: any SimulatedDevice, link: FaultyLink) {
    self.session = session
    self.device = device
    self.link = link
  }

  /// Puts something into the schedule.
  package mutating func at(_ time: Double, _ event: ScheduledEvent) {
    schedule.append((time, event))
    schedule.sort { $0.time < $1.time }
  }

  /// Lets time pass until the session is over, or until `limit` [s]; whether it is over.
  @discardableResult
  package mutating func run(until limit: Double) -> Bool {
    while !session.isFinished, now < limit { step(limit) }
    return session.isFinished
  }

  /// Lets time pass after the session is over, so that the device comes to rest.
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
      // One wish in each call; the others wait for the next.
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
  /// The earliest of some instants, infinity where there is none.
  fileprivate var earliest: Double { compactMap { $0 }.min() ?? .infinity }
}
