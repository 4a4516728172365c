import Geometry

/// Where the ground is below a motion, and how its feet slide on it.
///
/// What a network says of pelvis and legs is off by some centimetres each: feet hover and glide.
/// Both are mended in the way of the whole body, which leaves every pose as it is.
struct GroundContact {
  /// The height of the ball of a foot that stands [m]: the canonical ankle's less the bone's.
  static let standing = 0.02
  /// What sinks by more goes down a step, or lands [m].
  static let step = 0.1
  /// The part of a slide that is taken to be the pelvis's error; the rest is the legs'.
  static let share = 0.5
  /// Frames to each side within which a foot is expected on the ground: flights are shorter.
  static let reach = 10
  /// How high above the ground a foot no longer stands, and how far below that it surely does [m].
  private static let (highest, band) = (0.07, 0.05)
  /// How fast a foot no longer stands [m/s]; below half of it, it surely does.
  private static let fastest = 2.0
  /// How many frames to each side slides are averaged over, twice.
  private static let steadying = 2

  /// The ground below each frame: never above a foot.
  let ground: [Double]
  /// How the standing feet move over it, for each step to the next frame [m].
  let slides: [Vector3]

  /// The footing of frames in which the balls of the feet are at these places [m].
  init(left: [Vector3], right: [Vector3]) {
    // The lowest within reach, averaged over the same reach, is nowhere above what it is made from.
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
