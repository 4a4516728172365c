import Foundation

extension MonotonicClock {
  /// Waits until an instant [s].
  static func sleep(until instant: Double) {
    guard instant > 0, instant < 1e12 else { return }
    let whole = instant.rounded(.down)
    var time = timespec(tv_sec: Int(whole), tv_nsec: Int((instant - whole) * 1e9))
    // A signal ends the wait; whoever waits looks at the clock anyway.
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nil)
  }
}
