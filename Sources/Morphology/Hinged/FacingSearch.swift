import Foundation
import Geometry

/// Finds which way is up and which way a body faces, from what its limbs can do.
struct FacingSearch {
  let search: HingedPlanSearch
  let legs: MountedPair?
  let arms: MountedPair?
  var neck: [Int] = []
  /// The limbs in the order of the pairs, with their poses; filled by `front`.
  private(set) var limbs: (legs: [FoundLimb], arms: [FoundLimb]) = ([], [])
  private(set) var doubts: [String] = []

  init(search: HingedPlanSearch, legs: MountedPair?, arms: MountedPair?) {
    self.search = search
    self.legs = legs
    self.arms = arms
  }

  private var tree: HingedTree { search.tree }

  // MARK: - Up

  /// Up in the frame of the body that carries the legs, or else the arms.
  func up() -> Vector3 {
    guard let main = legs ?? arms else { return .unitZ }
    var cues: [(weight: Double, direction: Vector3)] = []
    let zero = search.pose(of: 0, in: main.group.origin)
    if let legs, let arms {
      let chest = search.pose(of: arms.group.origin, in: legs.group.origin)
      cues.append((2, chest * arms.center - legs.center))
    } else if let legs {
      for chain in legs.group.chains { cues.append((0.5, -hanging(chain, from: legs))) }
    } else if let arms {
      cues.append((1, arms.center - zero.translation))
      for chain in arms.group.chains { cues.append((0.1, -hanging(chain, from: arms))) }
    }
    if legs == nil || arms == nil {
      cues.append((0.3, zero.rotation * .unitZ))
      if let mass = tree.bodies[main.group.origin].center {
        cues.append((0.4, legs != nil ? mass - main.center : main.center - mass))
      }
      cues += middleBranches(main).map { (0.7, $0) }
    }
    let sum = cues.reduce(Vector3.zero) { sum, cue in
      // What points along the normal, as a leg that is spread, shows little.
      sum + cue.weight * across(cue.direction.normalized ?? .zero, main.normal)
    }
    return snapped(sum.normalized ?? main.normal.anyPerpendicular, in: main)
  }

  /// Up in the frame of the body that carries the arms.
  func upInChest(_ up: Vector3) -> Vector3 {
    guard let legs, let arms else { return up }
    let turn = search.pose(of: legs.group.origin, in: arms.group.origin).rotation
    return snapped(across(turn * up, arms.normal).normalized ?? turn * up, in: arms)
  }

  private func across(_ vector: Vector3, _ normal: Vector3) -> Vector3 {
    vector - vector.dot(normal) * normal
  }

  /// Where a limb points with all hinges in the middle of their ranges.
  private func hanging(_ chain: HingeChain, from pair: MountedPair) -> Vector3 {
    let last = chain.hinges.reduce(Pose.identity) { pose, hinge in
      pose * tree.hinges[hinge].parentFromChild(at: tree.hinges[hinge].middle)
    }
    return last.translation - search.mount(chain)
  }

  /// From the middle of a pair to branches in the mirror plane that may be a neck.
  private func middleBranches(_ pair: MountedPair) -> [Vector3] {
    guard legs == nil else { return [] }
    let taken = Set(pair.group.chains.map { $0.hinges[0] })
    return search.finder.below[pair.group.origin].compactMap { first in
      guard !taken.contains(first), let chain = search.finder.chain(from: first),
        (2...4).contains(chain.count)
      else { return nil }
      let place = search.mount(chain) - pair.center
      return abs(place.dot(pair.normal)) < 0.15 * pair.width ? place : nil
    }
  }

  /// The axis of a hinge in the middle of the body, or of the body's frame, that is nearly up.
  private func snapped(_ up: Vector3, in pair: MountedPair) -> Vector3 {
    let body = pair.group.origin
    var axes = search.finder.below[body].filter { index in
      !pair.group.chains.contains { $0.hinges[0] == index }
    }.map { tree.hinges[$0].axisInParent }
    if let above = tree.bodies[body].hingeAbove { axes.append(tree.hinges[above].axis) }
    for (candidates, least) in [(axes, 0.85), ([.unitX, .unitY, .unitZ], 0.9)] {
      let found = candidates.flatMap { [$0, -$0] }.filter {
        abs($0.dot(pair.normal)) < 0.1 && $0.dot(up) > least
      }.max { $0.dot(up) < $1.dot(up) }
      if let found, let axis = across(found, pair.normal).normalized { return axis }
    }
    return up
  }

  // MARK: - Front

  /// Whether left is along the normal of the first pair (positive) or against it, and what shows it.
  mutating func front(up: Vector3) -> (sign: Double, evidence: [String], objections: [String]) {
    var votes: [(weight: Double, value: Double, what: String)] = []
    if let legs {
      limbs.legs = legs.group.chains.map {
        FoundLimb(tree, $0, down: -up, normal: legs.normal)
      }
      votes += legVotes(legs, up)
    }
    if let arms {
      let upInChest = upInChest(up)
      limbs.arms = arms.group.chains.map {
        FoundLimb(tree, $0, down: -upInChest, normal: arms.normal)
      }
      votes += Self.pairVotes(
        limbs.arms.map { arm in arm.bending.map { -$0 * arm.sign * arm.confidence } }, 0.5,
        "the limits of the elbows")
      votes += reachVotes(arms, upInChest)
      if let head = headVote(arms, upInChest) { votes.append((0.45, head, "frames on the head")) }
    }
    return Self.count(votes)
  }

  /// The sum of votes, what spoke for its sign and what against it.
  private static func count(_ votes: [(weight: Double, value: Double, what: String)]) -> (
    sign: Double, evidence: [String], objections: [String]
  ) {
    var sums: [String: Double] = [:]
    for vote in votes { sums[vote.what, default: 0] += vote.weight * vote.value }
    let sum = votes.reduce(0) { $0 + $1.weight * $1.value }
    let sorted = sums.sorted { (-abs($0.value), $0.key) < (-abs($1.value), $1.key) }
    let heard = sorted.filter { abs($0.value) > 0.1 }
    return (
      sum, heard.filter { $0.value * sum > 0 }.map(\.key),
      heard.filter { $0.value * sum < 0 }.map(\.key)
    )
  }

  /// How far ahead of the shoulders the hands are where all joints are in the middle of their ranges.
  private func reachVotes(_ arms: MountedPair, _ up: Vector3)
    -> [(weight: Double, value: Double, what: String)]
  {
    let forward = arms.normal.cross(up)
    let values = arms.group.chains.map { chain -> Double? in
      guard chain.hinges.allSatisfy({ tree.hinges[$0].range != nil }) || chain.count > 4 else {
        return nil
      }
      return max(-1, min(1, 2 * hanging(chain, from: arms).dot(forward) / chain.length))
    }
    return Self.pairVotes(values, 0.25, "the hands, which work in front")
  }

  private func legVotes(_ legs: MountedPair, _ up: Vector3)
    -> [(weight: Double, value: Double, what: String)]
  {
    var votes: [(weight: Double, value: Double, what: String)] = []
    let forward = legs.normal.cross(up)
    func vote(_ weight: Double, _ what: String, _ value: (FoundLimb) -> Double?) {
      votes += Self.pairVotes(
        limbs.legs.map { leg in value(leg).map { $0 * leg.confidence } }, weight, what)
    }
    let feet = limbs.legs.map { $0.foot(along: forward) }
    func foot(_ leg: FoundLimb) -> (shapes: Double?, frames: Double?, mass: Double?) {
      leg.chain.hinges == limbs.legs[0].chain.hinges ? feet[0] : feet[1]
    }
    vote(1, "the limits of the knees") { leg in leg.bending.map { $0 * leg.sign } }
    // Where a foot points follows from the ankle's limits, which are not believed where the knees'
    // contradict each other.
    let bends = limbs.legs.compactMap { leg in leg.bending.map { $0 * leg.sign } }
    if bends.count < 2 || bends[0] * bends[1] > 0 {
      vote(0.6, "the shapes of the feet") { foot($0).shapes }
      vote(0.2, "frames on the feet") { foot($0).frames }
      vote(0.4, "the mass of the feet") { foot($0).mass }
    }
    vote(0.25, "the range of the hips") { $0.hipSwing(normal: legs.normal) }
    return votes
  }

  /// The votes of two limbs: none where they contradict each other, half where one has none.
  private static func pairVotes(_ values: [Double?], _ weight: Double, _ what: String) -> [(
    weight: Double, value: Double, what: String
  )] {
    let heard = values.compactMap(\.self)
    if heard.count == 2, heard[0] * heard[1] < 0 { return [] }
    let share = heard.count == 2 ? weight : weight / 2
    return heard.map { (share, $0, what) }
  }

  /// How far ahead of the neck the frames of the head are, where they are not just above it.
  private func headVote(_ arms: MountedPair, _ up: Vector3) -> Double? {
    guard let last = neck.last else { return nil }
    let body = tree.hinges[last].child
    let pose = search.pose(of: body, in: arms.group.origin)
    guard let first = neck.first else { return nil }
    let base = tree.hinges[first].parentFromChild.translation
    let forward = arms.normal.cross(up)
    let gaps = tree.bodies[body].frames.dropFirst().map {
      pose * $0.bodyFromFrame.translation - base
    }
    guard !gaps.isEmpty else { return nil }
    let mean = gaps.reduce(Vector3.zero, +) / Double(gaps.count)
    let (ahead, above) = (mean.dot(forward), abs(mean.dot(up)))
    guard abs(ahead) > 0.2 * above, abs(ahead) > 0.02 * arms.width else { return nil }
    return max(-1, min(1, ahead / (0.1 * arms.width)))
  }
}
