/// The state of resynchronising a V4's replies after its motion.
struct UArmAlignment: Sendable {
  /// A stage of the resynchronisation.
  enum Stage: Sendable, Hashable {
    case idle
    /// The arm is on hold while settings are sent.
    case holding
    /// The hold was released; replies are awaited until a time [s].
    case released(until: Double)
  }

  var stage = Stage.idle
  /// The number of attempts.
  var attempts = 0
  /// When the arm was first seen at rest [s].
  var restStart: Double?

  /// The longest time between two replies of an arm at rest [s].
  static let settling = 0.05
}

extension UArmDriver {
  /// Resynchronises the replies if necessary; returns whether that is finished.
  ///
  /// The arm is at rest and everything was parsed. The firmware can hang in `!` and `~` if its
  /// transmit ring is full, so they are sent only while it has nothing to send.
  mutating func align() -> Bool {
    guard var alignment = finishing?.alignment else { return false }
    defer { finishing?.alignment = alignment }
    switch alignment.stage {
    case .idle:
      // While a batch of replies arrives, the count may match by chance.
      let rest = alignment.restStart ?? now
      alignment.restStart = rest
      guard now > max(rest, poll.lastSynchronous) + UArmAlignment.settling else { return false }
      guard !link.ring.isAligned else { return true }
      guard alignment.attempts < 3 else {
        warn("the uArm's replies are out of step; opening its port again puts them in step")
        return true
      }
      guard isQuiet else { return false }
      alignment.attempts += 1
      alignment.stage = .holding
      sendRealTime(.hold)
      for _ in 0..<link.ring.padding { _ = link.queue(.reportMotionEnd(false)) }
    case .holding:
      guard isQuiet else { return false }
      link.ring.released()
      alignment.stage = .released(until: now + 0.5)
      sendRealTime(.resume)
    case .released(let end):
      if link.ring.isAligned || now > end {
        alignment.stage = .idle
        alignment.restStart = nil
      }
    }
    return false
  }

  /// Whether the firmware has nothing to parse and nothing to answer.
  private var isQuiet: Bool {
    poll.pending == nil && link.isEmpty && link.isParsed && poll.lastStatus > poll.statusAsked
  }

  mutating func sendRealTime(_ byte: UArmRealTime) {
    output.bytes.append(byte.rawValue)
    link.countRealTime()
  }
}
