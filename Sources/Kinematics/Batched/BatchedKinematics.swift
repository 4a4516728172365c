// Goals, in order: 2e-5 m of the Double kinematics, speed (sixteen samples side by side in vector
// registers), no memory taken per call after the first.

public import Geometry

/// Forward kinematics of many configurations in `Float`, with its pullback.
///
/// Values for a chosen list of points and rotations: only the part of the tree that these need is
/// computed. All arrays are row-major with the sample first. A value of this type is immutable and
/// may be used by several threads, each with a workspace of its own.
public struct BatchedKinematics: Sendable {
  /// A point that is fixed to a link.
  public struct Point: Sendable, Hashable {
    /// The index of the link.
    public var link: Int
    /// The point's position in the link's frame [m].
    public var offset: Vector3

    /// A point of a link; its origin without an offset [m].
    public init(link: Int, offset: Vector3 = .zero) {
      self.link = link
      self.offset = offset
    }
  }

  /// The working memory of passes: allocated at the first call and kept.
  ///
  /// It also holds the poses of the last forward pass, which the pullback reads: a computation
  /// whose pullback is still to come needs a workspace to itself.
  public struct Workspace: Sendable {
    /// Poses [block, node, 12] of the last forward pass.
    var poses: [Lanes] = []
    var coordinates: [Lanes] = []
    var wrenches: [Lanes] = []
    /// The number of samples of the last forward pass.
    public internal(set) var sampleCount = 0

    /// An empty workspace; it grows at its first use.
    public init() {}
  }

  /// The number of coordinates of a configuration.
  public let coordinateCount: Int
  /// The points whose positions are computed.
  public let points: [Point]
  /// The links whose rotations are computed.
  public let rotationLinks: [Int]
  let tree: BatchedTree
  let pointPlaces: [(node: Int, offset: SIMD3<Float>)]
  let rotationNodes: [Int]

  /// Kinematics of some points and of the rotations of some links.
  public init(_ robot: Robot, points: [Point], rotationLinks: [Int] = []) {
    let links = points.map(\.link) + rotationLinks
    precondition(
      links.allSatisfy { robot.links.indices.contains($0) },
      "links \(links) of a robot with \(robot.links.count) links")
    var tree = BatchedTree(robot, links: links)
    rotationNodes = rotationLinks.map { tree.nodeOfLink($0) }
    pointPlaces = points.map {
      let place = tree.places[$0.link]
      return (place.node, SIMD3<Float>(place.nodeFromFrame * $0.offset))
    }
    tree.seal()
    coordinateCount = robot.coordinateCount
    self.points = points
    self.rotationLinks = rotationLinks
    self.tree = tree
  }

  /// Computes positions [sample, point, 3] in the root frame [m] of configurations
  /// [sample, coordinate] [rad or m].
  public func forward(
    _ configurations: Span<Float>, positions: inout MutableSpan<Float>,
    workspace: inout Workspace
  ) {
    var none: [Float] = []
    var columns = none.mutableSpan
    forward(configurations, positions: &positions, columns: &columns, workspace: &workspace)
  }

  /// Computes positions [sample, point, 3] and the columns of rotations
  /// [sample, rotation link, column, 3].
  public func forward(
    _ configurations: Span<Float>, positions: inout MutableSpan<Float>,
    columns: inout MutableSpan<Float>, workspace: inout Workspace
  ) {
    let count = prepare(configurations, &workspace)
    let (pointWidth, columnWidth) = (3 * points.count, 9 * rotationLinks.count)
    precondition(
      positions.count == count * pointWidth && columns.count == count * columnWidth,
      "\(positions.count) positions and \(columns.count) columns for \(count) samples")
    run(configurations, &workspace)
    positions.withUnsafeMutableBufferPointer { positions in
      columns.withUnsafeMutableBufferPointer { columns in
        workspace.poses.withUnsafeBufferPointer { poses in
          guard let poses = poses.baseAddress else { return }
          for block in 0..<Self.blockCount(count) {
            let base = poses + block * nodeLanes
            let samples = block * 16..<min(count, block * 16 + 16)
            if let start = positions.baseAddress {
              storePositions(base, into: start + samples.lowerBound * pointWidth, samples.count)
            }
            if let start = columns.baseAddress {
              storeColumns(base, into: start + samples.lowerBound * columnWidth, samples.count)
            }
          }
        }
      }
    }
  }

  /// The gradient by the configurations [sample, coordinate], from that by positions
  /// [sample, point, 3] of the last forward pass with this workspace; it is overwritten, not added.
  public func pullback(
    positions: Span<Float>, into gradients: inout MutableSpan<Float>, workspace: inout Workspace
  ) {
    let none: [Float] = []
    pullback(
      positions: positions, columns: none.span, into: &gradients, workspace: &workspace)
  }

  /// The gradient by the configurations from those by positions and by the columns of rotations
  /// [sample, rotation link, column, 3].
  public func pullback(
    positions: Span<Float>, columns: Span<Float>, into gradients: inout MutableSpan<Float>,
    workspace: inout Workspace
  ) {
    let count = workspace.sampleCount
    precondition(
      positions.count == count * 3 * points.count
        && columns.count == count * 9 * rotationLinks.count
        && gradients.count == count * coordinateCount,
      "gradients of \(positions.count) positions and \(columns.count) columns into "
        + "\(gradients.count) coordinates, for \(count) samples")
    positions.withUnsafeBufferPointer { positions in
      columns.withUnsafeBufferPointer { columns in
        pullback(&workspace, into: &gradients) { block, samples, poses, loads in
          loads.update(repeating: .zero, count: 6 * tree.nodes.count)
          if let start = positions.baseAddress {
            let first = start + block * 16 * 3 * points.count
            addForces(first, samples, poses, loads)
          }
          if let start = columns.baseAddress {
            let first = start + block * 16 * 9 * rotationLinks.count
            addTorques(first, samples, poses, loads)
          }
        } own: { _, loads, node, _ in
          Wrench(loads + 6 * node)
        }
      }
    }
  }
}
