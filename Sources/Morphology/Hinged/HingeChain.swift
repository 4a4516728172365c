import Foundation
import Geometry

/// Hinges in a row, each turning the body that carries the next: a limb, from the trunk outwards.
///
/// Its measures do not change when a hinge turns.
public struct HingeChain: Sendable, Hashable {
  /// The tree's hinges from the trunk outwards.
  public var hinges: [Int]
  /// The body from which the chain leaves.
  public var origin: Int
  /// Whether the chain ends because the body below its last hinge carries several branches: a hand
  /// with fingers.
  public var endsInFork: Bool
  /// Hinges beyond the end that are fingers, jaws or rods.
  public var leftAlone: [Int]
  /// Lengths between the points of consecutive axes that are nearest to each other [m].
  public var segments: [Double]
  /// The cosines of the angles between consecutive axes, without sign.
  public var cosines: [Double]
  /// For each hinge from the third on how far its axis is from the centre of the first ones [m].
  var centerDistances: [Double]
  /// Along the axis of each hinge, from its origin: the point that is nearest to its neighbours [m].
  var along: [Double]
  /// The same for the centre of the shoulder or hip, on the second axis.
  var centerAlong: Double
  /// Whether the second to fourth axes meet in that centre.
  private var isBall: Bool
  /// How far apart along the axis of each hinge the axes before and after it pass [m]: the length of
  /// the bone of a hinge that twists one, nearly nothing for one that bends a limb; nil for the first
  /// and the last hinge, and where one of the two is parallel to it.
  var spans: [Double?]

  /// The length of the whole chain, without what is beyond the last hinge [m].
  public var length: Double { segments.reduce(0, +) }
  /// The number of hinges.
  public var count: Int { hinges.count }
  /// The length from one hinge of the chain to a later one [m].
  func length(from start: Int, to end: Int) -> Double { segments[start..<end].reduce(0, +) }

  init(_ hinges: [Int], leftAlone: [Int], endsInFork: Bool, in tree: HingedTree) {
    self.hinges = hinges
    self.leftAlone = leftAlone
    self.endsInFork = endsInFork
    origin = tree.hinges[hinges[0]].parent
    let joints = hinges.map { tree.hinges[$0] }
    along = Self.nearestPoints(joints)
    centerAlong = Self.center(joints)
    isBall = Self.ballCenter(joints) != nil
    spans = joints.indices.map { Self.span(of: $0, joints) }
    segments = []
    cosines = []
    for index in joints.indices.dropFirst() {
      let (before, here) = (joints[index - 1], joints[index])
      let start = along[index - 1] * before.axis
      let end = here.parentFromChild.translation + along[index] * here.axisInParent
      segments.append((end - start).length)
      cosines.append(abs(here.axisInParent.dot(before.axis)))
    }
    centerDistances = []
    centerDistances = joints.indices.dropFirst(2).prefix(4).map {
      Self.centerDistance(to: $0, joints, centerAlong * joints[1].axis)
    }
  }

  /// Points on the axes with the least sum of squared distances of neighbours.
  private static func nearestPoints(_ joints: [HingedTree.Hinge]) -> [Double] {
    let count = joints.count
    var (diagonal, upper, right) = (
      [Double](repeating: 1e-3, count: count), [Double](repeating: 0, count: count),
      [Double](repeating: 0, count: count)
    )
    for index in joints.indices.dropFirst() {
      let (before, here) = (joints[index - 1].axis, joints[index].axisInParent)
      let gap = joints[index].parentFromChild.translation
      diagonal[index - 1] += 1
      diagonal[index] += 1
      upper[index - 1] = -before.dot(here)
      right[index - 1] += gap.dot(before)
      right[index] -= gap.dot(here)
    }
    // The Thomas algorithm; the matrix is symmetric and positive definite.
    for index in joints.indices.dropFirst() {
      let factor = upper[index - 1] / diagonal[index - 1]
      diagonal[index] -= factor * upper[index - 1]
      right[index] -= factor * right[index - 1]
    }
    var result = [Double](repeating: 0, count: count)
    for index in joints.indices.reversed() {
      let next = index + 1 < count ? upper[index] * result[index + 1] : 0
      result[index] = (right[index] - next) / diagonal[index]
    }
    return result
  }

  private static func span(of index: Int, _ joints: [HingedTree.Hinge]) -> Double? {
    guard index > 0, index + 1 < joints.count else { return nil }
    let here = joints[index]
    guard let before = here.lineInParent.foot(of: joints[index - 1].lineInChild),
      let after = here.lineInChild.foot(of: joints[index + 1].lineInParent)
    else { return nil }
    let start = (before - here.parentFromChild.translation).dot(here.axisInParent)
    return abs(after.dot(here.axis) - start)
  }

  /// The point on the second axis in which the second to fourth axes meet, where they do; else the one that is
  /// nearest to the first axis, and less so to the third.
  private static func center(_ joints: [HingedTree.Hinge]) -> Double {
    guard joints.count > 1 else { return 0 }
    if let ball = ballCenter(joints) { return ball }
    var (curvature, slope) = (1e-4, 0.0)
    func add(_ weight: Double, _ start: Vector3, _ direction: Vector3, from line: AxisLine) {
      let (a, b) = (line.across(direction), line.across(start - line.point))
      curvature += weight * a.dot(a)
      slope += weight * a.dot(b)
    }
    let second = joints[1]
    add(
      10, second.parentFromChild.translation, second.axisInParent, from: joints[0].lineInChild)
    if joints.count > 2 { add(1, .zero, second.axis, from: joints[2].lineInParent) }
    return -slope / curvature
  }

  /// Where along the second axis the third and the fourth cross it, in one point; nil where they do not.
  ///
  /// It is a shoulder whose first hinge moves it as a clavicle does: that one's axis is less than half as far
  /// from it as the next bone is long.
  private static func ballCenter(_ joints: [HingedTree.Hinge]) -> Double? {
    guard joints.count > 4 else { return nil }
    let (second, third, fourth) = (joints[1], joints[2], joints[3])
    let near = 0.02 * joints.dropFirst().reduce(0) { $0 + $1.parentFromChild.translation.length }
    guard let place = second.lineInChild.foot(of: third.lineInParent),
      third.lineInParent.distance(to: place) < near,
      let next = third.lineInChild.foot(of: fourth.lineInParent),
      fourth.lineInParent.distance(to: next) < near
    else { return nil }
    let along = (place - third.parentFromChild.translation).dot(third.axisInParent)
    guard abs(along - next.dot(third.axis)) < near else { return nil }
    let inFourth = fourth.parentFromChild.inverse * next
    let clavicle = joints[0].lineInChild.distance(
      to: second.parentFromChild.translation + place.dot(second.axis) * second.axisInParent)
    return clavicle < 0.5 * joints[4].lineInParent.distance(to: inFourth)
      ? place.dot(second.axis) : nil
  }

  /// How far the axis of a hinge is from the centre, over all positions of the hinges between.
  private static func centerDistance(
    to index: Int, _ joints: [HingedTree.Hinge], _ center: Vector3
  ) -> Double {
    func squares(_ place: Vector3, _ body: Int) -> Double {
      // `place` in the frame of the body below hinge `body`.
      let next = joints[body + 1]
      guard body + 1 < index else {
        let distance = next.lineInParent.distance(to: place)
        return distance * distance
      }
      let samples = 8
      let inverse = next.parentFromChild.inverse * place
      let mean = (0..<samples).map { sample in
        let angle = 2 * Double.pi * Double(sample) / Double(samples)
        return squares(Quaternion(angle: angle, axis: next.axis) * inverse, body + 1)
      }
      return mean.reduce(0, +) / Double(samples)
    }
    return squares(center, 1).squareRoot()
  }

  /// The index in the chain of the elbow or knee: the first hinge whose axis is far from the point in
  /// which those before it meet, and that does not twist the bone: a limb goes on beside the axis that
  /// bends it, not along it.
  public var middle: Int {
    guard count > 2 else { return count - 1 }
    if cosines[0] > 0.95, segments[0] > 0.2 * length, !isBall { return 1 }
    let largest = centerDistances.prefix(3).max() ?? 0
    let found = centerDistances.indices.first { index in
      centerDistances[index] > 0.35 * largest && (spans[2 + index] ?? 0) < centerDistances[index]
    }
    return 2 + (found ?? 0)
  }

  /// The length of the upper bone [m].
  public var upper: Double {
    let middle = middle
    return middle >= 2 ? centerDistances[middle - 2] : length(from: 0, to: middle)
  }

  /// Its length and what the frames, shapes and mass of the last body add to it [m].
  func reach(in tree: HingedTree) -> Double {
    guard let last = hinges.last else { return length }
    let body = tree.bodies[tree.hinges[last].child]
    let places =
      body.frames.map(\.bodyFromFrame.translation) + body.frames.flatMap(\.extents)
      + [body.center ?? .zero]
    return length + (places.map(\.length).max() ?? 0)
  }

  /// How far the axis of the hinge after the middle is from the middle's [m]: a shank's length, and
  /// nearly nothing for a joint that turns a forearm; nil where the middle is the last hinge.
  func nextDistance(in tree: HingedTree) -> Double? {
    guard middle + 1 < count else { return nil }
    let (here, next) = (tree.hinges[hinges[middle]], tree.hinges[hinges[middle + 1]])
    return next.lineInParent.distance(to: along[middle] * here.axis)
  }

  /// How different another chain's build is: the largest difference of a length over the whole
  /// length, or of a cosine; over the hinges that both have.
  public func difference(to other: HingeChain) -> Double {
    let whole = max(length, other.length, 1e-12)
    var largest = 0.0
    for (a, b) in zip(segments, other.segments) { largest = max(largest, abs(a - b) / whole) }
    for (a, b) in zip(cosines, other.cosines) { largest = max(largest, abs(a - b) / 2) }
    return largest
  }
}

/// Follows chains in a tree.
public struct ChainFinder: Sendable {
  let tree: HingedTree
  let below: [[Int]]
  /// The longest way below each hinge, without its own offset [m].
  let reach: [Double]

  /// A finder of chains in a tree.
  public init(_ tree: HingedTree) {
    self.tree = tree
    var below = [[Int]](repeating: [], count: tree.bodies.count)
    for (index, hinge) in tree.hinges.enumerated() { below[hinge.parent].append(index) }
    var reach = [Double](repeating: 0, count: tree.hinges.count)
    for index in tree.hinges.indices.reversed() {
      for next in below[tree.hinges[index].child] {
        let way = tree.hinges[next].parentFromChild.translation.length + reach[next]
        reach[index] = max(reach[index], way)
      }
    }
    self.below = below
    self.reach = reach
  }

  /// A limb that begins with a hinge; nil where it slides.
  ///
  /// At a fork the way goes on along the longest branch, unless all are short: then they are
  /// fingers. A last hinge parallel to the one before it, beyond the elbow, is a finger or a jaw, and
  /// so is a fourth one.
  public func chain(from first: Int) -> HingeChain? {
    guard tree.hinges[first].turns else { return nil }
    var hinges = [first]
    var way = 0.0
    var endsInFork = false
    while let last = hinges.last {
      let body = tree.hinges[last].child
      if hinges.count >= 3, isGripper(body) {
        endsInFork = true
        break
      }
      let ways = ways(below: body, after: hinges)
      guard let best = ways.max(by: { rank($0) < rank($1) }) else { break }
      let offset = tree.hinges[best].parentFromChild.translation.length
      if hinges.count >= 3, ways.count > 1, offset + reach[best] < 0.45 * way {
        endsInFork = true
        break
      }
      way += offset
      hinges.append(best)
    }
    let kept = withoutFingers(hinges)
    let all = descendants(of: first)
    return HingeChain(
      kept, leftAlone: all.filter { !kept.contains($0) }, endsInFork: endsInFork, in: tree)
  }

  /// Whether a body carries two jaws or more that slide.
  private func isGripper(_ body: Int) -> Bool {
    below[body].filter { !tree.hinges[$0].turns && below[tree.hinges[$0].child].isEmpty }.count >= 2
  }

  private func rank(_ hinge: Int) -> (Double, Double) {
    let offset = tree.hinges[hinge].parentFromChild.translation.length
    return (offset + reach[hinge], Double(below[tree.hinges[hinge].child].count))
  }

  /// The hinges through which the way may go on: they turn, and at a fork they can move and follow none above or
  /// beside them: what is held or follows is a finger or a linkage.
  private func ways(below body: Int, after hinges: [Int]) -> [Int] {
    let all = below[body].filter { tree.hinges[$0].turns }
    let moving = all.filter { !tree.hinges[$0].isHeld }
    let turning = moving.isEmpty ? all : moving
    guard turning.count > 1 else { return turning }
    let beside = Set(below[body].flatMap { descendants(of: $0) })
    return turning.filter {
      let leader = tree.hinges[$0].follows ?? -1
      return !beside.contains(leader) && !hinges.contains(leader)
    }
  }

  private func withoutFingers(_ hinges: [Int]) -> [Int] {
    var kept = hinges
    while kept.count > 3 {
      let chain = HingeChain(kept, leftAlone: [], endsInFork: false, in: tree)
      let after = kept.count - 1 - chain.middle
      let isParallel = (chain.cosines.last ?? 0) > 0.95 && after >= 2
      // A forearm turns about its length and bends about two axes.
      guard isParallel || after > 3 || endsInJaw(chain) else { break }
      kept.removeLast()
    }
    return kept
  }

  /// Whether the last hinge opens a jaw: its axis passes beside the one that twists the hand, which
  /// bends as the elbow does already, it turns by less than half a turn, and what it moves is lighter
  /// than what carries it.
  private func endsInJaw(_ chain: HingeChain) -> Bool {
    let (last, middle) = (chain.count - 1, chain.middle)
    guard last - middle == 3, chain.cosines[middle] > 0.95, chain.cosines[middle + 1] < 0.3,
      chain.cosines[middle + 2] < 0.3
    else { return false }
    let (twist, jaw) = (tree.hinges[chain.hinges[last - 1]], tree.hinges[chain.hinges[last]])
    guard let range = jaw.range, range.upperBound - range.lowerBound < .pi else { return false }
    let beside = twist.lineInChild.distance(to: jaw.lineInParent)
    let span = chain.spans[last - 1] ?? 0
    return 0.1 * span < beside && beside < span
      && tree.bodies[jaw.child].mass < tree.bodies[twist.child].mass
  }

  /// All hinges below one, itself included.
  public func descendants(of hinge: Int) -> [Int] {
    var result: [Int] = []
    var waiting = [hinge]
    while let next = waiting.popLast() {
      result.append(next)
      waiting += below[tree.hinges[next].child]
    }
    return result
  }
}
