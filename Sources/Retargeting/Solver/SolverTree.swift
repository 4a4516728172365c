import Geometry
import Kinematics

/// The part of a robot's kinematics that moves some links, in `Double`, prepared for repeated evaluation.
///
/// Fixed joints are folded into the joints above them; joints that follow others keep their rule.
struct SolverTree: Sendable {
  /// A joint that moves.
  struct Node: Sendable {
    /// The node above; -1 below the root link.
    var parent: Int
    /// The index into the configuration that moves it, and the change of its position for a unit of it.
    var coordinate: Int, factor: Double
    /// Its position where that coordinate is zero [rad or m].
    var offset: Double
    /// Whether it turns; otherwise it slides.
    var turns: Bool
    /// The joint's frame in the frame of the node above.
    var parentFromJoint: Pose
    /// The unit axis in the joint's frame.
    var axis: Vector3
  }

  /// Where a link is.
  struct Place: Sendable {
    /// The node whose body it belongs to; -1 for the root link's.
    var node: Int
    /// The link's frame in the node's.
    var nodeFromLink: Pose
  }

  /// The nodes; each comes after the one above it.
  private(set) var nodes: [Node] = []
  /// The place of each link of the robot.
  private(set) var places: [Place]

  /// The tree of a robot.
  init(_ robot: Robot) {
    places = [Place](
      repeating: Place(node: -1, nodeFromLink: .identity), count: robot.links.count)
    for (index, joint) in robot.joints.enumerated() {
      let above = places[joint.parentLink]
      let start = above.nodeFromLink * joint.parentFromJoint
      let offset = joint.mimic?.offset ?? 0
      guard let (coordinate, factor) = robot.coordinate(ofJoint: index), factor != 0 else {
        let still =
          joint.isMovable ? Self.motion(offset, joint.axis, turns: joint.isAngular) : .identity
        places[joint.childLink] = Place(node: above.node, nodeFromLink: start * still)
        continue
      }
      places[joint.childLink] = Place(node: nodes.count, nodeFromLink: .identity)
      nodes.append(
        Node(
          parent: above.node, coordinate: coordinate, factor: factor, offset: offset,
          turns: joint.isAngular, parentFromJoint: start, axis: joint.axis))
    }
  }

  /// The tree without the nodes that move none of some links, and the places of those links in it.
  func pruned(to links: [Int]) -> (tree: SolverTree, places: [Place]) {
    var isNeeded = [Bool](repeating: false, count: nodes.count)
    for link in links {
      var node = places[link].node
      while node >= 0 {
        isNeeded[node] = true
        node = nodes[node].parent
      }
    }
    var renamed = [Int](repeating: -1, count: nodes.count)
    var tree = self
    tree.nodes = []
    for (index, node) in nodes.enumerated() where isNeeded[index] {
      renamed[index] = tree.nodes.count
      var kept = node
      kept.parent = node.parent < 0 ? -1 : renamed[node.parent]
      tree.nodes.append(kept)
    }
    let kept = links.map { link in
      let place = places[link]
      return Place(
        node: place.node < 0 ? -1 : renamed[place.node], nodeFromLink: place.nodeFromLink)
    }
    return (tree, kept)
  }

  /// The nodes from one upward to the root, itself first.
  func chain(from node: Int) -> [Int] {
    var chain: [Int] = []
    var current = node
    while current >= 0 {
      chain.append(current)
      current = nodes[current].parent
    }
    return chain
  }

  /// Writes the pose of each node in the root link's frame.
  func place(_ configuration: [Double], into poses: inout [Pose]) {
    for index in nodes.indices {
      let node = nodes[index]
      let position = node.factor * configuration[node.coordinate] + node.offset
      let own = node.parentFromJoint * Self.motion(position, node.axis, turns: node.turns)
      poses[index] = node.parent < 0 ? own : poses[node.parent] * own
    }
  }

  private static func motion(_ position: Double, _ axis: Vector3, turns: Bool) -> Pose {
    turns
      ? Pose(rotation: Quaternion(angle: position, axis: axis))
      : Pose(translation: position * axis)
  }
}
