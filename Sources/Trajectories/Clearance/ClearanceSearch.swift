import Geometry
import Kinematics

/// The search for the least distances: halves of halves of a trajectory's time.
struct ClearanceSearch {
  /// What is known of a task.
  struct Found {
    /// The least distance at an instant [m], and the instant [periods].
    var (least, time) = (Double.infinity, 0.0)
    /// At no instant is the distance less [m].
    var bound = Double.infinity
    /// The first instant of which nothing is certain [periods].
    var unproven: Double?
  }

  let robot: Robot
  let bodies: [MovingBody]
  let tasks: [ClearanceTask]
  let joints: JointSpans
  let base: BaseSpans?
  let period: Double
  /// The effort after which no span is halved any more.
  let greatestEffort: Int
  private(set) var found: [Found] = []
  private(set) var instants = 0
  /// Distances and poses that were looked at.
  private var effort = 0

  /// How much less than the least distance found a bound may be [m], and as a share of it.
  private static let precision = (absolute: 5e-4, share: 0.05)
  /// Motion below which a span is not halved any more [m].
  private static let finest = 1e-5
  /// The rounding of poses and distances, with room to spare [m].
  private static let rounding = 1e-8
  /// The effort for looking at samples.
  private static let effortForSamples = 20_000_000

  init(
    robot: Robot, bodies: [MovingBody], tasks: [ClearanceTask], joints: JointSpans,
    base: BaseSpans?, period: Double, greatestEffort: Int
  ) {
    (self.robot, self.bodies, self.tasks) = (robot, bodies, tasks)
    (self.joints, self.base, self.period) = (joints, base, period)
    self.greatestEffort = greatestEffort
  }

  mutating func run() {
    found = [Found](repeating: Found(), count: tasks.count)
    guard !tasks.isEmpty else { return }
    let pieces = joints.pieces
    // The samples first: whoever knows a short distance need not look at long ones closely.
    let stride = 1 + pieces * tasks.count / Self.effortForSamples
    for sample in Swift.stride(from: 0, through: pieces, by: stride) { look(Double(sample)) }
    visit(TimeSpan(from: 0, to: Double(pieces)), Array(tasks.indices))
  }

  /// Looks for short distances at one instant.
  private mutating func look(_ time: Double) {
    var instant = Instant(self, TimeSpan(from: time, to: time))
    for index in tasks.indices {
      let far = instant.roughDistance(tasks[index])
      guard !(far >= min(found[index].least, Clearance.attention)) else { continue }
      take(instant.distance(tasks[index]), index, time)
    }
  }

  private mutating func take(_ distance: Double, _ index: Int, _ time: Double) {
    guard !(distance >= found[index].least) else { return }
    (found[index].least, found[index].time) = (distance, time)
  }

  /// Bounds the distances of some tasks in a span.
  private mutating func visit(_ span: TimeSpan, _ active: [Int]) {
    var instant = Instant(self, span)
    instants += 1
    effort += active.count + robot.links.count
    let isLast = effort >= greatestEffort
    var rest: [Int] = []
    for index in active {
      let drift = instant.drift(tasks[index]) + Self.rounding
      let rough = instant.roughDistance(tasks[index]) - drift
      guard !(rough >= Clearance.attention) else {
        found[index].bound = min(found[index].bound, rough)
        continue
      }
      let distance = instant.distance(tasks[index])
      take(distance, index, span.middle)
      let bound = distance - drift
      if !isSettled(index, bound), drift > Self.finest, !isLast {
        rest.append(index)
        continue
      }
      // Written so that what is not a number is not certain.
      found[index].bound = bound >= found[index].bound ? found[index].bound : bound
      if !(bound >= tasks[index].allowed), found[index].least >= tasks[index].allowed,
        found[index].unproven == nil
      {
        found[index].unproven = span.middle
      }
    }
    guard !rest.isEmpty else { return }
    for half in span.halves { visit(half, rest) }
  }

  /// How much less than the least distance found a bound may be [m].
  static func tolerance(_ least: Double) -> Double {
    max(precision.absolute, precision.share * abs(least))
  }

  /// Whether a span needs no closer look: its bound says what shall be known of the task.
  private func isSettled(_ index: Int, _ bound: Double) -> Bool {
    let (least, allowed) = (found[index].least, tasks[index].allowed)
    let wanted = least - Self.tolerance(least)
    guard bound >= min(Clearance.attention, wanted) else { return false }
    return bound >= allowed || least < allowed
  }
}

/// A robot at the middle of a span.
private struct Instant {
  private struct Placed {
    var capsules: [Capsule]
    var center: Vector3
    var drifts: [Double]
  }

  private let bodies: [MovingBody]
  private let poses: [Pose]
  private let reaches: [Double]
  private let base: (pose: Pose, rise: Double, turn: Double)?
  private var placed: [Placed?]

  init(_ search: ClearanceSearch, _ span: TimeSpan) {
    let state = search.joints.state(span)
    bodies = search.bodies
    poses = search.robot.worldFromLinks(state.values)
    reaches = state.reaches
    base = search.base?.state(span)
    placed = [Placed?](repeating: nil, count: search.bodies.count)
  }

  private mutating func place(_ index: Int) -> Placed {
    if let known = placed[index] { return known }
    let body = bodies[index]
    let pose = poses[body.link]
    let result = Placed(
      capsules: body.capsules.map { $0.moved(by: pose) }, center: pose * body.ball.center,
      drifts: body.drifts(poses, reaches))
    placed[index] = result
    return result
  }

  /// By how much a distance can become less within the span [m].
  mutating func drift(_ task: ClearanceTask) -> Double {
    let own = place(task.first).drifts[task.shared]
    if let second = task.second { return own + place(second).drifts[task.shared] }
    guard let base else { return .nan }
    return own + base.rise
      + MovingBody.chord(base.turn) * bodies[task.first].distanceFromRoot(poses)
  }

  /// A distance that is never more than the true one, by balls [m].
  mutating func roughDistance(_ task: ClearanceTask) -> Double {
    let (body, center) = (bodies[task.first], place(task.first).center)
    guard let second = task.second else {
      guard let base else { return .nan }
      return (base.pose * center).z - body.ball.radius
    }
    return (center - place(second).center).length - body.ball.radius - bodies[second].ball.radius
  }

  /// The distance [m].
  mutating func distance(_ task: ClearanceTask) -> Double {
    guard let second = task.second else { return height(task.first) }
    let (first, other) = (place(task.first).capsules, place(second).capsules)
    return first.reduce(Double.infinity) { least, one in
      other.reduce(least) { nearest, capsule in
        let apart = ((one.from + one.to) - (capsule.from + capsule.to)).length / 2
        let size = ((one.from - one.to).length + (capsule.from - capsule.to).length) / 2
        guard !(apart - size - one.radius - capsule.radius >= nearest) else { return nearest }
        let found = one.distance(to: capsule)
        return found >= nearest ? nearest : found
      }
    }
  }

  /// The height of a body's lowest point above the ground [m].
  private func height(_ index: Int) -> Double {
    guard let base else { return .nan }
    let body = bodies[index]
    return body.height(base.pose * poses[body.link])
  }
}
