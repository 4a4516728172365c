public import Geometry

/// A tree of joints that may be a body, seen in some poses: a skeleton of motion capture in frames of
/// its motion, or a robot in some configurations.
public struct BodyTree: Sendable {
  /// A joint, or the tip of a last bone.
  public struct Node: Sendable, Hashable {
    /// The name, which confirms what geometry says and decides nothing.
    public var name: String
    /// The index of the parent, which comes before its children; -1 for the root.
    public var parent: Int
    /// Whether it is only a place (an end site) and no joint.
    public var isTip: Bool

    /// Creates a node.
    public init(name: String, parent: Int, isTip: Bool = false) {
      self.name = name
      self.parent = parent
      self.isTip = isTip
    }
  }

  /// The nodes; a node comes after its parent.
  public let nodes: [Node]
  /// worldFromNode of all nodes, pose by pose: `nodes.count` for each pose, in any unit of length.
  public let poses: [Pose]

  /// A tree in at least one pose; `poses` holds whole poses of finite numbers.
  public init(nodes: [Node], poses: [Pose]) {
    precondition(
      !nodes.isEmpty && !poses.isEmpty && poses.count % nodes.count == 0,
      "\(nodes.count) nodes do not fit \(poses.count) places")
    for (index, node) in nodes.enumerated() {
      precondition(node.parent < index && node.parent >= -1, "node \(index) is before its parent")
    }
    self.nodes = nodes
    self.poses = poses
  }

  /// The number of poses.
  public var poseCount: Int { poses.count / nodes.count }

  /// The pose of a node.
  public func pose(_ node: Int, in pose: Int) -> Pose { poses[pose * nodes.count + node] }

  /// The place of a node.
  public func place(_ node: Int, in pose: Int) -> Vector3 {
    poses[pose * nodes.count + node].translation
  }

  /// The mean distance of two nodes over the poses, and its standard deviation.
  public func distance(_ a: Int, _ b: Int) -> (mean: Double, spread: Double) {
    // Relative to the first pose's, so that the squares of equal lengths cancel exactly.
    let first = (place(a, in: 0) - place(b, in: 0)).length
    var (sum, squares) = (0.0, 0.0)
    for pose in 0..<poseCount {
      let change = (place(a, in: pose) - place(b, in: pose)).length - first
      sum += change
      squares += change * change
    }
    let mean = sum / Double(poseCount)
    let variance = squares / Double(poseCount) - mean * mean
    return (first + mean, max(0, variance).squareRoot())
  }
}
