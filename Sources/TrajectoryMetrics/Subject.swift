import Geometry
public import Kinematics
import Motions
public import Retargeting
public import Trajectories

/// A trajectory with all that it is measured by.
public struct ReportSubject: Sendable {
  /// The trajectory.
  public let trajectory: SafeTrajectory
  /// The robot that it is for.
  public let robot: Robot
  /// The limits that a trajectory under none is measured against; nil for its own.
  public let limits: SafetyLimits?
  /// The targets that a mapping gives its links; nil where there is no mapping.
  public let targets: HumanTargets?
  /// Why there is no mapping; nil where there is one.
  public let absenceOfMapping: String?
  /// The person that it is compared with; nil where none is given.
  public let person: Person?
  /// The robot as capsules and balls.
  public let collisionModel: CollisionModel
  /// The soles of the left and of the right foot; nil where the robot has no feet.
  public let soles: [Sole]?

  /// A subject.
  ///
  /// - Parameters:
  ///   - trajectory: The trajectory.
  ///   - robot: Its robot, whose joints must be the trajectory's.
  ///   - person: The person that it is compared with.
  ///   - limits: The limits that a trajectory under none is measured against; nil for its own.
  ///   - mapping: Where the person wants its links; nil for the mapping that ships or is found.
  public init(
    _ trajectory: SafeTrajectory, robot: Robot, person: Person? = nil, limits: SafetyLimits? = nil,
    mapping: Mapping? = nil
  ) {
    self.limits = limits
    self.trajectory = trajectory
    self.robot = robot
    self.person = person
    collisionModel = CollisionModel(robot)
    let map = RobotMap(of: robot)
    do {
      // Inverse kinematics scales the person's own limbs, a network those of the usual skeleton.
      let isOwn = trajectory.provenance["retargeting"] == "inverse kinematics"
      targets = try HumanTargets(
        mapping: mapping ?? Self.mapping(of: robot, map), robot: robot,
        skeleton: isOwn ? person?.clip.skeleton ?? .canonical : .canonical)
      absenceOfMapping = nil
    } catch {
      targets = nil
      absenceOfMapping = "\(error)"
    }
    let links = Self.footLinks(targets?.mapping, map, robot)
    let soles = links.compactMap { Sole(link: $0, robot: robot) }
    self.soles = links.count == 2 && soles.count == 2 ? soles : nil
  }

  /// The mapping that ships for the robot, or the one found from its URDF.
  private static func mapping(of robot: Robot, _ map: RobotMap) throws -> Mapping {
    do { return try Mapping.shipped(for: robot.folderName) } catch {
      return try map.foundMapping(of: robot)
    }
  }

  private static func footLinks(_ mapping: Mapping?, _ map: RobotMap, _ robot: Robot) -> [Int] {
    let sides: [(Skeleton.Joint, String)] = [
      (.leftAnkle, "left_foot"), (.rightAnkle, "right_foot"),
    ]
    return sides.compactMap { joint, slot in
      let name = mapping?.points.first { $0.joint == joint }?.link ?? map[slot]?.link
      return name.flatMap { try? robot.linkIndex(named: $0) }
    }
  }

  /// The factor on the person's path and on the heights of their ground.
  var pathScale: Double {
    guard let targets, let person else { return 1 }
    return targets.legScale(of: person.clip.skeleton)
  }
}

/// The sole of a foot: points of its shapes, which are balls where they have a radius.
public struct Sole: Sendable {
  /// A point of the foot.
  struct Point: Sendable {
    var link: Int
    var place: Vector3
    var radius: Double
  }

  /// The link that follows the human's ankle.
  public let link: Int
  /// That link and those that are fixed to it.
  public let links: [Int]
  /// Whether the points are those of a fitted capsule, for want of shapes.
  public let isFitted: Bool
  let points: [Point]

  /// How far above its lowest point a sole touches the ground [m].
  static let thickness = 0.01

  /// The sole of a link and of what is fixed to it; nil where it has neither shapes nor a mass.
  init?(link: Int, robot: Robot) {
    let parts = robot.links(fixedTo: link)
    let shapes = robot.groundShapes
    var points = parts.flatMap { part in
      shapes[part].flatMap { $0.supportPoints.map { Point(part, $0) } }
    }
    isFitted = points.isEmpty
    if points.isEmpty {
      points = CollisionModel.fittedCapsules(ofLinks: parts, robot).flatMap { part, capsule in
        [capsule.from, capsule.to].map { Point(link: part, place: $0, radius: capsule.radius) }
      }
    }
    guard !points.isEmpty else { return nil }
    self.link = link
    links = parts
    self.points = points
  }

  /// The points in the world, each at its lowest [m].
  func placed(_ worldFromLinks: [Pose]) -> [Vector3] {
    points.map { worldFromLinks[$0.link] * $0.place - Vector3(0, 0, $0.radius) }
  }
}

extension Sole.Point {
  fileprivate init(_ link: Int, _ support: (place: Vector3, radius: Double)) {
    self.init(link: link, place: support.place, radius: support.radius)
  }
}
