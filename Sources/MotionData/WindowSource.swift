import Foundation
import Geometry
public import HumanBody
public import Learning

/// Random changes to training windows (data augmentation).
public struct Augmentation: Sendable, Hashable {
  /// The fraction of windows that are mirrored, of those whose label and embedding can be.
  public var mirrored: Float = 0.5
  /// The range of playback speed factors.
  public var tempo: ClosedRange<Float> = 0.85...1.15
  /// The range of scale factors of the body and its path.
  public var size: ClosedRange<Float> = 0.95...1.05

  /// The default augmentation.
  public init() {}

  /// No augmentation.
  public static let none: Augmentation = {
    var none = Augmentation()
    none.mirrored = 0
    none.tempo = 1...1
    none.size = 1...1
    return none
  }()
}

/// Draws windows from a shard, all of one length, heading along x.
///
/// Every start frame of every clip has the same probability, unless `labelPower` balances the
/// labels. A clip shorter than a window but at least three quarters as long is extended by its last
/// pose; shorter ones are left out and counted.
public struct WindowSource: Sendable {
  /// The shard.
  public let shard: DatasetShard
  /// The number of frames of a window.
  public let frames: Int
  /// The augmentation of drawn windows.
  public let augmentation: Augmentation
  /// The number of clips that are too short.
  public let leftOut: Int
  /// The indices of the clips that windows come from.
  public let usable: [Int]
  /// Whether embeddings are those of `TextFeatures`, whose sides are exchanged in mirrored windows.
  public var mirrorsTexts = false
  /// What labels are in a mirror.
  private let sides: MirroredLabels
  /// The cumulative probabilities of the clips.
  private let cumulative: [Double]

  /// Creates a source of windows.
  ///
  /// - Parameters:
  ///   - shard: The dataset shard with the clips.
  ///   - frames: The number of frames of a window.
  ///   - augmentation: The augmentation of drawn windows.
  ///   - labelPower: A label is drawn by its frequency to this power: 1 as it is, 0.5 more
  ///     evenly, 0 all labels alike. Clips without a label count as one label.
  public init(
    shard: DatasetShard, frames: Int, augmentation: Augmentation = Augmentation(),
    labelPower: Double = 1
  ) throws(MotionDataError) {
    precondition(frames > 0, "windows of \(frames) frames")
    sides = MirroredLabels(shard.labels)
    self.shard = shard
    self.frames = frames
    self.augmentation = augmentation
    let usable = shard.clips.indices.filter { 4 * shard.clips[$0].frames >= 3 * frames }
    guard !usable.isEmpty else {
      let longest = shard.clips.map(\.frames).max() ?? 0
      throw .request(
        "no clip is long enough for windows of \(frames) frames at 30 Hz: the longest of"
          + " \(shard.clips.count) has \(longest)")
    }
    self.usable = usable
    leftOut = shard.clips.count - usable.count
    let starts = usable.map { Double(max(1, shard.clips[$0].frames - frames + 1)) }
    var ofLabel: [Int: Double] = [:]
    for (index, count) in zip(usable, starts) {
      ofLabel[shard.clips[index].label ?? -1, default: 0] += count
    }
    var sum = 0.0
    cumulative = zip(usable, starts).map { index, count in
      sum += count * pow(ofLabel[shard.clips[index].label ?? -1] ?? 1, labelPower - 1)
      return sum
    }
  }

  /// Draws a random window and augments it.
  ///
  /// If the file can no longer be read, the root positions are NaN, which ends a training at once.
  public func draw(using random: inout RandomSource) -> MotionWindow {
    let index = clip(at: random.unit() * (cumulative.last ?? 0))
    let clip = shard.clips[index]
    let last = clip.frames - 1
    let factor = random.uniform(
      from: augmentation.tempo.lowerBound, to: augmentation.tempo.upperBound)
    let start = Int(random.next() % UInt64(max(1, clip.frames - frames + 1)))
    // Faster windows reach further: they begin earlier, and near a clip's whole length are not
    // played as fast.
    let step =
      last > 0 && frames > 1
      ? max(min(factor, Float(last) / Float(frames - 1)), min(factor, 1)) : 1
    let span = min(Int((Float(frames - 1) * step).rounded(.up)), last)
    let first = min(start, last - span)
    var window = read(index, first..<(first + span + 1), step: step)
    if random.uniform() < augmentation.mirrored {
      window = mirrored(window) ?? window
    }
    window.normalizeHeading()
    let size = random.uniform(from: augmentation.size.lowerBound, to: augmentation.size.upperBound)
    if size != 1 { window.scale(by: size) }
    return window
  }

  /// A window's mirror image; nil where its label or embedding says a side and no other one is known.
  private func mirrored(_ window: MotionWindow) -> MotionWindow? {
    var result = window.mirrored
    if let label = window.label {
      guard let other = sides.mirrored(label) else { return nil }
      result.label = other
    }
    guard let embedding = window.embedding else { return result }
    guard mirrorsTexts else { return nil }
    result.embedding = TextFeatures.mirrored(embedding)
    return result
  }

  /// The window that begins at a frame of a clip, without augmentation.
  ///
  /// - Parameters:
  ///   - clip: The clip's index in the shard.
  ///   - start: The first frame.
  public func window(clip: Int, start: Int) throws(MotionDataError) -> MotionWindow {
    guard shard.clips.indices.contains(clip), shard.clips[clip].frames > start, start >= 0 else {
      throw .request("clip \(clip) has no frame \(start)")
    }
    let end = min(start + frames, shard.clips[clip].frames)
    var window = try shard.window(clip: clip, frames: start..<end)
    if window.frames < frames { window = window.resampled(from: 0, step: 1, count: frames) }
    window.normalizeHeading()
    return window
  }

  /// The windows of all clips without augmentation, `stride` frames apart.
  public func allWindows(stride step: Int) throws(MotionDataError) -> [MotionWindow] {
    precondition(step > 0, "windows \(step) frames apart")
    var windows: [MotionWindow] = []
    for index in usable {
      let last = max(0, shard.clips[index].frames - frames)
      for start in stride(from: 0, through: last, by: step) {
        windows.append(try window(clip: index, start: start))
      }
    }
    return windows
  }

  private func clip(at place: Double) -> Int {
    var (low, high) = (0, cumulative.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if place < cumulative[middle] { high = middle } else { low = middle + 1 }
    }
    return usable[low]
  }

  private func read(_ index: Int, _ range: Range<Int>, step: Float) -> MotionWindow {
    let clip = shard.clips[index]
    guard var window = shard.decoded(clip, range) else {
      let (joints, none) = (BodyModel.jointCount, Float.nan)
      return MotionWindow(
        frames: frames, root: [Float](repeating: none, count: 3 * frames),
        rotations: [Float](repeating: 0.5, count: 4 * joints * frames), offsets: clip.offsets)
    }
    if step != 1 || window.frames != frames {
      window = window.resampled(from: 0, step: step, count: frames)
    }
    return window
  }
}

extension RandomSource {
  /// A number in 0 ..< 1 in double precision.
  fileprivate mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }
}
