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

  /// The range of scale factors of a body and its path.
  private static let sizes: ClosedRange<Float> = 0.95...1.05
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

  /// A random stretch, every second one mirrored; its root is NaN if the file cannot be read.
  func draw(using random: inout RandomSource) -> MotionWindow {
    let place = Double(random.next() >> 11) * 0x1p-53 * (cumulative.last ?? 0)
    let clip = usable[cumulative.partitioningIndex { place < $0 }]
    let length = shard.clips[clip].frames
    let start = Int(random.next() % UInt64(length - shortest + 1))
    let range = start..<min(length, start + frames)
    let isMirrored = random.uniform() < 0.5
    let size = random.uniform(from: Self.sizes.lowerBound, to: Self.sizes.upperBound)
    guard var window = try? shard.window(clip: clip, frames: range) else {
      return Self.unreadable(range.count, shard.clips[clip].offsets)
    }
    if isMirrored { window = window.mirrored }
    window.scale(by: size)
    return window
  }

  private static func unreadable(_ frames: Int, _ offsets: [Float]) -> MotionWindow {
    MotionWindow(
      frames: frames, root: [Float](repeating: .nan, count: 3 * frames),
      rotations: [Float](repeating: 0.5, count: 4 * BodyModel.jointCount * frames),
      offsets: offsets)
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
