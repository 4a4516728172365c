public import Geometry

/// The ground below a sampled motion, and the slip of its feet.
///
/// A network's errors of some centimetres in pelvis and legs make feet hover and slide, so that there
/// is no place where a foot rests; `Contact` finds the stances of motion that has such places. The
/// ground here is what the feet never go below, and a foot counts as standing by `StanceScore`, the
/// rule that `Contact` applies too, with the tolerances of sampled motion. Ground and slip are mended
/// by moving the whole body, which leaves every pose unchanged.
public struct GroundContact: Sendable {
  /// The height of the ball of a standing foot [m], from the canonical proportions.
  public static let standing = 0.02
  /// A larger descent is a step down or a landing [m].
  public static let step = 0.1
  /// The fraction of the slip that is attributed to the pelvis; the rest is the legs'.
  public static let share = 0.5
  /// The time to each side within which a foot is expected to touch the ground [s].
  private static let reach = 1.0 / 3
  /// The time to each side of the moving average of the slip, applied twice [s].
  private static let steadying = 1.0 / 15

  /// The height of the ground below each frame [m], never above a foot.
  public let ground: [Double]
  /// The slip of standing feet from each frame to the next [m].
  public let slides: [Vector3]

  /// The number of frames to each side within which a foot is expected to touch the ground.
  public static func reach(at frameRate: Double) -> Int { Int((reach * frameRate).rounded()) }

  /// Estimates ground and slip from the positions of the balls of the feet [m].
  public init(left: [Vector3], right: [Vector3], frameRate: Double) {
    precondition(left.count == right.count, "\(left.count) left and \(right.count) right places")
    // The running minimum, averaged over the same range, is nowhere above its input.
    let reach = Self.reach(at: frameRate)
    let low = zip(left, right).map { min($0.z, $1.z) }
    ground = Self.average(Self.windows(low, reach).map { $0.min() ?? 0 }, reach)
    var slides: [Vector3] = []
    for frame in 1..<max(1, low.count) {
      var (sum, weights) = (Vector3.zero, 0.0)
      for foot in [left, right] {
        let step = foot[frame] - foot[frame - 1]
        let height = max(foot[frame].z - ground[frame], foot[frame - 1].z - ground[frame - 1])
        let speed = frameRate * (step.x * step.x + step.y * step.y).squareRoot()
        let weight = StanceScore.sampled(height: height, speed: speed)
        sum += Vector3(step.x, step.y, 0) * weight
        weights += weight
      }
      slides.append(sum / max(1, weights))
    }
    let frames = Int((Self.steadying * frameRate).rounded())
    func steady(_ values: [Double]) -> [Double] {
      Self.average(Self.average(values, frames), frames)
    }
    self.slides = zip(steady(slides.map(\.x)), steady(slides.map(\.y))).map { Vector3($0, $1, 0) }
  }

  private static func windows(_ values: [Double], _ reach: Int) -> [ArraySlice<Double>] {
    values.indices.map { values[max(0, $0 - reach)...min(values.count - 1, $0 + reach)] }
  }

  private static func average(_ values: [Double], _ reach: Int) -> [Double] {
    windows(values, reach).map { $0.reduce(0, +) / Double($0.count) }
  }
}
