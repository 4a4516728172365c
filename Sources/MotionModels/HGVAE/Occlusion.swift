import Learning
import Motions

/// Which samples of a window's signals were seen, [node, frame].
struct Occlusion: Sendable {
  /// The number of frames.
  let frames: Int
  /// Whether each sample was seen, [node, frame].
  var isSeen: [Bool]

  /// Everything was seen.
  init(frames: Int) {
    self.frames = frames
    isSeen = [Bool](repeating: true, count: BodyWindow.nodes * frames)
  }

  /// The samples of joints that were seen, from confidences [frames, 22].
  init(confidences: ArraySlice<Float>) {
    let joints = Skeleton.jointCount
    self.init(frames: confidences.count / joints)
    for (index, confidence) in confidences.enumerated() where !(confidence > 0) {
      hide(joint: index % joints, frames: (index / joints)..<(index / joints + 1))
    }
  }

  /// Whether something is missing.
  var isPartial: Bool { isSeen.contains(false) }

  /// Hides all coordinates of a joint in some frames.
  mutating func hide(joint: Int, frames range: Range<Int>) {
    for node in (3 * joint)..<(3 * joint + 3) {
      for frame in range.clamped(to: 0..<frames) { isSeen[node * frames + frame] = false }
    }
  }

  /// Hides each sample with this probability.
  mutating func hideSamples(_ probability: Float, using random: inout RandomSource) {
    for index in isSeen.indices where random.uniform() < probability { isSeen[index] = false }
  }

  /// The joints that fall away together: arms and legs from the trunk outwards.
  static let limbs: [[Int]] = [
    [4, 7, 10], [5, 8, 11], [18, 20], [19, 21], [16, 18, 20], [17, 19, 21], [12, 15],
  ]

  /// What a window of training lacks: nothing in two of five, single samples, or joints and limbs
  /// for a while.
  static func random(frames: Int, using random: inout RandomSource) -> Occlusion {
    var result = Occlusion(frames: frames)
    let kind = random.uniform()
    if kind < 0.4 { return result }
    if kind < 0.6 {
      result.hideSamples(0.6 * random.uniform(), using: &random)
      return result
    }
    for _ in 0..<(1 + Int(random.next() % 3)) {
      let choice = Int(random.next() % UInt64(Skeleton.jointCount + 2 * limbs.count))
      let joints =
        choice < Skeleton.jointCount ? [choice] : limbs[(choice - Skeleton.jointCount) / 2]
      let length = 4 + Int(random.next() % UInt64(frames))
      let start = Int(random.next() % UInt64(frames)) - min(length, frames) / 2
      for joint in joints { result.hide(joint: joint, frames: start..<(start + length)) }
    }
    return result
  }

  /// Signals whose missing samples are interpolated linearly, held at the ends; a node that was never
  /// seen takes its mean.
  func filled(_ signals: [Float], means: [Float]) -> [Float] {
    var result = signals
    for node in 0..<BodyWindow.nodes {
      let base = node * frames
      var last: Int?
      for frame in 0..<frames where isSeen[base + frame] {
        for gap in ((last ?? -1) + 1)..<frame {
          let to = signals[base + frame]
          guard let last else {
            result[base + gap] = to
            continue
          }
          let share = Float(gap - last) / Float(frame - last)
          result[base + gap] = signals[base + last] + share * (to - signals[base + last])
        }
        last = frame
      }
      guard let last else {
        for frame in 0..<frames { result[base + frame] = means[base + frame] }
        continue
      }
      for gap in (last + 1)..<max(frames, last + 1) { result[base + gap] = signals[base + last] }
    }
    return result
  }
}
