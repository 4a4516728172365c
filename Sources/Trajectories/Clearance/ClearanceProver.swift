import Files
import Geometry
public import Kinematics

/// Proves how far a robot stays from itself and from the ground along a trajectory.
///
/// At an instant distances are those of capsules (``CollisionModel``), and of the lowest points of
/// shapes. Around it nothing gets nearer than by what the joints and the base can move within a span of
/// time: the splines bound that, and the distance from each axis says by how much a point moves then. A
/// span in which that does not suffice is halved. See Docs/safety.md.
public struct ClearanceProver: Sendable {
  /// The robot as capsules.
  public let model: CollisionModel
  let robot: Robot
  let bodies: [MovingBody]
  let tasks: [ClearanceTask]
  let groundTasks: [ClearanceTask]
  /// The distances and poses that are looked at before nothing is looked at more closely, so that any
  /// file is done with.
  var greatestEffort = 200_000_000

  /// A prover for a robot.
  public init(_ robot: Robot) {
    let model = CollisionModel(robot)
    let atZero = robot.worldFromLinks([Double](repeating: 0, count: robot.coordinateCount))
    var bodies: [MovingBody] = []
    var places: [Int: Int] = [:]
    for index in model.bodyNames.indices {
      let parts = model.parts.filter { $0.body == index }
      guard !parts.isEmpty else { continue }
      places[index] = bodies.count
      bodies.append(
        MovingBody(parts, name: model.bodyNames[index], robot, atZero: atZero))
    }
    tasks = model.pairs.compactMap { pair in
      guard let a = places[pair.first], let b = places[pair.second] else { return nil }
      let shared = zip(bodies[a].steps, bodies[b].steps).prefix { $0.link == $1.link }
      return ClearanceTask(first: a, second: b, shared: shared.count)
    }
    groundTasks = bodies.indices.map { ClearanceTask(first: $0, second: nil, shared: 0) }
    (self.model, self.robot, self.bodies) = (model, robot, bodies)
  }

  /// The names of the robot's links, by their indices.
  public var linkNames: [String] { robot.links.map(\.name) }

  /// Proves a trajectory's clearance; its joints must be the robot's.
  public func prove(_ trajectory: SafeTrajectory) throws(UnsafeMotion) -> Clearance {
    guard trajectory.jointNames == robot.coordinateNames else {
      throw .jointsDiffer(found: trajectory.jointNames, expected: robot.coordinateNames)
    }
    let base = trajectory.base.map(BaseSpans.init)
    let chosen = tasks + (base == nil ? [] : groundTasks)
    var search = ClearanceSearch(
      robot: robot, bodies: bodies, tasks: chosen,
      joints: JointSpans(
        points: trajectory.controlPoints, joints: trajectory.limits.coordinates.count),
      base: base, period: trajectory.period, greatestEffort: greatestEffort)
    search.run()
    let gaps = zip(chosen, search.found).map { task, found in
      Clearance.Gap(
        first: bodies[task.first].name, second: task.second.map { bodies[$0].name },
        least: found.least, time: found.time * trajectory.period, bound: found.bound,
        unprovenTime: found.unproven.map { $0 * trajectory.period })
    }
    return Clearance(
      pairs: gaps.filter { $0.second != nil }, ground: gaps.filter { $0.second == nil },
      absenceOfPairs: absenceOfPairs, absenceOfGround: absenceOfGround(trajectory),
      instants: search.instants)
  }

  private var absenceOfPairs: String? {
    guard tasks.isEmpty else { return nil }
    return bodies.isEmpty
      ? "self-collision was not checked: nothing is known of the shapes of the robot's links"
      : "self-collision was not checked: no two bodies with a shape are neither joined by a joint nor "
        + "always touching"
  }

  private func absenceOfGround(_ trajectory: SafeTrajectory) -> String? {
    if bodies.isEmpty {
      return "the ground was not checked: nothing is known of the shapes of the robot's links"
    }
    if trajectory.base != nil { return nil }
    return trajectory.root == nil
      ? "the ground was not checked: the trajectory has no floating base"
      : "the ground was not checked: the base of this file has poses but no curve between them"
  }
}

/// Two bodies, or one and the ground, whose distance is to be bounded.
struct ClearanceTask {
  let first: Int
  /// Nil for the ground.
  let second: Int?
  /// The number of joints from the root that move both alike.
  let shared: Int

  /// The distance below which the two touch [m].
  var allowed: Double { second == nil ? -Clearance.groundTolerance : 0 }
}

/// The path of a base over spans of time.
struct BaseSpans {
  private let curve: BaseCurve
  private let heights: JointSpans
  /// The turns between control points [rad].
  private let turns: [Double]

  init(_ curve: BaseCurve) {
    self.curve = curve
    heights = JointSpans(points: curve.places.map(\.z), joints: 1)
    turns = zip(curve.rotations, curve.rotations.dropFirst()).map { BaseCurve.step($0, $1).length }
  }

  /// The pose at the middle of a span, and the most by which height [m] and rotation [rad] differ from
  /// it within it: the angular velocity is at most the largest turn between the control points.
  func state(_ span: TimeSpan) -> (pose: Pose, rise: Double, turn: Double) {
    let pose = curve.pose(at: span.middle * curve.period)
    let pieces = heights.pieces
    guard pieces > 0 else { return (pose, 0, 0) }
    let first = min(Int(span.from), pieces - 1)
    let last = max(first, min(Int(span.to.rounded(.up)) - 1, pieces - 1))
    let turn = turns[first...(last + 2)].reduce(0, max)
    return (pose, heights.state(span).reaches[0], turn * span.half)
  }
}
