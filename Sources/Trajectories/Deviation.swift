import Files
import Foundation
import Geometry
import Kinematics

/// The deviation of a trajectory from the motion that it was compiled from.
///
/// It is measured at the trajectory's samples, where the motion is the curve through its frames
/// (see `ResampledMotion`), and at the motion's own frames, which lie between samples where the
/// rates differ or time was stretched.
public struct Deviation: Sendable, Hashable {
  /// The deviation of one joint.
  public struct OfJoint: Sendable, Hashable, CustomStringConvertible {
    /// The joint's name.
    public var name: String
    /// Whether it is an angle [rad] and not a length [m].
    public var isAngular: Bool
    /// The greatest distance [rad or m].
    public var greatest: Double
    /// The time of the greatest distance [s], in the trajectory.
    public var time: Double
    /// The root of the mean square of the distance at the samples [rad or m].
    public var rootMeanSquare: Double

    /// The unit of the distances.
    public var unit: String { isAngular ? "rad" : "m" }

    /// "0.0831 rad (joint 'left' at 1.20 s)".
    public var description: String {
      let (distance, place) = (String(format: "%.4f", greatest), String(format: "%.2f", time))
      return "\(distance) \(unit) (joint '\(name.printable)' at \(place) s)"
    }
  }

  /// How far a floating base is from the motion's, at the motion's frames.
  public struct OfBase: Sendable, Hashable {
    /// The greatest distance [m].
    public var distance: Double
    /// Its time [s].
    public var distanceTime: Double
    /// The greatest angle [rad].
    public var angle: Double
    /// Its time [s].
    public var angleTime: Double

    /// The words for people.
    public var sentence: String {
      "its base by \(String(format: "%.4f", distance)) m at "
        + "\(String(format: "%.2f", distanceTime)) s and \(String(format: "%.4f", angle)) rad at "
        + "\(String(format: "%.2f", angleTime)) s"
    }
  }

  /// The deviation of each joint, in the order of the configuration.
  public var joints: [OfJoint]
  /// How many times slower than the motion the trajectory is; 1 if the timing is kept.
  public var factor: Double
  /// The deviation of a floating base; nil where there is none, or the file does not say.
  public var base: OfBase?

  /// The joint with the greatest distance.
  public var greatest: OfJoint? { joints.max { $0.greatest < $1.greatest } }

  init(joints: [OfJoint], factor: Double, base: OfBase? = nil) {
    (self.joints, self.factor, self.base) = (joints, factor, base)
  }

  /// The deviation with that of a base's path.
  func adding(_ curve: BaseCurve?, from motion: JointMotion) -> Deviation {
    guard let curve, let root = motion.root else { return self }
    var found = OfBase(distance: 0, distanceTime: 0, angle: 0, angleTime: 0)
    for frame in root.translations.indices {
      let time = Double(frame) / motion.frameRate * factor
      let pose = curve.pose(at: time)
      let distance = (pose.translation - root.translations[frame]).length
      let angle = (pose.rotation.inverse * root.rotations[frame]).angle
      if distance > found.distance { (found.distance, found.distanceTime) = (distance, time) }
      if angle > found.angle { (found.angle, found.angleTime) = (angle, time) }
    }
    var result = self
    result.base = found
    return result
  }

  init(
    of controlPoints: [Double], from motion: JointMotion, resampled: ResampledMotion,
    limits: SafetyLimits, period: Double, factor: Double
  ) {
    self.factor = factor
    let count = limits.coordinates.count
    let samples = resampled.count
    let frames = resampled.placesOfFrames(of: motion)
    joints = limits.coordinates.enumerated().map { j, limit in
      func point(_ index: Int) -> Double { controlPoints[min(index, samples + 1) * count + j] }
      var (sum, most, place) = (0.0, 0.0, 0.0)
      for i in 0..<samples {
        let sample = (point(i) + 4 * point(i + 1) + point(i + 2)) / 6
        let distance = abs(sample - resampled.positions[i * count + j])
        sum += distance * distance
        if distance > most { (most, place) = (distance, Double(i)) }
      }
      for (frame, at) in frames.enumerated() {
        let piece = max(0, min(Int(at), samples - 2))
        let u = at - Double(piece)
        let v = 1 - u
        // The basis functions of the uniform cubic B-spline.
        let curve =
          (v * v * v * point(piece) + (4 + u * u * (3 * u - 6)) * point(piece + 1)
            + (4 + v * v * (3 * v - 6)) * point(piece + 2) + u * u * u * point(piece + 3)) / 6
        let distance = abs(curve - motion.positions[frame * count + j])
        if distance > most { (most, place) = (distance, at) }
      }
      return OfJoint(
        name: limit.name, isAngular: limit.isAngular, greatest: most, time: place * period,
        rootMeanSquare: (sum / Double(samples)).squareRoot())
    }
  }
}
