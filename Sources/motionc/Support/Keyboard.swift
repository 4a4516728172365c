import Foundation
import Streaming
import Synchronization

/// The keys of an operator and Ctrl-C, for a stream that asks at each frame.
final class Keyboard: Sendable {
  /// What the keys do, for the user.
  static let help = "space pauses, + and - change the speed, q stops softly, Ctrl-C twice at once"

  private let wishes = Mutex<[OperatorInput]>([])
  private let handled = Atomic<Int>(0)
  private let saved = Mutex<termios?>(nil)

  /// Whether standard input is a terminal that is ours to read.
  static var isAtTerminal: Bool {
    isatty(STDIN_FILENO) == 1 && tcgetpgrp(STDIN_FILENO) == getpgrp()
  }

  /// From now on keys come one by one and unseen; Ctrl-C remains a signal.
  func open() {
    var settings = termios()
    guard Self.isAtTerminal, tcgetattr(STDIN_FILENO, &settings) == 0 else { return }
    saved.withLock { $0 = settings }
    settings.c_lflag &= ~tcflag_t(ICANON | ECHO)
    tcsetattr(STDIN_FILENO, TCSANOW, &settings)
  }

  /// The terminal as it was.
  func close() {
    saved.withLock { settings in
      guard var before = settings else { return }
      tcsetattr(STDIN_FILENO, TCSANOW, &before)
      settings = nil
    }
  }

  /// Reads the keys that were pressed, without waiting.
  func poll() {
    guard saved.withLock({ $0 != nil }) else { return }
    var descriptor = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
    guard Foundation.poll(&descriptor, 1, 0) == 1, descriptor.revents & Int16(POLLIN) != 0 else {
      return
    }
    var bytes = [UInt8](repeating: 0, count: 64)
    let count = read(STDIN_FILENO, &bytes, bytes.count)
    guard count > 0 else { return }
    let inputs = bytes.prefix(count).compactMap(Self.meaning)
    wishes.withLock { $0 += inputs.prefix(max(0, 64 - $0.count)) }
  }

  /// What the operator wants next; called at each frame, so it waits for nobody.
  func next() -> OperatorInput? {
    let count = handled.load(ordering: .relaxed)
    if OperatorSignals.received > count {
      handled.store(count + 1, ordering: .relaxed)
      return .stop
    }
    return wishes.withLockIfAvailable { $0.isEmpty ? nil : $0.removeFirst() } ?? nil
  }

  private static func meaning(_ key: UInt8) -> OperatorInput? {
    switch key {
    case UInt8(ascii: " "): .togglePause
    case UInt8(ascii: "+"), UInt8(ascii: "="): .faster
    case UInt8(ascii: "-"), UInt8(ascii: "_"): .slower
    case UInt8(ascii: "q"), UInt8(ascii: "Q"): .stop
    default: nil
    }
  }
}
