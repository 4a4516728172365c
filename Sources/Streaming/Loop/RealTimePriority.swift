import Foundation

/// What the system can do so that frames are not late.
enum RealTimePriority {
  /// Above everything that is not real time, below the kernel's own threads (50 and more).
  private static let priority: Int32 = 40

  /// Asks for it for the calling thread; returns one sentence where the system does not allow it.
  static func request() -> String? {
    let isRaised = raise()
    // Only pages that are in use are kept (MCL_ONFAULT): all of the tool's libraries would fill
    // the memory for nothing.
    let locked = mlockall(Int32(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)) == 0
    guard !isRaised || !locked else { return nil }
    let what = [
      isRaised ? nil : "real-time priority", locked ? nil : "memory that stays in place",
    ].compactMap { $0 }.joined(separator: " and ")
    return "the system grants no \(what), so frames may be late on a busy machine: allow 'rtprio' "
      + "and 'memlock' for your user in /etc/security/limits.conf"
  }

  /// Asks for it for the calling thread alone, without a word; whether the system allows it.
  static func raise() -> Bool {
    var parameters = sched_param()
    parameters.sched_priority = priority
    return pthread_setschedparam(pthread_self(), SCHED_FIFO, &parameters) == 0
  }

  /// Gives back the memory that was kept in place.
  static func release() { munlockall() }
}
