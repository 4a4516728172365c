import Foundation
import Geometry
import HumanBody

/// Turns that a decoder made out of nearly nothing, spread over time.
///
/// A rotation is the two columns that are nearest to what was decoded. Where the decoder changes its mind, an arm
/// turned one way or the other about its length say, one of them passes near zero, and its direction leaps by up to
/// half a turn from a frame to the next.
enum RotationLeaps {
  private static let joints = BodyModel.jointCount
  /// No joint of a person turns farther from a frame to the next [rad], at 30 Hz: 1500°/s.
  private static let farthest: Float = 50 / 180 * .pi
  /// The frames to each side over which a leap is spread.
  private static let reach = 4

  /// Spreads the leaps of each joint; channels [frames, 140] without any stay as they are, bit for bit.
  static func spread(_ features: inout [Float]) {
    let frames = features.count / PoseFeatures.columns
    guard frames > 1 else { return }
    let columns = (0..<frames).flatMap { frame in
      features[(frame * PoseFeatures.columns)...].prefix(PoseFeatures.rotations)
    }
    let found = BodyModel.quaternions(ofColumns: columns)
    for joint in 0..<joints {
      var turns: [SIMD4<Float>] = []
      for frame in 0..<frames {
        let at = 4 * (frame * joints + joint)
        let q = SIMD4(found[at], found[at + 1], found[at + 2], found[at + 3])
        // q and -q are the same rotation: the one nearer to the last.
        turns.append((turns.last.map { ($0 * q).sum() < 0 } ?? false) ? -q : q)
      }
      var isNear = [Bool](repeating: false, count: frames)
      for frame in 1..<frames
      where 2 * acos(min(1, (turns[frame] * turns[frame - 1]).sum())) > farthest {
        for near in max(0, frame - 1 - reach)...min(frames - 1, frame + reach) {
          isNear[near] = true
        }
      }
      for frame in 0..<frames where isNear[frame] {
        let around = turns[max(0, frame - reach)...min(frames - 1, frame + reach)]
        let mean = FloatQuaternion(around.reduce(.zero, +)).normalized
        guard mean.w.isFinite else { continue }
        let axes = RotationMatrix(mean)
        let at = frame * PoseFeatures.columns + 6 * joint
        for axis in 0..<3 {
          features[at + axis] = axes.x[axis]
          features[at + 3 + axis] = axes.y[axis]
        }
      }
    }
  }
}
