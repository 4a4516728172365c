import Geometry

/// The moving frames of a robot, constants folded: what a batched pass walks over.
///
/// Fixed joints are folded into the constants of what hangs below them. A joint whose axis is not
/// along x, y or z gets a frame turned so that its axis is z.
struct BatchedTree: Sendable {
  /// A frame below its parent's.
  struct Node: Sendable {
    enum Motion: Sendable { case fixed, aboutX, aboutY, aboutZ, along }

    var motion: Motion
    var parent: Int
    /// The index into the configuration; -1 for a fixed frame.
    var coordinate: Int
    /// The joint's position is `scale · coordinate + offset`; a negative axis is in the sign.
    var scale: Float
    var offset: Float
    /// The frame's origin in its parent at position zero [m].
    var translation: SIMD3<Float>
    /// The columns of the constant rotation into the parent; nil for none.
    var turn: Columns?
    /// The direction of a sliding joint in its own frame.
    var direction: SIMD3<Float>
    /// Whether other nodes hang below.
    var hasChildren = false
    /// Whether it is the last child of its parent, the first that a walk upwards meets.
    var isLastChild = false
  }

  /// A constant rotation matrix.
  struct Columns: Sendable {
    var x: SIMD3<Float>
    var y: SIMD3<Float>
    var z: SIMD3<Float>

    init?(_ rotation: Quaternion) {
      guard rotation.vector.length > 1e-12 else { return nil }
      let columns = rotation.columns
      x = SIMD3<Float>(columns.0)
      y = SIMD3<Float>(columns.1)
      z = SIMD3<Float>(columns.2)
    }
  }

  /// A frame that is asked for: constant in the frame of a node.
  struct Place {
    var node: Int
    var nodeFromFrame: Pose
  }

  /// The first is the root frame.
  private(set) var nodes: [Node] = [
    Node(
      motion: .fixed, parent: 0, coordinate: -1, scale: 0, offset: 0, translation: .zero,
      turn: nil, direction: .zero)
  ]
  /// Where each link is.
  private(set) var places: [Place]

  /// The frames of a robot that some links need.
  init(_ robot: Robot, links: [Int]) {
    var needed = [Bool](repeating: false, count: robot.links.count)
    for link in links {
      var above: Int? = link
      while let current = above, !needed[current] {
        needed[current] = true
        above = robot.links[current].parentJoint.map { robot.joints[$0].parentLink }
      }
    }
    places = [Place](
      repeating: Place(node: 0, nodeFromFrame: .identity), count: robot.links.count)
    for (index, joint) in robot.joints.enumerated() where needed[joint.childLink] {
      let above = places[joint.parentLink]
      let nodeFromJoint = above.nodeFromFrame * joint.parentFromJoint
      guard let (coordinate, factor) = robot.coordinate(ofJoint: index) else {
        places[joint.childLink] = Place(node: above.node, nodeFromFrame: nodeFromJoint)
        continue
      }
      let drive = (coordinate, factor, joint.mimic?.offset ?? 0)
      places[joint.childLink] = addNode(joint, below: above.node, at: nodeFromJoint, drive: drive)
    }
  }

  private mutating func addNode(
    _ joint: Joint, below parent: Int, at parentFromJoint: Pose,
    drive: (coordinate: Int, factor: Double, offset: Double)
  ) -> Place {
    var sign = 1.0
    var jointFromNode = Quaternion.identity
    var motion = Node.Motion.along
    if joint.isAngular {
      if let (aligned, direction) = Self.alignment(of: joint.axis) {
        motion = aligned
        sign = direction
      } else {
        motion = .aboutZ
        jointFromNode = Quaternion(turning: .unitZ, into: joint.axis)
      }
    }
    let rotation = (parentFromJoint.rotation * jointFromNode).normalized
    nodes.append(
      Node(
        motion: motion, parent: parent, coordinate: drive.coordinate,
        scale: Float(sign * drive.factor), offset: Float(sign * drive.offset),
        translation: SIMD3<Float>(parentFromJoint.translation),
        turn: Columns(rotation), direction: SIMD3<Float>(joint.axis)))
    return Place(node: nodes.count - 1, nodeFromFrame: Pose(rotation: jointFromNode.inverse))
  }

  private static func alignment(of axis: Vector3) -> (Node.Motion, sign: Double)? {
    for (unit, motion) in [
      (Vector3.unitX, Node.Motion.aboutX), (.unitY, .aboutY), (.unitZ, .aboutZ),
    ] where axis.cross(unit).length < 1e-12 {
      return (motion, axis.dot(unit) < 0 ? -1 : 1)
    }
    return nil
  }

  /// The node whose frame is the link's own, made where there is none.
  mutating func nodeOfLink(_ link: Int) -> Int {
    let place = places[link]
    let pose = place.nodeFromFrame
    let turn = Columns(pose.rotation)
    guard pose.translation != .zero || turn != nil else { return place.node }
    nodes.append(
      Node(
        motion: .fixed, parent: place.node, coordinate: -1, scale: 0, offset: 0,
        translation: SIMD3<Float>(pose.translation), turn: turn, direction: .zero))
    places[link] = Place(node: nodes.count - 1, nodeFromFrame: .identity)
    return nodes.count - 1
  }

  /// Notes who has children, once all nodes are there.
  mutating func seal() {
    for index in nodes.indices.dropFirst().reversed() {
      let parent = nodes[index].parent
      nodes[index].isLastChild = !nodes[parent].hasChildren
      nodes[parent].hasChildren = true
    }
  }
}
