import Foundation
import Synchronization

/// Turns Ctrl-C and similar signals into operator input while a robot moves.
///
/// The first signal requests a stop along the path, the second a stop at once; further ones have no
/// effect, since a killed process cannot stop a robot. SIGHUP and SIGQUIT count like SIGINT.
/// Signals that would suspend or end the program (SIGTSTP, SIGPIPE, SIGXFSZ) are ignored, because
/// the robot would be left with its last target.
public enum OperatorSignals {
  private static let count = Atomic<Int>(0)

  /// Handles signals as operator input from now on.
  public static func catchSignals() {
    for number in [SIGINT, SIGTERM, SIGHUP, SIGQUIT] {
      signal(number) { _ in OperatorSignals.count.add(1, ordering: .relaxed) }
    }
    for number in [SIGTSTP, SIGTTOU, SIGTTIN, SIGPIPE, SIGXFSZ] { signal(number, SIG_IGN) }
  }

  /// The number of signals so far.
  public static var received: Int { count.load(ordering: .relaxed) }
}
