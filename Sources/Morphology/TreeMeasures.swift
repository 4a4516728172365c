import Foundation
import Geometry

/// Lengths and turns of a tree over its poses.
struct TreeMeasures {
  let tree: BodyTree
  /// The nodes next to each: the parent and the children.
  let neighbours: [[Int]]
  /// The mean distance of each node from its parent; zero where it is no bone.
  let lengths: [Double]
  /// The largest angle between the rotations of a node relative to its parent in the first and in
  /// another pose [rad].
  let turns: [Double]
  /// Whether the poses show motion.
  private let moves: Bool
  /// The longest way from a node down, and up through its parent.
  private let down: [Double]
  private let up: [Double]

  /// A turn below it is a fixed joint's rounding [rad].
  static let still = 0.002

  init(_ tree: BodyTree) {
    self.tree = tree
    let count = tree.nodes.count
    var neighbours = [[Int]](repeating: [], count: count)
    var lengths = [Double](repeating: 0, count: count)
    var turns = [Double](repeating: 0, count: count)
    for (node, parent) in tree.nodes.map(\.parent).enumerated() where parent >= 0 {
      neighbours[node].append(parent)
      neighbours[parent].append(node)
      let first = Self.relative(node, parent, tree, 0)
      for pose in 1..<max(1, tree.poseCount) {
        let turn = first.inverse * Self.relative(node, parent, tree, pose)
        turns[node] = max(turns[node], turn.angle)
      }
      let length = tree.distance(node, parent)
      // What changes its length much is no bone: a root that stays behind while the body walks.
      lengths[node] = length.spread < 0.1 * length.mean ? length.mean : 0
    }
    self.neighbours = neighbours
    self.lengths = lengths
    self.turns = turns
    moves = turns.contains { $0 > 20 * Self.still }
    (down, up) = Self.reaches(tree, lengths, neighbours)
  }

  private static func relative(_ node: Int, _ parent: Int, _ tree: BodyTree, _ pose: Int)
    -> Quaternion
  {
    tree.pose(parent, in: pose).rotation.inverse * tree.pose(node, in: pose).rotation
  }

  private static func reaches(
    _ tree: BodyTree, _ lengths: [Double], _ neighbours: [[Int]]
  ) -> (down: [Double], up: [Double]) {
    var down = [Double](repeating: 0, count: lengths.count)
    var up = down
    for node in tree.nodes.indices.reversed() {
      let parent = tree.nodes[node].parent
      if parent >= 0 { down[parent] = max(down[parent], lengths[node] + down[node]) }
    }
    for (parent, node) in tree.nodes.enumerated() {
      let children = neighbours[parent].filter { $0 != node.parent }
      // The longest two ways down, so that each child knows the longest beside its own.
      let ways = children.map { lengths[$0] + down[$0] }.sorted(by: >)
      for child in children {
        let own = lengths[child] + down[child]
        let beside = own == ways[0] ? (ways.count > 1 ? ways[1] : 0) : ways[0]
        up[child] = lengths[child] + max(up[parent], beside)
      }
    }
    return (down, up)
  }

  /// The longest way from a node through one of its neighbours.
  func reach(from node: Int, through next: Int) -> Double {
    tree.nodes[next].parent == node ? lengths[next] + down[next] : up[node]
  }

  /// The longest way in the tree.
  var longest: Double { zip(down, up).reduce(0) { max($0, $1.0, $1.1) } }

  /// Whether a node never turns relative to its parent; of a body at rest nothing is known.
  func isFixed(_ node: Int) -> Bool { moves && turns[node] < Self.still }

  /// The nodes along the longest way from a node through a neighbour, without the node itself.
  func longestPath(from node: Int, through next: Int) -> [Int] {
    var path = [next]
    var (last, current) = (node, next)
    while true {
      let ways = neighbours[current].filter { $0 != last }
      guard
        let best = ways.max(by: {
          reach(from: current, through: $0) < reach(from: current, through: $1)
        })
      else { return path }
      path.append(best)
      (last, current) = (current, best)
    }
  }

  /// The nodes from one to another, both included.
  func path(from start: Int, to end: Int) -> [Int] {
    var fromStart = [start]
    while let last = fromStart.last, tree.nodes[last].parent >= 0 {
      fromStart.append(tree.nodes[last].parent)
    }
    var fromEnd = [end]
    while let last = fromEnd.last, tree.nodes[last].parent >= 0 {
      fromEnd.append(tree.nodes[last].parent)
    }
    while fromStart.count > 1, fromEnd.count > 1,
      fromStart[fromStart.count - 2] == fromEnd[fromEnd.count - 2]
    {
      fromStart.removeLast()
      fromEnd.removeLast()
    }
    return fromStart + fromEnd.reversed().dropFirst()
  }

  /// The mean distance of two nodes, and its standard deviation over the poses.
  func distance(_ a: Int, _ b: Int) -> (mean: Double, spread: Double) { tree.distance(a, b) }

  /// The smallest and the largest angle by which the way from `a` over `b` to `c` bends [rad].
  func bend(_ a: Int, _ b: Int, _ c: Int) -> ClosedRange<Double> {
    var (low, high) = (Double.infinity, 0.0)
    for pose in 0..<tree.poseCount {
      let before = tree.place(b, in: pose) - tree.place(a, in: pose)
      let after = tree.place(c, in: pose) - tree.place(b, in: pose)
      let angle = before.angle(to: after)
      low = min(low, angle)
      high = max(high, angle)
    }
    return min(low, high)...high
  }
}

extension Vector3 {
  /// The angle to another vector [rad]; 0 where one of them has no length.
  func angle(to other: Vector3) -> Double { atan2(cross(other).length, dot(other)) }
}
