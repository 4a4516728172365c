import Geometry
import Kinematics

/// The robot in one frame, and the part of the normal equations that comes from there.
///
/// Columns are the coordinates that are solved for and then, of a base that floats, its turn about the
/// world's axes and its shift. Terms add squares `weight · |residual|²` with their derivatives; the
/// matrix of Gauss and Newton and half the gradient are summed up.
struct FrameEquations: Sendable {
  /// The number of columns.
  let columns: Int
  /// The matrix, symmetric, of which the part with row ≥ column is written [column, row].
  private(set) var matrix: [Double]
  /// Half the gradient.
  private(set) var gradient: [Double]
  /// The sum of squares.
  private(set) var value = 0.0
  /// The robot in the frame.
  private(set) var robot: FramePose
  /// What the weights of contact terms are multiplied by: they begin soft.
  var stiffness = 1.0
  /// The same of the ground's.
  var groundStiffness = 1.0
  /// Whether only the sum of squares is wanted, which takes a fraction of the time.
  var isSumOnly = false
  /// The configuration of the frame [coordinate], and the pose of the root link.
  var configuration: [Double] { robot.configuration }
  var base: Pose { robot.base }

  private let tree: SolverTree
  private let columnOf: [Int]
  private let baseColumn: Int?
  /// For each node the nodes from it upward.
  private let chains: [[Int]]
  private let columnsOfNode: [[Int]]

  /// Derivatives of a residual [column], of which those of `moved` count.
  struct Derivatives: Sendable {
    var values: [Vector3]
    var moved: [Int] = []
    /// The three parts of `values`, each in a row [axis, column].
    fileprivate var rows: [Double]

    init(columns: Int) {
      values = [Vector3](repeating: .zero, count: columns)
      rows = [Double](repeating: 0, count: 3 * columns)
    }
  }

  /// Equations of a frame, all zero.
  init(_ layout: RefinementLayout) {
    columns = layout.columns
    matrix = [Double](repeating: 0, count: columns * columns)
    gradient = [Double](repeating: 0, count: columns)
    tree = layout.tree
    columnOf = layout.columnOf
    baseColumn = layout.hasBase ? layout.active.count : nil
    robot = FramePose(
      [Double](repeating: 0, count: layout.columnOf.count), base: .identity, layout.tree)
    (chains, columnsOfNode) = (layout.chains, layout.columnsOfNode)
  }

  /// Begins a frame: nothing is added yet, and the robot stands as given.
  mutating func begin(_ robot: FramePose) {
    if !isSumOnly {
      matrix.withUnsafeMutableBufferPointer { $0.update(repeating: 0) }
      gradient.withUnsafeMutableBufferPointer { $0.update(repeating: 0) }
    }
    value = 0
    self.robot = robot
  }

  /// Begins a frame in a configuration.
  mutating func begin(_ configuration: [Double], base: Pose) {
    begin(FramePose(configuration, base: base, tree))
  }

  /// The pose of a node's body in the world; of the root link for a node of −1.
  func pose(ofNode node: Int) -> Pose { robot.pose(ofNode: node) }

  /// Adds the derivatives of a point that moves with a node, times a factor.
  func differentiate(
    _ place: Vector3, node: Int, times factor: Double = 1, into derivatives: inout Derivatives
  ) {
    guard !isSumOnly else { return }
    if node >= 0 {
      for index in chains[node] {
        let moved = tree.nodes[index]
        let column = columnOf[moved.coordinate]
        guard column >= 0 else { continue }
        let axis = factor * robot.axes[index]
        derivatives.values[column] +=
          moved.turns ? axis.cross(place - robot.poses[index].translation) : axis
      }
    }
    guard let baseColumn else { return }
    let arm = factor * (place - base.translation)
    derivatives.values[baseColumn] += Vector3(0, -arm.z, arm.y)
    derivatives.values[baseColumn + 1] += Vector3(arm.z, 0, -arm.x)
    derivatives.values[baseColumn + 2] += Vector3(-arm.y, arm.x, 0)
    derivatives.values[baseColumn + 3].x += factor
    derivatives.values[baseColumn + 4].y += factor
    derivatives.values[baseColumn + 5].z += factor
  }

  /// The columns that move a node's body.
  func columns(ofNode node: Int) -> [Int] { columnsOfNode[node + 1] }

  // MARK: - Squares

  /// Adds `weight · |residual|²`, and sets the derivatives to zero for the next term.
  mutating func add(_ residual: Vector3, weight: Double, _ derivatives: inout Derivatives) {
    value += weight * residual.squaredLength
    guard !isSumOnly else { return }
    let (moved, columns) = (derivatives.moved, columns)
    derivatives.rows.withUnsafeMutableBufferPointer { rows in
      for column in moved {
        let change = derivatives.values[column]
        derivatives.values[column] = .zero
        rows[column] = change.x
        rows[columns + column] = change.y
        rows[2 * columns + column] = change.z
        gradient[column] += weight * change.dot(residual)
      }
      // Rows as a whole, for what does not move is zero: the processor takes several at once.
      matrix.withUnsafeMutableBufferPointer { matrix in
        for column in moved {
          let (x, y, z) = (
            weight * rows[column], weight * rows[columns + column],
            weight * rows[2 * columns + column]
          )
          let start = column * columns
          for row in column..<columns {
            matrix[start + row] +=
              x * rows[row] + y * rows[columns + row] + z * rows[2 * columns + row]
          }
        }
      }
      for column in moved {
        rows[column] = 0
        rows[columns + column] = 0
        rows[2 * columns + column] = 0
      }
    }
  }

  /// Adds `weight · (residual along direction)²`, and sets the derivatives to zero for the next term.
  mutating func add(
    _ residual: Double, along direction: Vector3, weight: Double, _ derivatives: inout Derivatives
  ) {
    value += weight * residual * residual
    guard !isSumOnly else { return }
    let moved = derivatives.moved
    for (index, column) in moved.enumerated() {
      let scaled = weight * derivatives.values[column].dot(direction)
      gradient[column] += scaled * residual
      for row in moved[index...] {
        matrix[column * columns + row] += scaled * derivatives.values[row].dot(direction)
      }
    }
    for column in moved { derivatives.values[column] = .zero }
  }

  /// Adds `weight · residual²` of one column whose derivative is one.
  mutating func add(_ residual: Double, weight: Double, column: Int) {
    value += weight * residual * residual
    guard !isSumOnly else { return }
    gradient[column] += weight * residual
    matrix[column * columns + column] += weight
  }

  /// Adds `weight · (Σ factor · column − wanted)²`, given the residual.
  mutating func add(_ residual: Double, weight: Double, terms: [(column: Int, factor: Double)]) {
    value += weight * residual * residual
    guard !isSumOnly else { return }
    for term in terms {
      gradient[term.column] += weight * term.factor * residual
      for other in terms where other.column >= term.column {
        matrix[term.column * columns + other.column] += weight * term.factor * other.factor
      }
    }
  }
}

/// What is solved for in a refinement: which coordinates, and whether the base moves.
struct RefinementLayout: Sendable {
  /// The tree of the whole robot, and where its links are in it.
  let tree: SolverTree
  /// The coordinates that are solved for, and the column of each coordinate, −1 for the others.
  let active: [Int], columnOf: [Int]
  /// Whether the base's pose is solved for.
  let hasBase: Bool
  /// For each node the nodes from it upward.
  let chains: [[Int]]
  /// The columns that move a node's body, ascending; of the root link first.
  let columnsOfNode: [[Int]]

  /// The number of columns of a frame.
  var columns: Int { active.count + (hasBase ? 6 : 0) }

  init(_ problem: PoseProblem, robot: Robot, hasBase: Bool) {
    let (tree, columnOf) = (SolverTree(robot), problem.columnOf)
    let count = problem.active.count
    let base = hasBase ? Array(count..<(count + 6)) : []
    let chains = tree.nodes.indices.map { tree.chain(from: $0) }
    (self.tree, self.chains, self.columnOf, self.hasBase) = (tree, chains, columnOf, hasBase)
    active = problem.active
    columnsOfNode =
      [base]
      + chains.map { chain in
        let own = chain.map { columnOf[tree.nodes[$0].coordinate] }.filter { $0 >= 0 }
        return Set(own).sorted() + base
      }
  }

  /// The columns that move one of some nodes' bodies, ascending.
  func columns(ofNodes nodes: [Int]) -> [Int] {
    Set(nodes.flatMap { columnsOfNode[$0 + 1] }).sorted()
  }
}
