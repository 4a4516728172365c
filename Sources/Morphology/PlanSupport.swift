import Foundation
import Geometry

/// What speaks for the joints of a plan.
///
/// A reading's cost is a sum of squared standard deviations, so exp(-cost / 2) is its likelihood up to
/// a factor. A joint is as sure as the share of that likelihood which falls on readings that have it at
/// the same place.
extension PlanSearch {
  func support(of plan: BodyPlan, _ readings: [Reading], _ pairs: [BranchPair])
    -> [BodyPlan.Slot: BodyPlan.Support]
  {
    let best = readings[0]
    let near = 0.01 * best.legs.length
    func share(_ origin: (Reading) -> Int) -> Double {
      Self.share(readings, cost: \.cost) { measures.distance(origin($0), origin(best)).mean < near }
    }
    let (pelvis, chest) = (share(\.legs.origin), share(\.arms.origin))
    var support: [BodyPlan.Slot: BodyPlan.Support] = [
      .pelvis: .init(confidence: pelvis, evidence: Self.branches(best.legs, "legs")),
      .chest: .init(confidence: chest, evidence: Self.branches(best.arms, "arms")),
    ]
    for (joint, slot) in [(plan.neck.first, BodyPlan.Slot.neck), (plan.neck.last, .head)] {
      guard let joint else { continue }
      let way = measures.distance(plan.chest, joint).mean / best.legs.length
      support[slot] = .init(
        confidence: chest,
        evidence: "on the chest's third branch, \(Self.text(way)) of a leg beyond the chest")
    }
    add(legs(of: plan), best.legs, .leg, pelvis, pairs, to: &support)
    add(arms(of: plan), best.arms, .arm, chest, pairs, to: &support)
    return support
  }

  /// A limb's slots from its top to its end, and its nodes.
  private typealias Limb = [(slot: BodyPlan.Slot, node: Int)]

  private func legs(of plan: BodyPlan) -> [Limb] {
    [
      [(.leftHip, plan.left.hip), (.leftKnee, plan.left.knee), (.leftAnkle, plan.left.ankle)]
        + (plan.left.toe.map { [(.leftToe, $0)] } ?? []),
      [(.rightHip, plan.right.hip), (.rightKnee, plan.right.knee), (.rightAnkle, plan.right.ankle)]
        + (plan.right.toe.map { [(.rightToe, $0)] } ?? []),
    ]
  }

  private func arms(of plan: BodyPlan) -> [Limb] {
    let (left, right) = (plan.leftArm, plan.rightArm)
    return [
      [(.leftShoulder, left.shoulder), (.leftElbow, left.elbow), (.leftWrist, left.wrist)]
        + (left.collar.map { [(.leftCollar, $0)] } ?? []),
      [(.rightShoulder, right.shoulder), (.rightElbow, right.elbow), (.rightWrist, right.wrist)]
        + (right.collar.map { [(.rightCollar, $0)] } ?? []),
    ]
  }

  private func add(
    _ limbs: [Limb], _ chosen: LimbPair, _ kind: LimbProportions, _ origin: Double,
    _ pairs: [BranchPair], to support: inout [BodyPlan.Slot: BodyPlan.Support]
  ) {
    let readings = alternatives(to: chosen, as: kind, pairs)
    let near = 0.01 * chosen.length
    let shares = (0..<3).map { joint in
      origin
        * Self.share(readings, cost: \.cost) {
          measures.distance($0.first[joint], chosen.first[joint]).mean < near
        }
    }
    for limb in limbs {
      let nodes = limb.map(\.node)
      for (index, part) in limb.enumerated() {
        // A toe is as sure as its ankle, a collar as its shoulder.
        let isCollar = part.slot == .leftCollar || part.slot == .rightCollar
        support[part.slot] = .init(
          confidence: shares[index < 3 ? index : isCollar ? 0 : 2],
          evidence: evidence(index, isCollar, nodes, chosen))
      }
    }
  }

  private func evidence(_ index: Int, _ isCollar: Bool, _ nodes: [Int], _ chosen: LimbPair)
    -> String
  {
    func distance(_ a: Int, _ b: Int) -> Double { measures.distance(a, b).mean }
    switch index {
    case 0:
      return "\(Self.text(distance(chosen.origin, nodes[0]) / distance(nodes[0], nodes[1])))"
        + " of the upper bone beside the joint where the limbs part"
    case 1:
      let bend = measures.bend(nodes[0], nodes[1], nodes[2])
      let degrees = [bend.lowerBound, bend.upperBound].map { Int(($0 * 180 / .pi).rounded()) }
      return
        "upper by lower bone \(Self.text(distance(nodes[0], nodes[1]) / distance(nodes[1], nodes[2]))),"
        + " bends from \(degrees[0]) to \(degrees[1]) degrees"
    case 2:
      return "ends a lower bone of \(Self.text(distance(nodes[1], nodes[2]) / chosen.lower)) of the"
        + " pair's mean length"
    default:
      return isCollar
        ? "the first joint between chest and shoulder"
        : "\(Self.text(distance(nodes[2], nodes[3]) / distance(nodes[1], nodes[2]))) of the lower bone"
          + " beyond the ankle"
    }
  }

  private static func branches(_ limbs: LimbPair, _ word: String) -> String {
    "two branches of equal build with the proportions of \(word) leave it"
      + " (\(text(limbs.cost)) squared deviations)"
  }

  private static func text(_ number: Double) -> String { String(format: "%.2f", number) }

  /// The share of the readings' likelihood that falls on those which agree.
  private static func share<Item>(
    _ readings: [Item], cost: (Item) -> Double, agreeing: (Item) -> Bool
  ) -> Double {
    let least = readings.map(cost).min() ?? 0
    var (sum, agreed) = (0.0, 0.0)
    for reading in readings {
      let likelihood = exp((least - cost(reading)) / 2)
      sum += likelihood
      if agreeing(reading) { agreed += likelihood }
    }
    return sum > 0 ? agreed / sum : 0
  }
}
