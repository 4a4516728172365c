import Geometry
import Learning
import Morphology
import Testing

@testable import Retargeting

/// A person with limbs whose axes pass each other by random gaps.
@Suite("The points of a straight limb are on one line")
struct StraightLimbTests {
  /// Legs of three hinges at the hip in one of the orders that robots have, and arms that hang, all parts
  /// beside each other by up to `gap` [m].
  private func person(order: [Vector3], gap: Double, using random: inout RandomSource) -> Mechanism
  {
    func beside() -> Double { Double.random(in: -gap...gap, using: &random) }
    var robot = Mechanism()
    let hip = (0..<3).map { _ in Vector3(0, beside(), 0) }
    let (knee, ankle) = (Vector3(0, beside(), -0.4), Vector3(0, beside(), -0.4))
    let (twist, elbow, wrist) = (
      Vector3(0, beside(), -0.1), Vector3(0, beside(), -0.2), Vector3(0, beside(), -0.25)
    )
    for (side, sign) in [("left", 1.0), ("right", -1.0)] {
      func place(_ place: Vector3) -> Vector3 { [place.x, sign * place.y, place.z] }
      var last = "base"
      for (index, axis) in order.enumerated() {
        last = robot.add(
          "\(side)_hip_\(index)", to: last,
          at: (index == 0 ? [0, 0.1 * sign, 0] : .zero) + place(hip[index]), axis, -1.2...1.2)
      }
      last = robot.add("\(side)_knee", to: last, at: place(knee), .unitY, 0...2.2)
      last = robot.add("\(side)_ankle", to: last, at: place(ankle), .unitY, -0.8...0.5)
      robot.add("\(side)_foot", to: last, at: .zero, .unitX, -0.3...0.3)
      last = robot.add("\(side)_pitch", to: "base", at: [0, 0.2 * sign, 0.5], .unitY, -2...2)
      last = robot.add("\(side)_roll", to: last, at: .zero, .unitX, -1...1)
      last = robot.add("\(side)_yaw", to: last, at: place(twist), .unitZ, -1.5...1.5)
      last = robot.add("\(side)_elbow", to: last, at: place(elbow), .unitY, -2.2...0.1)
      last = robot.add("\(side)_turn", to: last, at: place(wrist), .unitZ, -1...1)
      robot.add("\(side)_wrist", to: last, at: .zero, .unitY, -1...1)
    }
    return robot
  }

  private static let orders: [[Vector3]] = [
    [.unitY, .unitX, .unitZ], [.unitZ, .unitX, .unitY], [.unitZ, .unitY, .unitX],
    [.unitX, .unitZ, .unitY],
  ]

  @Test("Hip, knee and ankle, shoulder, elbow and wrist", arguments: orders, [0.0, 0.01, 0.03])
  func line(order: [Vector3], gap: Double) throws {
    var random = RandomSource(seed: 14)
    for _ in 0..<20 {
      let tree = person(order: order, gap: gap, using: &random).tree
      let plan = try HingedPlan(findingIn: tree)
      let rest = RestPosture(tree: tree, plan: plan)
      for limb in [plan.leftLeg, plan.rightLeg, plan.leftArm, plan.rightArm].compactMap(\.self) {
        let found = StraightLimb(limb, tree: tree, rest: rest)
        var positions = rest.positions
        positions[limb.middle] = limb.straight
        func pose(_ hinge: Int) -> Pose { tree.pose(of: tree.hinges[hinge].child, at: positions) }
        let top = pose(limb.upper[1]) * found.top
        let middle = pose(limb.middle) * (found.middle * tree.hinges[limb.middle].axis)
        let end = pose(try #require(limb.lower.dropFirst().first ?? limb.lower.first)).translation
        let (upper, lower) = (middle - top, end - middle)
        let sine = upper.cross(lower).length / (upper.length * lower.length)
        // Half of what the neutral human is held to: the bones' lengths are those between axes.
        #expect(sine < 5e-3, "\(tree.hinges[limb.middle].name): \(sine)")
      }
    }
  }
}
