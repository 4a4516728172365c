import Geometry
import Kinematics

// What is minimised.

extension PoseSolver {
  /// Writes the points' places.
  mutating func place(_ answer: PoseAnswer) {
    problem.tree.place(answer.configuration, into: &poses)
    for (index, place) in problem.places.enumerated() {
      let inNode = place.nodeFromLink * problem.points[index].offset
      let inRoot = place.node < 0 ? inNode : poses[place.node] * inNode
      places[index] = problem.hasFreeBase ? answer.base * inRoot : inRoot
    }
  }

  /// The places of the points of an answer, seen from where the human's pelvis puts the base [m].
  mutating func positions(of answer: PoseAnswer) -> [Vector3] {
    place(answer)
    return places
  }

  func gap(_ line: PoseProblem.Line) -> Vector3 {
    var gap = Vector3.zero
    for end in line.to { gap += places[end] / Double(line.to.count) }
    for end in line.from { gap -= places[end] / Double(line.from.count) }
    return gap
  }

  /// The value of what is minimised.
  mutating func value(
    _ answer: PoseAnswer, _ goal: PoseProblem.Goal, _ previous: [Double]?
  ) -> Double {
    place(answer)
    var sum = 0.0
    for (index, point) in problem.points.enumerated() {
      sum += point.weight * (places[index] - goal.positions[index]).squaredLength
    }
    for (index, line) in problem.lines.enumerated() {
      let gap = gap(line)
      let length = max(gap.length, 1e-6)
      sum += line.weight * (gap / length - goal.directions[index]).squaredLength
    }
    for (index, direct) in problem.directs.enumerated() {
      let from = answer.configuration[direct.coordinate] - goal.angles[index]
      sum += direct.weight * from * from
    }
    let weights = problem.weights
    for coordinate in problem.active {
      let q = answer.configuration[coordinate]
      let fromRest = q - problem.rest[coordinate]
      sum += weights.rest * fromRest * fromRest
      guard let previous else { continue }
      let change = q - previous[coordinate]
      sum += weights.continuity * change * change
    }
    if problem.hasFreeBase {
      let turn = answer.base.rotation.rotationVector
      sum += (weights.baseTurn * turn * turn).sum()
      sum += weights.baseShift * answer.base.translation.squaredLength
    }
    for limit in problem.coupled {
      let excess = Self.excess(limit, answer.configuration)
      sum += weights.coupled * excess * excess
    }
    return sum
  }

  static func excess(_ limit: CoupledLimit, _ q: [Double]) -> Double {
    let sum = limit.terms.reduce(0) { $0 + $1.factor * q[$1.coordinate] }
    return sum - min(max(sum, limit.lower), limit.upper)
  }
}
