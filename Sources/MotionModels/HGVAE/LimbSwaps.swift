import Geometry
import Motions

/// Finds frames in which a tracker has exchanged the left and the right of a limb.
///
/// No model takes part: of all assignments of the two sides over time the one is taken with the
/// shortest way of the joints from frame to frame and the best lengths of the bones that tie them to
/// the body, by dynamic programming.
struct LimbSwaps {
  /// Joints that change their sides together, from the trunk outwards.
  static let pairs: [[(left: Int, right: Int)]] = [
    [(4, 5), (7, 8), (10, 11)], [(18, 19), (20, 21)], [(7, 8), (10, 11)], [(20, 21)],
  ]

  private static let joints = Skeleton.jointCount
  /// What a change of sides costs for each pair of joints [m].
  private static let changeCost: Float = 0.08

  let check: BoneCheck

  /// A run of frames in which a limb's sides are exchanged.
  struct Run: Hashable {
    /// The index of the pairs in `pairs`.
    var limb: Int
    /// The frames.
    var frames: Range<Int>
  }

  /// The runs of a track of positions [frames, 22, 3]; joints that are missing say nothing.
  func runs(_ positions: [Float], confidences: [Float]) -> [Run] {
    var found: [Run] = []
    var taken = Set<Int>()
    for limb in Self.pairs.indices {
      let joints = Set(Self.pairs[limb].flatMap { [$0.left, $0.right] })
      guard taken.isDisjoint(with: joints) else { continue }
      let runs = runs(of: limb, positions, confidences)
      if !runs.isEmpty { taken.formUnion(joints) }
      found += runs
    }
    return found
  }

  private func runs(of limb: Int, _ p: [Float], _ confidences: [Float]) -> [Run] {
    let frames = confidences.count / Self.joints
    guard frames > 2 else { return [] }
    let change = Self.changeCost * Float(Self.pairs[limb].count)
    var cost: [Float] = [0, change]
    var before: [[Int]] = []
    for frame in 0..<frames {
      let tie = (0...1).map { self.tie(limb, p, confidences, frame, isSwapped: $0 == 1) }
      guard frame > 0 else {
        cost = [cost[0] + tie[0], cost[1] + tie[1]]
        continue
      }
      let way = (0...1).map { self.way(limb, p, confidences, frame, crossing: $0 == 1) }
      var (next, from): ([Float], [Int]) = ([0, 0], [0, 0])
      for state in 0...1 {
        let (stay, cross) = (cost[state] + way[0], cost[1 - state] + way[1] + change)
        from[state] = stay <= cross ? state : 1 - state
        next[state] = min(stay, cross) + tie[state]
      }
      cost = next
      before.append(from)
    }
    var states = [Int](repeating: cost[0] <= cost[1] ? 0 : 1, count: frames)
    for frame in stride(from: frames - 1, to: 0, by: -1) {
      states[frame - 1] = before[frame - 1][states[frame]]
    }
    return Self.runs(states).filter { $0.count <= frames / 2 }.map { Run(limb: limb, frames: $0) }
  }

  /// The deviation of the bones that tie the limb to the body [m].
  private func tie(
    _ limb: Int, _ p: [Float], _ confidences: [Float], _ frame: Int, isSwapped: Bool
  ) -> Float {
    let (left, right) = Self.pairs[limb][0]
    let base = frame * Self.joints
    var sum: Float = 0
    for (joint, other) in [(left, right), (right, left)] {
      let (at, upper) = (base + (isSwapped ? other : joint), base + Skeleton.parents[joint])
      guard confidences[at] > 0, confidences[upper] > 0 else { continue }
      sum += abs(Self.distance(p, at, upper) - check.lengths[joint])
    }
    return sum
  }

  /// The way of the limb's joints from the frame before [m].
  private func way(
    _ limb: Int, _ p: [Float], _ confidences: [Float], _ frame: Int, crossing: Bool
  ) -> Float {
    let (base, last) = (frame * Self.joints, (frame - 1) * Self.joints)
    var sum: Float = 0
    for (left, right) in Self.pairs[limb] {
      let places = [last + left, last + right, base + left, base + right]
      guard places.allSatisfy({ confidences[$0] > 0 }) else { continue }
      sum += Self.distance(p, places[0], places[crossing ? 3 : 2])
      sum += Self.distance(p, places[1], places[crossing ? 2 : 3])
    }
    return sum
  }

  private static func runs(_ states: [Int]) -> [Range<Int>] {
    var (runs, first): ([Range<Int>], Int?) = ([], nil)
    for (frame, state) in (states + [0]).enumerated() {
      if state == 1 {
        first = first ?? frame
      } else if let start = first {
        runs.append(start..<frame)
        first = nil
      }
    }
    return runs
  }

  private static func distance(_ p: [Float], _ a: Int, _ b: Int) -> Float {
    var sum: Float = 0
    for axis in 0..<3 {
      let d = p[3 * a + axis] - p[3 * b + axis]
      sum += d * d
    }
    return sum.squareRoot()
  }
}
