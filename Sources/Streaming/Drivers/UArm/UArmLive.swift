/// How V4 is streamed to: one joint move for each frame, a lead of a few blocks in the planner, feeds
/// regulated by how far the arm is behind, the wrist held back until the arm gets there.
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
  /// The number of the frame that `last` is of.
  private var lastNumber: Int?
  private var interval = 0.05
  private(set) var path = UArmPath()
  /// How far the arm is behind the set-points [s].
  private(set) var lag: Double
  /// What queued blocks will change of the lag when they are carried out [s]: slow motion cannot be
  /// observed well.
  private var changes: [(due: Double, seconds: Double)] = []
  /// The factor on the nominal feed.
  private(set) var gain = 1.0
  private var wrists: [(due: Double, degrees: Double)] = []
  private var lastWrist: Double?
  private var wantedWrist: Double?
  /// Blocks in the planner, where the status line says it.
  var blocks: Int?
  private var isPaused = false
  /// Whether the end of the stream has still to be sent.
  private var isEnding = false
  /// Whether the motion is slow, so that the ring was prepared for its turning.
  private var isTurning = false
  /// Whether the arm was seen at rest since the last move.
  var isAtRest = false

  /// A move shorter than this is not sent: two motor steps [degrees].
  static let leastStep = 0.025
  /// Below this feed the firmware cannot go as slowly as wanted, so there is no stream to keep.
  static let creepFeed = 1.2
  static let greatestLead = 8
  /// So many synchronous commands a turning is expected to take.
  private static let turningMoves = 4
  /// What the end of a stream is given beside the time of its lines [s].
  static let margin = 0.03

  init(lead: Int, at angles: UArmKinematics.Angles, wrist: Double?, interval: Double) {
    self.lead = lead
    last = angles
    lastWrist = wrist
    self.interval = interval
    lag = Double(lead) * interval
  }

  /// How far the arm shall be behind [s].
  var wantedLag: Double { Double(lead) * interval }
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
    // A planner that fills up stalls the parser: nothing more goes to it, later frames take over.
    guard !isPaused, queued < 12 else { return }
    let step = frame.angles.distance(last)
    if isFlowing {
      let feed = feed(step, frame)
      prepareTurn(feed, &link)
      guard feed >= Self.creepFeed || outlasts(frame, step, link) else {
        rest(&link)
        return gather(frame, step, &link)
      }
      return send(frame, &link)
    }
    gather(frame, step, &link)
  }

  private mutating func gather(_ frame: Frame, _ step: Double, _ link: inout UArmLink) {
    guard !waiting.isEmpty || step >= Self.leastStep else {
      lastNumber = frame.number
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
    flowStart = link.ring.sent + link.waitingSynchronous + 1
    flowTime = end.time
    lag = wantedLag
    changes = []
    for frame in frames.dropLast()
    where feed(frame.angles.distance(last), frame) >= Self.creepFeed {
      send(frame, &link)
    }
    send(end, &link)
  }

  /// The time that a frame's step is for [s]: frames that had no step of their own count in.
  private func time(of frame: Frame) -> Double {
    var frames = 1
    if let lastNumber, 1...20 ~= frame.number - lastNumber { frames = frame.number - lastNumber }
    return Double(frames) * frame.interval
  }

  /// The nominal feed: 0.75 · the three-motor vector / time (uArm firmware 4.10: F 60 is 80°/s).
  private func feed(_ step: Double, _ frame: Frame) -> Double { 0.75 * step / time(of: frame) }

  /// How long the planner takes for a step at least [s].
  private func shortest(_ step: Double) -> Double { 0.75 * step / UArmCommand.leastFeed }

  /// Before the arm creeps, the reply ring is brought to where the next few moves end a lap, so that
  /// little padding would be left if the stream had to end while it does.
  private mutating func prepareTurn(_ feed: Double, _ link: inout UArmLink) {
    guard feed < 2 * Self.creepFeed else {
      isTurning = false
      return
    }
    guard !isTurning else { return }
    isTurning = true
    let count = link.ring.burst + link.waitingSynchronous
    let lap = UArmReplyRing.size - Self.turningMoves
    guard link.ring.isAligned, count > lap else { return }
    for _ in 0..<((lap - count % UArmReplyRing.size + UArmReplyRing.size) % UArmReplyRing.size) {
      _ = link.queue(.reportMotionEnd(false))
    }
  }

  /// Whether the planner goes on for longer than it takes to end the stream in good order.
  ///
  /// Where all motors turn at once, frames are slower than the least feed, and each shortens the
  /// lead. That is no rest as long as the lead lasts.
  private func outlasts(_ frame: Frame, _ step: Double, _ link: UArmLink) -> Bool {
    let way = step >= Self.leastStep ? shortest(step) : 0
    let left = lag + changes.reduce(0) { $0 + $1.seconds } - max(0, time(of: frame) - way)
    // One move, or a move and a turn of the wrist, will be in the ring by then.
    let padding = max(link.paddingTime(after: 1), link.paddingTime(after: 2))
    return left > frame.interval + padding + Self.margin
  }

  private mutating func send(_ frame: Frame, _ link: inout UArmLink) {
    let step = frame.angles.distance(last)
    guard step >= Self.leastStep else { return }
    let rate = min(
      max(gain * feed(step, frame), UArmCommand.leastFeed), UArmCommand.greatestFeed)
    guard link.queue(.moveJoints(frame.angles, feed: rate)) != nil else { return }
    if isFlowing {
      changes.append((frame.time, 0.75 * step / rate - time(of: frame)))
      if changes.count > 64 { changes.removeFirst() }
    }
    isAtRest = false
    last = frame.angles
    lastNumber = frame.number
  }

  /// Ends the unbroken stream: the reply ring is brought to a multiple of its size while the arm
  /// still moves.
  private mutating func rest(_ link: inout UArmLink) {
    isFlowing = false
    pad(&link)
  }

  private func pad(_ link: inout UArmLink) {
    // What waits in the link is not counted as sent yet, but will go before the padding.
    for _ in 0..<link.ring.padding(after: link.waitingSynchronous) {
      _ = link.queue(.reportMotionEnd(false))
    }
    link.ring.padded(after: link.waitingSynchronous)
  }

  /// The stream ends: what waits is sent, and the ring is padded.
  mutating func finish(_ link: inout UArmLink) {
    isEnding = true
    end(&link)
  }

  /// Sends the end once it may go: a padded stream that has not come to rest yet would need as much
  /// padding again.
  mutating func end(_ link: inout UArmLink) {
    let ring = link.ring
    guard isEnding,
      isFlowing || isAtRest || !ring.isAligned
        || ring.burst + link.waitingSynchronous < UArmReplyRing.size
    else { return }
    isEnding = false
    let frames = waiting
    waiting.removeAll()
    for frame in frames { send(frame, &link) }
    // The last few hundredths of a degree as well.
    if let end = path.last, end.distance(last) > 0.012 {
      if link.queue(.moveJoints(end, feed: 5)) != nil { last = end }
    }
    rest(&link)
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
    // A command more would undo the padding of a stream that has not come to rest yet; the arm says
    // when it has.
    guard isFlowing || link.ring.burst + link.waitingSynchronous < UArmReplyRing.size else {
      return
    }
    var wanted: Double?
    while let first = wrists.first, first.due <= now {
      wanted = first.degrees
      wrists.removeFirst()
    }
    guard let wanted, !isPaused else { return }
    // Small changes wait for more, unless the wrist stands where it was wanted before.
    let stands = wrists.isEmpty || abs(wanted - (wantedWrist ?? .infinity)) < 0.02
    wantedWrist = wanted
    guard abs(wanted - (lastWrist ?? .infinity)) >= (stands ? 0.02 : 0.3) else { return }
    if link.queue(.wrist(wanted)) != nil { lastWrist = wanted }
  }

  /// Whether the end of the stream and every wrist command have gone.
  var isDone: Bool { wrists.isEmpty && !isEnding }

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

  private mutating func regulate() { gain = min(max(1 + 2 * (lag - wantedLag), 0.9), 1.2) }

  /// Takes where the arm is and sets the feeds so that it is as far behind as wanted.
  mutating func observe(_ angles: UArmKinematics.Angles, at time: Double) {
    guard isFlowing, let error = path.lagError(of: angles, at: time, lag: lag) else { return }
    lag = min(max(lag + error, 0), 2)
    regulate()
  }

  /// Stops and resumes sending.
  mutating func pause(_ paused: Bool) { isPaused = paused }

  /// Whether a synchronous reply, or an idle arm, means that the planner ran dry in mid-stream.
  func isDry(reply place: Int) -> Bool { isFlowing && place >= flowStart }

  /// Whether an idle arm is against expectation.
  func isDryIfIdle(at now: Double) -> Bool { isFlowing && now > flowTime + 0.4 }

  /// The planner ran dry: a greater lead, built up anew.
  mutating func ranDry() {
    isFlowing = false
    lead = min(lead + 1, Self.greatestLead)
  }
}
