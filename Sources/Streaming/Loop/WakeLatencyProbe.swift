import Foundation
import Synchronization

/// A thread that does nothing but wake in time: how late this machine makes anybody, whatever they do.
///
/// For benchmarks; a virtual machine whose processor is given to others for a while is late by that.
package final class WakeLatencyProbe: Sendable {
  private let isOver = Atomic(false)
  private let lateness = Mutex(TimingHistogram())
  private let hasEnded = DispatchSemaphore(value: 0)

  /// Begins to wake at each interval [s], with real-time priority where the system grants it.
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

  /// Ends it; how late it woke.
  package func stop() -> TimingHistogram {
    isOver.store(true, ordering: .relaxed)
    hasEnded.wait()
    return lateness.withLock { $0 }
  }
}
