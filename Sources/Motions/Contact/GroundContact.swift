public import Geometry

/// The ground below a sampled motion.
///
/// A network's errors of some centimetres in pelvis and legs make feet hover, so that there is no place
/// where a foot rests; `Contact` finds the stances of motion that has such places. The ground here is what
/// the feet never go below. It is mended by moving the whole body, which leaves every pose unchanged;
/// `FootLock` holds the feet.
public struct GroundContact: Sendable {
  /// The height of the ball of a standing foot [m], from the canonical proportions.
  public static let standing = 0.02
  /// A larger descent is a step down or a landing [m].
  public static let step = 0.1
  /// The time to each side within which a foot is expected to touch the ground [s].
  private static let reach = 1.0 / 3

  /// The height of the lower foot in each frame [m].
  public let lowest: [Double]
  /// The height of the ground below each frame [m], never above a foot.
  public let ground: [Double]

  /// The number of frames to each side within which a foot is expected to touch the ground.
  public static func reach(at frameRate: Double) -> Int { Int((reach * frameRate).rounded()) }

  /// Estimates the ground from the positions of the balls of the feet [m].
  public init(left: [Vector3], right: [Vector3], frameRate: Double) {
    precondition(left.count == right.count, "\(left.count) left and \(right.count) right places")
    lowest = zip(left, right).map { min($0.z, $1.z) }
    ground = Self.ground(below: lowest, reach: Self.reach(at: frameRate))
  }

  /// Estimates the ground below a motion.
  public init(_ clip: MotionClip) {
    let feet = clip.tracks(of: [.leftFoot, .rightFoot])
    self.init(left: feet[0], right: feet[1], frameRate: clip.frameRate)
  }

  /// The running minimum of heights, averaged over the same range, which is nowhere above them.
  static func ground(below low: [Double], reach: Int) -> [Double] {
    average(windows(low, reach).map { $0.min() ?? 0 }, reach)
  }

  private static func windows(_ values: [Double], _ reach: Int) -> [ArraySlice<Double>] {
    values.indices.map { values[max(0, $0 - reach)...min(values.count - 1, $0 + reach)] }
  }

  private static func average(_ values: [Double], _ reach: Int) -> [Double] {
    windows(values, reach).map { $0.reduce(0, +) / Double($0.count) }
  }
}

extension GroundContact {
  /// The time in which a motion is raised behind frames that do not change [s].
  private static let rise = 0.25

  /// A sampled motion out of the ground: the whole body is raised where something is below it, feet as well as
  /// knees or hands, so that no leg has to be bent for it.
  ///
  /// - Parameters:
  ///   - clip: The motion.
  ///   - floor: The height of the ball of a foot on the ground [m].
  ///   - fixed: The number of frames at the beginning that do not change.
  public static func raised(_ clip: MotionClip, above floor: Double, after fixed: Int) -> MotionClip
  {
    let ground = Self.ground(
      below: RestingHeights(clip).lowest.map { $0 + standing }, reach: reach(at: clip.frameRate))
    var result = clip
    for frame in min(fixed, clip.frameCount)..<clip.frameCount {
      let x = fixed == 0 ? 1 : min(1, Double(frame - fixed + 1) / max(1, rise * clip.frameRate))
      result.rootTranslations[frame].z += x * x * (3 - 2 * x) * max(0, floor - ground[frame])
    }
    return result
  }
}
