import Foundation
import Synchronization

/// A session that runs on a port, in real time, in a thread of its own.
///
/// Only this thread uses the port and the session. It waits for bytes until the next deadline of the
/// monotonic clock and for nothing else: events go into a bounded queue that the caller empties at
/// its own pace, so a slow terminal or disk delays no frame.
public final class LiveStream: Sendable {
  /// An event of a stream.
  public enum Event: Sendable {
    /// An event of the session.
    case session(SessionEvent)
    /// Bytes that were sent or received.
    case bytes(RecordedBytes)
    /// A warning about this machine, for the user.
    case warning(String)
  }

  /// An event with its time.
  public struct TimedEvent: Sendable {
    /// The time of the event, on `MonotonicClock` [s].
    public var time: Double
    /// The time at which the system had taken the bytes of the same step [s].
    public var written: Double
    /// The event.
    public var event: Event

    fileprivate init(_ time: Double, written: Double? = nil, _ event: Event) {
      self.time = time
      self.written = written ?? time
      self.event = event
    }
  }

  /// The outcome of a stream.
  public struct Result: Sendable {
    /// The session's report.
    public var report: SessionReport
    /// The time from the evaluation of the path to the end of the write of a frame.
    public var commandToWire: TimingHistogram
    /// The time from receiving the bytes that caused a stop to the end of its write [s]; nil without
    /// a stop.
    public var stopTime: Double?
    /// The number of events that were dropped because the caller did not take them in time.
    public var droppedEvents: Int
    /// Why the port could not be opened; nil if it was.
    public var openingFailure: TransportError?
  }

  /// The settings of a stream.
  public struct Settings: Sendable {
    /// Opens the port; called in the stream's thread.
    public var open: @Sendable () throws(TransportError) -> any Transport & Sendable
    /// Returns the operator's next input; called in every step, and must not block.
    public var input: @Sendable () -> OperatorInput?
    /// Whether sent and received bytes are reported as events.
    public var isRecording = false
    /// Whether to request real-time priority.
    public var wantsPriority = true

    /// Creates settings without recording.
    public init(
      open: @escaping @Sendable () throws(TransportError) -> any Transport & Sendable,
      input: @escaping @Sendable () -> OperatorInput? = { nil }
    ) {
      self.open = open
      self.input = input
    }
  }

  private struct Mailbox {
    var items: [TimedEvent] = []
    var result: Result?
    var waiting: [CheckedContinuation<Result, Never>] = []

    mutating func take(_ loop: inout Loop) {
      let room = max(0, LiveStream.capacity - items.count)
      items += loop.events.prefix(room)
      loop.droppedEvents += max(0, loop.events.count - room)
      loop.events.removeAll(keepingCapacity: true)
    }
  }

  /// The largest number of events that wait for the caller.
  private static let capacity = 20_000
  /// The longest wait before the operator's input is polled again [s].
  private static let longestWait = 0.01
  /// How long before a frame the caches are warmed [s].
  private static let warmUpLead = 0.00015

  private let mailbox = Mutex(Mailbox())

  /// Starts a thread that runs a session.
  public init(_ session: consuming Session, _ settings: Settings) {
    let session = session
    let thread = Thread { [self] in
      var loop = Loop(session: session, settings: settings)
      loop.run { self.post(&$0) }
      self.postEnd(&loop)
    }
    // The limit program of a soft start runs in this thread.
    thread.stackSize = 4 << 20
    thread.name = "stream"
    thread.start()
  }

  /// Takes the events since the last call.
  public func takeEvents() -> [TimedEvent] {
    mailbox.withLock { box in
      let items = box.items
      box.items.removeAll()
      return items
    }
  }

  /// The outcome once the stream has ended; all events are available before it.
  public var result: Result? { mailbox.withLock { $0.result } }

  /// Waits for the end of the stream.
  ///
  /// Events that nobody takes meanwhile are dropped once the mailbox is full, which the outcome
  /// counts. A cancelled task goes on waiting: only the operator's input stops a robot.
  public func end() async -> Result {
    await withCheckedContinuation { continuation in
      let result = mailbox.withLock { box in
        if box.result == nil { box.waiting.append(continuation) }
        return box.result
      }
      if let result { continuation.resume(returning: result) }
    }
  }

  /// Moves events into the mailbox unless the caller holds it; then they wait for the next step.
  private func post(_ loop: inout Loop) {
    _ = mailbox.withLockIfAvailable { $0.take(&loop) }
    // Memory stays bounded even if the caller holds the mailbox for long.
    if loop.events.count > Self.capacity {
      loop.droppedEvents += loop.events.count
      loop.events.removeAll()
    }
  }
}

extension LiveStream {
  /// Posts the outcome; it may wait for the mailbox, since no frame is due any more.
  private func postEnd(_ loop: inout Loop) {
    let result = mailbox.withLock { box in
      box.take(&loop)
      box.result = loop.result
      return loop.result
    }
    let waiting = mailbox.withLock { box in
      defer { box.waiting = [] }
      return box.waiting
    }
    for continuation in waiting { continuation.resume(returning: result) }
  }

  /// The state of the stream's thread.
  private struct Loop {
    var session: Session
    let settings: Settings
    var events: [TimedEvent] = []
    var droppedEvents = 0
    private var outgoing = OutgoingBytes()
    private var commandToWire = TimingHistogram()
    private var stopTime: Double?
    private var openingFailure: TransportError?
    /// The due time of the frame for which the caches were warmed last [s].
    private var warmedFor = -Double.infinity

    init(session: Session, settings: Settings) {
      self.session = session
      self.settings = settings
    }

    var result: Result {
      Result(
        report: session.report, commandToWire: commandToWire, stopTime: stopTime,
        droppedEvents: droppedEvents,
        openingFailure: openingFailure)
    }

    mutating func run(_ post: (inout Loop) -> Void) {
      do throws(TransportError) {
        let port = try settings.open()
        for text in port.warnings {
          events.append(TimedEvent(MonotonicClock.now, .warning(text)))
        }
        if settings.wantsPriority, let warning = RealTimePriority.request() {
          events.append(TimedEvent(MonotonicClock.now, .warning(warning)))
        }
        var transport = threaded(port)
        stream(&transport, post)
        transport.close()
        if settings.wantsPriority { RealTimePriority.release() }
      } catch {
        openingFailure = error
      }
    }

    /// Gives a terminal a reader thread; a simulated port is used directly.
    private func threaded(_ port: any Transport & Sendable) -> any Transport & Sendable {
      guard port.isTerminal else { return port }
      return ThreadedPort(port, wantsPriority: settings.wantsPriority) ?? port
    }

    private mutating func stream(
      _ transport: inout any Transport & Sendable, _ post: (inout Loop) -> Void
    ) {
      while !session.isFinished {
        do throws(TransportError) {
          try step(&transport)
        } catch {
          advance(nil, [], .linkLost("\(error)"), &transport)
        }
        post(&self)
      }
    }

    /// Waits until something is due, and does it.
    private mutating func step(_ transport: inout any Transport & Sendable) throws(TransportError) {
      let began = MonotonicClock.now
      // A port that did not take all bytes is tried again soon.
      let longest = began + (outgoing.isEmpty ? LiveStream.longestWait : 0.001)
      var wake = min(longest, session.wakeTime ?? longest)
      if let due = session.nextFrame, wake >= due - session.frameGuardTime {
        wake = due - session.frameGuardTime
        if began >= wake { return try sendFrame(due, &transport) }
      }
      if wake > MonotonicClock.now { try transport.waitForBytes(until: wake) }
      let received = try transport.read()
      let now = MonotonicClock.now
      if settings.isRecording, !received.isEmpty {
        record(RecordedBytes(time: now, isToDevice: false, bytes: received))
      }
      if let failure = advance(now, received, settings.input(), &transport) { throw failure }
    }

    /// Sends the next frame at its due time and does nothing else before.
    ///
    /// Bytes that arrive just before a frame are read after it.
    private mutating func sendFrame(
      _ due: Double, _ transport: inout any Transport & Sendable
    ) throws(TransportError) {
      warmCaches(for: due)
      MonotonicClock.sleep(until: due)
      let failure = advance(MonotonicClock.now, [], settings.input(), &transport)
      if let failure { throw failure }
    }

    /// Computes the next frame on a copy of the session, so that its code and data are cached.
    ///
    /// After ten milliseconds of waiting the caches are cold, and cache misses take longer than the
    /// arithmetic of a frame. A session is a value, so the copy has no effect. The thread then spins
    /// until the frame is due, because sleeping would give processor and caches to others.
    private mutating func warmCaches(for due: Double) {
      let begin = due - LiveStream.warmUpLead
      guard due > warmedFor, begin > MonotonicClock.now else { return }
      MonotonicClock.sleep(until: begin)
      warmedFor = due
      var copy = session
      _ = copy.advance(to: due)
      while MonotonicClock.now < due {}
    }

    /// Advances the session and writes its bytes; returns the error of a failed write.
    @discardableResult
    private mutating func advance(
      _ time: Double?, _ received: [UInt8], _ input: OperatorInput?,
      _ transport: inout any Transport & Sendable
    ) -> TransportError? {
      let now = time ?? MonotonicClock.now
      let output = session.advance(to: now, received: received, input: input)
      var failure: TransportError?
      if time != nil {
        do throws(TransportError) {
          if output.discardsPending { try outgoing.discard(&transport) }
          try outgoing.write(output.bytes, to: &transport, now: now)
        } catch {
          failure = error
        }
      }
      let written = MonotonicClock.now
      if output.discardsPending, stopTime == nil { stopTime = written - now }
      if settings.isRecording, !output.bytes.isEmpty {
        record(RecordedBytes(time: written, isToDevice: true, bytes: output.bytes))
      }
      for event in output.events {
        if case .frame = event { commandToWire.add(written - now) }
        events.append(TimedEvent(now, written: written, .session(event)))
      }
      return failure
    }

    private mutating func record(_ bytes: RecordedBytes) {
      events.append(TimedEvent(bytes.time, .bytes(bytes)))
    }
  }
}
