import Geometry

/// Sets a sampled motion on level ground.
///
/// Captured people walk up steps and lie on benches, which a sample has not: whoever rises as they do hangs
/// in the air. Here something always touches the ground but where the body falls, as in a jump. The whole body
/// is lowered, which leaves every pose unchanged; nobody is raised.
public struct Settling: Sendable {
  /// Whoever is higher than this touches nothing [m].
  private static let touching = 0.03
  /// A flight is looked for above each of these heights [m]: sampled feet leave the ground, and come back to
  /// it, some centimetres above it.
  private static let leaving = [touching, 0.05, 0.08]
  /// A flight is no longer than this [s].
  private static let longestFlight = 0.8
  /// In a flight the body falls at this share of gravity at least, on average: real jumps at 0.84 to 0.99.
  private static let falling = 0.6
  private static let gravity = 9.81
  /// The time to each side over which the lowering is smoothed [s].
  private static let smoothing = 0.1
  /// Time in which the lowering begins behind frames that do not change [s].
  private static let fade = 0.5

  /// By how much each frame is lowered [m].
  public let lowering: [Double]
  /// Whether in a frame nothing touches the ground, though the body does not fall.
  public let isHovering: [Bool]

  /// - Parameters:
  ///   - clip: The motion.
  ///   - fixed: The frames at the beginning that do not change. What they stand on is the ground; without
  ///     them it is z = 0.
  public init(_ clip: MotionClip, fixed: Int = 0) {
    let heights = RestingHeights(clip)
    var (low, middle) = (heights.lowest, heights.middle)
    let reach = GroundContact.reach(at: clip.frameRate)
    let level = max(0, low[..<min(fixed, low.count)].suffix(2 * reach).min() ?? 0)
    // What never comes down within the time of a jump first, so that a jump from there is one.
    let slow = GroundContact.ground(below: low, reach: reach).map { max(0, $0 - level) }
    var hovers = low.map { $0 - level > Self.touching }
    low = zip(low, slow).map { $0 - $1 - level }
    middle = zip(middle, slow).map { $0 - $1 }
    for height in Self.leaving {
      for frames in Self.flights(low, middle, above: height, frameRate: clip.frameRate) {
        for frame in frames {
          low[frame] = 0
          // From a place in the air it hovers all the same.
          hovers[frame] = slow[frame] > Self.touching
        }
      }
    }
    isHovering = hovers
    let fast = GroundContact.ground(
      below: low, reach: max(1, Int((Self.smoothing * clip.frameRate).rounded())))
    let fade = max(1, Self.fade * clip.frameRate)
    lowering = zip(slow, fast).enumerated().map { frame, parts in
      guard frame >= fixed else { return 0 }
      let x = fixed == 0 ? 1 : min(1, Double(frame - fixed + 1) / fade)
      return x * x * x * (10 - 15 * x + 6 * x * x) * (parts.0 + max(0, parts.1))
    }
  }

  /// The frames in which nothing touches the ground and the body falls, as in a jump or a run.
  ///
  /// - Parameters:
  ///   - low: How high the lowest joint is above one that touches [m].
  ///   - middle: The mean height of all joints [m].
  ///   - height: Whoever is higher than this has left the ground [m].
  private static func flights(
    _ low: [Double], _ middle: [Double], above height: Double, frameRate: Double
  ) -> [Range<Int>] {
    var found: [Range<Int>] = []
    for run in low.indices.split(whereSeparator: { !(low[$0] > height) }) {
      let frames = run.startIndex..<run.endIndex
      // Speeds where it leaves the ground and comes back; a clip may begin or end in the air.
      let (first, last) = (max(frames.lowerBound, 1), min(frames.upperBound, low.count - 1))
      let time = Double(last - first) / frameRate
      guard last > first, Double(frames.count) / frameRate <= longestFlight else { continue }
      let change =
        ((middle[last] - middle[last - 1]) - (middle[first] - middle[first - 1])) * frameRate
      if -change >= falling * gravity * time { found.append(frames) }
    }
    return found
  }

  /// The motion on level ground.
  public static func settled(_ clip: MotionClip, fixed: Int = 0) -> MotionClip {
    let lowering = Settling(clip, fixed: fixed).lowering
    guard lowering.contains(where: { $0 > 0 }) else { return clip }
    return MotionClip(
      name: clip.name, skeleton: clip.skeleton, frameRate: clip.frameRate,
      rootTranslations: zip(clip.rootTranslations, lowering).map { $0 - Vector3(0, 0, $1) },
      rotations: clip.rotations, label: clip.label)
  }
}
