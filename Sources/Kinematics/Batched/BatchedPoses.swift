/// The poses of all links for many configurations, sixteen samples side by side.
///
/// Links of a robot keep the place that the walk over the tree gives them; ask by `pose` or
/// `setGradient`. Filling and reading in bulk goes through `BatchedLinkKinematics`.
public struct BatchedPoses: Sendable {
  /// The numbers [block, node, column x, column y, column z, origin].
  var lanes: [Lanes] = []
  var nodeOfLink: [Int] = []
  var nodeCount = 0
  /// The number of samples.
  public internal(set) var sampleCount = 0

  /// Creates an empty set of poses.
  public init() {}

  /// A number of a link's pose: 0...2 column x, 3...5 column y, 6...8 column z, 9...11 origin [m].
  public subscript(sample: Int, link link: Int, entry: Int) -> Float {
    get { lanes[index(sample, link, entry)][sample % 16] }
    set { lanes[index(sample, link, entry)][sample % 16] = newValue }
  }

  /// The origin of a link in the root frame [m].
  public func origin(_ sample: Int, link: Int) -> SIMD3<Float> {
    [self[sample, link: link, 9], self[sample, link: link, 10], self[sample, link: link, 11]]
  }

  private func index(_ sample: Int, _ link: Int, _ entry: Int) -> Int {
    precondition(sample < sampleCount && entry < 12, "sample \(sample) of \(sampleCount)")
    return (sample / 16 * nodeCount + nodeOfLink[link]) * 12 + entry
  }
}

/// Forward kinematics of all links in `Float`, with its pullback.
public struct BatchedLinkKinematics: Sendable {
  private let kinematics: BatchedKinematics
  private let nodeOfLink: [Int]
  /// Whether a node is a link's frame; one with an axis askew is not.
  private let isLink: [Bool]

  /// Kinematics of all links of a robot.
  public init(_ robot: Robot) {
    kinematics = BatchedKinematics(
      robot, points: [], rotationLinks: Array(robot.links.indices))
    nodeOfLink = kinematics.rotationNodes
    let linkNodes = Set(nodeOfLink)
    isLink = kinematics.tree.nodes.indices.map { linkNodes.contains($0) }
  }

  /// Computes the poses of configurations [sample, coordinate] [rad or m].
  public func forward(
    _ configurations: Span<Float>, into poses: inout BatchedPoses,
    workspace: inout BatchedKinematics.Workspace
  ) {
    // The poses lend the workspace their memory, so that nothing is copied.
    swap(&workspace.poses, &poses.lanes)
    poses.sampleCount = kinematics.prepare(configurations, &workspace)
    poses.nodeOfLink = nodeOfLink
    poses.nodeCount = kinematics.tree.nodes.count
    kinematics.run(configurations, &workspace)
    swap(&workspace.poses, &poses.lanes)
  }

  /// The gradient by the configurations [sample, coordinate] from that by all numbers of all poses.
  public func pullback(
    _ gradients: BatchedPoses, at poses: inout BatchedPoses,
    into configurations: inout MutableSpan<Float>,
    workspace: inout BatchedKinematics.Workspace
  ) {
    precondition(
      gradients.sampleCount == poses.sampleCount && gradients.nodeCount == poses.nodeCount
        && configurations.count == poses.sampleCount * kinematics.coordinateCount,
      "gradients of \(gradients.sampleCount) samples for \(poses.sampleCount) poses into "
        + "\(configurations.count) coordinates")
    workspace.sampleCount = poses.sampleCount
    swap(&workspace.poses, &poses.lanes)
    let stride = kinematics.nodeLanes
    gradients.lanes.withUnsafeBufferPointer { gradients in
      guard let start = gradients.baseAddress else { return }
      kinematics.pullback(&workspace, into: &configurations) { _, _, _, _ in
      } own: { block, _, node, pose in
        guard isLink[node] else {
          let none = Lanes3(.zero, .zero, .zero)
          return Wrench(force: none, torque: none)
        }
        return Self.wrench(gradient: start + block * stride + 12 * node, pose: pose)
      }
    }
    swap(&workspace.poses, &poses.lanes)
  }

  /// What the gradient by a node's pose does to it; a node that is no link has none.
  @inline(__always)
  private static func wrench(
    gradient: UnsafePointer<Lanes>, pose: UnsafePointer<Lanes>
  ) -> Wrench {
    let force = Lanes3(gradient + 9)
    var torque = CrossSum(Lanes3(.zero, .zero, .zero))
    torque.add(Lanes3(pose + 9), force)
    torque.add(Lanes3(pose), Lanes3(gradient))
    torque.add(Lanes3(pose + 3), Lanes3(gradient + 3))
    torque.add(Lanes3(pose + 6), Lanes3(gradient + 6))
    return Wrench(force: force, torque: torque.value)
  }
}
