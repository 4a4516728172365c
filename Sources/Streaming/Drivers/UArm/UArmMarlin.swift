/// How V3 is streamed to (uArm firmware 3.2.0, based on Marlin).
///
/// The firmware cuts `G0` into a hundred segments for each second that the tool would need at F,
/// and then takes F as degrees/s along the three-motor vector. Its planner holds three blocks, so
/// that short segments make the arm crawl. Here F is so great that a frame is one segment, straight
/// in joint space, and `M203`, the greatest speed of each motor, makes it last as long as it shall.
/// Each frame is two lines, and the next line goes when the last was answered; the answer to a move
/// comes when there is room for it, so that the planner is kept full by waiting.
struct UArmMarlin: Sendable {
  /// One frame of the stream.
  struct Frame: Sendable, Hashable {
    var time: Double
    var angles: UArmKinematics.Angles
    var wrist: Double?
    /// The time that it is for [s].
    var seconds: Double
    /// When it was to be sent [s].
    var due: Double
  }

  /// What became known.
  enum Finding: Sendable, Hashable {
    case prepared
    case pose(UArmKinematics.Angles, asked: Double)
    case motor(Int, Double, asked: Double)
    case warning(String)
    case fault(DriverFault)
    case held
  }

  /// What it is doing.
  enum Stage: Sendable, Hashable {
    case preparing
    case streaming
    case ending
    case restoring
    case held
  }

  /// Acceleration of the planner [degrees/s²].
  ///
  /// A block may enter the last one with sqrt(2 · acceleration · length): at 20 frames a second
  /// 120 degrees/s along the vector.
  static let acceleration = 1200.0
  /// What the factory has there.
  static let factoryAcceleration = 200.0
  /// How much a motor's speed may change from block to block [degrees/s].
  static let jump = 30.0
  /// Blocks that the planner holds.
  static let depth = 3
  /// A move shorter than this is not sent [degrees]: the firmware leaves out five steps of 1/320.
  static let leastStep = 0.02
  /// Frames are taken no more often than this [s].
  static let leastTime = 0.0395
  /// Up to this speed of the vector there is time for a question beside the stream [degrees/s].
  static let calmSpeed = 25.0
  /// So many frames may wait; taken together they would cut corners.
  static let mostWaiting = 16
  /// How long the arm may be without a question, however fast it is [s].
  static let longestSilence = 4.0

  let kinematics: UArmKinematics
  /// The greatest speed of each motor: base, left, right [degrees/s].
  let greatest: SIMD3<Double>
  var wire = UArmMarlinWire()
  var stage = Stage.preparing
  var lines: [(UArmMarlinWire.Purpose, String)] = []
  /// What the arm had stored: acceleration and the jumps of its motors, by their place.
  var stored: [Int: Double] = [:]

  // Frames
  var waiting: [Frame] = []
  var left: Frame?
  var lastNumber: Int?
  var tail: UArmKinematics.Angles
  var tailSpeed = 0.0
  var isFlowing = false
  var isResting = true
  /// Blocks since the motion began.
  var flowCount = 0
  var path = UArmPath()

  // Blocks
  var block: (frame: Frame, move: String, seconds: Double)?
  var sent: UArmKinematics.Angles
  var speed = 0.0
  var speedText = ""
  var took = 0.03
  var durations: [Double] = []
  /// When everything that the planner has will be carried out [s].
  var end = -Double.infinity
  /// How far the arm is behind the set-points [s].
  var lag = 0.15
  var wrists: [(due: Double, degrees: Int)] = []
  var lastWrist: Int?

  // Questions
  var nextQuestion = 0.0
  var lastQuestion = 0.0
  var turn = 0
  /// Whether the arm has said that nothing moves, after the end.
  var isStill = false
  var endBegan = 0.0

  init(
    at angles: UArmKinematics.Angles, wrist: Double?, kinematics: UArmKinematics,
    greatest: SIMD3<Double>
  ) {
    self.kinematics = kinematics
    self.greatest = greatest
    (tail, sent) = (angles, angles)
    lastWrist = wrist.map { Int($0.rounded()) }
    prepare()
  }

  /// The settings for the stream; what the arm has stored is asked first, for it is put back.
  mutating func prepare() {
    stage = .preparing
    speedText = ""
    lines = [
      (.count, "M110 N0"), (.question, "M2211N0A1070T4"), (.question, "M2211N0A1090T4"),
      (.question, "M2211N0A1100T4"), (.setting, "M205X\(Int(Self.jump))Z\(Int(Self.jump))"),
      (.setting, "M204T\(Int(Self.acceleration))"),
    ]
  }

  /// Blocks and frames that were not carried out yet, as far as is known.
  func queued(_ now: Double) -> Double {
    Double(waiting.count) + max(0, end - now) / 0.05
  }

  /// Whether the arm answers and is too far behind all the same; where a line is asked about again,
  /// three silent attempts are what ends the stream.
  var isTooFarBehind: Bool { !wire.isRepeating && waiting.count > Self.mostWaiting }

  /// When there is something to do [s].
  func wakeTime(after now: Double) -> Double? {
    guard wire.isFree else { return wire.wakeTime }
    guard lines.isEmpty, block == nil, !isFlowing || waiting.isEmpty else { return now }
    var times = [nextQuestion]
    if let due = wrists.first?.due { times.append(due) }
    if stage == .ending { times.append(end + 0.03) }
    return max(times.min() ?? 0, now + 0.002)
  }

  // MARK: - Frames

  /// Takes a frame.
  mutating func follow(
    _ angles: UArmKinematics.Angles, wrist: Double?, number: Int, interval: Double, at now: Double
  ) {
    if stage == .held { prepare() }
    path.append(angles, at: now)
    let count = lastNumber.map { min(max(number - $0, 1), 20) } ?? 1
    let frame = Frame(
      time: now, angles: angles, wrist: wrist, seconds: min(Double(count) * interval, 1), due: now)
    // The last frame is taken in any case, see `finish`.
    left = frame
    guard frame.seconds >= Self.leastTime || lastNumber == nil else { return }
    lastNumber = number
    left = nil
    add(frame)
  }

  private mutating func add(_ given: Frame) {
    var frame = given
    let way = frame.angles.difference(tail)
    let step = max(abs(way.x), abs(way.y), abs(way.z))
    if step < Self.leastStep {
      guard isFlowing, tailSpeed > 2 else { return rest(frame) }
      // All motors turn at once: the block takes its time all the same.
      frame.angles = tail.nudged(way, by: Self.leastStep * 1.05)
    }
    isResting = false
    tailSpeed = frame.angles.distance(tail) / frame.seconds
    tail = frame.angles
    waiting.append(frame)
    if !isFlowing, waiting.count >= Self.depth { flow(frame.time) }
  }

  /// Nothing moves: what waits goes, and the next motion begins with a lead again.
  private mutating func rest(_ frame: Frame) {
    isResting = true
    tailSpeed = 0
    if !waiting.isEmpty { flow(frame.time) }
    if let wrist = frame.wrist { hold(wrist, until: max(end, frame.time)) }
  }

  mutating func flow(_ now: Double) {
    guard !isFlowing else { return }
    isFlowing = true
    flowCount = 0
    for index in waiting.indices { waiting[index].due = now }
  }

  /// The stream has ended.
  mutating func finish(at now: Double) {
    if let left { add(left) }
    left = nil
    flow(now)
    isResting = true
    stage = .ending
    endBegan = now
    isStill = false
    nextQuestion = now
  }

  mutating func hold(_ wrist: Double, until due: Double) {
    let degrees = Int(min(max(wrist, 0), 180).rounded())
    guard degrees != (wrists.last?.degrees ?? lastWrist) else { return }
    wrists.append((due, degrees))
    if wrists.count > 64 { wrists.removeFirst() }
  }
}

extension UArmKinematics.Angles {
  /// Moved on by so much, by the motor that moves most of a way, in its direction.
  fileprivate func nudged(_ way: SIMD3<Double>, by step: Double) -> Self {
    var result = self
    let sizes = [abs(way.x), abs(way.y), abs(way.z)]
    switch sizes.indices.max(by: { sizes[$0] < sizes[$1] }) {
    case 0: result.base += way.x < 0 ? -step : step
    case 1: result.left += way.y < 0 ? -step : step
    default: result.right += way.z < 0 ? -step : step
    }
    return result
  }
}
