import Foundation
import Geometry

/// A pair of limbs with the mirror plane between them, in the frame of the body that carries them.
struct MountedPair {
  var group: HingedPlanSearch.Group
  /// From the second limb to the first, of length one.
  var normal: Vector3
  /// Half way between the limbs' first joints.
  var center: Vector3
  /// The distance of the limbs' first joints.
  var width: Double
}

extension HingedPlanSearch {
  func mounted(_ group: Group) throws(NoBody) -> MountedPair {
    let places = group.chains.map { mount($0) }
    let gap = places[0] - places[1]
    guard gap.length > 0.01 * group.length, let normal = gap.normalized else {
      throw NoBody(
        description: "the limbs that begin with "
          + Self.list(group.chains.map { tree.hinges[$0.hinges[0]].name })
          + " leave the body at one point: there is no left and right")
    }
    return MountedPair(
      group: group, normal: normal, center: (places[0] + places[1]) / 2, width: gap.length)
  }

  /// The hinges from one body to another, upwards and downwards.
  func hinges(from start: Int, to end: Int) -> [Int] {
    var (a, b) = (tree.path(to: start), tree.path(to: end))
    while let first = a.first, first == b.first {
      a.removeFirst()
      b.removeFirst()
    }
    return a.reversed() + b
  }

  /// The frame of a body in another's, all hinges in the middle of their ranges.
  func pose(of body: Int, in other: Int) -> Pose {
    tree.pose(of: other, at: [:]).inverse * tree.pose(of: body, at: [:])
  }

  func assemble(_ legs: Group?, _ arms: Group?, _ pairs: [Group]) throws(NoBody) -> HingedPlan {
    let legPair = try legs.map { group throws(NoBody) in try mounted(group) }
    var armPair = try arms.map { group throws(NoBody) in try mounted(group) }
    guard let main = legPair ?? armPair else {
      throw NoBody(description: "there are neither two legs nor two arms")
    }
    var isOpen = false
    if let legPair, let pair = armPair { (armPair, isOpen) = ordered(pair, like: legPair) }
    let chest = armPair?.group.origin ?? main.group.origin
    let pelvis = legPair?.group.origin ?? 0
    var plan = HingedPlan(
      kind: legPair == nil ? .upperBody : armPair == nil ? .legs : .person, pelvis: pelvis,
      chest: chest)
    plan.waist = armPair == nil ? [] : hinges(from: pelvis, to: chest)
    var facing = FacingSearch(search: self, legs: legPair, arms: armPair)
    let up = facing.up()
    plan.neck = armPair.map { neck($0, up: facing.upInChest(up)) } ?? []
    facing.neck = plan.neck
    let front = facing.front(up: up)
    let limbs = facing.limbs
    let first = front.sign >= 0
    let sides = first ? (0, 1) : (1, 0)
    if legPair != nil {
      plan.leftLeg = limbs.legs[sides.0].limb(in: self, isLeg: true, normalIsLeft: first)
      plan.rightLeg = limbs.legs[sides.1].limb(in: self, isLeg: true, normalIsLeft: first)
    }
    if armPair != nil {
      plan.leftArm = limbs.arms[sides.0].limb(in: self, isLeg: false, normalIsLeft: first)
      plan.rightArm = limbs.arms[sides.1].limb(in: self, isLeg: false, normalIsLeft: first)
    }
    plan.facingConfidence = min(1, abs(front.sign))
    plan.facingEvidence = front.evidence
    plan.facingObjections = front.objections
    plan.sidesAreOpen = abs(front.sign) < 0.3
    let left = first ? main.normal : -main.normal
    let toRoot = tree.pose(of: main.group.origin, at: [:]).rotation
    plan.up = toRoot * up
    plan.forward = (toRoot * left.cross(up)).normalized
    plan.leftAlone = unused(by: plan)
    plan.doubts += facing.doubts
    if isOpen {
      plan.doubts.append(
        "in the middle of the waist's range the arms stand across the legs, and neither shows enough "
          + "of the front to tell which arm is on whose side")
    }
    return plan
  }

  /// The arms in the order of the legs, and whether that is open.
  private func ordered(_ arms: MountedPair, like legs: MountedPair) -> (MountedPair, isOpen: Bool) {
    let turned = pose(of: arms.group.origin, in: legs.group.origin).rotation * arms.normal
    let cosine = turned.dot(legs.normal)
    guard abs(cosine) < 0.5 else { return (cosine < 0 ? arms.exchanged : arms, false) }
    // A waist that turns far to one side: legs and arms show one front.
    let orders = [arms, arms.exchanged]
    let agreement = orders.map { pair in
      var facing = FacingSearch(search: self, legs: legs, arms: pair)
      let up = facing.up()
      facing.neck = neck(pair, up: facing.upInChest(up))
      return abs(facing.front(up: up).sign)
    }
    return (
      orders[agreement[0] < agreement[1] ? 1 : 0], abs(agreement[0] - agreement[1]) < 0.2
    )
  }

  private func unused(by plan: HingedPlan) -> [Int] {
    let limbs = [plan.leftLeg, plan.rightLeg, plan.leftArm, plan.rightArm].compactMap(\.self)
    let used = Set(limbs.flatMap(\.hinges) + plan.waist + plan.neck)
    return tree.hinges.indices.filter { !used.contains($0) }
  }

  // MARK: - The neck

  /// The hinges of the branch of the chest that stands in the mirror plane above the shoulders.
  private func neck(_ arms: MountedPair, up: Vector3) -> [Int] {
    let taken = Set(arms.group.chains.map { $0.hinges[0] })
    var best: (hinges: [Int], rank: Double)?
    for first in finder.below[arms.group.origin] where !taken.contains(first) {
      guard let chain = finder.chain(from: first) else { continue }
      let place = mount(chain) - arms.center
      guard abs(place.dot(arms.normal)) < 0.15 * arms.width else { continue }
      let hinges = upToHead(withoutSpinning(chain.hinges))
      guard !hinges.isEmpty, hinges.count <= 4, chain.length < 0.8 * arms.group.length else {
        continue
      }
      let height = place.dot(up) / arms.width
      guard height > -0.6 else { continue }
      let rank = Double(min(hinges.count, 3)) + 2 * height
      if rank > (best?.rank ?? -.infinity) { best = (hinges, rank) }
    }
    return best?.hinges ?? []
  }

  /// Without hinges that move something on the head: from the first of two alike parts on, such as eyes
  /// and antennas, and last ones whose part is light beside what carries it, such as a camera.
  private func upToHead(_ hinges: [Int]) -> [Int] {
    let twin = hinges.indices.dropFirst().first { hasTwin(hinges[$0]) }
    var kept = Array(hinges[..<(twin ?? hinges.count)])
    while kept.count > 1, let last = kept.last {
      let (light, heavy) = (massBeyond(last), tree.bodies[tree.hinges[last].parent].mass)
      guard 4 * light < heavy else { break }
      kept.removeLast()
    }
    return kept
  }

  /// Whether another hinge beside one turns its mirror image.
  private func hasTwin(_ hinge: Int) -> Bool {
    finder.below[tree.hinges[hinge].parent].contains {
      $0 != hinge && tree.hinges[$0].turns && isMirrored($0, hinge)
    }
  }

  /// Whether two hinges leave one body at places of one distance from the hinge above, with bodies of
  /// one mass and ranges of one width.
  private func isMirrored(_ a: Int, _ b: Int) -> Bool {
    let (first, second) = (tree.hinges[a], tree.hinges[b])
    let (near, far) = (
      first.parentFromChild.translation.length, second.parentFromChild.translation.length
    )
    let (light, heavy) = (massBeyond(a), massBeyond(b))
    let widths = [first, second].map { ($0.range?.upperBound ?? 0) - ($0.range?.lowerBound ?? 0) }
    return near > 0 && abs(near - far) < 0.05 * max(near, far)
      && (first.parentFromChild.translation - second.parentFromChild.translation).length > 0.1
        * near
      && abs(light - heavy) <= 0.1 * max(light, heavy) && abs(widths[0] - widths[1]) < 0.1
  }

  private func massBeyond(_ hinge: Int) -> Double {
    finder.descendants(of: hinge).reduce(0) { $0 + tree.bodies[tree.hinges[$1].child].mass }
  }

  /// Without last hinges that turn for ever: scanners.
  private func withoutSpinning(_ hinges: [Int]) -> [Int] {
    var kept = hinges
    while let last = kept.last, tree.hinges[last].range == nil { kept.removeLast() }
    return kept
  }
}

extension MountedPair {
  /// The same pair in the other order.
  var exchanged: MountedPair {
    var other = self
    other.group.chains.reverse()
    other.normal = -normal
    return other
  }
}
