import Foundation
import Synchronization

/// A session that runs on a port, in real time, in a thread of its own.
///
/// The thread alone owns port and session. It waits for bytes until the next deadline on the
/// monotonic clock, and never for anybody else: what it has to say lies in a mailbox that the
/// caller empties when it likes, so that a slow terminal or disk delays no frame.
public final class LiveStream: Sendable {
  /// Something that became known, and when.
  public enum News: Sendable {
    /// What the session says.
    case session(SessionEvent)
    /// Bytes that went over the wire.
    case bytes(RecordedBytes)
    /// Something the user should know of the machine.
    case warning(String)
  }

  /// News and its time [s].
  public struct Item: Sendable {
    /// When [s of `MonotonicClock`].
    public var time: Double
    /// When the bytes of the same turn had been handed to the system [s].
    public var written: Double
    /// What.
    public var news: News

    fileprivate init(_ time: Double, written: Double? = nil, _ news: News) {
      self.time = time
      self.written = written ?? time
      self.news = news
    }
  }

  /// How it ended.
  public struct Result: Sendable {
    /// The session's figures.
    public var report: SessionReport
    /// From the evaluation of the path to the end of the write of a frame.
    public var commandToWire: TimingHistogram
    /// From the bytes that showed why to the end of the write of the stop [s]; nil without a stop.
    public var stopTime: Double?
    /// News that nobody took in time.
    public var lostNews: Int
    /// Why the port could not be opened, if so.
    public var openingFailure: TransportError?
  }

  /// What a stream needs beside the session.
  public struct Settings: Sendable {
    /// Opens the port, in the stream's thread.
    public var open: @Sendable () throws(TransportError) -> any Transport & Sendable
    /// What the operator wants, asked at each turn; it must not wait.
    public var input: @Sendable () -> OperatorInput?
    /// Whether bytes are news.
    public var isRecording = false
    /// Whether real-time priority is asked for.
    public var wantsPriority = true

    /// Settings without recording.
    public init(
      open: @escaping @Sendable () throws(TransportError) -> any Transport & Sendable,
      input: @escaping @Sendable () -> OperatorInput? = { nil }
    ) {
      self.open = open
      self.input = input
    }
  }

  private struct Mailbox {
    var items: [Item] = []
    var result: Result?

    mutating func take(_ loop: inout Loop) {
      let room = max(0, LiveStream.capacity - items.count)
      items += loop.news.prefix(room)
      loop.lostNews += max(0, loop.news.count - room)
      loop.news.removeAll(keepingCapacity: true)
    }
  }

  /// The most news that waits for the caller.
  private static let capacity = 20_000
  /// The longest wait, so that the operator is heard [s].
  private static let longestWait = 0.01
  /// How long before a frame it is rehearsed [s].
  private static let rehearsalLead = 0.00015

  private let mailbox = Mutex(Mailbox())

  /// Begins to run a session.
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

  /// The news since the last call.
  public func takeNews() -> [Item] {
    mailbox.withLock { box in
      let items = box.items
      box.items.removeAll()
      return items
    }
  }

  /// How it ended, once it has; the last news is there before.
  public var result: Result? { mailbox.withLock { $0.result } }

  /// Moves news into the mailbox if nobody is at it; otherwise they wait for the next turn.
  private func post(_ loop: inout Loop) {
    _ = mailbox.withLockIfAvailable { $0.take(&loop) }
    // Should the caller hold the mailbox for long, memory stays bounded.
    if loop.news.count > Self.capacity {
      loop.lostNews += loop.news.count
      loop.news.removeAll()
    }
  }
}

extension LiveStream {
  /// The end is told whoever is at the mailbox; nothing is late any more.
  private func postEnd(_ loop: inout Loop) {
    mailbox.withLock { box in
      box.take(&loop)
      box.result = loop.result
    }
  }

  /// The thread's own things.
  private struct Loop {
    var session: Session
    let settings: Settings
    var news: [Item] = []
    var lostNews = 0
    private var outgoing = OutgoingBytes()
    private var commandToWire = TimingHistogram()
    private var stopTime: Double?
    private var openingFailure: TransportError?
    /// The frame that was rehearsed last, by when it was due [s].
    private var rehearsed = -Double.infinity

    init(session: Session, settings: Settings) {
      self.session = session
      self.settings = settings
    }

    var result: Result {
      Result(
        report: session.report, commandToWire: commandToWire, stopTime: stopTime,
        lostNews: lostNews,
        openingFailure: openingFailure)
    }

    mutating func run(_ post: (inout Loop) -> Void) {
      do throws(TransportError) {
        let port = try settings.open()
        for text in port.warnings {
          news.append(Item(MonotonicClock.now, .warning(text)))
        }
        if settings.wantsPriority, let warning = RealTimePriority.request() {
          news.append(Item(MonotonicClock.now, .warning(warning)))
        }
        var transport = attended(port)
        stream(&transport, post)
        transport.close()
        if settings.wantsPriority { RealTimePriority.release() }
      } catch {
        openingFailure = error
      }
    }

    /// A terminal is read by a thread of its own; what only stands for one is not.
    private func attended(_ port: any Transport & Sendable) -> any Transport & Sendable {
      guard port.isTerminal else { return port }
      return AttendedPort(port, wantsPriority: settings.wantsPriority) ?? port
    }

    private mutating func stream(
      _ transport: inout any Transport & Sendable, _ post: (inout Loop) -> Void
    ) {
      while !session.isFinished {
        do throws(TransportError) {
          try turn(&transport)
        } catch {
          advance(nil, [], .linkLost("\(error)"), &transport)
        }
        post(&self)
      }
    }

    /// Waits until something is due, and does it.
    private mutating func turn(_ transport: inout any Transport & Sendable) throws(TransportError) {
      let began = MonotonicClock.now
      // A port that did not take everything is asked again soon.
      let longest = began + (outgoing.isEmpty ? LiveStream.longestWait : 0.001)
      var wake = min(longest, session.wakeTime ?? longest)
      if let due = session.nextFrame, wake >= due - session.hush {
        wake = due - session.hush
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

    /// Sends the frame that is due next, and touches nothing else before.
    ///
    /// What arrives in the last moments before a frame is read after it.
    private mutating func sendFrame(
      _ due: Double, _ transport: inout any Transport & Sendable
    ) throws(TransportError) {
      rehearse(due)
      MonotonicClock.sleep(until: due)
      let failure = advance(MonotonicClock.now, [], settings.input(), &transport)
      if let failure { throw failure }
    }

    /// Goes through the coming frame on a copy, so that the real one meets warm caches.
    ///
    /// Ten milliseconds of waiting leave none of a frame's code and data in the processor's caches,
    /// which costs it more than all of its arithmetic. A session is a value: what becomes of the
    /// copy goes nowhere. The last moments are not slept through, or somebody else would have them
    /// and the caches.
    private mutating func rehearse(_ due: Double) {
      let begin = due - LiveStream.rehearsalLead
      guard due > rehearsed, begin > MonotonicClock.now else { return }
      MonotonicClock.sleep(until: begin)
      rehearsed = due
      var rehearsal = session
      _ = rehearsal.advance(to: due)
      while MonotonicClock.now < due {}
    }

    /// Advances the session and writes what it says; what goes wrong in writing is returned.
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
        news.append(Item(now, written: written, .session(event)))
      }
      return failure
    }

    private mutating func record(_ bytes: RecordedBytes) {
      news.append(Item(bytes.time, .bytes(bytes)))
    }
  }
}
