import Files
import Foundation
import Synchronization

/// Ctrl-C and SIGTERM as a wish to end, which long work asks about.
enum Interruption {
  private static let requested = Atomic<Bool>(false)

  /// Whether the user has asked to end.
  static var isRequested: Bool { requested.load(ordering: .relaxed) }

  /// From now on the first signal is a wish; the second ends the process as usual.
  static func catchSignals() {
    for number in [SIGINT, SIGTERM] {
      signal(number) { number in
        Interruption.requested.store(true, ordering: .relaxed)
        TemporaryFiles.end(on: number)
      }
    }
  }
}
