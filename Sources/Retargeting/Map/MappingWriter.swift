public import Files
import Foundation
import Geometry
import Morphology

/// Why a found map cannot be written as a mapping.
public struct NoMapping: CategorizedError {
  /// The reason, one sentence.
  public var description: String

  /// The kind of failure.
  public var category: ErrorCategory { .data }
}

extension RobotMap {
  /// The map as a mapping's YAML (see Mappings/README.md): of a person, or of an upper body with two
  /// arms.
  ///
  /// - Parameter robot: The robot's name.
  public func mapping(robot: String) throws(NoMapping) -> String {
    guard let found, refusal == nil else {
      throw NoMapping(description: refusal ?? "nothing was found")
    }
    if let arm { return arm.text }
    return try MappingWriter(map: self, tree: found.tree, plan: found.plan).text(robot: robot)
  }
}

/// Writes a plan in the format of mappings.
struct MappingWriter {
  let map: RobotMap
  let tree: HingedTree
  let plan: HingedPlan
  let rest: RestPosture

  struct Side {
    var letter: String
    /// Nil of an upper body.
    var leg: HingedPlan.Limb?
    var arm: HingedPlan.Limb
  }

  init(map: RobotMap, tree: HingedTree, plan: HingedPlan) {
    self.map = map
    self.tree = tree
    self.plan = plan
    rest = RestPosture(tree: tree, plan: plan)
  }

  func text(robot: String) throws(NoMapping) -> String {
    guard let leftArm = plan.leftArm, let rightArm = plan.rightArm,
      plan.kind == .upperBody || plan.leftLeg != nil && plan.rightLeg != nil
    else {
      throw NoMapping(
        description:
          "a mapping is found for two arms, with two legs or without, only; this robot is "
          + "\(words(plan.kind)): Mappings/README.md says how to write one by hand")
    }
    let hasLegs = plan.kind != .upperBody
    let sides = [
      Side(letter: "L", leg: hasLegs ? plan.leftLeg : nil, arm: leftArm),
      Side(letter: "R", leg: hasLegs ? plan.rightLeg : nil, arm: rightArm),
    ]
    return head(robot, sides) + points(sides) + bones(sides) + direct(sides)
  }

  private func words(_ kind: HingedPlan.Kind) -> String {
    switch kind {
    case .person: "a person"
    case .legs: "legs without arms"
    case .upperBody: "an upper body"
    case .arm: "one arm"
    }
  }

  // MARK: - Names and numbers

  private func link(below hinge: Int) -> String {
    YAMLName.quoted(tree.bodies[tree.hinges[hinge].child].frames[0].name)
  }

  func number(_ value: Double, digits: Double = 1e4) -> String {
    let rounded = (value * digits).rounded() / digits
    return Int(exactly: rounded).map { "\($0)" } ?? "\(rounded)"
  }

  private func vector(_ vector: Vector3) -> String {
    "[\(number(vector.x)), \(number(vector.y)), \(number(vector.z))]"
  }

  // MARK: - The head

  private func head(_ robot: String, _ sides: [Side]) -> String {
    let lines = map.allDoubts.map { "# Doubt: \(YAMLName.plain($0))\n" }.joined()
    return """
      # Found by 'motionc map' from joints, axes, limits and symmetry. See Mappings/README.md.
      \(lines)skeleton: human
      robot: \(YAMLName.quoted(robot))

      \(origin(sides))
      \(restLines())

      """
  }

  private func origin(_ sides: [Side]) -> String {
    // An upper body without a waist is aligned at the chest.
    let joint = sides[0].leg == nil && !bendsWaist && !turnsWaist ? "Torso" : "Pelvis"
    let frame = joint == "Torso" ? "Chest" : "Pelvis"
    var text =
      "origin: {joint: \(joint), frame: \(frame), position: \(vector(originPlace(sides)))"
    if (rest.forward - .unitX).length > 0.02 || (rest.up - .unitZ).length > 0.02 {
      text += ", forward: \(vector(rest.forward)), up: \(vector(rest.up))"
    }
    return text + "}"
  }

  /// The base's origin where that is the pelvis and the trunk turns about a waist, else the middle of the
  /// hips.
  private func originPlace(_ sides: [Side]) -> Vector3 {
    let legs = sides.compactMap(\.leg)
    if legs.isEmpty || plan.pelvis == 0 && bendsWaist { return .zero }
    return legs.reduce(.zero) { $0 + center($1) / 2 }
  }

  /// The centre of a hip or shoulder in the root's frame, at rest.
  private func center(_ limb: HingedPlan.Limb) -> Vector3 {
    let hinge = limb.upper.count > 1 ? limb.upper[1] : limb.upper.first ?? limb.middle
    return rest.pose(of: tree.hinges[hinge].child) * (limb.upper.count > 1 ? limb.center : .zero)
  }

  private func restLines() -> String {
    let moved = tree.hinges.indices.filter(rest.isMoved)
    guard !moved.isEmpty else { return "" }
    let entries = moved.map {
      "  \(YAMLName.quoted(tree.hinges[$0].name)): \(number(rest.positions[$0] ?? 0))"
    }
    return
      "# Where it stands as a human at rest, arms hanging as they may; others at zero [rad].\nrest:\n"
      + entries.joined(separator: "\n") + "\n"
  }

  // MARK: - What the trunk can do

  private var bendsWaist: Bool { rest.hasWaist(along: rest.left) }
  private var turnsWaist: Bool { rest.hasWaist(along: rest.up) }

  // MARK: - Points

  private func points(_ sides: [Side]) -> String {
    var lines = ["points:"]
    func add(_ text: String) { lines.append("  - {\(text)}") }
    let legs = sides.compactMap { side in side.leg.map { (letter: side.letter, leg: $0) } }
    for (letter, leg) in legs {
      add("joint: \(letter)_Hip, \(top(leg)), weight: 0.5, offset: robot, frame: Pelvis")
    }
    for (letter, leg) in legs { add("joint: \(letter)_Knee, \(middle(leg)), weight: 1") }
    for (letter, leg) in legs {
      let weight = leg.upper.count < 3 ? 1 : 2
      add("joint: \(letter)_Ankle, link: \(link(below: leg.last)), weight: \(weight)")
    }
    lines += trunkLines(sides)
    for side in sides { add("joint: \(side.letter)_Elbow, \(middle(side.arm)), weight: 1") }
    for side in sides {
      if let wrist = wrist(side.arm) {
        // An arm that cannot turn its upper part reaches either the elbow or the wrist.
        let weight = side.arm.upper.count < 3 ? "0.5" : "2"
        add("joint: \(side.letter)_Wrist, \(wrist), weight: \(weight)")
      } else {
        lines.append(
          "  # Nothing shows how far it reaches beyond the elbow: \(side.letter)_Wrist is left out."
        )
      }
    }
    return lines.joined(separator: "\n") + "\n\n"
  }

  private func trunkLines(_ sides: [Side]) -> [String] {
    if sides[0].leg == nil, !bendsWaist, !turnsWaist {
      return sides.map {
        "  - {joint: \($0.letter)_Shoulder, \(top($0.arm)), weight: 1, offset: robot, frame: Chest}"
      }
    }
    guard !bendsWaist, sides[0].leg != nil else {
      let chest = YAMLName.quoted(tree.bodies[plan.chest].frames[0].name)
      let pivot = plan.pelvis == 0 ? chest : plan.waist.last.map { link(below: $0) } ?? chest
      return ["  - {joint: Torso, link: \(pivot), weight: 0, offset: robot, frame: Pelvis}"]
        + sides.map {
          "  - {joint: \($0.letter)_Shoulder, \(top($0.arm)), from: Torso, weight: 1, offset: robot, frame: Chest}"
        } + chestLine(sides)
    }
    let frame = turnsWaist ? "Trunk" : "Lean"
    let why =
      turnsWaist
      ? "  # It cannot bend its waist: the trunk leans as the line from hips to shoulders, with the base."
      : "  # It cannot bend or turn its waist: the trunk leans as the line from hips to shoulders, with the base."
    return [why]
      + sides.map {
        "  - {joint: \($0.letter)_Shoulder, \(top($0.arm)), from: Pelvis, weight: 1, offset: robot, frame: \(frame)}"
      }
  }

  /// A point above the shoulders, where the uppermost joint that bends the waist passes so near to them that
  /// their places leave open how the chest is turned about it.
  private func chestLine(_ sides: [Side]) -> [String] {
    let bends = plan.waist.last { hinge in
      tree.hinges[hinge].turns && abs(rest.axis(of: hinge).dot(rest.left)) > 0.77
    }
    guard let bends else { return [] }
    let shoulders = sides.reduce(Vector3.zero) { $0 + center($1.arm) / 2 }
    let legs = sides.compactMap(\.leg)
    guard !legs.isEmpty else { return [] }
    let hips = legs.reduce(Vector3.zero) { $0 + center($1) / 2 }
    let trunk = (shoulders - hips).length
    let axis = rest.axis(of: bends)
    let gap = shoulders - rest.pose(of: tree.hinges[bends].child).translation
    guard (gap - gap.dot(axis) * axis).length < 0.35 * trunk else { return [] }
    let chest = rest.pose(of: plan.chest)
    let place = chest.inverse * (shoulders + 0.3 * trunk * rest.up)
    let link = YAMLName.quoted(tree.bodies[plan.chest].frames[0].name)
    return [
      "  # '\(YAMLName.plain(tree.hinges[bends].name))' passes near the shoulders: a point above them shows how the chest is turned.",
      "  - {joint: Neck, link: \(link), place: \(vector(place)), from: Torso, weight: 0.5, offset: robot, frame: Chest}",
    ]
  }

  /// The centre of a hip or shoulder: a place of the link below the second hinge.
  private func top(_ limb: HingedPlan.Limb) -> String {
    guard limb.upper.count > 1 else {
      return "link: \(link(below: limb.upper.first ?? limb.middle))"
    }
    let place = StraightLimb(limb, tree: tree, rest: rest).top
    let isOff = place.length > 0.02 * limb.upperLength
    return "link: \(link(below: limb.upper[1]))" + (isOff ? ", place: \(vector(place))" : "")
  }

  /// The knee or elbow: on its axis, on the line from the limb's upper to its lower end.
  private func middle(_ limb: HingedPlan.Limb) -> String {
    let along = StraightLimb(limb, tree: tree, rest: rest).middle
    let isOff = abs(along) > StraightLimb.beside * limb.upperLength
    return "link: \(link(below: limb.middle))"
      + (isOff ? ", place: \(vector(along * tree.hinges[limb.middle].axis))" : "")
  }

  /// The wrist: below the second joint of the forearm, or the only one, or the end of the forearm.
  private func wrist(_ arm: HingedPlan.Limb) -> String? {
    if let hinge = arm.lower.count > 1 ? arm.lower[1] : arm.lower.first {
      return "link: \(link(below: hinge))"
    }
    return StraightLimb(arm, tree: tree, rest: rest).end.map {
      "link: \(link(below: arm.middle)), place: \(vector($0))"
    }
  }

  private func bones(_ sides: [Side]) -> String {
    var lines = ["bones:"]
    for (from, to) in [
      ("Hip", "Knee"), ("Knee", "Ankle"), ("Shoulder", "Elbow"), ("Elbow", "Wrist"),
    ] {
      let isLeg = to == "Knee" || to == "Ankle"
      for side in sides
      where isLeg ? side.leg != nil : to != "Wrist" || wrist(side.arm) != nil {
        lines.append("  - {from: \(side.letter)_\(from), to: \(side.letter)_\(to)}")
      }
    }
    return lines.joined(separator: "\n") + "\n\n"
  }
}
