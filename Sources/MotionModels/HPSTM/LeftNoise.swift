import Motions

/// What a track has that a figure has not: the noise that the figure left out, and what it left out
/// by mistake.
struct LeftNoise {
  private static let joints = Skeleton.jointCount
  /// The largest difference that counts; beyond it is an outlier [m].
  private static let largest: Float = 0.12

  private let frames: Int
  /// The differences [m] and how many there are, summed over the frames before each, [frames + 1, 66].
  private var sums: [Float]
  private var counts: [Float]

  /// Differences of positions [frames, 22, 3]; those of joints that were not seen do not count.
  init(_ track: [Float], minus figure: [Float], confidences: [Float]) {
    let width = 3 * Self.joints
    frames = track.count / width
    sums = [Float](repeating: 0, count: track.count + width)
    counts = sums
    for at in track.indices {
      let isSeen = confidences[at / 3] > 0
      let difference = min(max(track[at] - figure[at], -Self.largest), Self.largest)
      sums[at + width] = sums[at] + (isSeen ? difference : 0)
      counts[at + width] = counts[at] + (isSeen ? 1 : 0)
    }
  }

  /// The means over as many frames before and after each [m], [frames, 22, 3]; 0 where nothing was
  /// seen in that time.
  func means(reach: Int) -> [Float] {
    let width = 3 * Self.joints
    return (0..<(frames * width)).map { at in
      let (frame, column) = (at / width, at % width)
      let first = max(frame - reach, 0) * width + column
      let end = min(frame + reach + 1, frames) * width + column
      let count = counts[end] - counts[first]
      return count > 0 ? (sums[end] - sums[first]) / count : 0
    }
  }
}
