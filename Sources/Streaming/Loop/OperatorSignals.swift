import Foundation
import Synchronization

/// Ctrl-C and its like as an operator's wishes, while a robot moves.
///
/// The first one asks for a soft stop, the second for one at once; further ones change nothing,
/// since a process that is killed stops no robot. A closed terminal counts as the first, as does the
/// key that elsewhere leaves a core file. A program that is suspended, loses its output or fills its
/// share of the disk would leave the robot alone with its last target, so these are ignored.
public enum OperatorSignals {
  private static let count = Atomic<Int>(0)

  /// From now on signals are wishes.
  public static func catchSignals() {
    for number in [SIGINT, SIGTERM, SIGHUP, SIGQUIT] {
      signal(number) { _ in OperatorSignals.count.add(1, ordering: .relaxed) }
    }
    for number in [SIGTSTP, SIGTTOU, SIGTTIN, SIGPIPE, SIGXFSZ] { signal(number, SIG_IGN) }
  }

  /// How many there were.
  public static var received: Int { count.load(ordering: .relaxed) }
}
