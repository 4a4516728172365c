import Geometry
import Kinematics

/// The inverse kinematics of one pose: which points of a robot should be where, which lines should
/// point where, and which joints should stand where.
///
/// Minimises over the configuration q, within its limits, and over the base's pose where that is free
///
///     Σ wᵢ |pᵢ − tᵢ|² + Σ wⱼ |uⱼ − dⱼ|² + Σ wₖ (qₖ − aₖ)² + rest + continuity + base + coupled limits
///
/// with points p and their targets t [m], lines' unit vectors u and their directions d, and joints'
/// positions q with their goals a [rad]. The remaining terms are small: towards the rest posture, towards
/// the previous frame's answer, and of the base towards where the human's pelvis puts it.
struct PoseProblem: Sendable {
  /// A point of a link with its weight [1/m²].
  struct Point: Sendable {
    var link: Int
    /// Its position in the link's frame [m].
    var offset: Vector3 = .zero
    var weight: Double
  }

  /// A line from the mean of some points to the mean of others, with its weight.
  struct Line: Sendable {
    var from: [Int], to: [Int]
    var weight: Double
  }

  /// A joint with a goal of its own, with its weight [1/rad²].
  struct Direct: Sendable {
    var coordinate: Int
    var weight: Double
  }

  /// What is wanted of one pose.
  struct Goal: Sendable {
    /// The points' targets in the frame in which the base should be the identity [m].
    var positions: [Vector3]
    /// The lines' unit vectors in the same frame.
    var directions: [Vector3] = []
    /// The joints' positions [rad or m].
    var angles: [Double] = []
  }

  /// The weights of what keeps a solution from wandering.
  struct Weights: Sendable {
    /// Of the distance from the rest posture [1/rad²].
    var rest = 0.0
    /// Of the change from the previous frame's answer [1/rad²].
    var continuity = 0.0
    /// Of the base's turn [1/rad²] about its axes, and of its shift [1/m²].
    var baseTurn = Vector3(0, 0, 0), baseShift = 0.0
    /// Of a coupled limit's excess [1/rad²].
    var coupled = 0.0
  }

  let points: [Point]
  let lines: [Line]
  let directs: [Direct]
  let weights: Weights
  /// The rest posture, within the limits [coordinate].
  let rest: [Double]
  /// The limits [coordinate].
  let lower: [Double], upper: [Double]
  let coupled: [CoupledLimit]
  /// Whether the base's pose is solved for.
  let hasFreeBase: Bool

  let tree: SolverTree
  let places: [SolverTree.Place]
  /// For each point the nodes that move it.
  let chains: [[Int]]
  /// The coordinates that are solved for, and the column of each coordinate, -1 for the others.
  let active: [Int]
  let columnOf: [Int]
  /// For each point, and for each line, the columns that move it, ascending.
  let pointColumns: [[Int]], lineColumns: [[Int]]

  /// The number of unknowns.
  var columnCount: Int { active.count + (hasFreeBase ? 6 : 0) }

  init(
    robot: Robot, points: [Point], lines: [Line] = [], directs: [Direct] = [],
    rest: [Double]? = nil, weights: Weights = Weights(), hasFreeBase: Bool = false
  ) {
    self.points = points
    self.lines = lines
    self.directs = directs
    self.weights = weights
    self.hasFreeBase = hasFreeBase
    let limits = robot.foldedLimits
    let (lower, upper) = (
      limits.map { $0.lower?.value ?? -.pi }, limits.map { $0.upper?.value ?? .pi }
    )
    (self.lower, self.upper) = (lower, upper)
    let zero = [Double](repeating: 0, count: limits.count)
    self.rest = (rest ?? zero).indices.map { min(max((rest ?? zero)[$0], lower[$0]), upper[$0]) }
    coupled = robot.coupledLimits
    (tree, places) = SolverTree(robot).pruned(to: points.map(\.link))
    let tree = tree
    chains = places.map { tree.chain(from: $0.node) }
    let moved =
      tree.nodes.map(\.coordinate) + directs.map(\.coordinate)
      + coupled.flatMap { $0.terms.map(\.coordinate) }
    active = Set(moved).sorted()
    var columns = [Int](repeating: -1, count: limits.count)
    for (column, coordinate) in active.enumerated() { columns[coordinate] = column }
    columnOf = columns
    let base = hasFreeBase ? Array(active.count..<(active.count + 6)) : []
    let pointColumns = chains.map { chain in
      Set(chain.map { columns[tree.nodes[$0].coordinate] }).sorted() + base
    }
    self.pointColumns = pointColumns
    lineColumns = lines.map { line in
      Set((line.from + line.to).flatMap { pointColumns[$0] }).sorted()
    }
  }
}
