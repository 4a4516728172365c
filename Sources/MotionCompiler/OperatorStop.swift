import Streaming
import Synchronization

/// A stop that another task asks for, as the operator's input.
final class OperatorStop: Sendable {
  private let isRequested = Atomic(false)

  /// Asks for a stop along the path.
  func request() { isRequested.store(true, ordering: .relaxed) }

  /// The stop, once.
  func next() -> OperatorInput? {
    isRequested.exchange(false, ordering: .relaxed) ? .stop : nil
  }
}
