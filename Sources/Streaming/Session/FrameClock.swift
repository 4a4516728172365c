/// When frames are due: at start + frame · interval, never "the last one and a bit".
struct FrameClock: Sendable {
  /// A frame that is to be sent now.
  struct Tick: Sendable {
    /// Its number.
    var frame: Int
    /// When it was due [s].
    var due: Double
    /// How many before it were due and are not sent any more.
    var skipped: Int
    /// How long ago the first that was to be sent was due [s].
    var lateness: Double
  }

  /// When frame 0 is due [s].
  let start: Double
  /// From frame to frame [s].
  let interval: Double
  private var next = 0

  init(start: Double, interval: Double) {
    self.start = start
    self.interval = interval
  }

  /// When the next frame is due [s].
  var nextDue: Double { start + Double(next) * interval }

  /// The frame that is due, the newest of them; nil while none is.
  mutating func tick(_ now: Double) -> Tick? {
    guard now >= nextDue else { return nil }
    let lateness = now - nextDue
    // Beyond this nothing is counted; the path begins again from rest long before.
    var newest = next + Int(min((lateness / interval).rounded(.down), 1e9))
    // Rounding must not name a frame that is not due yet, or one that was overtaken.
    while newest > next, start + Double(newest) * interval > now { newest -= 1 }
    let tick = Tick(
      frame: newest, due: start + Double(newest) * interval, skipped: newest - next,
      lateness: lateness)
    next = newest + 1
    return tick
  }
}
