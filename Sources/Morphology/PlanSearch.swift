import Foundation
import Geometry

/// Finds the joints of a human body in a tree.
///
/// Two pairs of branches of equal build leave the trunk: legs at the pelvis, arms at the chest, with
/// the neck between the arms. Which joint of a branch is which follows from lengths, from which bones
/// are rigid and from where the branch bends. Every reading has a cost, the sum of squared deviations
/// from human proportions, and the cheapest wins; close seconds are doubts.
struct PlanSearch {
  let measures: TreeMeasures
  var tree: BodyTree { measures.tree }

  /// Above it a reading is doubtful.
  private static let doubtful = 14.0
  /// Above it a tree is no person.
  private static let impossible = 20.0
  /// A second reading that costs less than this more is a doubt.
  private static let margin = 0.7

  /// Legs and arms together.
  struct Reading {
    var legs: LimbPair, arms: LimbPair
    /// The nodes from the pelvis (excluded) to the chest (included).
    var trunk: [Int]
    var cost: Double
  }

  init(_ tree: BodyTree) { measures = TreeMeasures(tree) }

  /// The plan of the tree.
  func plan() throws(NoBody) -> BodyPlan {
    guard measures.longest > 0 else { throw NoBody(description: "all joints are in one place") }
    let pairs = BranchPair.all(in: measures)
    let readings = try readings(of: pairs)
    let best = readings[0]
    var doubts: [BodyPlan.Doubt] = []
    if best.cost > Self.doubtful {
      doubts.append(
        .init(
          matter: .joints,
          message: "its proportions are unusual for a person (\(Int(best.cost)) squared deviations,"
            + " expected below \(Int(Self.doubtful))): it may be something else"))
    }
    doubts += seconds(to: best, pairs)
    var plan = assemble(best, doubts)
    plan.support = support(of: plan, readings, pairs)
    return plan
  }

  // MARK: - Legs and arms

  /// The readings of all pairs as legs and arms, the likeliest first; at least one.
  private func readings(of pairs: [BranchPair]) throws(NoBody) -> [Reading] {
    // The likeliest reading of each pair as legs and as arms.
    let legs = pairs.map { LimbPair.readings(of: $0, as: .leg, measures).first }
    let arms = pairs.map { LimbPair.readings(of: $0, as: .arm, measures).first }
    var readings: [Reading] = []
    for leg in legs.compactMap(\.self) {
      for arm in arms.compactMap(\.self) where arm.origin != leg.origin {
        if let reading = reading(leg, arm) { readings.append(reading) }
      }
    }
    // Of equal costs the first found is the first, as pairs are sorted by their likeness.
    readings = readings.enumerated()
      .sorted { ($0.element.cost, $0.offset) < ($1.element.cost, $1.offset) }.map(\.element)
    guard let best = readings.first else { throw NoBody(description: missing(pairs, legs, arms)) }
    guard best.cost <= Self.impossible else {
      throw NoBody(
        description: "the limbs that leave '\(name(best.legs.origin))' and"
          + " '\(name(best.arms.origin))' have not the proportions of a person's legs and arms"
          + " (\(Int(best.cost)) squared deviations, expected below \(Int(Self.impossible)))")
    }
    return readings
  }

  private func missing(_ pairs: [BranchPair], _ legs: [LimbPair?], _ arms: [LimbPair?]) -> String {
    let origins = Set(
      zip(pairs, zip(legs, arms)).filter { $0.1.0 != nil || $0.1.1 != nil }.map(\.0.origin))
    let shown = origins.sorted().prefix(6).map { "'\(name($0))'" }.joined(separator: ", ")
    return origins.isEmpty
      ? "no two limbs of equal build leave one joint, expected two legs and two arms"
      : "pairs of limbs of equal build leave \(shown) only, expected two legs and two arms at the"
        + " two ends of a trunk"
  }

  /// Legs and arms with a trunk between them; nil where one hangs on the other.
  private func reading(_ legs: LimbPair, _ arms: LimbPair) -> Reading? {
    let path = measures.path(from: legs.origin, to: arms.origin)
    guard path.count > 1, Set(path).isDisjoint(with: legs.first + legs.second),
      Set(path).isDisjoint(with: arms.first + arms.second)
    else { return nil }
    let trunk = measures.distance(legs.origin, arms.origin).mean
    guard trunk > 0.02 * legs.length else { return nil }
    var cost = legs.cost + arms.cost
    cost += square((log(arms.length / legs.length) + 0.39) / 0.25)
    cost += square((log(trunk / legs.length) + 1.1) / 0.4)
    cost += square(crouch(legs, trunkTo: arms.origin) / 0.8)
    if headBranch(arms, trunk: path) == nil { cost += 3 }
    for pair in [legs, arms] where pair.ways.contains(tree.nodes[pair.origin].parent) { cost += 4 }
    return Reading(legs: legs, arms: arms, trunk: Array(path.dropFirst()), cost: cost)
  }

  /// The mean angle between the trunk and the legs [rad]; animals on four feet have a right one.
  private func crouch(_ legs: LimbPair, trunkTo chest: Int) -> Double {
    var sum = 0.0
    for pose in 0..<tree.poseCount {
      let trunk = tree.place(chest, in: pose) - tree.place(legs.origin, in: pose)
      let leg =
        tree.place(legs.first[0], in: pose) + tree.place(legs.second[0], in: pose)
        - tree.place(legs.first[2], in: pose) - tree.place(legs.second[2], in: pose)
      sum += trunk.angle(to: leg)
    }
    return sum / Double(tree.poseCount)
  }

  /// Readings that cost little more than the best and choose other joints.
  private func seconds(to best: Reading, _ pairs: [BranchPair]) -> [BodyPlan.Doubt] {
    var doubts: [BodyPlan.Doubt] = []
    for (chosen, limb, word) in [
      (best.legs, LimbProportions.leg, "legs"), (best.arms, .arm, "arms"),
    ] {
      let second = alternatives(to: chosen, as: limb, pairs).first { other in
        other.cost < chosen.cost + Self.margin && isElsewhere(other, than: chosen, best)
      }
      guard let second else { continue }
      let names = [chosen, second].map { pair in
        pair.first.map { "'\(name($0))'" }.joined(separator: ", ")
      }
      doubts.append(
        .init(
          matter: .joints,
          message:
            "the joints of the \(word) may be \(names[0]) or \(names[1]): the first are taken"))
    }
    return doubts
  }

  /// All readings of the branches of a limb, the likeliest first.
  func alternatives(to chosen: LimbPair, as limb: LimbProportions, _ pairs: [BranchPair])
    -> [LimbPair]
  {
    pairs.filter { $0.origin == chosen.origin && [$0.first[0], $0.second[0]] == chosen.ways }
      .flatMap { LimbPair.readings(of: $0, as: limb, measures) }
  }

  /// Whether a reading puts a joint to another place, by more than a hundredth of the legs.
  private func isElsewhere(_ other: LimbPair, than chosen: LimbPair, _ best: Reading) -> Bool {
    zip(other.first, chosen.first).contains { a, b in
      a != b && measures.distance(a, b).mean > 0.01 * best.legs.length
    }
  }

  private func name(_ node: Int) -> String { tree.nodes[node].name }

  // MARK: - The rest

  private func assemble(_ best: Reading, _ doubts: [BodyPlan.Doubt]) -> BodyPlan {
    let path = [best.legs.origin] + best.trunk
    let legs = [best.legs.first, best.legs.second].map { joints in
      BodyPlan.Leg(
        hip: joints[0], knee: joints[1], ankle: joints[2],
        toe: toe(beyond: joints[2], from: joints[1], lower: best.legs.lower))
    }
    let arms = [best.arms.first, best.arms.second].map { joints in
      BodyPlan.Arm(
        collar: collar(best.arms.origin, joints[0]), shoulder: joints[0], elbow: joints[1],
        wrist: joints[2])
    }
    var plan = BodyPlan(
      pelvis: best.legs.origin, trunk: best.trunk,
      neck: neck(best.arms, legs: best.legs, trunk: path),
      left: legs[0], right: legs[1], leftArm: arms[0], rightArm: arms[1], doubts: doubts)
    plan.assignSides(in: tree)
    return plan
  }

  /// The first node beyond the ankle that is not at the ankle itself.
  private func toe(beyond ankle: Int, from knee: Int, lower: Double) -> Int? {
    let back = measures.path(from: ankle, to: knee)[1]
    let ways = measures.neighbours[ankle].filter { $0 != back }
    guard
      let way = ways.max(by: {
        measures.reach(from: ankle, through: $0) < measures.reach(from: ankle, through: $1)
      })
    else { return nil }
    return measures.longestPath(from: ankle, through: way).first {
      measures.distance(ankle, $0).mean > 0.08 * lower
    }
  }

  /// The first joint between chest and shoulder.
  private func collar(_ chest: Int, _ shoulder: Int) -> Int? {
    measures.path(from: chest, to: shoulder).dropFirst().dropLast().first
  }

  /// The branch of the chest that is neither an arm nor the trunk, if there is one.
  private func headBranch(_ arms: LimbPair, trunk path: [Int]) -> Int? {
    let chest = arms.origin
    let taken = Set(
      [arms.first[0], arms.second[0]].map { measures.path(from: chest, to: $0)[1] }
        + [path[path.count - 2]])
    return measures.neighbours[chest].filter { !taken.contains($0) }
      .filter { measures.reach(from: chest, through: $0) > 0.1 * arms.length }
      .max { measures.reach(from: chest, through: $0) < measures.reach(from: chest, through: $1) }
  }

  /// The joints of the neck, the head last.
  private func neck(_ arms: LimbPair, legs: LimbPair, trunk path: [Int]) -> [Int] {
    guard let first = headBranch(arms, trunk: path) else { return [] }
    let whole = measures.longestPath(from: arms.origin, through: first)
    var joints: [Int] = []
    for node in whole where !tree.nodes[node].isTip {
      joints.append(node)
      if isForked(node) { return joints }
    }
    guard let last = joints.last, joints.count > 1, measures.isFixed(last) else { return joints }
    // A last joint that never turns is the head or the top of the head: the head's joint is at a
    // third of the legs' length above the chest.
    let ways = BranchPair.distances(whole, from: arms.origin, measures)
    let errors = [joints.count - 2, joints.count - 1].map { index in
      let way = whole.firstIndex(of: joints[index]).map { ways[$0] } ?? 0
      return abs(log(max(way, 1e-9 * legs.length) / legs.length) + 1.1)
    }
    if errors[0] < errors[1] { joints.removeLast() }
    return joints
  }

  /// Whether two branches of equal length leave a node upwards: eyes and ears leave the head.
  private func isForked(_ node: Int) -> Bool {
    let ways = measures.neighbours[node].filter { tree.nodes[node].parent != $0 }
      .map { measures.reach(from: node, through: $0) }.filter { $0 > 0 }.sorted(by: >)
    return ways.count > 1 && ways[1] > 0.8 * ways[0]
  }
}

extension BodyPlan {
  /// The plan of a tree, by geometry alone.
  public init(findingIn tree: BodyTree) throws(NoBody) {
    self = try PlanSearch(tree).plan()
  }
}
