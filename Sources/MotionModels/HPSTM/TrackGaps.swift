import Learning
import Motions

/// Random gaps and low confidences, as trackers have them, for training.
struct TrackGaps {
  /// The confidence of each position, [frames, 22]; 0 where one is missing.
  var confidences: [Float]

  /// No gaps.
  init(frames: Int) {
    confidences = [Float](repeating: 1, count: frames * Skeleton.jointCount)
  }

  /// Half of the windows have no gaps; the others lack single joints, runs of frames, whole joints,
  /// limbs for longer than their ends are seen, or their first frames.
  static func random(frames: Int, using random: inout RandomSource) -> TrackGaps {
    var gaps = TrackGaps(frames: frames)
    guard random.uniform() < 0.5 else { return gaps }
    let joints = Skeleton.jointCount
    if random.uniform() < 0.5 {
      let probability = 0.15 * random.uniform()
      for index in gaps.confidences.indices where random.uniform() < probability {
        gaps.confidences[index] = 0
      }
    }
    if random.uniform() < 0.5 {
      for _ in 0..<(1 + Int(random.next() % 4)) {
        let joint = Int(random.next() % UInt64(joints))
        let length = 1 + Int(random.next() % UInt64(max(1, frames / 2)))
        let start = Int(random.next() % UInt64(frames))
        for frame in start..<min(frames, start + length) {
          gaps.confidences[frame * joints + joint] = 0
        }
      }
    }
    if random.uniform() < 0.25 {
      for _ in 0..<(1 + Int(random.next() % 2)) {
        let joint = Int(random.next() % UInt64(joints))
        for frame in 0..<frames { gaps.confidences[frame * joints + joint] = 0 }
      }
    }
    if random.uniform() < 0.4 {
      let limb = Self.limbs[Int(random.next() % UInt64(Self.limbs.count))]
      let length = 1 + Int(random.next() % UInt64(2 * frames))
      let start = Int(random.next() % UInt64(frames + length - 1)) - length + 1
      for frame in max(0, start)..<min(frames, start + length) {
        for joint in limb { gaps.confidences[frame * joints + joint] = 0 }
      }
    }
    if random.uniform() < 0.25 {
      let missing = Int(random.next() % UInt64(max(1, frames / 2)))
      for index in 0..<(missing * joints) { gaps.confidences[index] = 0 }
    }
    if gaps.confidences.allSatisfy({ $0 == 0 }) { return TrackGaps(frames: frames) }
    if random.uniform() < 0.3 { gaps.doubt(using: &random) }
    return gaps
  }

  /// Each joint of an arm or a leg that has others below it, with those.
  private static let limbs: [[Int]] = [1, 2, 4, 5, 13, 14, 16, 17, 18, 19].map { top in
    (top..<Skeleton.jointCount).filter { joint in
      var at = joint
      while at > top { at = Skeleton.parents[at] }
      return at == top
    }
  }

  /// Some joints have a lower confidence.
  private mutating func doubt(using random: inout RandomSource) {
    let joints = Skeleton.jointCount
    for joint in 0..<joints where random.uniform() < 0.3 {
      var confidence = random.uniform(from: 0.1, to: 1)
      for index in stride(from: joint, to: confidences.count, by: joints) {
        if random.uniform() < 0.1 { confidence = random.uniform(from: 0.1, to: 1) }
        confidences[index] *= confidence
      }
    }
  }

  /// Adds noise to uncertain positions: up to 50 mm at zero confidence.
  func applyDoubt(to positions: inout [Float], using random: inout RandomSource) {
    for (index, confidence) in confidences.enumerated() where confidence > 0 && confidence < 1 {
      for axis in 0..<3 { positions[3 * index + axis] += 0.05 * (1 - confidence) * random.normal() }
    }
  }
}
