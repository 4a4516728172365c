import Foundation
import HumanBody
import Learning
import MotionData
import Motions

/// Draws stretches of clips for PoseGPT's GPT: from a random frame to the clip's end, or as long as
/// the context.
///
/// A duration means something: a stretch shorter than the context ends where its clip ends.
struct SequenceSource: Sendable {
  let shard: DatasetShard
  /// The longest stretch in frames.
  let frames: Int
  /// The shortest stretch in frames.
  let shortest: Int
  /// Clips long enough, and their cumulative probabilities.
  private let usable: [Int]
  private let cumulative: [Double]

  /// A label is drawn by its frequency to this power.
  private static let labelPower = 0.5

  init(shard: DatasetShard, frames: Int, shortest: Int) throws(GenerationError) {
    (self.shard, self.frames, self.shortest) = (shard, frames, shortest)
    let usable = shard.clips.indices.filter { shard.clips[$0].frames >= shortest }
    guard !usable.isEmpty else {
      throw .training("no clip has \(shortest) frames at 30 Hz")
    }
    self.usable = usable
    let starts = usable.map { Double(shard.clips[$0].frames - shortest + 1) }
    var ofLabel: [Int: Double] = [:]
    for (index, count) in zip(usable, starts) {
      ofLabel[shard.clips[index].label ?? -1, default: 0] += count
    }
    var sum = 0.0
    cumulative = zip(usable, starts).map { index, count in
      sum += count * pow(ofLabel[shard.clips[index].label ?? -1] ?? 1, Self.labelPower - 1)
      return sum
    }
  }

  /// A part of a clip.
  struct Stretch: Sendable, Hashable {
    /// The clip's index in the shard.
    let clip: Int
    let frames: Range<Int>
    let isMirrored: Bool
  }

  /// A random stretch, every second one mirrored.
  func draw(using random: inout RandomSource) -> Stretch {
    let place = Double(random.next() >> 11) * 0x1p-53 * (cumulative.last ?? 0)
    let clip = usable[cumulative.partitioningIndex { place < $0 }]
    let length = shard.clips[clip].frames
    let start = Int(random.next() % UInt64(length - shortest + 1))
    let range = start..<min(length, start + frames)
    return Stretch(clip: clip, frames: range, isMirrored: random.uniform() < 0.5)
  }

  /// The frames of a stretch; nil if the file cannot be read any more.
  func window(of stretch: Stretch) -> MotionWindow? {
    let window = try? shard.window(clip: stretch.clip, frames: stretch.frames)
    return stretch.isMirrored ? window?.mirrored : window
  }

  /// The rest offsets of clips drawn by their frames, [count, 22, 3].
  func bodies(_ count: Int, seed: UInt64) -> [Float] {
    var random = RandomSource(seed: seed, stream: 0x626f_6469_6573)
    let frames = shard.clips.reduce(0) { $0 + $1.frames }
    return (0..<count).flatMap { _ -> [Float] in
      var place = Int(random.next() % UInt64(max(1, frames)))
      for clip in shard.clips {
        if place < clip.frames { return clip.offsets }
        place -= clip.frames
      }
      return BodyModel.offsets(of: .canonical)
    }
  }
}

extension [Double] {
  /// The index of the first element of which something holds, in a list where it holds of all that
  /// follow; the last index if it holds of none.
  fileprivate func partitioningIndex(_ holds: (Double) -> Bool) -> Int {
    var (low, high) = (0, count - 1)
    while low < high {
      let middle = (low + high) / 2
      if holds(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
