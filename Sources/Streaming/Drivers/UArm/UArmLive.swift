/// The smooth stream to a V4: one joint move for each frame, a few blocks ahead in the planner,
/// feeds that match the trajectory's times, and the wrist delayed until the arm arrives.
///
/// Replies to moves come only when the arm is idle and are not awaited (uArm firmware 4.10).
struct UArmLive: Sendable {
  /// One frame of the stream.
  struct Frame: Sendable, Hashable {
    var time: Double
    var number: Int
    var angles: UArmKinematics.Angles
    var wrist: Double?
    var interval: Double
  }

  /// The number of frames ahead in the planner.
  ///
  /// grbl plans a stop at the end of its look-ahead.
  var lead: Int
  /// The frames that wait until there are enough for the lead.
  private var waiting: [Frame] = []
  /// Whether frames are sent to the planner at once.
  private(set) var isFlowing = false
  private var flowStart = 0
  private var flowTime = 0.0
  private var last: UArmKinematics.Angles
  /// When the frame of `last` was handed over [s].
  private var lastTime: Double?
  private var interval = 0.05
  private(set) var path = UArmPath()
  /// The lag of the arm behind the set-points [s].
  private(set) var lag: Double
  /// The changes of the lag by queued blocks once they are carried out [s], since the lag of a slow
  /// motion is hard to observe.
  private var changes: [(due: Double, seconds: Double)] = []
  private var feeds: UArmFeed
  private var wrists: [(due: Double, degrees: Double)] = []
  private var lastWrist: Double?
  private var wantedWrist: Double?
  /// The number of blocks in the planner; nil if the status line does not include it.
  var blocks: Int?
  /// Whether the arm was at rest since the last move.
  var isAtRest = false

  /// A move shorter than this is not sent: two motor steps [degrees].
  static let leastStep = 0.025
  /// The least feed that the firmware can follow; below it the stream pauses.
  static let creepFeed = 1.2
  static let greatestLead = 8
  /// How long before the planner is empty the stream counts as ended [s].
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

  /// The wanted lag [s]: the gathered frames and the parsing of the first move.
  var wantedLag: Double { Self.lag(lead: lead, interval: interval) }
  static func lag(lead: Int, interval: Double) -> Double { Double(lead + 1) * interval + 0.015 }
  /// The number of blocks in the planner, as reported or estimated.
  var queued: Double { blocks.map(Double.init) ?? (isFlowing ? lag / max(interval, 0.001) : 0) }
  /// When a wrist command is due.
  func wakeTime(after now: Double) -> Double? { wrists.first.map { max($0.due, now + 0.005) } }
  /// The range of path times at which the arm is expected.
  func expected(at now: Double) -> (Double, Double) { (now - lag - 0.15, now - lag + 0.15) }

  // MARK: - Frames

  /// Takes a frame and queues the lines for it.
  mutating func follow(_ frame: Frame, _ link: inout UArmLink) {
    interval = frame.interval
    settleChanges(frame.time)
    path.append(frame.angles, at: frame.time)
    hold(wrist: frame)
    // A full planner stalls the parser, so that frames are skipped before it is full. They are also
    // skipped while too many moves wait, so that moves are never sent in a burst.
    guard queued < 12, !isFlowing || link.waitingMoves < lead else { return }
    let step = frame.angles.distance(last)
    if isFlowing {
      let feed = feed(step, frame)
      if feed >= Self.creepFeed { return send(frame, &link) }
      // The frame is slower than the firmware can go: its step is left to the next frame while the
      // planner has blocks.
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

  /// Sends the gathered frames.
  ///
  /// Frames that are too slow are merged into one block, which the firmware can carry out slowly
  /// enough; if the last frame is too slow, the stream does not flow yet.
  private mutating func flow(_ link: inout UArmLink) {
    let frames = waiting
    waiting.removeAll()
    guard let end = frames.last, let before = frames.dropLast().last else { return }
    isFlowing = 0.75 * end.angles.distance(before.angles) / end.interval >= Self.creepFeed
    flowStart = link.ring.sent + 1
    flowTime = end.time
    lag = wantedLag
    changes = []
    // Earlier slow frames do not count: the last frame is to be reached within the lag.
    if let first = frames.first {
      lastTime = max(lastTime ?? -.infinity, first.time - first.interval)
    }
    for frame in frames.dropLast()
    where feed(frame.angles.distance(last), frame) >= Self.creepFeed {
      send(frame, &link)
    }
    send(end, &link)
  }

  /// The duration of a frame's step [s]: from the frame of the last step until this one.
  private func time(of frame: Frame) -> Double {
    guard let lastTime else { return frame.interval }
    return min(max(frame.time - lastTime, 0.2 * frame.interval), 20 * frame.interval)
  }

  /// The nominal feed: 0.75 · the three-motor vector / time (uArm firmware 4.10: F 60 is 80°/s).
  private func feed(_ step: Double, _ frame: Frame) -> Double { 0.75 * step / time(of: frame) }

  /// Whether the planner still has blocks at the next frame if this one is not sent.
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

  /// Ends the continuous stream; the next frames are gathered again.
  private mutating func rest() {
    isFlowing = false
    feeds.rest()
  }

  /// Sends the waiting frames at the end of the stream.
  mutating func finish(_ link: inout UArmLink) {
    let frames = waiting
    waiting.removeAll()
    for frame in frames { send(frame, &link) }
    // The remaining few hundredths of a degree.
    if let end = path.last, end.distance(last) > 0.012 {
      if link.queue(.moveJoints(end, feed: 5)) != nil { last = end }
    }
    rest()
    isAtRest = false
  }

  // MARK: - Wrist

  /// Delays the wrist's command until the arm arrives, because the servo acts when the line is
  /// parsed, before the moves in the planner; half a frame early, since the servo jumps and then
  /// stands.
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
    // Small changes are collected unless the wrist has come to rest.
    let stands = wrists.isEmpty || abs(wanted - (wantedWrist ?? .infinity)) < 0.02
    wantedWrist = wanted
    guard abs(wanted - (lastWrist ?? .infinity)) >= (stands ? 0.02 : 0.3) else { return }
    if link.queue(.wrist(wanted)) != nil { lastWrist = wanted }
  }

  /// Whether every wrist command was sent.
  var isDone: Bool { wrists.isEmpty }

  // MARK: - Gauges

  /// Applies the changes of the lag that are due.
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

  /// Takes the pose of the arm and corrects the feeds so that the lag becomes the wanted one.
  mutating func observe(_ angles: UArmKinematics.Angles, at time: Double) {
    guard isFlowing, let error = path.lagError(of: angles, at: time, lag: lag) else { return }
    lag = min(max(lag + error, 0), 2)
    regulate()
  }

  /// Whether a synchronous reply belongs to the flowing stream.
  func isFlowing(reply place: Int) -> Bool { isFlowing && place >= flowStart }

  /// Whether an idle arm has run out of blocks; one that has not reached the last block has only
  /// run out of prepared segments and continues by itself.
  func isDry(idleAt pose: UArmKinematics.Angles?, at now: Double) -> Bool {
    guard isFlowing, now > flowTime + 0.4 else { return false }
    return pose.map { $0.distance(last) < 0.3 } ?? true
  }

  /// Increases the lead after the planner ran dry; it is built up again.
  mutating func ranDry() {
    isFlowing = false
    feeds.rest()
    lead = min(lead + 1, Self.greatestLead)
  }
}
