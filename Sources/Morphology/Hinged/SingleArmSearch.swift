import Foundation
import Geometry

/// Finds the one arm of a mechanism without pairs of limbs.
struct SingleArmSearch {
  let search: HingedPlanSearch

  init(_ search: HingedPlanSearch) { self.search = search }

  private var tree: HingedTree { search.tree }

  func plan(_ groups: [HingedPlanSearch.Group]) throws(NoBody) -> HingedPlan {
    do { return try found(groups) } catch {
      guard let slides = telescope() else { throw error }
      throw NoBody(
        description:
          "its joints \(HingedPlanSearch.list(slides.map { tree.hinges[$0].name })) slide one "
          + "behind the other: it reaches without an elbow, and a person's arm bends at one")
    }
  }

  /// Two bounded sliding hinges or more, each carrying the next: the longest such row.
  private func telescope() -> [Int]? {
    var rows = [[Int]](repeating: [], count: tree.hinges.count)
    for (index, hinge) in tree.hinges.enumerated() where !hinge.turns && hinge.range != nil {
      rows[index] = (tree.bodies[hinge.parent].hingeAbove.map { rows[$0] } ?? []) + [index]
    }
    return rows.max { $0.count < $1.count }.flatMap { $0.count > 1 ? $0 : nil }
  }

  private func found(_ groups: [HingedPlanSearch.Group]) throws(NoBody) -> HingedPlan {
    let (lift, first) = try start(groups)
    try refuseHand(first)
    guard let whole = search.finder.chain(from: first) else {
      throw NoBody(description: "its longest chain begins with a sliding joint")
    }
    let chain = withoutRods(whole)
    try refusePart(chain, of: groups)
    guard chain.count >= 3 else {
      throw NoBody(
        description: "\(chain.count == 1 ? "one joint" : "a chain of \(chain.count) joints") "
          + "('\(tree.hinges[first].name)') is no arm of a person: an arm has a shoulder, an elbow "
          + "and at least three joints")
    }
    guard chain.upper > 0.01 * chain.reach(in: tree) else {
      throw NoBody(
        description: "the axes of '\(tree.hinges[first].name)' and of those behind it meet in one "
          + "point: it has no upper arm")
    }
    let found = FoundLimb(tree, chain, down: .unitX, normal: .unitY)
    var doubts: [String] = []
    var flexes: Bool?
    let joint = tree.hinges[chain.hinges[chain.middle]]
    if let flexion = found.flexion, abs(flexion) > FoundLimb.clear {
      flexes = flexion > 0
    } else {
      doubts.append("the limits of '\(joint.name)' do not show which way the elbow bends")
    }
    var plan = HingedPlan(
      kind: .arm, pelvis: 0, chest: tree.hinges[first].parent)
    plan.leftArm = found.make(flexes: flexes, doubts: doubts)
    plan.waist = lift
    let used = Set(chain.hinges + lift)
    plan.leftAlone = tree.hinges.indices.filter { !used.contains($0) }
    return plan
  }

  /// The first hinge of the longest chain, and sliding hinges above it.
  ///
  /// What turns without an offset behind three that slide is a base that moves freely, written as joints.
  private func start(_ groups: [HingedPlanSearch.Group]) throws(NoBody) -> ([Int], Int) {
    var (body, lift, slides) = (0, [Int](), 0)
    while true {
      let ways = search.finder.below[body]
      guard
        let best = ways.max(by: { way($0) < way($1) })
      else { throw NoBody(description: "it has no chain of joints") }
      let isOfFreeBase =
        slides > 2 && tree.hinges[best].parentFromChild.translation.length < 1e-9
      if isOfFreeBase { lift = [] }
      if tree.hinges[best].turns, !isOfFreeBase, !isOfBase(best) {
        try refuseRotors(groups, longest: best)
        return (lift, best)
      }
      // A base that drives without end is no lift.
      if !tree.hinges[best].turns, tree.hinges[best].range != nil { lift.append(best) }
      slides += tree.hinges[best].turns ? 0 : 1
      body = tree.hinges[best].child
    }
  }

  /// Whether a turning hinge carries the arm as a lift does: its own chain is none, and behind a
  /// sliding hinge below it begins one.
  private func isOfBase(_ hinge: Int) -> Bool {
    (search.finder.chain(from: hinge)?.count ?? 0) < 3 && behindSliders(hinge).0 >= 3
  }

  /// How many hinges the longest chain behind a sliding hinge below a hinge has, and its length.
  private func behindSliders(_ hinge: Int) -> (Int, Double) {
    search.finder.descendants(of: hinge).filter { !tree.hinges[$0].turns }
      .map { way($0) }.max { $0 < $1 } ?? (0, 0)
  }

  /// How many hinges the longest chain through a hinge has, sliding ones left out, and its length.
  private func way(_ hinge: Int) -> (Int, Double) {
    guard tree.hinges[hinge].turns else {
      let ways = search.finder.below[tree.hinges[hinge].child].map { way($0) }
      return ways.max { $0 < $1 } ?? (0, 0)
    }
    let own = (search.finder.chain(from: hinge)?.count ?? 0, search.finder.reach[hinge])
    guard own.0 < 3 else { return own }
    let behind = behindSliders(hinge)
    return own < behind ? behind : own
  }

  /// Refuses a chain that goes through a body into one of several alike limbs, or beside three of them: a waist
  /// and a leg, or a platform and one of its struts, say.
  private func refusePart(_ chain: HingeChain, of groups: [HingedPlanSearch.Group]) throws(NoBody) {
    for group in groups {
      let firsts = group.chains.map { $0.hinges[0] }
      let isPair = group.chains.count == 2
      guard tree.hinges[firsts[0]].turns,
        let index = chain.hinges.firstIndex(where: {
          firsts.contains($0)
            || !isPair && group.count > 1 && tree.hinges[$0].parent == group.origin
        }), index > 0, isPair ? group.count < 3 : index <= chain.middle
      else { continue }
      throw NoBody(
        description: "it is no single arm: behind '\(tree.hinges[chain.hinges[index - 1]].name)' "
          + "there are \(isPair ? "two" : "\(firsts.count)") alike limbs (\(HingedPlanSearch.list(firsts.map { tree.hinges[$0].name })))"
          + " of \(group.count == 1 ? "one joint" : "\(group.count) joints") each")
    }
  }

  /// Refuses what leaves one body with several chains: a hand, a gripper.
  private func refuseHand(_ first: Int) throws(NoBody) {
    let beside = search.finder.below[tree.hinges[first].parent].filter {
      $0 != first && tree.hinges[$0].turns
        && (search.finder.reach[$0] > 0.35 * search.finder.reach[first] || isFinger($0))
    }
    guard beside.count >= 2 else { return }
    let names = HingedPlanSearch.list(([first] + beside).map { tree.hinges[$0].name })
    throw NoBody(
      description:
        "it looks like a hand: \(beside.count + 1) chains leave one body (\(names)), and "
        + "none is an arm")
  }

  /// Whether a chain of two joints or more begins with a hinge, all of them bounded: no wheel that is steered.
  private func isFinger(_ first: Int) -> Bool {
    guard let chain = search.finder.chain(from: first), chain.count >= 2 else { return false }
    return chain.hinges.allSatisfy { tree.hinges[$0].range != nil }
  }

  /// Refuses wheels and rotors.
  private func refuseRotors(_ groups: [HingedPlanSearch.Group], longest: Int) throws(NoBody) {
    guard let chain = search.finder.chain(from: longest), chain.count <= 2 else { return }
    let single = groups.filter { $0.count == 1 }.flatMap(\.chains)
    guard single.count >= 2 else { return }
    let joints = single.map { tree.hinges[$0.hinges[0]] }
    let axis = joints[0].axisInParent
    let heights = joints.map { $0.parentFromChild.translation.dot(axis) }
    let spread =
      joints.map {
        ($0.parentFromChild.translation - joints[0].parentFromChild.translation).length
      }.max() ?? 0
    let isFlat = ((heights.max() ?? 0) - (heights.min() ?? 0)) < 0.2 * spread
    let names = HingedPlanSearch.list(joints.map(\.name))
    if single.count >= 3, single.allSatisfy({ !$0.leftAlone.isEmpty }) {
      throw NoBody(
        description: "it looks like a hand: \(single.count) alike fingers (\(names)), and neither "
          + "two legs nor an arm")
    }
    let bounded = joints.allSatisfy { $0.range != nil }
    throw NoBody(
      description: bounded
        ? "it has joints beside each other that turn one part each (\(names)), as jaws or wheels do, "
          + "and no limbs"
        : isFlat && joints.count >= 3
          ? "it looks like a drone: \(joints.count) rotors beside each other (\(names)) and no limbs"
          : "it has wheels or rotors (\(names)) and no limbs")
  }

  /// At a fork behind the elbow: the branch that turns across the joint before it goes on, rods that
  /// are parallel to it do not.
  private func withoutRods(_ chain: HingeChain) -> HingeChain {
    guard chain.endsInFork, let last = chain.hinges.last,
      chain.count - 1 - chain.middle <= 2
    else { return chain }
    let ways = search.finder.below[tree.hinges[last].child].filter {
      tree.hinges[$0].turns && abs(tree.hinges[$0].axisInParent.dot(tree.hinges[last].axis)) < 0.5
        && search.finder.below[tree.hinges[$0].child].isEmpty
    }
    let all = search.finder.below[tree.hinges[last].child]
    guard ways.count == 1, all.allSatisfy({ search.finder.below[tree.hinges[$0].child].isEmpty })
    else { return chain }
    return HingeChain(
      chain.hinges + ways, leftAlone: chain.leftAlone.filter { $0 != ways[0] }, endsInFork: false,
      in: tree)
  }
}
