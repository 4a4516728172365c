import Geometry
import Kinematics

/// Parts of the robot that stay a distance apart.
///
/// What is asked is a gap along a direction that is remembered for each pair and frame: capsules whose
/// axes cross have no direction of their own to part in. A gap along any direction is at most the
/// distance, and along that of the nearest points it is the distance.
struct CollisionTerm: ResidualTerm {
  /// A capsule in the frame of the node that moves it.
  struct Part: Sendable {
    var node: Int
    var capsules: [Capsule]
    /// A ball about them.
    var center: Vector3, radius: Double
  }

  /// Two parts, the columns that move them, the distance that they keep [m], whether both are feet.
  struct Pair: Sendable {
    var first: Int, second: Int
    var moved: [Int]
    var margin: Double
    var isFeet: Bool
    /// The direction from the second part to the first in the rest posture, in the frame of that part of
    /// both which fewer joints move; zero where they are in each other.
    var side: Vector3
    /// Whether that is the first one.
    var isSideOfFirst: Bool
  }

  let parts: [Part]
  /// The capsules of all parts one after another, in the frames of the parts' nodes, with balls about them,
  /// and where those of each part begin.
  let capsules: [(capsule: Capsule, middle: Vector3, radius: Double)]
  let starts: [Int]
  /// The parts that are held apart, with the columns that move them.
  let pairs: [Pair]
  /// What `pairs` says of balls about parts, to be read at once.
  let bounds: [(first: Int, second: Int, squaredReach: Double)]
  /// The greatest distance that they keep [m].
  let margin: Double
  let weight: Double
  /// Whether parts that were deep in each other part to the side that they are on in the rest posture, for
  /// as long as they overlap.
  ///
  /// Otherwise they go the shortest way, and where they overlap little that of their nearest points, which
  /// within a part of many capsules leads anywhere.
  var isSided = false
  /// The directions from the second to the first of a pair [frame · pairs + pair].
  private var directions: [Int: Vector3] = [:]

  /// Of parts that are near to each other in the rest posture, the share of that distance that they keep.
  private static let shareAtRest = 0.4
  /// The nearest points of parts that overlap by more than this share of the smaller radius do not tell
  /// a direction.
  private static let deep = 0.5
  /// Ways to the side that parts are on in the rest posture are at least so much along it.
  private static let leastTowardsSide = 0.2
  /// Parts that do not meet for more frames than this meet anew.
  private static let longestParting = 3

  /// The pairs of a model.
  ///
  /// - Parameters:
  ///   - model: The robot's shapes.
  ///   - layout: What is solved for.
  ///   - atRest: The poses of links in the rest posture.
  ///   - feet: The nodes that are feet: they part beside each other and not one above the other.
  ///   - margin: The greatest distance that they keep [m].
  ///   - weight: The weight of what is nearer than that [1/m²].
  init(
    _ model: CollisionModel, _ layout: RefinementLayout, atRest: [Pose], feet: Set<Int>,
    margin: Double, weight: Double
  ) {
    let parts = model.parts.map { part in
      let place = layout.tree.places[part.link]
      let capsules = part.capsules.map { $0.moved(by: place.nodeFromLink) }
      let ends = capsules.flatMap { [$0.from, $0.to] }
      let center = ends.reduce(Vector3.zero, +) / Double(max(1, ends.count))
      let reach = capsules.map {
        max(($0.from - center).length, ($0.to - center).length) + $0.radius
      }
      return Part(
        node: place.node, capsules: capsules, center: center, radius: reach.max() ?? 0)
    }
    let partsOfBody = Dictionary(grouping: model.parts.indices) { model.parts[$0].body }
    pairs = model.pairs.flatMap { pair in
      (partsOfBody[pair.first] ?? []).flatMap { first in
        (partsOfBody[pair.second] ?? []).map { second in
          let apart = model.distance(first, second, atRest)
          let isOfFirst =
            layout.columnsOfNode[parts[first].node + 1].count
            < layout.columnsOfNode[parts[second].node + 1].count
          let nearer = isOfFirst ? first : second
          let frame = atRest[model.parts[nearer].link]
          let node = layout.tree.places[model.parts[nearer].link].nodeFromLink
          let nodes = [parts[first].node, parts[second].node]
          // Feet are beside each other by posture, not by build.
          let isFeet = feet.isSuperset(of: nodes)
          return Pair(
            first: first, second: second, moved: layout.columns(ofNodes: nodes),
            margin: isFeet ? margin : min(margin, max(0, Self.shareAtRest * apart)),
            isFeet: isFeet,
            side: apart > 0
              ? node.rotation
                * (frame.rotation.inverse * Self.direction(model, first, second, atRest)) : .zero,
            isSideOfFirst: isOfFirst)
        }
      }
    }
    bounds = pairs.map { pair in
      let reach = parts[pair.first].radius + parts[pair.second].radius + pair.margin
      return (pair.first, pair.second, reach * reach)
    }
    self.parts = parts
    (self.margin, self.weight) = (margin, weight)
    capsules = parts.flatMap(\.capsules).map {
      ($0, ($0.from + $0.to) / 2, ($0.to - $0.from).length / 2 + $0.radius)
    }
    starts = parts.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1.capsules.count) }
  }

  /// The direction from the nearest point of the second part to that of the first.
  private static func direction(
    _ model: CollisionModel, _ first: Int, _ second: Int, _ poses: [Pose]
  ) -> Vector3 {
    let (a, b) = (model.parts[first], model.parts[second])
    var (least, found) = (Double.infinity, Vector3.zero)
    for one in a.capsules.map({ $0.moved(by: poses[a.link]) }) {
      for other in b.capsules.map({ $0.moved(by: poses[b.link]) }) {
        let points = one.closestPoints(to: other)
        let gap = points.first - points.second
        guard gap.length - one.radius - other.radius < least else { continue }
        (least, found) = (gap.length - one.radius - other.radius, gap)
      }
    }
    return found.normalized ?? .zero
  }

  /// The side of its second part on which the first of a pair is in the rest posture, in the world.
  private func side(_ pair: Pair, _ robot: FramePose) -> Vector3 {
    let part = parts[pair.isSideOfFirst ? pair.first : pair.second]
    return robot.pose(ofNode: part.node).rotation * pair.side
  }

  /// How deep pairs are in each other: at most [m], and the sum of squares [m²].
  func overlap(_ robot: FramePose) -> (deepest: Double, squares: Double) {
    var found = (deepest: 0.0, squares: 0.0)
    for contact in robot.contacts ?? contacts(robot) {
      let depth = max(0, -contact.distance)
      found.deepest = max(found.deepest, depth)
      found.squares += depth * depth
    }
    return found
  }

  // MARK: - Directions

  /// Two parts that are too near to each other in a frame.
  fileprivate struct Meeting {
    var frame: Int
    /// The nearest points' own direction; nil where they overlap too deeply to tell one.
    var own: Vector3?
    /// Whether they overlap.
    var overlaps: Bool
    /// The directions that are tried, of which each means the same in all frames, with the gaps along
    /// them [m]; none where the nearest points tell.
    var tried: [(direction: Vector3, gap: Double)]
  }

  /// Which pairs meet in which frames, to decide where they are to part.
  struct Meetings {
    fileprivate var ofPair: [Int: [Meeting]] = [:]
  }

  /// Notes the pairs that are too near to each other in a frame; frames are given in order.
  func note(_ frame: Int, _ robot: FramePose, in meetings: inout Meetings) {
    for contact in robot.contacts ?? contacts(robot) {
      let radius = min(contact.first.radius, contact.second.radius)
      let own = contact.distance > -Self.deep * radius ? contact.gap.normalized : nil
      let overlaps = contact.distance < 0
      meetings.ofPair[contact.pair, default: []].append(
        Meeting(
          frame: frame, own: own, overlaps: overlaps,
          tried: own == nil || isSided && overlaps ? waysOut(contact, robot) : []))
    }
  }

  /// Decides in which directions the pairs that meet are to part.
  ///
  /// For as long as two parts meet they part in one direction: a hand that swings through the hip leaves it
  /// sideways, and not in front first and then behind. It is that with the least squares of what is missing.
  mutating func decide(_ meetings: Meetings) {
    directions = [:]
    for (pair, meetings) in meetings.ofPair {
      var start = 0
      for end in 1...meetings.count {
        guard
          end == meetings.count
            || meetings[end].frame > meetings[end - 1].frame + Self.longestParting
        else { continue }
        decide(pair, meetings[start..<end])
        start = end
      }
    }
  }

  private mutating func decide(_ pair: Int, _ run: ArraySlice<Meeting>) {
    let count = run.map(\.tried.count).max() ?? 0
    var costs = [Double](repeating: 0, count: count)
    for meeting in run {
      for (index, way) in meeting.tried.enumerated() {
        let missing = max(0, pairs[pair].margin - way.gap)
        costs[index] += missing * missing
      }
    }
    let best = costs.indices.min { costs[$0] < costs[$1] } ?? 0
    let isSided = isSided && !pairs[pair].isFeet && run.contains { $0.own == nil }
    // Whoever came in from one side does not leave by the other.
    var before: Vector3?
    for meeting in run {
      let own = isSided && meeting.overlaps ? nil : meeting.own
      var forced = own == nil ? meeting.tried[best].direction : nil
      if let own, meeting.overlaps, let before, before.dot(own) < -0.2 { forced = before }
      directions[meeting.frame * pairs.count + pair] = forced
      before = forced ?? own
    }
  }

  /// The ways of parts out of each other, and the gaps along them [m]: between the middles of the nearest
  /// capsules and of the parts, and along the axes of both parts' frames, in which shapes mostly lie.
  ///
  /// The gaps are those of the nearest capsules, which are what has to come out; of two feet those of the
  /// whole soles, and ways are level.
  private func waysOut(
    _ contact: Contact, _ robot: FramePose
  ) -> [(direction: Vector3, gap: Double)] {
    let pair = pairs[contact.pair]
    let (one, other) = (parts[pair.first], parts[pair.second])
    let (a, b) = (contact.first, contact.second)
    let (first, second) = (robot.pose(ofNode: one.node), robot.pose(ofNode: other.node))
    let side = side(pair, robot)
    var tried = [a.from + a.to - b.from - b.to, first * one.center - second * other.center]
    for rotation in [first.rotation, second.rotation] {
      for axis in [Vector3.unitX, .unitY, .unitZ].map({ rotation * $0 }) { tried += [axis, -axis] }
    }
    return tried.enumerated().map { index, direction in
      let level = Vector3(direction.x, direction.y, 0)
      // A foot's axis that is nearly upright says nothing of where the other should stand.
      guard !pair.isFeet || index < 2 || level.length > 0.5,
        let unit = (pair.isFeet ? level : direction).normalized
      else { return (.unitX, -.infinity) }
      guard !pair.isFeet else { return (unit, gap(pair, along: unit, robot)) }
      guard !isSided || unit.dot(side) >= Self.leastTowardsSide else { return (unit, -1e3) }
      let low = min(a.from.dot(unit), a.to.dot(unit)) - a.radius
      return (unit, low - max(b.from.dot(unit), b.to.dot(unit)) - b.radius)
    }
  }

  /// The gap between two parts along a direction from the second to the first [m].
  private func gap(_ pair: Pair, along direction: Vector3, _ robot: FramePose) -> Double {
    -outermost(pair.first, -direction, robot).reach
      - outermost(pair.second, direction, robot).reach
  }

  /// The point of a part's axes whose ball reaches farthest along a direction, and how far that is [m].
  private func outermost(
    _ index: Int, _ direction: Vector3, _ robot: FramePose
  ) -> (place: Vector3, reach: Double) {
    var found = (place: Vector3.zero, reach: -Double.infinity)
    for (end, radius) in ends(of: index, robot) {
      let reach = end.dot(direction) + radius
      if reach > found.reach { found = (end, reach) }
    }
    return found
  }

  func add(
    frame: Int, to equations: inout FrameEquations, _ scratch: inout FrameEquations.Derivatives
  ) {
    // Parts keep apart before soles stay where they are, so that feet choose places beside each other.
    let weight = weight * equations.stiffness.squareRoot()
    let robot = equations.robot
    for contact in robot.contacts ?? contacts(robot) {
      let forced = directions[frame * pairs.count + contact.pair]
      let direction = forced ?? contact.gap.normalized ?? .unitX
      let pair = pairs[contact.pair]
      var found: [(gap: Double, first: Vector3, second: Vector3)] = []
      if forced == nil {
        // The distance itself, wherever on the axes the nearest points are: it has no jumps.
        found = [(contact.distance, contact.points.first, contact.points.second)]
      } else {
        let low = outermost(pair.first, -direction, robot)
        let high = outermost(pair.second, direction, robot)
        found = [(-low.reach - high.reach, low.place, high.place)]
        if pair.isFeet {
          // Of edges along each other both corners part; from one alone feet would turn away.
          found += ends(of: pair.first, robot).map { end, radius in
            (end.dot(direction) - radius - high.reach, end, high.place)
          }
          found += ends(of: pair.second, robot).map { end, radius in
            (-low.reach - end.dot(direction) - radius, low.place, end)
          }
        }
      }
      for (gap, first, second) in found where gap < pair.margin {
        equations.differentiate(first, node: parts[pair.first].node, into: &scratch)
        equations.differentiate(second, node: parts[pair.second].node, times: -1, into: &scratch)
        scratch.moved = pair.moved
        equations.add(gap - pair.margin, along: direction, weight: weight, &scratch)
      }
    }
  }

  /// The ends of a part's axes in the world, with radii.
  private func ends(
    of index: Int, _ robot: FramePose
  ) -> [(end: Vector3, radius: Double)] {
    let pose = robot.pose(ofNode: parts[index].node)
    return parts[index].capsules.flatMap {
      [(pose * $0.from, $0.radius), (pose * $0.to, $0.radius)]
    }
  }
}
