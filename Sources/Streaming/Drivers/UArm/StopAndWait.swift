/// Stop-and-wait streaming to firmwares that answer each command: few commands are unanswered, the
/// newest frame is sent next, and late frames are skipped.
struct StopAndWait: Sendable {
  /// The command for a frame.
  enum Style: Sendable, Hashable {
    /// V4: `G2206`, feed along the three-motor vector.
    case joints
    /// V3 and Swift: `G0`, feed in mm/min along the straight line.
    case pointPerMinute
    /// Metal: `G0`, feed in mm/s, 100 to 1000; below 100 it would be the raw duty of the servos.
    case pointPerSecond
  }

  var style: Style
  /// The number of commands that may be unanswered.
  var window: Int
  private var next: UArmLive.Frame?
  private var ready: [UArmCommand] = []
  private var open: [Int] = []
  private var last: UArmKinematics.Angles
  private var lastWrist: Double?
  private var lastTime: Double?
  private(set) var path = UArmPath()
  /// The number of successive frames that were skipped because the arm was busy.
  private(set) var skippedCount = 0

  init(_ style: Style, window: Int, at angles: UArmKinematics.Angles, wrist: Double?) {
    self.style = style
    self.window = window
    last = angles
    lastWrist = wrist
  }

  /// The number of unanswered commands.
  var openCount: Int { open.count }
  /// Whether everything was sent and answered.
  var isDone: Bool { open.isEmpty && ready.isEmpty && next == nil }

  /// Takes a frame, which replaces one that was not sent yet.
  mutating func follow(
    _ frame: UArmLive.Frame, _ link: inout UArmLink, _ kinematics: UArmKinematics
  ) {
    if next != nil { skippedCount += 1 }
    next = frame
    pump(&link, kinematics)
  }

  /// Handles a reply.
  mutating func answered(_ id: Int, _ link: inout UArmLink, _ kinematics: UArmKinematics) {
    open.removeAll { $0 == id }
    pump(&link, kinematics)
  }

  private mutating func pump(_ link: inout UArmLink, _ kinematics: UArmKinematics) {
    while open.count < window {
      if ready.isEmpty { prepare(kinematics) }
      guard !ready.isEmpty else { return }
      let command = ready.removeFirst()
      guard let id = link.queue(command) else { return }
      open.append(id)
    }
  }

  private mutating func prepare(_ kinematics: UArmKinematics) {
    guard let frame = next else { return }
    next = nil
    skippedCount = 0
    let elapsed = min(max(frame.time - (lastTime ?? frame.time), frame.interval), 1)
    lastTime = frame.time
    path.append(frame.angles, at: frame.time)
    if frame.angles.distance(last) >= UArmLive.leastStep {
      ready.append(move(to: frame.angles, in: elapsed, kinematics))
      last = frame.angles
    }
    if let wrist = frame.wrist, abs(wrist - (lastWrist ?? .infinity)) >= 0.5 {
      ready.append(.wrist(wrist))
      lastWrist = wrist
    }
  }

  private func move(
    to angles: UArmKinematics.Angles, in seconds: Double, _ kinematics: UArmKinematics
  ) -> UArmCommand {
    let point = kinematics.point(angles)
    let speed = point.distance(to: kinematics.point(last)) / seconds
    switch style {
    case .joints:
      let feed = 0.75 * angles.distance(last) / seconds
      return .moveJoints(
        angles, feed: min(max(feed, UArmCommand.leastFeed), UArmCommand.greatestFeed))
    case .pointPerMinute: return .moveTo(point, feed: min(max(speed * 60, 60), 30_000))
    case .pointPerSecond:
      return .moveTo(kinematics.cuttable(point), feed: min(max(speed, 100), 1000))
    }
  }
}
