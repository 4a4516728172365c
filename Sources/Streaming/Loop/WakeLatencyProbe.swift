import Foundation
import Synchronization

/// Measures the wake-up latency of this machine with a thread that only sleeps until fixed times.
///
/// It separates the lateness of the machine, such as a virtual machine that loses its processor,
/// from that of a stream in benchmarks.
package final class WakeLatencyProbe: Sendable {
  private let isOver = Atomic(false)
  private let lateness = Mutex(TimingHistogram())
  private let hasEnded = DispatchSemaphore(value: 0)

  /// Starts a thread that wakes at an interval [s], with real-time priority if the system allows
  /// it.
  package init(interval: Double) {
    let thread = Thread { [self] in
      _ = RealTimePriority.raise()
      run(interval)
      hasEnded.signal()
    }
    thread.name = "sleeper"
    thread.start()
  }

  private func run(_ interval: Double) {
    var due = MonotonicClock.now + interval
    while !isOver.load(ordering: .relaxed) {
      MonotonicClock.sleep(until: due)
      let late = MonotonicClock.now - due
      guard late >= 0 else { continue }
      lateness.withLock { $0.add(late) }
      due += interval * ((late / interval).rounded(.down) + 1)
    }
  }

  /// Ends the thread; returns its latencies.
  package func stop() -> TimingHistogram {
    isOver.store(true, ordering: .relaxed)
    hasEnded.wait()
    return lateness.withLock { $0 }
  }
}
