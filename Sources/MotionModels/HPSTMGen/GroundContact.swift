import Geometry

/// Estimates the ground below a motion and the slip of its feet.
///
/// A network's errors of some centimetres in pelvis and legs make feet hover and slide. Both are
/// corrected by moving the whole body, which leaves every pose unchanged.
struct GroundContact {
  /// The height of the ball of a standing foot [m], from the canonical proportions.
  static let standing = 0.02
  /// A larger descent is a step down or a landing [m].
  static let step = 0.1
  /// The fraction of the slip that is attributed to the pelvis; the rest is the legs'.
  static let share = 0.5
  /// The number of frames to each side within which a foot is expected to touch the ground.
  static let reach = 10
  /// The height above which a foot does not stand, and the transition below it [m].
  private static let (highest, band) = (0.07, 0.05)
  /// The speed above which a foot does not stand [m/s]; below half of it, it surely does.
  private static let fastest = 2.0
  /// The number of frames to each side of the moving average of the slip, applied twice.
  private static let steadying = 2

  /// The height of the ground below each frame [m], never above a foot.
  let ground: [Double]
  /// The slip of standing feet from each frame to the next [m].
  let slides: [Vector3]

  /// Estimates ground and slip from the positions of the balls of the feet [m].
  init(left: [Vector3], right: [Vector3]) {
    // The running minimum, averaged over the same range, is nowhere above its input.
    let low = zip(left, right).map { min($0.z, $1.z) }
    ground = Self.average(Self.windows(low, Self.reach).map { $0.min() ?? 0 }, Self.reach)
    var slides: [Vector3] = []
    for frame in 1..<max(1, low.count) {
      var (sum, weights) = (Vector3.zero, 0.0)
      for foot in [left, right] {
        let step = foot[frame] - foot[frame - 1]
        let height = max(foot[frame].z - ground[frame], foot[frame - 1].z - ground[frame - 1])
        let speed = 30 * (step.x * step.x + step.y * step.y).squareRoot()
        let weight =
          min(1, max(0, (Self.highest - height) / Self.band))
          * min(1, max(0, 2 * (Self.fastest - speed) / Self.fastest))
        sum += Vector3(step.x, step.y, 0) * weight
        weights += weight
      }
      slides.append(sum / max(1, weights))
    }
    func steady(_ values: [Double]) -> [Double] {
      Self.average(Self.average(values, Self.steadying), Self.steadying)
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
