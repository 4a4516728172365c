/// A model of V4's ring of twenty pending replies, which tells how to synchronise its ends.
///
/// Replies to moves and settings leave only when the arm is idle. More than twenty commands between
/// two idle times overwrite replies. Unless their number is a multiple of twenty, the firmware's
/// read index stays behind its write index, and single commands get no reply until the count
/// matches. While the arm is on hold (`!`), settings are carried out and their replies wait as in
/// motion. So at rest, twenty to thirty-nine settings between `!` and `~` overwrite every slot and
/// synchronise both indices (measured on 4.5.0 and 4.10.0).
struct UArmReplyRing: Sendable, Hashable {
  static let size = 20
  /// The number of commands sent.
  private(set) var sent = 0
  /// Whether the last command of each slot was answered; an unanswered one waits in its slot until
  /// the read index reaches it.
  private var isAnswered = Array(repeating: true, count: UArmReplyRing.size)
  /// The number of replies that have left the ring, modulo its size.
  private var received = 0
  /// Whether the first reply after a hold is awaited.
  private var awaitsFirst = false
  /// The number of replies after a hold that are still to come.
  private var uncounted = 0

  /// Counts a command and returns its sequence number, from 1.
  mutating func send() -> Int {
    // A later reply must not be counted in place of a lost one.
    uncounted = 0
    sent += 1
    isAnswered[sent % Self.size] = false
    return sent
  }

  /// Counts the reply with a sequence number.
  mutating func reply(_ place: Int) {
    if place > sent - Self.size { isAnswered[place % Self.size] = true }
    guard uncounted == 0 else {
      uncounted -= 1
      return
    }
    guard awaitsFirst else {
      received += 1
      return
    }
    // All twenty slots are sent, beginning at the read index, which the first one shows.
    awaitsFirst = false
    received = place - 1
    uncounted = Self.size - 1
  }

  /// Notes that a hold in which all slots were overwritten was released.
  mutating func released() { awaitsFirst = true }

  /// Whether both indices are equal, for an arm at rest whose replies have come.
  var isAligned: Bool {
    !awaitsFirst && isAnswered.allSatisfy { $0 } && (sent - received) % Self.size == 0
  }

  /// The number of settings to send between `!` and `~`.
  var padding: Int { Self.size + ((received - sent) % Self.size + Self.size) % Self.size }
}
