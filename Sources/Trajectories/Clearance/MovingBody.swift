import Geometry
import Kinematics

/// A body of a robot with the joints between it and the root, and how far its points can get.
struct MovingBody {
  /// A joint above the body.
  struct Step {
    /// The link below the joint, whose frame's origin lies on its axis.
    let link: Int
    /// The axis in that link's frame.
    let axis: Vector3
    let isAngular: Bool
    /// The coordinate that moves it, and by how much for each unit.
    let coordinate: Int
    let factor: Double
    /// No point of the body is ever further from the joint than this [m].
    var reach = Double.infinity
  }

  /// A ball; the body lies within the convex hull of several.
  struct Ball {
    var center: Vector3
    var radius: Double
  }

  let name: String
  /// The names of its links that have shapes.
  let links: Set<String>
  /// The link in whose frame everything of the body is given.
  let link: Int
  /// From the root to the body.
  private(set) var steps: [Step]
  /// For the distance from other bodies.
  let capsules: [Capsule]
  /// For the distance from the ground.
  let solids: [Solid]
  /// Whether these are fitted, for want of shapes that are read.
  let isGuess: Bool
  private let hull: [Ball]
  /// About all of the body.
  let ball: Ball

  /// The body of some parts of a model, at least one; links that fixed joints join move as one.
  init(_ parts: [CollisionModel.Part], name: String, _ robot: Robot, atZero: [Pose]) {
    self.name = name
    links = Set(parts.map { robot.links[$0.link].name })
    let link = parts[0].link
    self.link = link
    let bodyFromWorld = atZero[link].inverse
    let poses = parts.map { bodyFromWorld * atZero[$0.link] }
    capsules = zip(parts, poses).flatMap { part, pose in part.capsules.map { $0.moved(by: pose) } }
    let own = zip(parts, poses).map { part, pose in
      (source: part.source, solids: Solid.all(of: part, robot).map { $0.moved(by: pose) })
    }
    // As in `Robot.groundShapes`; guesses only where nothing is read.
    let known = [CollisionModel.Source.collision, .visual].first { source in
      own.contains { $0.source == source }
    }
    solids = own.filter { known == nil || $0.source == known }.flatMap(\.solids)
    isGuess = known == nil
    hull = (own.flatMap(\.solids) + capsules.map(Solid.capsule)).flatMap(\.balls)
    let middle = hull.reduce(Vector3.zero) { $0 + $1.center } / Double(max(1, hull.count))
    ball = Ball(
      center: middle,
      radius: hull.reduce(0) { max($0, ($1.center - middle).length + $1.radius) })
    steps = Self.steps(above: link, robot)
    addReaches(robot, atZero)
  }

  private static func steps(above link: Int, _ robot: Robot) -> [Step] {
    var steps: [Step] = []
    var above = robot.links[link].parentJoint
    while let index = above {
      let joint = robot.joints[index]
      above = robot.links[joint.parentLink].parentJoint
      guard let (coordinate, factor) = robot.coordinate(ofJoint: index) else { continue }
      steps.append(
        Step(
          link: joint.childLink, axis: joint.axis, isAngular: joint.isAngular,
          coordinate: coordinate, factor: abs(factor)))
    }
    return steps.reversed()
  }

  /// Sums of the distances between joints, from the body upwards; endless above a sliding joint.
  private mutating func addReaches(_ robot: Robot, _ atZero: [Pose]) {
    let frame = atZero[link]
    var below = frame.translation
    var reach = hull.reduce(0) { max($0, $1.center.length + $1.radius) }
    for index in steps.indices.reversed() {
      let origin = atZero[steps[index].link].translation
      reach += (below - origin).length
      steps[index].reach = reach
      if !steps[index].isAngular { reach = .infinity }
      below = origin
    }
  }

  /// How far any point of the body can get, seen from above each joint, and zero at the end [m].
  ///
  /// The joints turn one after the other, the last first: a turn by an angle moves a point by at most the
  /// chord of it at the point's distance from the axis, which is the distance now and what the joints
  /// below have moved the point by.
  ///
  /// - Parameters:
  ///   - poses: The poses of all links now.
  ///   - coordinates: The most by which each coordinate differs from now [rad or m].
  func drifts(_ poses: [Pose], _ coordinates: [Double]) -> [Double] {
    var drifts = [Double](repeating: 0, count: steps.count + 1)
    let points = hull.map { Ball(center: poses[link] * $0.center, radius: $0.radius) }
    for (index, step) in steps.enumerated().reversed() {
      let below = drifts[index + 1]
      let change = step.factor * coordinates[step.coordinate]
      guard step.isAngular else {
        drifts[index] = below + change
        continue
      }
      guard change != 0 else {
        drifts[index] = below
        continue
      }
      let pose = poses[step.link]
      let axis = pose.rotation * step.axis
      let arm = points.reduce(0.0) {
        max($0, axis.cross($1.center - pose.translation).length + $1.radius)
      }
      drifts[index] = below + Self.chord(change) * min(arm + below, step.reach)
    }
    return drifts
  }

  /// The height of its lowest point above the ground, with worldFromLink [m].
  func height(_ pose: Pose) -> Double {
    let down = pose.rotation.inverse * -Vector3.unitZ
    return solids.reduce(Double.infinity) {
      let height = pose.translation.z - $1.extent(along: down)
      return height >= $0 ? $0 : height
    }
  }

  /// The most by which a turn of at most this angle moves a point at distance one.
  static func chord(_ angle: Double) -> Double { angle < 2 ? angle : 2 }

  /// No point of the body is further from the root's origin than this now [m].
  func distanceFromRoot(_ poses: [Pose]) -> Double {
    hull.reduce(0) { max($0, (poses[link] * $1.center).length + $1.radius) }
  }
}

/// A shape whose lowest point is known.
enum Solid {
  case shape(LinkShape)
  case capsule(Capsule)

  /// What a part of a model was made of, in its link's frame.
  static func all(of part: CollisionModel.Part, _ robot: Robot) -> [Solid] {
    switch part.source {
    case .collision: robot.links[part.link].shapes.map(Solid.shape)
    case .visual: robot.links[part.link].visualShapes.map(Solid.shape)
    case .fitted: part.capsules.map(Solid.capsule)
    }
  }

  func moved(by pose: Pose) -> Solid {
    switch self {
    case .shape(var shape):
      shape.linkFromShape = pose * shape.linkFromShape
      return .shape(shape)
    case .capsule(let capsule): return .capsule(capsule.moved(by: pose))
    }
  }

  /// How far it extends along a unit direction [m].
  func extent(along direction: Vector3) -> Double {
    switch self {
    case .shape(let shape): shape.extent(along: direction)
    case .capsule(let capsule):
      max(capsule.from.dot(direction), capsule.to.dot(direction)) + capsule.radius
    }
  }

  /// Balls in whose convex hull it lies.
  var balls: [MovingBody.Ball] {
    switch self {
    case .capsule(let capsule):
      return [capsule.from, capsule.to].map { MovingBody.Ball(center: $0, radius: capsule.radius) }
    case .shape(let shape):
      guard case .cylinder(let radius, let length) = shape.kind else {
        return shape.supportPoints.map { MovingBody.Ball(center: $0.place, radius: $0.radius) }
      }
      return [-length / 2, length / 2].map {
        MovingBody.Ball(center: shape.linkFromShape * Vector3(0, 0, $0), radius: radius)
      }
    }
  }
}
