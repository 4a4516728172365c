import Geometry
import Kinematics
import Motions

/// An order in which programs write the joints of a robot without naming them.
struct JointOrder {
  /// The order, as a noun.
  var name: String
  /// The column of each coordinate of a configuration.
  var columns: [Int]

  /// The orders that simulators use: that of the URDF, which MuJoCo keeps, and level by level from the
  /// root, as PhysX (Isaac) has them.
  static func all(of robot: Robot) -> [JointOrder] {
    let count = robot.coordinateCount
    let file = JointOrder(name: "the order of the URDF", columns: Array(0..<count))
    let depths = robot.configurationJoints.map { depth(of: $0, in: robot) }
    let sorted = (0..<count).sorted { (depths[$0], $0) < (depths[$1], $1) }
    var columns = [Int](repeating: 0, count: count)
    for (column, coordinate) in sorted.enumerated() { columns[coordinate] = column }
    guard columns != file.columns else { return [file] }
    return [
      file, JointOrder(name: "Isaac's order, level by level from the root", columns: columns),
    ]
  }

  /// How many movable joints are above a joint.
  private static func depth(of joint: Int, in robot: Robot) -> Int {
    var (depth, above) = (0, robot.links[robot.joints[joint].parentLink].parentJoint)
    while let index = above {
      if robot.joints[index].isMovable { depth += 1 }
      above = robot.links[robot.joints[index].parentLink].parentJoint
    }
    return depth
  }

  /// The order in which the robot's links are where a file has bodies; nil for a file without bodies.
  ///
  /// The distance [m] is from each body to the nearest link, on average over some frames; the choice is
  /// certain where it is small and the other orders' are not.
  static func choice(
    among orders: [JointOrder], for source: RobotMotionSource, robot: Robot
  ) -> (order: JointOrder, distance: Double, isCertain: Bool)? {
    guard let root = source.root, !source.bodies.isEmpty else { return nil }
    let found = orders.map { order in
      let distances = source.bodies.map { bodies in
        order.distance(to: bodies, in: source, root, robot)
      }
      return (order: order, distance: distances.reduce(0, +) / Double(distances.count))
    }.sorted { $0.distance < $1.distance }
    guard let best = found.first, best.distance.isFinite else { return nil }
    let isApart = found.dropFirst().allSatisfy { $0.distance > 3 * best.distance }
    return (best.order, best.distance, best.distance < 0.02 && isApart)
  }

  private func distance(
    to bodies: RobotMotionSource.BodyPlaces, in source: RobotMotionSource,
    _ root: RobotMotionSource.Root, _ robot: Robot
  ) -> Double {
    let start = bodies.frame * source.jointCount
    let worldFromRoot = Pose(
      rotation: root.rotations[bodies.frame], translation: root.positions[bodies.frame])
    let links = robot.worldFromLinks(columns.map { source.positions[start + $0] })
      .map { (worldFromRoot * $0).translation }
    let sum = bodies.places.reduce(0) { sum, place in
      sum + (links.map { ($0 - place).length }.min() ?? .infinity)
    }
    return sum / Double(max(1, bodies.places.count))
  }
}
