import Foundation
import Synchronization

/// Ctrl-C and its like as an operator's wishes, while a robot moves.
///
/// The first one asks for a soft stop, the second for one at once; further ones change nothing,
/// since a process that is killed stops no robot. A closed terminal counts as the first. A program
/// that is suspended or loses its output would leave the robot alone with its last target, so both
/// are ignored.
public enum OperatorSignals {
  private static let count = Atomic<Int>(0)

  /// From now on signals are wishes.
  public static func catchSignals() {
    for number in [SIGINT, SIGTERM, SIGHUP] {
      signal(number) { _ in OperatorSignals.count.add(1, ordering: .relaxed) }
    }
    for number in [SIGTSTP, SIGTTOU, SIGTTIN, SIGPIPE] { signal(number, SIG_IGN) }
  }

  /// How many there were.
  public static var received: Int { count.load(ordering: .relaxed) }
}
