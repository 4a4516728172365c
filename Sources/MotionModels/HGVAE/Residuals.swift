import Geometry
import HumanBody
import Motions

/// How far each joint of a window is from what the model expects, [frame, 22] each.
struct Residuals: Sendable {
  /// Distances [m].
  var pose: [Float]
  /// Differences of velocity to the frame before [m/s]; zero in the first frame.
  var velocity: [Float]
  /// Differences of acceleration about the frame [m/s²]; zero in the first and the last frame.
  var acceleration: [Float]

  /// The residuals of signals and of what is expected [m], [node, frame] both.
  init(_ signals: [Float], expected: [Float], frames: Int, frameRate: Float) {
    let joints = Skeleton.jointCount
    func difference(_ frame: Int, _ joint: Int) -> SIMD3<Float> {
      var result = SIMD3<Float>.zero
      for axis in 0..<3 {
        let at = (3 * joint + axis) * frames + frame
        result[axis] = signals[at] - expected[at]
      }
      return result
    }
    pose = [Float](repeating: 0, count: frames * joints)
    (velocity, acceleration) = (pose, pose)
    for joint in 0..<joints {
      var (before, last) = (SIMD3<Float>.zero, SIMD3<Float>.zero)
      for frame in 0..<frames {
        let now = difference(frame, joint)
        pose[frame * joints + joint] = now.length
        if frame > 0 { velocity[frame * joints + joint] = (now - last).length * frameRate }
        if frame > 1 {
          let bend = now - 2 * last + before
          acceleration[(frame - 1) * joints + joint] = bend.length * frameRate * frameRate
        }
        (before, last) = (last, now)
      }
    }
  }

  /// The greatest quotient of a residual and its threshold for each joint and frame, [frame, 22].
  func ratios(_ thresholds: PlausibilityCalibration.Thresholds) -> [Float] {
    let joints = Skeleton.jointCount
    return pose.indices.map { index in
      let joint = index % joints
      return max(
        pose[index] / thresholds.pose[joint], velocity[index] / thresholds.velocity[joint],
        acceleration[index] / thresholds.acceleration[joint])
    }
  }
}
