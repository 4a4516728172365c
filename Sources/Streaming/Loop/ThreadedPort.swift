import Foundation
import Synchronization

/// A port whose bytes are brought by a thread of its own, so that whoever has a frame to send never
/// waits for the terminal.
///
/// To ask a terminal whether something has arrived is to wait, uninterruptibly, for the kernel's
/// worker that brings it, and that worker has no priority: beside busy programs it was away for 5 to
/// 10 ms. The reader waits for it in the place of the stream. Writing goes straight to the port.
struct ThreadedPort: Transport, Sendable {
  private var port: any Transport & Sendable
  private let reader: PortReader

  /// What is at the other end.
  var name: String { port.name }

  /// Attends a port whose copies are the same port; nil where the system has no pipe left.
  init?(_ port: any Transport & Sendable, wantsPriority: Bool) {
    guard let reader = PortReader(port, wantsPriority: wantsPriority) else { return nil }
    self.port = port
    self.reader = reader
  }

  /// Hands bytes to the system and says how many it took.
  mutating func write(_ bytes: [UInt8]) throws(TransportError) -> Int { try port.write(bytes) }

  /// What the reader has brought.
  mutating func read() throws(TransportError) -> [UInt8] { try reader.take() }

  /// Waits until the reader has brought something, or the instant of `MonotonicClock` has come.
  mutating func waitForBytes(until instant: Double) throws(TransportError) {
    reader.wait(until: instant)
  }

  /// Throws away what the system and the reader hold.
  mutating func discard() throws(TransportError) {
    try port.discard()
    reader.discard()
  }

  /// Ends the reader, and gives the port back.
  mutating func close() {
    reader.end()
    port.close()
  }
}

/// The thread that reads, and what it has read.
///
/// A class, because its thread and its owner share it.
private final class PortReader: Sendable {
  private struct Mail {
    var bytes: [UInt8] = []
    var failure: TransportError?
  }

  /// The most that waits for the owner [bytes]; meanwhile nothing more is read.
  private static let capacity = 65_536
  /// How often it looks whether it is to end [s].
  private static let attention = 0.05

  private let mail = Mutex(Mail())
  private let isOver = Atomic(false)
  private let hasEnded = DispatchSemaphore(value: 0)
  /// A byte in this pipe says that there is mail.
  private let bell: (hear: Int32, ring: Int32)

  init?(_ port: any Transport & Sendable, wantsPriority: Bool) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return nil }
    for end in ends {
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
    }
    bell = (ends[0], ends[1])
    let thread = Thread { [self] in
      if wantsPriority { _ = RealTimePriority.raise() }
      read(port)
      hasEnded.signal()
    }
    thread.name = "reader"
    thread.start()
  }

  deinit {
    _ = Foundation.close(bell.hear)
    _ = Foundation.close(bell.ring)
  }

  private func read(_ port: any Transport & Sendable) {
    var port = port
    while !isOver.load(ordering: .acquiring) {
      guard mail.withLock({ $0.bytes.count }) < Self.capacity else {
        MonotonicClock.sleep(until: MonotonicClock.now + 0.001)
        continue
      }
      do throws(TransportError) {
        try port.waitForBytes(until: MonotonicClock.now + Self.attention)
        let bytes = try port.read()
        guard !bytes.isEmpty else { continue }
        mail.withLock { $0.bytes += bytes }
      } catch {
        mail.withLock { $0.failure = error }
        isOver.store(true, ordering: .releasing)
      }
      var one: UInt8 = 1
      // A full pipe rings already.
      _ = Foundation.write(bell.ring, &one, 1)
    }
  }

  /// The mail, at most as much as one reading of a port; once it is empty, why there is no more.
  func take() throws(TransportError) -> [UInt8] {
    let (bytes, failure) = mail.withLock { mail -> ([UInt8], TransportError?) in
      let bytes = Array(mail.bytes.prefix(Channel.largestRead))
      mail.bytes.removeFirst(bytes.count)
      return (bytes, bytes.isEmpty ? mail.failure : nil)
    }
    if let failure { throw failure }
    return bytes
  }

  func discard() { mail.withLock { $0.bytes.removeAll() } }

  /// Waits until there is mail, or an instant of `MonotonicClock` has come; signals end it too.
  func wait(until instant: Double) {
    guard mail.withLock({ $0.bytes.isEmpty && $0.failure == nil }) else { return }
    guard Channel.awaitReadable(bell.hear, instant - MonotonicClock.now) > 0 else { return }
    var rings = [UInt8](repeating: 0, count: 64)
    _ = Foundation.read(bell.hear, &rings, rings.count)
  }

  /// Ends the thread; from then on it touches the port no more.
  func end() {
    isOver.store(true, ordering: .releasing)
    hasEnded.wait()
    hasEnded.signal()
  }
}
