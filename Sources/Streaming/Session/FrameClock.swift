/// When frames are due: at start + frame · interval, never "the last one and a bit".
///
/// A set-point is for the instant at which it is handed out, so that its way from the last one is
/// that of the time which has truly passed between the two: a host that gets the processor late
/// neither catches up in a jump nor sends what is overdue.
struct FrameClock: Sendable {
  /// A frame that is to be sent now.
  struct Tick: Sendable {
    /// Its number.
    var frame: Int
    /// When it was due [s].
    var due: Double
    /// The instant that its set-point is for: when it was due, or now where that is long ago [s].
    var time: Double
    /// From the instant of the last set-point to this one's [s].
    var elapsed: Double
    /// How many before it were due and are not sent any more.
    var skipped: Int
    /// How long ago the first that was to be sent was due [s].
    var lateness: Double
  }

  /// A frame that is no later than this share of an interval counts as in time.
  private static let inTime = 0.1
  /// Set-points follow each other at this share of an interval or more; an overdue frame that would
  /// come sooner is dropped.
  private static let leastGap = 0.5

  /// When frame 0 is due [s].
  let start: Double
  /// From frame to frame [s].
  let interval: Double
  private var next = 0
  /// The instant of the last set-point [s].
  private var last: Double
  /// Frames that were due since and dropped.
  private var dropped = 0

  init(start: Double, interval: Double) {
    self.start = start
    self.interval = interval
    last = start - interval
  }

  /// When the next frame is due [s].
  var nextDue: Double { start + Double(next) * interval }

  /// The frame that is due, the newest of them; nil while none is, or where it is too close to the
  /// last one.
  mutating func tick(_ now: Double) -> Tick? {
    guard now >= nextDue else { return nil }
    let lateness = now - nextDue
    // Beyond this nothing is counted; the path begins again from rest long before.
    var newest = next + Int(min((lateness / interval).rounded(.down), 1e9))
    // Rounding must not name a frame that is not due yet, or one that was overtaken.
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
