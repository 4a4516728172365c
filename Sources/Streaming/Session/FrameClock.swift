/// Determines when frames are due: at start + frame · interval, so that delays do not accumulate.
///
/// A set-point is computed for the time at which it is sent, so that its step from the last one
/// matches the elapsed time. A host that runs late neither catches up in a jump nor sends overdue
/// frames.
struct FrameClock: Sendable {
  /// A frame that is to be sent now.
  struct Tick: Sendable {
    /// The number of the frame.
    var frame: Int
    /// When the frame was due [s].
    var due: Double
    /// The time of its set-point [s]: when the frame was due, or now if that is long ago.
    var time: Double
    /// The time between the last set-point and this one [s].
    var elapsed: Double
    /// The number of frames that were due before and are not sent.
    var skipped: Int
    /// How long ago the first unsent frame was due [s].
    var lateness: Double
  }

  /// A frame that is late by at most this share of an interval counts as punctual.
  private static let inTime = 0.1
  /// The least time between two set-points, as a share of an interval; an overdue frame that would
  /// come sooner is dropped.
  private static let leastGap = 0.5

  /// When frame 0 is due [s].
  let start: Double
  /// The time between two frames [s].
  let interval: Double
  private var next = 0
  /// The time of the last set-point [s].
  private var last: Double
  /// The number of frames dropped since.
  private var dropped = 0

  init(start: Double, interval: Double) {
    self.start = start
    self.interval = interval
    last = start - interval
  }

  /// When the next frame is due [s].
  var nextDue: Double { start + Double(next) * interval }

  /// Returns the newest frame that is due; nil if none is, or if it is too close to the last one.
  mutating func tick(_ now: Double) -> Tick? {
    guard now >= nextDue else { return nil }
    let lateness = now - nextDue
    // The bound prevents overflow; the path continues from rest long before.
    var newest = next + Int(min((lateness / interval).rounded(.down), 1e9))
    // Rounding must not yield a frame that is not due yet, or an overtaken one.
    while newest > next, start + Double(newest) * interval > now { newest -= 1 }
    let due = start + Double(newest) * interval
    let time = now - due <= Self.inTime * interval ? due : now
    let skipped = dropped + newest - next
    next = newest + 1
    guard time - last >= Self.leastGap * interval else {
      dropped = skipped + 1
      return nil
    }
    defer { (last, dropped) = (time, 0) }
    return Tick(
      frame: newest, due: due, time: time, elapsed: time - last, skipped: skipped,
      lateness: lateness)
  }
}
