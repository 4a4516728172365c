/// Runs a simulated device on a pseudo-terminal in real time.
public struct DeviceLoop {
  private var device: any SimulatedDevice
  private var link: FaultyLink
  private var terminal: PseudoTerminal
  private var schedule: FaultSchedule
  private var outgoing: [UInt8] = []

  /// The number of bytes that a serial adapter buffers for a host that does not read; more are
  /// lost.
  private static let capacity = 4096
  /// The longest wait before `isOver` is asked again [s].
  private static let longestWait = 0.05

  /// Creates a loop for a device on a terminal, with a schedule of faults.
  public init(
    device: any SimulatedDevice, link: FaultyLink, terminal: PseudoTerminal,
    faults: [FaultSchedule.Entry]
  ) {
    self.device = device
    self.link = link
    self.terminal = terminal
    schedule = FaultSchedule(faults)
  }

  /// Runs until `isOver` returns true or the simulated cable is pulled.
  ///
  /// - Parameters:
  ///   - isOver: Returns whether to end; called in every step.
  ///   - record: Called with all bytes that are received and sent.
  ///   - tell: Called with each fault as it begins.
  public mutating func run(
    isOver: () -> Bool, record: (RecordedBytes) -> Void, tell: (Fault) -> Void
  ) throws(TransportError) {
    while !isOver() {
      let now = MonotonicClock.now
      let wake = [device.wakeTime, link.wakeTime, schedule.wakeTime].compactMap { $0 }.min()
      let soonest = now + (outgoing.isEmpty ? 1e-4 : 1e-3)
      try terminal.waitForBytes(
        until: min(now + Self.longestWait, max(soonest, wake ?? .infinity)))
      turn(try terminal.read(), record, tell)
      guard !link.isUnplugged else { return terminal.close() }
      try send(record)
    }
    terminal.close()
  }

  private mutating func turn(
    _ received: [UInt8], _ record: (RecordedBytes) -> Void, _ tell: (Fault) -> Void
  ) {
    let now = MonotonicClock.now
    if !received.isEmpty {
      schedule.begin(now)
      record(RecordedBytes(time: now, isToDevice: true, bytes: received))
      link.sendToDevice(received, at: now)
    }
    for fault in schedule.due(now) {
      tell(fault)
      link.inject(fault)
      if !fault.isOfLink { device.inject(fault) }
    }
    link.sendToHost(device.advance(to: now, received: link.receivedByDevice(now)), at: now)
  }

  private mutating func send(_ record: (RecordedBytes) -> Void) throws(TransportError) {
    let now = MonotonicClock.now
    let bytes = link.receivedByHost(now)
    if !bytes.isEmpty { record(RecordedBytes(time: now, isToDevice: false, bytes: bytes)) }
    outgoing += bytes
    guard !outgoing.isEmpty else { return }
    outgoing.removeFirst(min(outgoing.count, max(0, try terminal.write(outgoing))))
    if outgoing.count > Self.capacity { outgoing.removeFirst(outgoing.count - Self.capacity) }
  }
}
