import Geometry
public import Kinematics
public import Morphology

extension HingedTree {
  /// A robot's mechanism, its fixed joints folded, with the links of each body; the frames of a body
  /// are links, the first is the child of the hinge above.
  public init(_ robot: Kinematics.Robot) {
    var bodyOfLink = [Int](repeating: 0, count: robot.links.count)
    var bodyFromLink = [Pose](repeating: .identity, count: robot.links.count)
    var bodies = [Body(frames: [Self.frame(robot.links[0], .identity)], hingeAbove: nil)]
    var hinges: [Hinge] = []
    var hingeOfJoint = [Int?](repeating: nil, count: robot.joints.count)
    for (index, joint) in robot.joints.enumerated() {
      let parent = bodyOfLink[joint.parentLink]
      let bodyFromJoint = bodyFromLink[joint.parentLink] * joint.parentFromJoint
      let link = robot.links[joint.childLink]
      guard joint.isMovable else {
        bodyOfLink[joint.childLink] = parent
        bodyFromLink[joint.childLink] = bodyFromJoint
        bodies[parent].frames.append(Self.frame(link, bodyFromJoint))
        continue
      }
      let (lower, upper) = (joint.limits.lower?.value, joint.limits.upper?.value)
      hingeOfJoint[index] = hinges.count
      bodyOfLink[joint.childLink] = bodies.count
      hinges.append(
        Hinge(
          name: joint.name, turns: joint.isAngular, parent: parent, child: bodies.count,
          parentFromChild: bodyFromJoint, axis: joint.axis, range: Self.range(joint),
          effort: joint.limits.effort?.value))
      hinges[hinges.count - 1].isHeld = joint.kind != .continuous && lower != nil && lower == upper
      bodies.append(Body(frames: [Self.frame(link, .identity)], hingeAbove: hinges.count - 1))
    }
    for (index, joint) in robot.joints.enumerated() {
      guard let hinge = hingeOfJoint[index], let leader = joint.mimic?.leader else { continue }
      hinges[hinge].follows = hingeOfJoint[leader]
    }
    self.init(bodies: bodies, hinges: hinges)
  }

  /// The range of a joint; none where the file gives none, or one of no width or of many turns.
  private static func range(_ joint: Kinematics.Joint) -> ClosedRange<Double>? {
    guard joint.kind != .continuous, let lower = joint.limits.lower?.value,
      let upper = joint.limits.upper?.value, lower < upper, upper - lower < 100
    else { return nil }
    return lower...upper
  }

  private static func frame(_ link: Link, _ bodyFromLink: Pose) -> Frame {
    let extents = (link.shapes + link.visualShapes).flatMap(\.corners).map { bodyFromLink * $0 }
    return Frame(
      name: link.name, bodyFromFrame: bodyFromLink, extents: extents,
      mass: link.massPoint?.mass ?? 0,
      center: bodyFromLink * (link.massPoint?.center ?? .zero))
  }
}

extension LinkShape {
  /// The corners of a box around the shape, in the link's frame [m].
  fileprivate var corners: [Vector3] {
    let half: Vector3
    switch kind {
    case .box(let size): half = size / 2
    case .sphere(let radius): half = [radius, radius, radius]
    case .cylinder(let radius, let length): half = [radius, radius, length / 2]
    case .mesh(let hull): return hull.points.map { linkFromShape * $0 }
    }
    return (0..<8).map { index in
      let corner = Vector3(
        index & 1 == 0 ? -half.x : half.x, index & 2 == 0 ? -half.y : half.y,
        index & 4 == 0 ? -half.z : half.z)
      return linkFromShape * corner
    }
  }
}
