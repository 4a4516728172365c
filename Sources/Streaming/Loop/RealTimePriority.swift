import Foundation

/// Requests real-time scheduling and locked memory from the system, so that frames are punctual.
enum RealTimePriority {
  /// Above all ordinary threads and below the kernel's threads, which have 50 and more.
  private static let priority: Int32 = 40

  /// Requests both for the calling thread; returns a sentence if the system does not allow it.
  static func request() -> String? {
    let isRaised = raise()
    // Only pages in use are locked (MCL_ONFAULT), not all of the libraries.
    let locked = mlockall(Int32(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)) == 0
    guard !isRaised || !locked else { return nil }
    let what = [
      isRaised ? nil : "real-time priority", locked ? nil : "memory that stays in place",
    ].compactMap { $0 }.joined(separator: " and ")
    return "the system grants no \(what), so frames may be late on a busy machine: allow 'rtprio' "
      + "and 'memlock' for your user in /etc/security/limits.conf"
  }

  /// Requests real-time priority for the calling thread; returns whether the system allows it.
  static func raise() -> Bool {
    var parameters = sched_param()
    parameters.sched_priority = priority
    return pthread_setschedparam(pthread_self(), SCHED_FIFO, &parameters) == 0
  }

  /// Unlocks the memory.
  static func release() { munlockall() }
}
