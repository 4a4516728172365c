/// The stream to a V3 (uArm firmware 3.2.0, based on Marlin).
///
/// The firmware cuts `G0` into a hundred segments for each second that the tool would need at F,
/// and then uses F as degrees/s along the three-motor vector. Its planner holds three blocks, so
/// that short segments make the arm crawl. Here F is so large that a frame is one segment, straight
/// in joint space, and `M203`, the greatest speed of each motor, determines its duration. Each
/// frame has two lines, and a line is sent when the one before was answered. The answer to a move
/// comes when the planner has room for it, so that waiting for it keeps the planner full.
struct UArmMarlin: Sendable {
  /// One frame of the stream.
  struct Frame: Sendable, Hashable {
    var time: Double
    var angles: UArmKinematics.Angles
    var wrist: Double?
    /// The duration of the frame [s].
    var seconds: Double
    /// When the frame was due [s].
    var due: Double
  }

  /// A result of a reply or of passing time.
  enum Finding: Sendable, Hashable {
    case prepared
    case pose(UArmKinematics.Angles, asked: Double)
    case motor(Int, Double, asked: Double)
    case warning(String)
    case fault(DriverFault)
    case held
  }

  /// What the stream is doing.
  enum Stage: Sendable, Hashable {
    case preparing
    case streaming
    case ending
    case restoring
    case held
  }

  /// The acceleration of the planner [degrees/s²].
  ///
  /// The last block may be entered with sqrt(2 · acceleration · length), which is 120 degrees/s
  /// along the vector at 20 frames a second.
  static let acceleration = 1200.0
  /// The factory value [degrees/s²].
  static let factoryAcceleration = 200.0
  /// The greatest change of a motor's speed between two blocks [degrees/s].
  static let jump = 30.0
  /// The number of blocks in the planner.
  static let depth = 3
  /// The shortest move that is sent [degrees]; the firmware ignores five steps of 1/320.
  static let leastStep = 0.02
  /// The least time between two frames [s].
  static let leastTime = 0.0395
  /// The speed along the vector up to which there is time for a query between frames [degrees/s].
  static let calmSpeed = 25.0
  /// The largest number of waiting frames; more of them, merged into one move, would cut corners.
  static let mostWaiting = 16
  /// The longest time without a query, at any speed [s].
  static let longestSilence = 4.0

  let kinematics: UArmKinematics
  /// The greatest speed of each motor: base, left, right [degrees/s].
  let greatest: SIMD3<Double>
  var wire = UArmMarlinWire()
  var stage = Stage.preparing
  var lines: [(UArmMarlinWire.Purpose, String)] = []
  /// The values that the arm had stored, acceleration and speed changes, by index.
  var stored: [Int: Double] = [:]

  // Frames
  var waiting: [Frame] = []
  var left: Frame?
  var lastNumber: Int?
  var tail: UArmKinematics.Angles
  var tailSpeed = 0.0
  var isFlowing = false
  var isResting = true
  /// The number of blocks since the motion began.
  var flowCount = 0
  var path = UArmPath()

  // Blocks
  var block: (frame: Frame, move: String, seconds: Double)?
  var sent: UArmKinematics.Angles
  var speed = 0.0
  var speedText = ""
  var took = 0.03
  var durations: [Double] = []
  /// When the planner will be empty [s].
  var end = -Double.infinity
  /// The lag of the arm behind the set-points [s].
  var lag = 0.15
  var wrists: [(due: Double, degrees: Int)] = []
  var lastWrist: Int?

  // Questions
  var nextQuestion = 0.0
  var lastQuestion = 0.0
  var turn = 0
  /// Whether the arm has reported, after the end, that nothing moves.
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

  /// Begins to write the settings for the stream; the stored values are read first, so that they
  /// can be restored.
  mutating func prepare() {
    stage = .preparing
    speedText = ""
    lines = [
      (.count, "M110 N0"), (.question, "M2211N0A1070T4"), (.question, "M2211N0A1090T4"),
      (.question, "M2211N0A1100T4"), (.setting, "M205X\(Int(Self.jump))Z\(Int(Self.jump))"),
      (.setting, "M204T\(Int(Self.acceleration))"),
    ]
  }

  /// The estimated number of blocks and frames that were not carried out yet.
  func queued(_ now: Double) -> Double {
    Double(waiting.count) + max(0, end - now) / 0.05
  }

  /// Whether the arm answers but is too far behind; while a line is repeated, three failed attempts
  /// end the stream instead.
  var isTooFarBehind: Bool { !wire.isRepeating && waiting.count > Self.mostWaiting }

  /// When something is to be done [s].
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
    // The last frame is always taken; see `finish`.
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
