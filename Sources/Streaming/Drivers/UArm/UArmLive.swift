/// How V4 is streamed to: one joint move for each frame, a lead of a few blocks in the planner, feeds
/// that take the time which the trajectory has, the wrist held back until the arm gets there.
///
/// Replies to moves come only when the arm is idle and are not waited for (uArm firmware 4.10).
struct UArmLive: Sendable {
  /// One frame of the stream.
  struct Frame: Sendable, Hashable {
    var time: Double
    var number: Int
    var angles: UArmKinematics.Angles
    var wrist: Double?
    var interval: Double
  }

  /// Frames that the planner is kept ahead.
  ///
  /// grbl plans a stop at the end of its look-ahead.
  var lead: Int
  /// Frames that wait until there are enough for a lead.
  private var waiting: [Frame] = []
  /// Whether frames go straight to the planner.
  private(set) var isFlowing = false
  private var flowStart = 0
  private var flowTime = 0.0
  private var last: UArmKinematics.Angles
  /// When the frame that `last` is of was handed over [s].
  private var lastTime: Double?
  private var interval = 0.05
  private(set) var path = UArmPath()
  /// How far the arm is behind the set-points [s].
  private(set) var lag: Double
  /// What queued blocks will change of the lag when they are carried out [s]: slow motion cannot be
  /// observed well.
  private var changes: [(due: Double, seconds: Double)] = []
  private var feeds: UArmFeed
  private var wrists: [(due: Double, degrees: Double)] = []
  private var lastWrist: Double?
  private var wantedWrist: Double?
  /// Blocks in the planner, where the status line says it.
  var blocks: Int?
  /// Whether the arm was seen at rest since the last move.
  var isAtRest = false

  /// A move shorter than this is not sent: two motor steps [degrees].
  static let leastStep = 0.025
  /// Below this feed the firmware cannot go as slowly as wanted, so there is no stream to keep.
  static let creepFeed = 1.2
  static let greatestLead = 8
  /// How long before the lead has gone the stream counts as ended [s].
  private static let margin = 0.05

  init(
    lead: Int, at angles: UArmKinematics.Angles, wrist: Double?, interval: Double,
    feeds: UArmFeed
  ) {
    self.lead = lead
    self.feeds = feeds
    last = angles
    lastWrist = wrist
    self.interval = interval
    lag = Self.lag(lead: lead, interval: interval)
  }

  /// How far the arm shall be behind [s]: the frames that are gathered, and the first move's parsing.
  var wantedLag: Double { Self.lag(lead: lead, interval: interval) }
  static func lag(lead: Int, interval: Double) -> Double { Double(lead + 1) * interval + 0.015 }
  /// Blocks that the planner has, as far as is known.
  var queued: Double { blocks.map(Double.init) ?? (isFlowing ? lag / max(interval, 0.001) : 0) }
  /// When a wrist command is due.
  func wakeTime(after now: Double) -> Double? { wrists.first.map { max($0.due, now + 0.005) } }
  /// The instants between which the arm is expected on its path.
  func expected(at now: Double) -> (Double, Double) { (now - lag - 0.15, now - lag + 0.15) }

  // MARK: - Frames

  /// Takes a frame and queues what is to be sent for it.
  mutating func follow(_ frame: Frame, _ link: inout UArmLink) {
    interval = frame.interval
    settleChanges(frame.time)
    path.append(frame.angles, at: frame.time)
    hold(wrist: frame)
    // A planner that fills up stalls the parser: nothing more goes to it, later frames take over. So
    // they do where the move before has not gone yet: what was missed is never sent in a burst.
    guard queued < 12, !isFlowing || link.waitingMoves < lead else { return }
    let step = frame.angles.distance(last)
    if isFlowing {
      let feed = feed(step, frame)
      if feed >= Self.creepFeed { return send(frame, &link) }
      // Slower than the firmware can go: the next frame takes its way over, while the lead lasts.
      guard !outlasts(frame) else { return }
      rest()
      return gather(frame, step, &link)
    }
    gather(frame, step, &link)
  }

  private mutating func gather(_ frame: Frame, _ step: Double, _ link: inout UArmLink) {
    guard !waiting.isEmpty || step >= Self.leastStep else {
      lastTime = frame.time
      return
    }
    waiting.append(frame)
    if waiting.count > lead { flow(&link) }
  }

  /// Sends what was gathered.
  ///
  /// Frames that creep are merged into one block, which can be carried out as slowly as it should;
  /// while the end still creeps there is no stream to keep up.
  private mutating func flow(_ link: inout UArmLink) {
    let frames = waiting
    waiting.removeAll()
    guard let end = frames.last, let before = frames.dropLast().last else { return }
    isFlowing = 0.75 * end.angles.distance(before.angles) / end.interval >= Self.creepFeed
    flowStart = link.ring.sent + 1
    flowTime = end.time
    lag = wantedLag
    changes = []
    // What crept before has no time of its own any more: the last frame is to be reached in a lag.
    if let first = frames.first {
      lastTime = max(lastTime ?? -.infinity, first.time - first.interval)
    }
    for frame in frames.dropLast()
    where feed(frame.angles.distance(last), frame) >= Self.creepFeed {
      send(frame, &link)
    }
    send(end, &link)
  }

  /// The time that a frame's step is for [s]: a set-point is for the instant at which it is handed
  /// over, and frames that had no step of their own count in.
  private func time(of frame: Frame) -> Double {
    guard let lastTime else { return frame.interval }
    return min(max(frame.time - lastTime, 0.2 * frame.interval), 20 * frame.interval)
  }

  /// The nominal feed: 0.75 · the three-motor vector / time (uArm firmware 4.10: F 60 is 80°/s).
  private func feed(_ step: Double, _ frame: Frame) -> Double { 0.75 * step / time(of: frame) }

  /// Whether the planner still has blocks when the next frame comes, without one for this frame.
  private func outlasts(_ frame: Frame) -> Bool {
    let left = lag + changes.reduce(0) { $0 + $1.seconds } - time(of: frame)
    return left > frame.interval + Self.margin
  }

  private mutating func send(_ frame: Frame, _ link: inout UArmLink) {
    guard frame.angles.distance(last) >= Self.leastStep else { return }
    let (rate, excess) = feeds.next(frame.angles.difference(last), in: time(of: frame))
    guard link.queue(.moveJoints(frame.angles, feed: rate)) != nil else { return }
    if isFlowing {
      changes.append((frame.time, excess))
      if changes.count > 64 { changes.removeFirst() }
    } else {
      feeds.rest()
    }
    isAtRest = false
    last = frame.angles
    lastTime = frame.time
  }

  /// Ends the unbroken stream: the next frames are gathered for a lead.
  private mutating func rest() {
    isFlowing = false
    feeds.rest()
  }

  /// The stream ends: what waits is sent.
  mutating func finish(_ link: inout UArmLink) {
    let frames = waiting
    waiting.removeAll()
    for frame in frames { send(frame, &link) }
    // The last few hundredths of a degree as well.
    if let end = path.last, end.distance(last) > 0.012 {
      if link.queue(.moveJoints(end, feed: 5)) != nil { last = end }
    }
    rest()
    isAtRest = false
  }

  // MARK: - Wrist

  /// The servo acts when its line is parsed, ahead of all moves in the planner, so its line waits
  /// until the arm gets there; half a frame early, as it jumps and then stands.
  private mutating func hold(wrist frame: Frame) {
    guard let degrees = frame.wrist else { return }
    wrists.append((frame.time + wantedLag - frame.interval / 2, degrees))
    if wrists.count > 64 { wrists.removeFirst() }
  }

  /// Queues the wrist commands that are due.
  mutating func turnWrist(_ now: Double, _ link: inout UArmLink) {
    var wanted: Double?
    while let first = wrists.first, first.due <= now {
      wanted = first.degrees
      wrists.removeFirst()
    }
    guard let wanted else { return }
    // Small changes wait for more, unless the wrist stands where it was wanted before.
    let stands = wrists.isEmpty || abs(wanted - (wantedWrist ?? .infinity)) < 0.02
    wantedWrist = wanted
    guard abs(wanted - (lastWrist ?? .infinity)) >= (stands ? 0.02 : 0.3) else { return }
    if link.queue(.wrist(wanted)) != nil { lastWrist = wanted }
  }

  /// Whether every wrist command has gone.
  var isDone: Bool { wrists.isEmpty }

  // MARK: - Gauges

  /// Counts what was carried out by now.
  private mutating func settleChanges(_ now: Double) {
    guard let first = changes.first, first.due <= now - lag else { return }
    while let first = changes.first, first.due <= now - lag {
      lag = max(0, lag + first.seconds)
      changes.removeFirst()
    }
    regulate()
  }

  private mutating func regulate() {
    feeds.correct(for: lag + changes.reduce(0) { $0 + $1.seconds } - wantedLag)
  }

  /// Takes where the arm is and lets the feeds bring it to where it is as far behind as wanted.
  mutating func observe(_ angles: UArmKinematics.Angles, at time: Double) {
    guard isFlowing, let error = path.lagError(of: angles, at: time, lag: lag) else { return }
    lag = min(max(lag + error, 0), 2)
    regulate()
  }

  /// Whether a synchronous reply came in mid-stream.
  func isFlowing(reply place: Int) -> Bool { isFlowing && place >= flowStart }

  /// Whether an arm that says that it is idle has run out of blocks; one that has not got to the last
  /// of them only ran out of prepared motion and goes on by itself.
  func isDry(idleAt pose: UArmKinematics.Angles?, at now: Double) -> Bool {
    guard isFlowing, now > flowTime + 0.4 else { return false }
    return pose.map { $0.distance(last) < 0.3 } ?? true
  }

  /// The planner ran dry: a greater lead, built up anew.
  mutating func ranDry() {
    isFlowing = false
    feeds.rest()
    lead = min(lead + 1, Self.greatestLead)
  }
}
