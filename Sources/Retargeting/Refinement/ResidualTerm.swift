import Geometry
import Kinematics

/// One kind of squares that a refinement makes small: it adds what it finds in a frame.
protocol ResidualTerm: Sendable {
  /// Adds the term's squares of a frame, in which the robot stands as `equations` says.
  ///
  /// - Parameter scratch: Derivatives, all zero before and after.
  func add(
    frame: Int, to equations: inout FrameEquations, _ scratch: inout FrameEquations.Derivatives)
}

/// A point of a robot: where it is in the frame of the node that moves it.
struct BodyPoint: Sendable {
  var node: Int
  var place: Vector3

  init(node: Int, place: Vector3) { (self.node, self.place) = (node, place) }

  /// A point given in a link's frame.
  init(link: Int, place: Vector3, _ tree: SolverTree) {
    let link = tree.places[link]
    self.init(node: link.node, place: link.nodeFromLink * place)
  }

  func world(_ equations: FrameEquations) -> Vector3 { equations.pose(ofNode: node) * place }
}

/// Links where the person's limbs put them.
struct TrackingTerm: ResidualTerm {
  let points: [BodyPoint]
  /// The weight of each point [1/m²].
  let weights: [Double]
  /// Where they should be in the world [frame, point, m].
  let goals: [Vector3]

  func add(
    frame: Int, to equations: inout FrameEquations, _ scratch: inout FrameEquations.Derivatives
  ) {
    for (index, point) in points.enumerated() where weights[index] > 0 {
      let place = point.world(equations)
      scratch.moved = equations.columns(ofNode: point.node)
      equations.differentiate(place, node: point.node, into: &scratch)
      equations.add(place - goals[frame * points.count + index], weight: weights[index], &scratch)
    }
  }
}

/// Lines between points along the person's limbs and trunk.
struct DirectionTerm: ResidualTerm {
  let points: [BodyPoint]
  let lines: [PoseProblem.Line]
  /// Unit vectors in the world [frame, line].
  let goals: [Vector3]
  /// The columns that move each line.
  private let moved: [[Int]]

  init(
    points: [BodyPoint], lines: [PoseProblem.Line], goals: [Vector3], _ layout: RefinementLayout
  ) {
    (self.points, self.lines, self.goals) = (points, lines, goals)
    moved = lines.map { line in
      layout.columns(ofNodes: (line.from + line.to).map { points[$0].node })
    }
  }

  func add(
    frame: Int, to equations: inout FrameEquations, _ scratch: inout FrameEquations.Derivatives
  ) {
    for (index, line) in lines.enumerated() where line.weight > 0 {
      let goal = goals[frame * lines.count + index]
      guard goal != .zero else { continue }
      var gap = Vector3.zero
      for (ends, sign) in [(line.to, 1.0), (line.from, -1.0)] {
        for end in ends {
          let place = points[end].world(equations)
          let factor = sign / Double(ends.count)
          gap += factor * place
          equations.differentiate(place, node: points[end].node, times: factor, into: &scratch)
        }
      }
      let length = max(gap.length, 1e-6)
      let unit = gap / length
      scratch.moved = moved[index]
      if !equations.isSumOnly {
        for column in scratch.moved {
          let change = scratch.values[column]
          scratch.values[column] = (change - change.dot(unit) * unit) / length
        }
      }
      equations.add(unit - goal, weight: line.weight, &scratch)
    }
  }
}

/// Joints that follow the person's, the rest posture for what nothing else decides, and limits on sums.
struct PostureTerm: ResidualTerm {
  let problem: PoseProblem
  /// The goals of the joints that follow [frame, direct map, rad].
  let goals: [Double]

  func add(
    frame: Int, to equations: inout FrameEquations, _ scratch: inout FrameEquations.Derivatives
  ) {
    let configuration = equations.configuration
    for (index, direct) in problem.directs.enumerated() {
      let from = configuration[direct.coordinate] - goals[frame * problem.directs.count + index]
      equations.add(from, weight: direct.weight, column: problem.columnOf[direct.coordinate])
    }
    for (column, coordinate) in problem.active.enumerated() {
      let from = configuration[coordinate] - problem.rest[coordinate]
      equations.add(from, weight: problem.weights.rest, column: column)
    }
    for limit in problem.coupled {
      let excess = PoseSolver.excess(limit, configuration)
      guard excess != 0 else { continue }
      equations.add(
        excess, weight: problem.weights.coupled,
        terms: limit.terms.map { (problem.columnOf[$0.coordinate], $0.factor) })
    }
  }
}

/// The base near to where the person's pelvis puts it.
struct BaseTerm: ResidualTerm {
  /// Where the pelvis puts it [frame].
  let goals: [Pose]
  /// The weights of its turn [1/rad²] and of its shift [1/m²].
  let turn: Double, shift: Double
  /// The first of the base's columns.
  let column: Int

  func add(
    frame: Int, to equations: inout FrameEquations, _ scratch: inout FrameEquations.Derivatives
  ) {
    let turned = (equations.base.rotation * goals[frame].rotation.inverse).rotationVector
    let shifted = equations.base.translation - goals[frame].translation
    for axis in 0..<3 {
      equations.add(turned[axis], weight: turn, column: column + axis)
      equations.add(shifted[axis], weight: shift, column: column + 3 + axis)
    }
  }
}
