import Geometry
import HumanBody
public import Motions

/// The feet of sampled motions that are longer than a window.
public struct LongSamples: Codable, Sendable {
  /// The number of motions, and of frames of each.
  public let count, frames: Int
  /// The share of frames in which an ankle or the ball of a foot is more than 3 cm below the ground.
  public let sunken: Double
  /// The foot skate of their windows of 64 frames [m/s], as `EvaluationSet.footSkate`.
  public let footSkate: Double
  /// The same of windows in which the person travels.
  public let travellingSkate: Double
  /// The lowest place of an ankle or of the ball of a foot above the ground [m].
  public let lowest: Double

  /// The depth below the ground from which on a foot is sunken [m].
  public static let depth = 0.03
  /// The usual number of frames: several windows one after another.
  public static let usualFrames = 300
  /// The frames of the windows in which skating is measured.
  private static let window = 64

  /// Measures motions whose ground is at the height 0.
  public init(_ clips: [MotionClip]) {
    count = clips.count
    frames = clips.map(\.frameCount).max() ?? 0
    var (sunken, all, lowest) = (0, 0, Double.infinity)
    let feet = [Skeleton.Joint.leftAnkle, .rightAnkle, .leftFoot, .rightFoot].map(\.rawValue)
    for clip in clips {
      for frame in 0..<clip.frameCount {
        let places = clip.jointPositions(frame: frame)
        let low = feet.map { places[$0].z }.min() ?? .nan
        lowest = min(lowest, low)
        sunken += low >= -Self.depth ? 0 : 1
        all += 1
      }
    }
    self.sunken = Double(sunken) / Double(max(1, all))
    self.lowest = all > 0 ? lowest : 0
    let windows = EvaluationSet(
      clips.flatMap { clip in
        stride(from: 0, through: clip.frameCount - Self.window, by: Self.window).map {
          MotionWindow(clip, frames: $0..<($0 + Self.window))
        }
      })
    (footSkate, travellingSkate) = (windows.footSkate, windows.travelling.footSkate)
  }
}
