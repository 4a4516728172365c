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
  /// The map as a mapping's YAML (see Mappings/README.md), as far as that format holds it: a person
  /// whose base is the pelvis and looks along +x.
  ///
  /// - Parameter robot: The robot's name.
  public func mapping(robot: String) throws(NoMapping) -> String {
    guard let found, refusal == nil else {
      throw NoMapping(description: refusal ?? "nothing was found")
    }
    return try MappingWriter(map: self, tree: found.tree, plan: found.plan).text(robot: robot)
  }
}

/// Writes a plan in today's format of mappings.
private struct MappingWriter {
  let map: RobotMap
  let tree: HingedTree
  let plan: HingedPlan

  private struct Side {
    var letter: String
    var leg: HingedPlan.Limb, arm: HingedPlan.Limb
  }

  func text(robot: String) throws(NoMapping) -> String {
    guard let leftLeg = plan.leftLeg, let rightLeg = plan.rightLeg, let leftArm = plan.leftArm,
      let rightArm = plan.rightArm
    else {
      throw NoMapping(
        description: "a mapping is written for two legs and two arms only; this robot is "
          + "\(words(plan.kind)): Mappings/README.md says how to write one by hand")
    }
    guard plan.pelvis == 0 else {
      throw NoMapping(
        description:
          "the base link is not the pelvis: the legs hang from joints below it, which the "
          + "format of mappings cannot state yet")
    }
    guard map.facing == "+x", let up = plan.up, up.z > 0.97, let forward = plan.forward,
      forward.x > 0.97
    else {
      throw NoMapping(
        description: "the robot faces \(map.facing ?? "nowhere"), and the format of mappings holds "
          + "bases that look along +x with z up only")
    }
    let sides = [
      Side(letter: "L", leg: leftLeg, arm: leftArm),
      Side(letter: "R", leg: rightLeg, arm: rightArm),
    ]
    return head(robot) + points(sides) + bones(sides) + direct(sides, up, forward)
  }

  private func words(_ kind: HingedPlan.Kind) -> String {
    switch kind {
    case .person: "a person"
    case .legs: "legs without arms"
    case .upperBody: "an upper body"
    case .arm: "one arm"
    }
  }

  private func head(_ robot: String) -> String {
    let doubts =
      map.doubts + map.slots.compactMap { slot in slot.doubt.map { "\(slot.name): \($0)" } }
    let lines = doubts.map { "# Doubt: \(quoted($0, plain: true))\n" }.joined()
    return """
      # Found by 'motionc map' from joints, axes, limits and symmetry. See Mappings/README.md.
      # Where a joint's position follows a human joint, its zero is taken for the human's.
      \(lines)skeleton: human
      robot: \(quoted(robot))

      origin: {joint: Pelvis, frame: Pelvis, position: [0, 0, 0]}


      """
  }

  /// A name as YAML that nothing in it can end.
  private func quoted(_ name: String, plain: Bool = false) -> String {
    let clean = name.unicodeScalars.map { scalar in
      scalar.value < 0x20 || scalar.value == 0x7F || (0x80...0x9F).contains(scalar.value)
        || scalar.value == 0x2028 || scalar.value == 0x2029 ? " " : String(scalar)
    }.joined()
    if plain { return clean }
    let isPlain =
      !clean.isEmpty
      && clean.utf8.allSatisfy {
        ($0 >= 0x30 && $0 <= 0x39) || ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A) || $0 == 0x5F
      }
    let isWord = clean.unicodeScalars.first.map { $0.properties.isAlphabetic } ?? false
    let isReserved = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"]
      .contains(clean.lowercased())
    if isPlain, isWord, !isReserved { return clean }
    let escaped = clean.replacingOccurrences(of: "'", with: "''")
    return "'\(escaped)'"
  }

  private func link(below hinge: Int) -> String {
    quoted(tree.bodies[tree.hinges[hinge].child].frames[0].name)
  }

  /// The link that holds the centre of a hip or shoulder: below the second hinge.
  private func top(_ limb: HingedPlan.Limb) -> String {
    link(below: limb.upper.count > 1 ? limb.upper[1] : limb.upper.first ?? limb.middle)
  }

  /// The link of the wrist: below the second joint of the forearm, or the only one.
  private func wrist(_ arm: HingedPlan.Limb) -> String? {
    (arm.lower.count > 1 ? arm.lower[1] : arm.lower.first).map { link(below: $0) }
  }

  private func points(_ sides: [Side]) -> String {
    var lines = ["points:"]
    func add(_ text: String) { lines.append("  - {\(text)}") }
    for side in sides {
      add(
        "joint: \(side.letter)_Hip, link: \(top(side.leg)), weight: 0.5, offset: robot, frame: Pelvis"
      )
    }
    for side in sides {
      add("joint: \(side.letter)_Knee, link: \(link(below: side.leg.middle)), weight: 1")
    }
    for side in sides {
      add("joint: \(side.letter)_Ankle, link: \(link(below: side.leg.last)), weight: 2")
    }
    let chest = quoted(tree.bodies[plan.chest].frames[0].name)
    add("joint: Torso, link: \(chest), weight: 0, offset: robot, frame: Pelvis")
    for side in sides {
      add(
        "joint: \(side.letter)_Shoulder, link: \(top(side.arm)), from: Torso, weight: 1, "
          + "offset: robot, frame: Chest")
    }
    for side in sides {
      add("joint: \(side.letter)_Elbow, link: \(link(below: side.arm.middle)), weight: 1")
    }
    for side in sides {
      if let wrist = wrist(side.arm) {
        add("joint: \(side.letter)_Wrist, link: \(wrist), weight: 2")
      } else {
        lines.append(
          "  # No joint beyond the elbow, and a point is the origin of a link: \(side.letter)_Wrist is left out."
        )
      }
    }
    return lines.joined(separator: "\n") + "\n\n"
  }

  private func bones(_ sides: [Side]) -> String {
    var lines = ["bones:"]
    for (from, to) in [
      ("Hip", "Knee"), ("Knee", "Ankle"), ("Shoulder", "Elbow"), ("Elbow", "Wrist"),
    ] {
      for side in sides where to != "Wrist" || wrist(side.arm) != nil {
        lines.append("  - {from: \(side.letter)_\(from), to: \(side.letter)_\(to)}")
      }
    }
    return lines.joined(separator: "\n") + "\n\n"
  }

  // MARK: - Joints that follow a twist

  private func direct(_ sides: [Side], _ up: Vector3, _ forward: Vector3) -> String {
    var lines = [
      "# What positions leave open. Axes in the skeleton's frame: x left, y up, z forward.",
      "direct:",
    ]
    let left = up.cross(forward)
    for side in sides {
      let pose = standing(side.leg)
      let body = Frame(x: left, y: up, z: forward)
      lines += follow(side.leg.upper, pose, body, "\(side.letter)_Hip", only: [1], weight: 0.3)
      lines += follow(side.leg.lower, pose, body, "\(side.letter)_Ankle", only: [0, 2], weight: 1)
      guard let hand = hand(side) else { continue }
      lines += follow(
        side.arm.lower, hand.pose, hand.frame, "\(side.letter)_Wrist", only: [0, 1, 2], weight: 0.3)
    }
    return lines.count > 2 ? lines.joined(separator: "\n") + "\n" : ""
  }

  /// The axes of the skeleton's frame in the robot's base.
  private struct Frame {
    var x: Vector3, y: Vector3, z: Vector3
    var axes: [Vector3] { [x, y, z] }
  }

  /// The positions of a limb's hinges with the limb straight along the body, ankles and wrists at
  /// zero as far as their ranges allow.
  private func standing(_ limb: HingedPlan.Limb) -> [Int: Double] {
    var positions: [Int: Double] = [:]
    for (hinge, position) in zip(limb.upper, limb.rest) { positions[hinge] = position }
    positions[limb.middle] = limb.straight ?? 0
    for hinge in limb.lower { positions[hinge] = neutral(hinge) }
    return positions
  }

  private func neutral(_ hinge: Int) -> Double {
    guard let range = tree.hinges[hinge].range else { return 0 }
    return min(max(0, range.lowerBound), range.upperBound)
  }

  /// The hand's frame with the arm straight: along the left forearm, out of the back of the hand, to
  /// the thumb.
  private func hand(_ side: Side) -> (pose: [Int: Double], frame: Frame)? {
    let arm = side.arm
    guard let flexes = arm.positiveFlexes, let last = arm.lower.last else { return nil }
    let pose = standing(arm)
    let elbow = tree.pose(of: tree.hinges[arm.middle].child, at: pose)
    let axis = elbow.rotation * tree.hinges[arm.middle].axis
    let flexing = flexes ? axis : -axis
    let end = tree.pose(of: tree.hinges[last].child, at: pose).translation
    let gap = end - elbow.translation
    guard let along = (gap - gap.dot(flexing) * flexing).normalized else { return nil }
    let isLeft = side.letter == "L"
    let (x, y) = isLeft ? (along, -flexing) : (-along, flexing)
    return (pose, Frame(x: x, y: y, z: x.cross(y)))
  }

  /// A line for each hinge whose axis is one of the frame's.
  private func follow(
    _ hinges: [Int], _ pose: [Int: Double], _ frame: Frame, _ joint: String, only: [Int],
    weight: Double
  ) -> [String] {
    var taken: Set<Int> = []
    var lines: [String] = []
    for hinge in hinges where tree.hinges[hinge].follows == nil {
      let axis =
        tree.pose(of: tree.hinges[hinge].child, at: pose).rotation * tree.hinges[hinge].axis
      let parts = frame.axes.map { $0.dot(axis) }
      guard let index = only.first(where: { abs(parts[$0]) > 0.8 }), taken.insert(index).inserted
      else { continue }
      let vector = ["[1, 0, 0]", "[0, 1, 0]", "[0, 0, 1]"][index]
      let factor = parts[index] < 0 ? ", factor: -1" : ""
      lines.append(
        "  - {joint: \(joint), axis: \(vector), target: \(quoted(tree.hinges[hinge].name))\(factor), "
          + "weight: \(weight == 1 ? "1" : "\(weight)")}")
    }
    return lines
  }
}
