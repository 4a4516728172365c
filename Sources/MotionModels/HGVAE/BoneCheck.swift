import Geometry
import HumanBody
import Motions

/// A check of tracked joints that is no model: bones keep their length, joints do not jump.
///
/// Positions are [frames, 22, 3] in metres.
struct BoneCheck: Sendable {
  private static let joints = Skeleton.jointCount
  /// The bones of each joint, named by their lower ends.
  static let bones: [[Int]] = (0..<joints).map { joint in
    (1..<joints).filter { $0 == joint || Skeleton.parents[$0] == joint }
  }

  /// The usual length of each joint's bone [m], 22; 0 for the pelvis.
  let lengths: [Float]
  /// The deviation from it that is not remarkable [m], 22.
  let tolerances: [Float]

  /// The least tolerance [m].
  private static let leastTolerance: Float = 0.03

  /// The bones of a track: medians over the frames in which both ends were seen.
  ///
  /// A bone that was never seen has the canonical length, in proportion to the others.
  init(_ positions: [Float], confidences: [Float]) {
    let frames = confidences.count / Self.joints
    var found = [Float?](repeating: nil, count: Self.joints)
    var tolerances = [Float](repeating: Self.leastTolerance, count: Self.joints)
    for joint in 1..<Self.joints {
      let parent = Skeleton.parents[joint]
      let lengths = (0..<frames).compactMap { frame -> Float? in
        let base = frame * Self.joints
        guard confidences[base + joint] > 0, confidences[base + parent] > 0 else { return nil }
        return Self.length(positions, base + joint, base + parent)
      }
      guard let middle = Self.median(lengths) else { continue }
      found[joint] = middle
      let spread = Self.median(lengths.map { abs($0 - middle) }) ?? 0
      tolerances[joint] = max(Self.leastTolerance, 6 * spread)
    }
    let usual = BodyModel.canonicalLengths
    let known = (1..<Self.joints).filter { found[$0] != nil && usual[$0] > 0 }
    let size = Self.median(known.map { (found[$0] ?? 0) / usual[$0] }) ?? 1
    lengths = (0..<Self.joints).map { found[$0] ?? usual[$0] * size }
    self.tolerances = tolerances
  }

  /// The deviation of a joint's bone from its length in a frame [m].
  func error(_ positions: [Float], frame: Int, joint: Int) -> Float {
    guard joint > 0 else { return 0 }
    let base = frame * Self.joints
    let length = Self.length(positions, base + joint, base + Skeleton.parents[joint])
    return length - lengths[joint]
  }

  /// How bad a joint is over some frames [m]: the root mean square of the deviations of its bones,
  /// and half of that of its change of velocity from frame to frame.
  func badness(_ positions: [Float], joint: Int, frames range: Range<Int>) -> Float {
    badness(positions, joint: joint, frames: range) { _ in true } ?? 0
  }

  /// The same by what was seen alone: places that were made up, next to a joint or before and behind it, tell nothing
  /// about it; nil where nothing else is there.
  ///
  /// - Parameter confidences: 0 where a joint was not seen, [frames, 22].
  func badness(
    _ positions: [Float], joint: Int, frames range: Range<Int>, seen confidences: [Float]
  ) -> Float? {
    badness(positions, joint: joint, frames: range) { confidences[$0] > 0 }
  }

  private func badness(
    _ positions: [Float], joint: Int, frames range: Range<Int>, isSeen: (_ at: Int) -> Bool
  ) -> Float? {
    let count = positions.count / (3 * Self.joints)
    var (bones, measured, bends, bent) = (Float(0), 0, Float(0), 0)
    for frame in range {
      let base = frame * Self.joints
      for bone in Self.bones[joint]
      where isSeen(base + bone) && isSeen(base + Skeleton.parents[bone]) {
        let e = error(positions, frame: frame, joint: bone)
        bones += e * e
        measured += 1
      }
      guard frame > 0, frame + 1 < count,
        (-1...1).allSatisfy({ isSeen(base + $0 * Self.joints + joint) })
      else { continue }
      let bend = self.bend(positions, frame: frame, joint: joint)
      bends += bend * bend
      bent += 1
    }
    guard measured + bent > 0 else { return nil }
    return (bones / Float(max(1, measured))).squareRoot()
      + 0.5 * (bends / Float(max(1, bent))).squareRoot()
  }

  /// How far a joint is from the middle of the frames before and after, twice [m].
  func bend(_ positions: [Float], frame: Int, joint: Int) -> Float {
    let width = 3 * Self.joints
    let at = frame * width + 3 * joint
    var sum: Float = 0
    for axis in 0..<3 {
      let d =
        positions[at + axis - width] - 2 * positions[at + axis] + positions[at + axis + width]
      sum += d * d
    }
    return sum.squareRoot()
  }

  /// Moves missing joints so that their bones have the usual lengths: by repeated projection, and where nobody is
  /// seen, from the pelvis outwards along the bones as they are.
  func project(_ positions: inout [Float], missing: [Bool], rounds: Int = 20) {
    let frames = missing.count / Self.joints
    for frame in 0..<frames {
      let base = frame * Self.joints
      guard missing[base..<(base + Self.joints)].contains(false) else {
        stretch(&positions, base)
        continue
      }
      let bones = (1..<Self.joints).filter {
        missing[base + $0] || missing[base + Skeleton.parents[$0]]
      }
      for _ in 0..<rounds {
        for bone in bones { project(&positions, base, bone, missing) }
      }
    }
  }

  /// Gives all bones of a frame the usual lengths and leaves their directions; the pelvis stays.
  private func stretch(_ p: inout [Float], _ base: Int) {
    let old = Array(p[(3 * base)..<(3 * (base + Self.joints))])
    for joint in 1..<Self.joints {
      let parent = Skeleton.parents[joint]
      let length = Self.length(old, joint, parent)
      let factor = length > 1e-6 ? lengths[joint] / length : 1
      for axis in 0..<3 {
        let bone = old[3 * joint + axis] - old[3 * parent + axis]
        p[3 * (base + joint) + axis] = p[3 * (base + parent) + axis] + factor * bone
      }
    }
  }

  private func project(_ p: inout [Float], _ base: Int, _ bone: Int, _ missing: [Bool]) {
    let (lower, upper) = (base + bone, base + Skeleton.parents[bone])
    let length = Self.length(p, lower, upper)
    guard length > 1e-6 else { return }
    let excess = (length - lengths[bone]) / length
    let share: (lower: Float, upper: Float) =
      missing[lower] ? (missing[upper] ? (0.5, 0.5) : (1, 0)) : (0, 1)
    for axis in 0..<3 {
      let d = (p[3 * upper + axis] - p[3 * lower + axis]) * excess
      p[3 * lower + axis] += share.lower * d
      p[3 * upper + axis] -= share.upper * d
    }
  }

  private static func length(_ p: [Float], _ a: Int, _ b: Int) -> Float {
    var sum: Float = 0
    for axis in 0..<3 {
      let d = p[3 * a + axis] - p[3 * b + axis]
      sum += d * d
    }
    return sum.squareRoot()
  }

  private static func median(_ values: [Float]) -> Float? {
    values.isEmpty ? nil : values.sorted()[values.count / 2]
  }
}
