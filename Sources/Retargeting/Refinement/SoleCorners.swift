import Foundation
import Geometry
import Kinematics
import Motions

/// The four corners of a robot's sole, by its shapes.
struct SoleCorners: Sendable {
  /// A corner: a point, or the centre of a ball, of the foot's outermost ones.
  struct Corner: Sendable {
    var point: BodyPoint
    var radius: Double
    /// Whether it is of the front of the foot, which stands where the person's ball does.
    var isFront: Bool
    /// Where it is on the sole [m]: forward and to the left of the middle.
    var forward: Double, left: Double
  }

  /// Front left, front right, rear left, rear right.
  let corners: [Corner]
  /// The heel and the ball of the person's foot.
  let heel: Contact.Part, ball: Contact.Part
  /// The links of the foot, that which follows the ankle first, with its name.
  let links: [Int], name: String
  /// The names of all of them.
  let linkNames: Set<String>
  /// The pose of the node that moves the foot, in the frame of its first link.
  private let linkFromNode: Pose

  /// How far above the lowest point of the foot a corner may be [m].
  private static let thickness = 0.015

  /// The corners of a foot; nil where the mapping has none, or its links have no shapes that are read.
  init?(_ ankle: Skeleton.Joint, robot: Robot, mapping: Mapping, tree: SolverTree) {
    guard let target = mapping.points.first(where: { $0.joint == ankle }),
      let link = try? robot.linkIndex(named: target.link),
      let posture = try? mapping.restConfiguration(of: robot)
    else { return nil }
    let links = robot.links(fixedTo: link)
    self.links = links
    name = robot.links[link].name
    linkNames = Set(links.map { robot.links[$0].name })
    linkFromNode = tree.places[link].nodeFromLink.inverse
    (heel, ball) = ankle == .leftAnkle ? (.leftHeel, .leftBall) : (.rightHeel, .rightBall)
    let rest = robot.worldFromLinks(posture)
    let (forward, up) = (mapping.origin.forward, mapping.origin.up)
    let left = up.cross(forward)
    var points: [(corner: Corner, height: Double, x: Double, y: Double)] = []
    let shapes = robot.groundShapes
    for part in links {
      for (place, radius) in shapes[part].flatMap(\.supportPoints) {
        let world = rest[part] * place
        points.append(
          (
            Corner(
              point: BodyPoint(link: part, place: place, tree), radius: radius, isFront: false,
              forward: 0, left: 0), world.dot(up) - radius, world.dot(forward), world.dot(left)
          ))
      }
    }
    guard let lowest = points.map(\.height).min() else { return nil }
    points.removeAll { $0.height > lowest + Self.thickness }
    let middle = (
      x: points.map(\.x).reduce(0, +) / Double(points.count),
      y: points.map(\.y).reduce(0, +) / Double(points.count)
    )
    var corners: [Corner] = []
    for (ahead, aside) in [(1.0, 1.0), (1, -1), (-1, 1), (-1, -1)] {
      // Width counts more than length, so that a pointed foot still has two sides.
      let outermost = points.max { a, b in
        ahead * a.x + 2 * aside * a.y < ahead * b.x + 2 * aside * b.y
      }
      guard let outermost else { return nil }
      var corner = outermost.corner
      corner.isFront = ahead > 0
      (corner.forward, corner.left) = (outermost.x - middle.x, outermost.y - middle.y)
      corners.append(corner)
    }
    self.corners = corners
  }

  /// Where the sole lies, seen from above.
  struct Print: Sendable {
    var x: Double, y: Double
    /// The direction of its front [rad].
    var heading: Double
  }

  /// Where the sole lies, by some of its corners' places in the world.
  ///
  /// - Parameter flags: Whether each corner counts.
  func footprint(_ places: [Vector3], flags: [Bool]) -> Print {
    let front = places[0] + places[1] - places[2] - places[3]
    let heading = atan2(front.y, front.x) - atan2(axis.y, axis.x)
    let (c, s) = (cos(heading), sin(heading))
    var (x, y, count) = (0.0, 0.0, 0.0)
    for (index, corner) in corners.enumerated() where flags[index] {
      x += places[index].x - (c * corner.forward - s * corner.left)
      y += places[index].y - (s * corner.forward + c * corner.left)
      count += 1
    }
    return Print(x: x / max(count, 1), y: y / max(count, 1), heading: heading)
  }

  /// A corner as a point of a foothold, of a sole that lies flat on a height.
  func hold(_ corner: Corner, of mark: Print, height: Double) -> Foothold.Point {
    Foothold.Point(
      inLink: linkFromNode * corner.point.place, inWorld: place(corner, of: mark, height: height))
  }

  /// The line from the rear corners to the front ones on the sole.
  private var axis: (x: Double, y: Double) {
    func sum(_ value: (Corner) -> Double) -> Double {
      corners.reduce(0) { $0 + ($1.isFront ? 1 : -1) * value($1) }
    }
    return (sum(\.forward), sum(\.left))
  }

  /// The place of a corner of a sole that lies flat on a height.
  func place(_ corner: Corner, of mark: Print, height: Double) -> Vector3 {
    let (c, s) = (cos(mark.heading), sin(mark.heading))
    return Vector3(
      mark.x + c * corner.forward - s * corner.left,
      mark.y + s * corner.forward + c * corner.left, height + corner.radius)
  }
}
