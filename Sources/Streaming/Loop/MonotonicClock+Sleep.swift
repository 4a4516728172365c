import Foundation

extension MonotonicClock {
  /// Sleeps until a time [s].
  static func sleep(until instant: Double) {
    guard instant > 0, instant < 1e12 else { return }
    let whole = instant.rounded(.down)
    var time = timespec(tv_sec: Int(whole), tv_nsec: Int((instant - whole) * 1e9))
    // A signal may end the sleep early; callers check the clock.
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nil)
  }
}
