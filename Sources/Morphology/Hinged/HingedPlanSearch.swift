import Foundation
import Geometry

/// Finds legs, arms, waist and neck of a mechanism.
struct HingedPlanSearch {
  let tree: HingedTree
  let finder: ChainFinder

  /// Chains of one build that leave one body.
  struct Group {
    var origin: Int
    var chains: [HingeChain]
    var length: Double { chains.reduce(0) { $0 + $1.length } / Double(chains.count) }
    var count: Int { chains.map(\.count).min() ?? 0 }
  }

  /// Chains whose lengths differ by more than this fraction of the limb are no pair.
  private static let alike = 0.05

  init(_ tree: HingedTree) {
    self.tree = tree
    finder = ChainFinder(tree)
  }

  func plan() throws(NoBody) -> HingedPlan {
    guard !tree.hinges.isEmpty else {
      throw NoBody(description: "none of its joints moves")
    }
    let groups = groups()
    try refuseOthers(groups)
    let pairs = groups.filter { $0.chains.count == 2 && $0.count >= 3 && !isHand($0) }
    try refuseWheels(pairs)
    let legs = try legs(pairs)
    let arms = try arms(pairs, legs: legs)
    if legs == nil, arms == nil { return try SingleArmSearch(self).plan(groups) }
    return try assemble(legs, arms, pairs)
  }

  // MARK: - Pairs

  /// Groups of alike chains, outermost first; what hangs below a limb is not looked at.
  func groups() -> [Group] {
    var groups: [Group] = []
    var waiting = [0]
    while !waiting.isEmpty {
      let body = waiting.removeFirst()
      var inLimbs: Set<Int> = []
      let chains = finder.below[body].compactMap { finder.chain(from: $0) }
      for group in clusters(chains) where group.count > 1 {
        groups.append(Group(origin: body, chains: group))
        for chain in group { inLimbs.insert(chain.hinges[0]) }
      }
      for hinge in finder.below[body] where !inLimbs.contains(hinge) {
        waiting.append(tree.hinges[hinge].child)
      }
    }
    return groups.filter { $0.count >= 1 }
  }

  private func clusters(_ chains: [HingeChain]) -> [[HingeChain]] {
    // Largest first and by build, so that the order of the file does not matter.
    let sorted = chains.sorted {
      ($0.count, $0.length, -$0.hinges[0]) > ($1.count, $1.length, -$1.hinges[0])
    }
    var groups: [[HingeChain]] = []
    for chain in sorted {
      let home = groups.indices.filter { isAlike(groups[$0][0], chain) }
        .min { groups[$0][0].difference(to: chain) < groups[$1][0].difference(to: chain) }
      if let home { groups[home].append(chain) } else { groups.append([chain]) }
    }
    return groups
  }

  /// Whether two chains are of one build; one may have a hand that moves and the other none.
  private func isAlike(_ a: HingeChain, _ b: HingeChain) -> Bool {
    guard abs(a.count - b.count) <= (min(a.count, b.count) >= 4 ? 1 : 0), a.middle == b.middle
    else {
      return false
    }
    guard a.count > 1 else {
      let first = [a, b].map { tree.hinges[$0.hinges[0]] }
      return a.leftAlone.count == b.leftAlone.count && first[0].turns == first[1].turns
        && abs(first[0].axisInParent.dot(first[1].axisInParent)) > 0.99
    }
    return a.difference(to: b) < Self.alike
  }

  /// Refuses what is no person: many legs, a hand.
  private func refuseOthers(_ groups: [Group]) throws(NoBody) {
    // Fingers at the end of an arm are short beside it.
    let whole = finder.below[0].map { way($0) }.max() ?? 0
    let longest = groups.filter { $0.count >= 2 && $0.chains.count >= 3 }.max {
      $0.length < $1.length
    }
    if let group = longest, way(group.chains[0].hinges[0]) > 0.3 * whole,
      !groups.contains(where: { $0.chains.count == 2 && $0.count >= 3 && $0.length > group.length })
    {
      let (count, names) = (
        group.chains.count, Self.list(group.chains.map { tree.hinges[$0.hinges[0]].name })
      )
      // Two robots that stand on one body have their trunks on it too.
      let beside = groups.first {
        $0.origin == group.origin && $0.chains[0].hinges != group.chains[0].hinges && $0.count >= 3
      }
      if let beside, count.isMultiple(of: 2) {
        throw NoBody(
          description: "it looks like two robots in one file: \(count) alike limbs (\(names)) and "
            + "\(beside.chains.count) alike others ("
            + Self.list(beside.chains.map { tree.hinges[$0.hinges[0]].name }) + ") leave one body")
      }
      let looks =
        count == 4
        ? "a quadruped, or a hand with four fingers"
        : count <= 5 ? "a hand" : "a machine with many legs"
      throw NoBody(
        description:
          "it looks like \(looks): \(count) alike limbs of \(group.count) joints leave one "
          + "body (\(names)), and there are neither two legs nor two arms")
    }
    let limbs = groups.filter { $0.chains.count == 2 && $0.count >= 3 }
    for (index, a) in limbs.enumerated() {
      for b in limbs[(index + 1)...]
      where min(a.count, b.count) <= 4 && a.count == b.count
        && isLeg(a.chains[0], weak: true) && isLeg(b.chains[0], weak: true)
        && abs(log(a.length / b.length)) < 0.35
      {
        throw NoBody(
          description: "it looks like a quadruped: two pairs of alike limbs "
            + "('\(tree.hinges[a.chains[0].hinges[0]].name)', "
            + "'\(tree.hinges[b.chains[0].hinges[0]].name)'), and no arms")
      }
    }
  }

  /// The longest way through a hinge [m].
  func way(_ hinge: Int) -> Double {
    tree.hinges[hinge].parentFromChild.translation.length + finder.reach[hinge]
  }

  // MARK: - Legs and arms

  /// Whether a chain is built as a leg: hip, knee and an ankle that bends as the knee does, two long
  /// bones of nearly equal length.
  func isLeg(_ chain: HingeChain, weak: Bool = false) -> Bool {
    let middle = chain.middle
    let after = chain.count - 1 - middle
    guard middle >= 2, weak || (1...3).contains(after) else { return false }
    // Two joints and then three are the shoulder and the wrist of an arm of six.
    guard weak || middle > 2 || after < 3 else { return false }
    if weak, after == 0 { return true }
    guard let shank = chain.nextDistance(in: tree), chain.upper > 0 else { return false }
    let ratio = shank / chain.upper
    guard 0.5 < ratio, ratio < 2 else { return false }
    if chain.cosines[middle] > 0.95 { return true }
    return after >= 2 && chain.cosines[middle] < 0.3 && chain.cosines[middle + 1] < 0.3
  }

  /// How far apart the limbs of a pair begin, over their length.
  func width(_ group: Group) -> Double {
    let feet = group.chains.map { mount($0) }
    return (feet[0] - feet[1]).length / max(group.length, 1e-9)
  }

  /// The point of a limb's first axis that stays in the trunk: nearest to the second axis.
  func mount(_ chain: HingeChain) -> Vector3 {
    let first = tree.hinges[chain.hinges[0]]
    guard chain.count > 1,
      let foot = first.lineInChild.foot(of: tree.hinges[chain.hinges[1]].lineInParent)
    else { return first.parentFromChild * (chain.along[0] * first.axis) }
    return first.parentFromChild * foot
  }

  private func legs(_ pairs: [Group]) throws(NoBody) -> Group? {
    let candidates = pairs.filter { pair in
      pair.chains.allSatisfy { isLeg($0) } && !standsOnWheels(pair.origin)
    }
    guard candidates.count > 1 else {
      if let only = candidates.first { try refuseWheels(only) }
      return candidates.first
    }
    let longest = candidates.map(\.length).max() ?? 1
    let ranked = candidates.map { (group: $0, score: legScore($0, longest: longest)) }
      .sorted { $0.score > $1.score }
    if ranked[0].score - ranked[1].score < 1 {
      let names = ranked.prefix(2).map { "'\(tree.hinges[$0.group.chains[0].hinges[0]].name)'" }
      throw NoBody(
        description: "two pairs of limbs are built as legs, beginning with "
          + "\(names.joined(separator: " and ")): two robots in one file, or a quadruped")
    }
    try refuseWheels(ranked[0].group)
    return ranked[0].group
  }

  /// Whether a body, or one that carries it, has wheels of its own: what else leaves it are no legs.
  private func standsOnWheels(_ body: Int) -> Bool {
    let bodies = [0] + tree.path(to: body).map { tree.hinges[$0].child }
    return bodies.contains { body in
      finder.below[body].filter { isWheel($0) }.count >= 2
    }
  }

  /// Whether a hinge turns a part for ever that is alike all around, and carries nothing else.
  private func isWheel(_ hinge: Int) -> Bool {
    guard tree.hinges[hinge].turns, tree.hinges[hinge].range == nil,
      finder.below[tree.hinges[hinge].child].isEmpty
    else { return false }
    return isBalanced(hinge, within: 0.05 * tree.hinges[hinge].parentFromChild.translation.length)
  }

  /// Refuses legs that end in a joint that turns for ever.
  private func refuseWheels(_ legs: Group) throws(NoBody) {
    for chain in legs.chains where chain.count - 1 - chain.middle == 1 { try refuseWheel(chain) }
  }

  /// Refuses limbs whose last joint turns for ever about the axis that bends them: it rolls, where a
  /// wrist would twist the hand.
  private func refuseWheels(_ pairs: [Group]) throws(NoBody) {
    for chain in pairs.flatMap(\.chains) where (chain.cosines.last ?? 0) > 0.95 {
      try refuseWheel(chain)
    }
  }

  private func refuseWheel(_ chain: HingeChain) throws(NoBody) {
    guard let last = chain.hinges.last, tree.hinges[last].range == nil,
      isBalanced(last, within: 0.05 * chain.length)
    else { return }
    throw NoBody(
      description: "its legs end in '\(tree.hinges[last].name)', which turns for ever: wheels "
        + "instead of feet")
  }

  /// Whether what a hinge turns is alike all around its axis, as far as shapes, mass and frames show: its
  /// middle within a distance of the axis [m].
  private func isBalanced(_ hinge: Int, within near: Double) -> Bool {
    let (body, line) = (tree.bodies[tree.hinges[hinge].child], tree.hinges[hinge].lineInChild)
    let extents = body.frames.flatMap(\.extents)
    let middle = extents.reduce(Vector3.zero, +) / Double(max(1, extents.count))
    guard extents.isEmpty || line.distance(to: middle) < near else { return false }
    guard let center = body.center else {
      return body.frames.allSatisfy { line.distance(to: $0.bodyFromFrame.translation) < near }
    }
    return line.distance(to: center) < near
  }

  /// Whether a pair is two fingers: a third chain beside them ends as they do, or they are short
  /// beside the whole.
  private func isHand(_ pair: Group) -> Bool {
    let whole = finder.below[0].map { way($0) }.max() ?? 0
    if way(pair.chains[0].hinges[0]) < 0.15 * whole { return true }
    let taken = Set(pair.chains.map { $0.hinges[0] })
    return finder.below[pair.origin].contains { first in
      guard !taken.contains(first), let third = finder.chain(from: first), third.count >= 2 else {
        return false
      }
      return pair.chains.allSatisfy { endAlike($0, third) }
    }
  }

  /// Whether the last two bones of two chains are of one length and bend about parallel axes.
  private func endAlike(_ a: HingeChain, _ b: HingeChain) -> Bool {
    let count = 2
    guard a.count >= count, b.count >= count else { return false }
    let whole = max(a.length, b.length, 1e-12)
    return zip(a.segments.suffix(count), b.segments.suffix(count)).allSatisfy {
      abs($0 - $1) < Self.alike * whole && $0 > Self.alike * whole
    } && a.cosines.suffix(count).allSatisfy { $0 > 0.95 }
      && b.cosines.suffix(count).allSatisfy { $0 > 0.95 }
  }

  /// How much a pair is built as legs; for choosing between several.
  private func legScore(_ group: Group, longest: Double) -> Double {
    let chain = group.chains[0]
    let after = chain.count - 1 - chain.middle
    var score = chain.middle >= 3 ? 2.0 : 0
    score += after <= 2 ? 1.5 : 0
    score += max(-1.5, 2 * log(group.length / longest))
    score += max(-1, min(1, 0.5 - width(group)))
    return score
  }

  private func arms(_ pairs: [Group], legs: Group?) throws(NoBody) -> Group? {
    let others = pairs.filter { $0.chains[0].hinges != legs?.chains[0].hinges }
    guard let legs else {
      guard others.count > 1 else {
        if let only = others.first { try refuseOpenLimbs(only) }
        return others.first
      }
      // By the whole of them: what a chain leaves off as fingers may be an ankle.
      let ranked = others.sorted { whole($0) > whole($1) }
      guard whole(ranked[1]) < 0.5 * whole(ranked[0]) else {
        let names = ranked.prefix(2).map { "'\(tree.hinges[$0.chains[0].hinges[0]].name)'" }
        throw NoBody(
          description: "there are several pairs of limbs, beginning with "
            + "\(names.joined(separator: " and ")), and none is built as legs")
      }
      try refuseOpenLimbs(ranked[0])
      return ranked[0]
    }
    return others.filter { reach($0) > 0.3 * legs.length }.max { $0.length < $1.length }
  }

  /// The mean length of a pair with the last bone, whose end no joint shows [m]: where the elbow is the last
  /// hinge and its body is empty, as long as the upper one.
  private func reach(_ pair: Group) -> Double {
    let reaches = pair.chains.map { chain in
      max(
        chain.reach(in: tree), chain.length + (chain.middle == chain.count - 1 ? chain.upper : 0))
    }
    return reaches.reduce(0, +) / Double(reaches.count)
  }

  /// The longest way through a pair's first hinges, to the last joint below them [m].
  private func whole(_ pair: Group) -> Double {
    pair.chains.map { finder.reach[$0.hinges[0]] }.max() ?? 0
  }

  /// Refuses one pair of limbs that may be arms or legs.
  private func refuseOpenLimbs(_ pair: Group) throws(NoBody) {
    guard pair.chains.allSatisfy({ $0.middle == $0.count - 1 }) else { return }
    throw NoBody(
      description: "it has one pair of limbs of \(pair.count) joints ("
        + Self.list(pair.chains.map { tree.hinges[$0.hinges[0]].name })
        + ") without ankles or wrists: nothing shows whether they are legs or arms")
  }

  static func list(_ names: [String]) -> String {
    let shown = names.prefix(6).map { "'\($0)'" }.joined(separator: ", ")
    return names.count > 6 ? "\(shown) and \(names.count - 6) more" : shown
  }
}
