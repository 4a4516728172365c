import Foundation
import Geometry

/// Two branches of equal build that leave one node: legs, arms, or a pair of fingers.
struct BranchPair {
  /// The node that they leave.
  var origin: Int
  /// The nodes along each, from the origin on, to its farthest tip.
  var first: [Int], second: [Int]
  /// How different their lengths are, as a fraction of their length.
  var difference: Double
  /// Their mean length.
  var reach: Double

  /// Branches that differ by more than this fraction are no pair.
  private static let tolerance = 0.2
  /// Shorter branches, as a fraction of the longest way in the tree, are fingers and ornaments.
  private static let shortest = 0.15

  /// All pairs of long branches in a tree, the most alike first.
  static func all(in measures: TreeMeasures) -> [BranchPair] {
    let longest = measures.longest
    var pairs: [BranchPair] = []
    for origin in measures.tree.nodes.indices {
      let ways = measures.neighbours[origin].filter {
        measures.reach(from: origin, through: $0) > shortest * longest
      }
      for (index, first) in ways.enumerated() {
        for second in ways[(index + 1)...] {
          let pair = BranchPair(origin, first, second, measures)
          if pair.difference < tolerance { pairs.append(pair) }
        }
      }
    }
    return pairs.sorted { $0.difference < $1.difference }
  }

  private init(_ origin: Int, _ one: Int, _ other: Int, _ measures: TreeMeasures) {
    self.origin = origin
    let reaches = [one, other].map { measures.reach(from: origin, through: $0) }
    reach = (reaches[0] + reaches[1]) / 2
    first = measures.longestPath(from: origin, through: one)
    second = measures.longestPath(from: origin, through: other)
    difference = abs(reaches[0] - reaches[1]) / reach
    guard difference < Self.tolerance else { return }
    if first.count == second.count {
      let (a, b) = (
        Self.distances(first, from: origin, measures),
        Self.distances(second, from: origin, measures)
      )
      difference = max(difference, zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) } / reach)
    } else {
      difference += 0.05
    }
  }

  /// How far along the branch each of its nodes is.
  static func distances(_ path: [Int], from origin: Int, _ measures: TreeMeasures) -> [Double] {
    var (last, sum) = (origin, 0.0)
    return path.map { node in
      sum += measures.lengths[measures.tree.nodes[node].parent == last ? node : last]
      last = node
      return sum
    }
  }
}

/// The proportions of a limb that is expected, from anthropometry (Drillis and Contini 1966).
struct LimbProportions {
  /// The natural logarithm of the upper bone's length over the lower one's.
  var logRatio: Double
  /// How far the upper joint is from the node that both limbs leave, in lengths of the upper bone.
  var standoff: (mean: Double, deviation: Double)

  static let leg = LimbProportions(logRatio: 0, standoff: (0.33, 0.2))
  static let arm = LimbProportions(logRatio: 0.24, standoff: (0.75, 0.35))
}

/// One reading of a pair of branches as two limbs of two long bones.
struct LimbPair {
  var origin: Int
  /// The first nodes of the two branches.
  var ways: [Int]
  /// The upper, middle and end joint of each limb.
  var first: [Int], second: [Int]
  /// The mean lengths of the upper and the lower bones.
  var upper: Double, lower: Double
  /// How unlikely the reading is; squares of standard deviations.
  var cost: Double

  var length: Double { upper + lower }

  /// The readings of a pair of branches, the likeliest first.
  static func readings(
    of pair: BranchPair, as limb: LimbProportions, _ measures: TreeMeasures
  ) -> [LimbPair] {
    let paths = LimbPaths(pair, measures)
    var readings: [LimbPair] = []
    for top in paths.indices {
      for middle in paths.indices where middle > top {
        for end in paths.indices where end > middle {
          if let reading = paths.reading([top, middle, end], as: limb) { readings.append(reading) }
        }
      }
    }
    return readings.sorted { $0.cost < $1.cost }
  }
}

/// The joints of a pair of branches beside each other, with what readings of them share.
private struct LimbPaths {
  let origin: Int
  private let ways: [Int]
  let measures: TreeMeasures
  /// Joints at the same place along each branch.
  let first: [Int], second: [Int]
  /// The range of each joint's bend between the nodes next to it in the branch [rad].
  let bends: [Double]
  private let distances: [[(mean: Double, spread: Double)]]
  private let otherDistances: [[(mean: Double, spread: Double)]]

  /// Joints beyond these are fingers.
  private static let most = 14

  var indices: Range<Int> { first.indices }

  init(_ pair: BranchPair, _ measures: TreeMeasures) {
    origin = pair.origin
    ways = [pair.first[0], pair.second[0]]
    self.measures = measures
    var (first, second): ([Int], [Int]) = ([], [])
    let along = BranchPair.distances(pair.first, from: pair.origin, measures)
    let others = BranchPair.distances(pair.second, from: pair.origin, measures)
    for (index, node) in pair.first.enumerated() where !measures.tree.nodes[node].isTip {
      let partner: Int?
      if pair.first.count == pair.second.count {
        partner = index
      } else {
        // The nearest along the other branch; of several at one place the last.
        partner = others.indices.min {
          (abs(others[$0] - along[index]), -$0) < (abs(others[$1] - along[index]), -$1)
        }
      }
      guard let partner, abs(others[partner] - along[index]) < 0.1 * pair.reach,
        !measures.tree.nodes[pair.second[partner]].isTip, first.count < Self.most
      else { continue }
      first.append(node)
      second.append(pair.second[partner])
    }
    self.first = first
    self.second = second
    distances = Self.table(first, measures)
    otherDistances = Self.table(second, measures)
    bends = first.indices.map { index in
      guard index > 0, index + 1 < first.count else { return 0 }
      let here = measures.bend(first[index - 1], first[index], first[index + 1])
      let there = measures.bend(second[index - 1], second[index], second[index + 1])
      return max(here.upperBound - here.lowerBound, there.upperBound - there.lowerBound)
    }
  }

  private static func table(_ path: [Int], _ measures: TreeMeasures)
    -> [[(mean: Double, spread: Double)]]
  {
    path.indices.map { a in
      path.indices.map { $0 > a ? measures.distance(path[a], path[$0]) : (0, 0) }
    }
  }

  /// The cost of three joints as the upper, middle and end joint; nil where they can be no limb.
  func reading(_ joints: [Int], as limb: LimbProportions) -> LimbPair? {
    let bones = [(joints[0], joints[1]), (joints[1], joints[2])]
    let lengths = bones.map { (distances[$0.0][$0.1].mean + otherDistances[$0.0][$0.1].mean) / 2 }
    let (upper, lower) = (lengths[0], lengths[1])
    guard upper > 1e-9, lower > 1e-9 else { return nil }
    let ratio = log(upper / lower)
    guard abs(ratio - limb.logRatio) < 0.9 else { return nil }
    var cost = square((ratio - limb.logRatio) / 0.18)
    for bone in bones {
      for (mean, spread) in [distances[bone.0][bone.1], otherDistances[bone.0][bone.1]] {
        cost += min(4.5, square(spread / mean / 0.02)) / 2
      }
    }
    let standoff = measures.distance(origin, first[joints[0]]).mean / upper
    cost += min(9, square((standoff - limb.standoff.mean) / limb.standoff.deviation))
    cost += costOfStillness(joints) + costOfSkipping(joints)
    return LimbPair(
      origin: origin, ways: ways, first: joints.map { first[$0] },
      second: joints.map { second[$0] },
      upper: upper, lower: lower, cost: cost)
  }

  /// A joint inside of a bone only turns about it, so it lies on the bone's line.
  private func costOfSkipping(_ joints: [Int]) -> Double {
    var cost = 0.0
    for (start, end) in [(joints[0], joints[1]), (joints[1], joints[2])] where end > start + 1 {
      for inner in start + 1..<end {
        let detour = distances[start][inner].mean + distances[inner][end].mean
        let height = max(0, square(detour / distances[start][end].mean) - 1).squareRoot() / 2
        cost += 1 + min(12, square(height / 0.05))
      }
    }
    return cost
  }

  /// Upper and middle joints turn, and the middle joint bends as far as any.
  private func costOfStillness(_ joints: [Int]) -> Double {
    let most = bends.max() ?? 0
    var cost = 0.0
    if most > 0.17 {
      // Of nodes that are at one place only the last has a bend of its own.
      let range = measures.bend(first[joints[0]], first[joints[1]], first[joints[2]])
      cost += 3 * max(0, 1 - (range.upperBound - range.lowerBound) / most)
    }
    for joint in joints.prefix(2)
    where measures.isFixed(first[joint]) && measures.isFixed(second[joint]) {
      cost += 2
    }
    return cost
  }
}

/// The square of a number.
func square(_ x: Double) -> Double { x * x }
