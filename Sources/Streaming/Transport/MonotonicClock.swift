import Foundation

/// The clock of a session: it never goes back and does not jump when the time of day is set.
public enum MonotonicClock {
  /// The time since an unspecified moment before the program began [s].
  public static var now: Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  /// A time interval for system calls, clamped to 0 to one day.
  static func interval(_ seconds: Double) -> timespec {
    let bounded = seconds > 0 ? min(seconds, 86_400) : 0
    let whole = bounded.rounded(.down)
    return timespec(tv_sec: Int(whole), tv_nsec: Int(((bounded - whole) * 1e9).rounded(.down)))
  }
}
