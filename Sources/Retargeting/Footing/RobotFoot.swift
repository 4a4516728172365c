import Geometry
import Kinematics
import Motions

/// A foot of a robot: what it stands with, and the joints that tilt it.
struct RobotFoot: Sendable {
  /// The heel and the ball of the human's foot.
  let heel: Contact.Part
  let ball: Contact.Part
  /// The link that follows the human's ankle.
  let link: Int
  /// What forward kinematics needs of a joint, without names to count references of.
  private struct Step: Sendable {
    /// The index of the joint.
    var joint: Int
    var isAngular: Bool
    var isMovable: Bool
    var parentFromJoint: Pose
    var axis: Vector3

    func parentFromChild(at position: Double) -> Pose {
      guard isMovable else { return parentFromJoint }
      return parentFromJoint
        * (isAngular
          ? Pose(rotation: Quaternion(angle: position, axis: axis))
          : Pose(translation: position * axis))
    }
  }

  /// The joints from the root to that link, in that order.
  private let chain: [Step]
  /// The steps of the chain that tilt the foot, with their coordinates.
  private let tilting: [(step: Int, coordinate: Int)]
  /// What the foot collides with: links of it, as their poses in `link`, and their shapes.
  private let shapes: [(linkFromPart: Pose, shape: LinkShape)]
  /// The normal of the sole in the link's frame, upward: vertical where the robot stands at rest.
  let normal: Vector3
  /// The coordinates that tilt the foot: those that the mapping gives the twists of the ankle.
  let tiltJoints: [Int]

  /// A foot of a robot; nil where the mapping has none, or the robot's foot has no shape that is
  /// read.
  init?(_ ankle: Skeleton.Joint, robot: Robot, mapping: Mapping) {
    guard let point = mapping.points.first(where: { $0.joint == ankle }),
      let link = try? robot.linkIndex(named: point.link)
    else { return nil }
    guard let posture = try? mapping.restConfiguration(of: robot) else { return nil }
    let rest = robot.worldFromLinks(posture)
    let all = robot.groundShapes
    shapes = robot.links(fixedTo: link).flatMap { part in
      all[part].map { (rest[link].inverse * rest[part], $0) }
    }
    guard !shapes.isEmpty else { return nil }
    self.link = link
    (heel, ball) = ankle == .leftAnkle ? (.leftHeel, .leftBall) : (.rightHeel, .rightBall)
    normal = rest[link].rotation.inverse * mapping.origin.up
    let chain = Self.chain(to: link, robot)
    self.chain = chain
    // Only joints of the foot's own chain, and none that others follow, turn this foot alone.
    tilting = mapping.directMaps.filter { $0.joint == ankle }.compactMap { map in
      guard let coordinate = robot.coordinateNames.firstIndex(of: map.target) else { return nil }
      let joint = robot.configurationJoints[coordinate]
      guard let step = chain.firstIndex(where: { $0.joint == joint }), chain[step].isAngular,
        !robot.joints.contains(where: { $0.mimic?.leader == joint })
      else { return nil }
      return (step, coordinate)
    }
    tiltJoints = tilting.map(\.coordinate)
  }

  private static func chain(to link: Int, _ robot: Robot) -> [Step] {
    var chain: [Step] = []
    var above = robot.links[link].parentJoint
    while let index = above {
      let joint = robot.joints[index]
      chain.append(
        Step(
          joint: index, isAngular: joint.isAngular, isMovable: joint.isMovable,
          parentFromJoint: joint.parentFromJoint, axis: joint.axis))
      above = robot.links[joint.parentLink].parentJoint
    }
    return chain.reversed()
  }

  /// The foot's pose in the frame of the root link, at the positions of all joints.
  func rootFromFoot(_ positions: [Double]) -> Pose {
    chain.reduce(.identity) { $0 * $1.parentFromChild(at: positions[$1.joint]) }
  }

  /// How far the foot reaches below its link's origin, seen along the vertical [m].
  func depth(worldFromFoot: Quaternion) -> Double {
    shapes.reduce(-Double.infinity) { deepest, part in
      let down = (worldFromFoot * part.linkFromPart.rotation).inverse * -.unitZ
      let below = (worldFromFoot * part.linkFromPart.translation).z
      return max(deepest, part.shape.extent(along: down) - below)
    }
  }

  /// Turns the tilting joints so that the sole's normal comes nearest to the vertical.
  ///
  /// Each joint in turn takes the angle that is best for it within its limits; for two axes at a
  /// right angle, three rounds are enough.
  func level(
    _ positions: inout [Double], worldFromRoot: Quaternion, limits: [ClosedRange<Double>]
  ) {
    guard let first = tilting.map(\.step).min() else { return }
    let above = chain[..<first].reduce(worldFromRoot) {
      $0 * $1.parentFromChild(at: positions[$1.joint]).rotation
    }
    for _ in 0..<3 {
      for (turned, coordinate) in tilting {
        var world = above
        var axis = Vector3.unitZ
        for index in first..<chain.count {
          let step = chain[index]
          world = world * step.parentFromChild(at: positions[step.joint]).rotation
          if index == turned { axis = world * step.axis }
        }
        let up = world * normal
        let (a, b) = (up - axis * up.dot(axis), Vector3.unitZ - axis * axis.z)
        // A joint about the vertical changes nothing.
        guard a.squaredLength > 1e-6, b.squaredLength > 1e-6 else { continue }
        let turn = axis.dot(a.cross(b)).angle(over: a.dot(b))
        let (joint, limit) = (chain[turned].joint, limits[coordinate])
        positions[joint] = min(max(positions[joint] + turn, limit.lowerBound), limit.upperBound)
      }
    }
  }
}
