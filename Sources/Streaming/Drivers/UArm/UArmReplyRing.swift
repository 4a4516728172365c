/// V4's ring of twenty pending replies, and how its two ends are brought together again.
///
/// Replies to moves and settings leave only when the arm is idle. More than twenty commands between
/// two idle moments overwrite replies; unless their number is a multiple of twenty, the firmware's
/// reading end stays behind its writing end for good, and single commands get no reply until the
/// count fits. While the arm is held (`!`) settings are carried out and their replies wait as in
/// motion. So at rest twenty to thirty-nine settings between `!` and `~` overwrite every slot and
/// bring both ends together (measured on 4.5.0 and 4.10.0).
struct UArmReplyRing: Sendable, Hashable {
  static let size = 20
  /// Commands handed out.
  private(set) var sent = 0
  /// Whether the last command of each slot was answered; one that was not waits in its slot until the
  /// reading end comes by.
  private var isAnswered = Array(repeating: true, count: UArmReplyRing.size)
  /// Replies that left the ring, up to a multiple of its size.
  private var received = 0
  /// Whether the first reply after a hold is awaited.
  private var awaitsFirst = false
  /// Replies of the batch after a hold that are still to come.
  private var uncounted = 0

  /// Counts a command and gives its place, from 1.
  mutating func send() -> Int {
    // What a reply is that was lost on the wire must not count for a later one.
    uncounted = 0
    sent += 1
    isAnswered[sent % Self.size] = false
    return sent
  }

  /// Counts the reply of a place.
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
    // All twenty slots leave, from the reading end on, which the first of them shows.
    awaitsFirst = false
    received = place - 1
    uncounted = Self.size - 1
  }

  /// The arm goes on after a hold in which all slots were overwritten.
  mutating func released() { awaitsFirst = true }

  /// Whether both ends are together, once the arm rests and its replies have come.
  var isAligned: Bool {
    !awaitsFirst && isAnswered.allSatisfy { $0 } && (sent - received) % Self.size == 0
  }

  /// How many settings must pass between `!` and `~`.
  var padding: Int { Self.size + ((received - sent) % Self.size + Self.size) % Self.size }
}
