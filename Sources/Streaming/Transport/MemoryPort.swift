import Dispatch
import Foundation
import Synchronization

/// One end of a connection in memory, for tests.
///
/// Copies share the end. Like a terminal it holds a bounded number of bytes.
struct MemoryPort: Transport, Sendable {
  /// The name of the device, for messages.
  let name: String
  private let line: Line
  private let side: Int

  /// Creates two connected ends: each reads what the other writes.
  static func pair(
    _ name: String = "memory", capacity: Int = 4096
  ) -> (host: MemoryPort, device: MemoryPort) {
    let line = Line(capacity: capacity)
    return (
      MemoryPort(name: name, line: line, side: 0), MemoryPort(name: name, line: line, side: 1)
    )
  }

  private init(name: String, line: Line, side: Int) {
    self.name = name
    self.line = line
    self.side = side
  }

  /// Writes bytes; returns for how many there was room.
  mutating func write(_ bytes: [UInt8]) throws(TransportError) -> Int {
    guard let taken = line.write(bytes, to: 1 - side) else { throw lost }
    return taken
  }

  /// Reads the bytes that have arrived, at most 4096.
  mutating func read() throws(TransportError) -> [UInt8] {
    guard let bytes = line.read(side) else { throw lost }
    return bytes
  }

  /// Waits until bytes have arrived, or until a time of `MonotonicClock`.
  mutating func waitForBytes(until instant: Double) throws(TransportError) {
    guard line.wait(side, until: instant) else { throw lost }
  }

  /// Discards the bytes in both directions.
  mutating func discard() throws(TransportError) {
    guard line.discard() else { throw lost }
  }

  /// Closes the connection for both ends.
  mutating func close() { line.cut() }

  private var lost: TransportError { .lost("port '\(name)' is gone: its line was cut") }
}

/// The buffers of both ends; a class because the ends share them.
private final class Line: Sendable {
  private struct State {
    var queues: [[UInt8]] = [[], []]
    var isCut = false
  }

  private let state = Mutex(State())
  private let arrivals = [DispatchSemaphore(value: 0), DispatchSemaphore(value: 0)]
  private let capacity: Int

  init(capacity: Int) { self.capacity = capacity }

  func write(_ bytes: [UInt8], to side: Int) -> Int? {
    let taken = state.withLock { state -> Int? in
      guard !state.isCut else { return nil }
      let taken = min(bytes.count, max(0, capacity - state.queues[side].count))
      state.queues[side] += bytes.prefix(taken)
      return taken
    }
    arrivals[side].signal()
    return taken
  }

  func read(_ side: Int) -> [UInt8]? {
    state.withLock { state in
      guard !state.isCut else { return nil }
      let bytes = Array(state.queues[side].prefix(Channel.largestRead))
      state.queues[side].removeFirst(bytes.count)
      return bytes
    }
  }

  func wait(_ side: Int, until instant: Double) -> Bool {
    while true {
      let (isCut, hasBytes) = state.withLock { ($0.isCut, !$0.queues[side].isEmpty) }
      if isCut { return false }
      let remaining = instant - MonotonicClock.now
      guard !hasBytes, remaining > 0 else { return true }
      _ = arrivals[side].wait(timeout: .now() + min(remaining, 3600))
    }
  }

  func discard() -> Bool {
    state.withLock { state in
      guard !state.isCut else { return false }
      state.queues = [[], []]
      return true
    }
  }

  func cut() {
    state.withLock { $0.isCut = true }
    for arrival in arrivals { arrival.signal() }
  }
}
