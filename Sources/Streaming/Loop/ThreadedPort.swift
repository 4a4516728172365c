import Foundation
import Synchronization

/// A port that is read by a thread of its own, so that the streaming thread never waits for the
/// terminal.
///
/// Reading a terminal waits uninterruptibly for a kernel worker without priority; beside busy
/// programs this took 5 to 10 ms. The reader thread waits for it instead of the streaming thread.
/// Writes go directly to the port.
struct ThreadedPort: Transport, Sendable {
  private var port: any Transport & Sendable
  private let reader: PortReader

  /// The name of the device.
  var name: String { port.name }

  /// Starts a reader for a port whose copies share it; nil if the system cannot create a pipe.
  init?(_ port: any Transport & Sendable, wantsPriority: Bool) {
    guard let reader = PortReader(port, wantsPriority: wantsPriority) else { return nil }
    self.port = port
    self.reader = reader
  }

  /// Writes bytes; returns how many the system took.
  mutating func write(_ bytes: [UInt8]) throws(TransportError) -> Int { try port.write(bytes) }

  /// Takes the bytes that the reader has read.
  mutating func read() throws(TransportError) -> [UInt8] { try reader.take() }

  /// Waits until the reader has read bytes, or until a time of `MonotonicClock`.
  mutating func waitForBytes(until instant: Double) throws(TransportError) {
    reader.wait(until: instant)
  }

  /// Discards the bytes in the system and in the reader.
  mutating func discard() throws(TransportError) {
    try port.discard()
    reader.discard()
  }

  /// Ends the reader and closes the port.
  mutating func close() {
    reader.end()
    port.close()
  }
}

/// A thread that reads a port, and the bytes that it has read.
///
/// It is a class because its thread and its owner share it.
private final class PortReader: Sendable {
  private struct Mail {
    var bytes: [UInt8] = []
    var failure: TransportError?
  }

  /// The number of unclaimed bytes at which reading pauses.
  private static let capacity = 65_536
  /// The longest wait before the thread checks whether to end [s].
  private static let attention = 0.05

  private let mail = Mutex(Mail())
  private let isOver = Atomic(false)
  private let hasEnded = DispatchSemaphore(value: 0)
  /// A byte in this pipe wakes the owner.
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
      // A full pipe wakes the owner too.
      _ = Foundation.write(bell.ring, &one, 1)
    }
  }

  /// Takes at most as many bytes as one read of a port; throws the reader's error once there are
  /// none.
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

  /// Waits until bytes or an error are there, or until a time of `MonotonicClock`; a signal ends
  /// the wait.
  func wait(until instant: Double) {
    guard mail.withLock({ $0.bytes.isEmpty && $0.failure == nil }) else { return }
    guard Channel.awaitReadable(bell.hear, instant - MonotonicClock.now) > 0 else { return }
    var rings = [UInt8](repeating: 0, count: 64)
    _ = Foundation.read(bell.hear, &rings, rings.count)
  }

  /// Ends the thread, which does not use the port afterwards.
  func end() {
    isOver.store(true, ordering: .releasing)
    hasEnded.wait()
    hasEnded.signal()
  }
}
