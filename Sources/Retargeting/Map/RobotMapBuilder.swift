import Foundation
import Geometry
import Morphology

/// Names the parts of a plan by the robot's joints and links.
struct RobotMapBuilder {
  let tree: HingedTree

  /// Below it the front is open and left and right are not told apart.
  private static let open = 0.3
  /// Below it the front is doubtful.
  private static let sure = 0.75

  func map(_ found: HingedPlan, front: BaseAxis?) -> RobotMap {
    var plan = found
    if let front, let forward = plan.forward, front.direction.dot(forward) < 0 { plan.turnAround() }
    var map = RobotMap(refusing: "")
    map.refusal = nil
    map.found = (tree, plan)
    map.kind = plan.kind.rawValue
    map.forward = plan.forward
    map.up = plan.up
    map.facing = plan.forward.map { BaseAxis(nearestTo: $0).rawValue }
    map.facingEvidence = plan.facingEvidence
    map.isFloating = plan.leftLeg != nil
    map.doubts = plan.doubts
    map.leftAlone = plan.leftAlone.map { tree.hinges[$0].name }
    if plan.kind != .arm, front == nil, plan.facingConfidence < Self.open,
      let forward = plan.forward
    {
      return refuse(forward)
    }
    map.slots = slots(plan)
    if plan.kind == .person { map.lacks = RestPosture(tree: tree, plan: plan).lacks }
    if front == nil { doubtFront(plan, &map) }
    confirmSides(plan, &map)
    doubtArm(plan, &map)
    doubtBase(plan, &map)
    return map
  }

  private func refuse(_ forward: Vector3) -> RobotMap {
    let axes = [forward, -forward].map { BaseAxis(nearestTo: $0).rawValue }.sorted()
    return RobotMap(
      refusing: "nothing in its limits, feet and head shows whether it faces \(axes[0]) or "
        + "\(axes[1]), so left and right are open: --front \(axes[0]) or --front \(axes[1]) says it"
    )
  }

  // MARK: - Slots

  private func slots(_ plan: HingedPlan) -> [RobotMap.Slot] {
    var slots: [RobotMap.Slot] = []
    for (side, leg) in [("left", plan.leftLeg), ("right", plan.rightLeg)] {
      guard let leg else { continue }
      slots += limb(leg, side, names: ["hip", "knee", "ankle", "foot"])
    }
    if !plan.waist.isEmpty {
      slots.append(
        list("waist", plan.waist, "the joints between the legs and the arms, from the legs upwards")
      )
    }
    for (side, arm) in [("left", plan.leftArm), ("right", plan.rightArm)] {
      guard let arm else { continue }
      slots += limb(arm, side, names: ["shoulder", "elbow", "forearm", "hand"])
    }
    if let last = plan.neck.last {
      slots.append(
        list("neck", plan.neck, "the branch between the shoulders, in the mirror plane"))
      let head = tree.bodies[tree.hinges[last].child]
      slots.append(
        RobotMap.Slot(
          name: "head", joints: [], link: head.frames[0].name, evidence: "the body above the neck"))
    }
    return slots
  }

  private func list(_ name: String, _ hinges: [Int], _ evidence: String) -> RobotMap.Slot {
    RobotMap.Slot(
      name: name, joints: hinges.map { tree.hinges[$0].name },
      link: hinges.last.map { link(below: $0) }, evidence: evidence)
  }

  private func link(below hinge: Int) -> String {
    tree.bodies[tree.hinges[hinge].child].frames[0].name
  }

  private func limb(_ limb: HingedPlan.Limb, _ side: String, names: [String]) -> [RobotMap.Slot] {
    func slot(_ name: String, _ hinges: [Int], _ evidence: String) -> RobotMap.Slot {
      var slot = list("\(side)_\(name)", hinges, evidence)
      slot.link = hinges.last.map { link(below: $0) }
      return slot
    }
    var upper = slot(names[0], limb.upper, "the joints above it, whose axes nearly meet")
    if limb.upper.count >= 2 {
      upper.link = link(below: limb.upper[1])
      if limb.center.length > 0.02 * limb.upperLength { upper.offset = limb.center }
    }
    var middle = slot(names[1], [limb.middle], limb.evidence)
    middle.positiveFlexes = limb.positiveFlexes
    if !limb.doubts.isEmpty { middle.doubt = limb.doubts.joined(separator: "; ") }
    var result = [upper, middle]
    if !limb.lower.isEmpty {
      result.append(slot(names[2], limb.lower, "the joints below it, without fingers"))
    }
    result.append(end(limb, "\(side)_\(names[3])"))
    return result
  }

  /// The foot or the hand.
  private func end(_ limb: HingedPlan.Limb, _ name: String) -> RobotMap.Slot {
    var slot = RobotMap.Slot(
      name: name, joints: [], link: link(below: limb.last),
      evidence: "the body below the last joint")
    guard limb.lower.isEmpty else { return slot }
    guard let end = limb.end else {
      slot.evidence = "the last body carries forearm and hand"
      slot.doubt = "nothing shows how far it reaches beyond the elbow: no frame, shape or mass"
      return slot
    }
    slot.offset = end
    slot.evidence = "the last body carries forearm and hand; its end from \(limb.endSource)"
    return slot
  }

  // MARK: - Doubts

  private func doubtFront(_ plan: HingedPlan, _ map: inout RobotMap) {
    guard plan.kind != .arm, plan.facingConfidence < Self.sure, let facing = map.facing else {
      return
    }
    guard !Names(plan, tree).confirmSides else { return }
    let sentence =
      "facing \(facing) is shown only weakly"
      + (plan.facingEvidence.isEmpty
        ? "" : " (by \(plan.facingEvidence.joined(separator: ", ")))")
      + "; where it faces the other way, left and right are exchanged: --front says it"
    map.doubts.append(sentence)
    doubtSides(&map, "left and right are as sure as the front, which is doubtful")
  }

  /// Names confirm which side is left, or raise a doubt.
  private func confirmSides(_ plan: HingedPlan, _ map: inout RobotMap) {
    guard Names(plan, tree).contradictSides else { return }
    map.doubts.append(
      "the file's names call right what is left where the robot is facing \(map.facing ?? "?"), as "
        + "\(plan.facingEvidence.joined(separator: ", ")) show; geometry is taken")
    doubtSides(&map, "the file's names call it the other side")
  }

  /// Names of a single limb's joints that speak of a leg raise a doubt.
  private func doubtArm(_ plan: HingedPlan, _ map: inout RobotMap) {
    guard plan.kind == .arm, let arm = plan.leftArm else { return }
    let names = arm.hinges.map { tree.hinges[$0].name }.filter(Names.isOfLeg)
    guard names.count >= 2 else { return }
    map.doubts.append(
      "it is taken for an arm, and the names of "
        + "\(names.map { "'\($0)'" }.joined(separator: ", ")) speak of a leg")
  }

  private func doubtSides(_ map: inout RobotMap, _ doubt: String) {
    for index in map.slots.indices
    where map.slots[index].name.hasPrefix("left_") || map.slots[index].name.hasPrefix("right_") {
      map.slots[index].add(doubt)
    }
  }

  private func doubtBase(_ plan: HingedPlan, _ map: inout RobotMap) {
    if let forward = plan.forward, let facing = map.facing {
      let nearest = BaseAxis(nearestTo: forward).direction.dot(forward)
      if nearest < 0.97 {
        map.doubts.append(
          "facing \(facing) is the nearest axis of the base's frame; the robot looks "
            + "\(Int((acos(min(1, nearest)) * 180 / .pi).rounded()))° beside it")
      }
    }
    let shared = [plan.leftLeg, plan.rightLeg].compactMap(\.self).flatMap(\.hinges).filter {
      tree.hinges[$0].follows != nil
    }
    for hinge in shared {
      guard let leader = tree.hinges[hinge].follows else { continue }
      map.doubts.append(
        "'\(tree.hinges[hinge].name)' follows '\(tree.hinges[leader].name)': the two are not free of "
          + "each other")
    }
  }
}

extension RobotMap.Slot {
  /// Adds a doubt to those there are.
  mutating func add(_ text: String) { doubt = doubt.map { "\($0); \(text)" } ?? text }
}

extension HingedPlan {
  /// Exchanges front and back, and with them left and right.
  mutating func turnAround() {
    swap(&leftLeg, &rightLeg)
    swap(&leftArm, &rightArm)
    forward = forward.map { -$0 }
  }
}
