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

  /// Residuals of each kind, [frame, 22].
  init(pose: [Float], velocity: [Float], acceleration: [Float]) {
    (self.pose, self.velocity, self.acceleration) = (pose, velocity, acceleration)
  }

  /// The residuals of what was seen, zero elsewhere and beside it.
  func seen(_ occlusion: Occlusion) -> Residuals {
    guard occlusion.isPartial else { return self }
    var result = self
    let (joints, frames) = (Skeleton.jointCount, occlusion.frames)
    for index in pose.indices {
      let (frame, joint) = (index / joints, index % joints)
      func isMissing(_ frame: Int) -> Bool {
        (0..<frames).contains(frame) && !occlusion.isSeen[3 * joint * frames + frame]
      }
      if isMissing(frame) { result.pose[index] = 0 }
      if isMissing(frame) || isMissing(frame - 1) { result.velocity[index] = 0 }
      if (-1...1).contains(where: { isMissing(frame + $0) }) { result.acceleration[index] = 0 }
    }
    return result
  }

  /// The residuals above a threshold times the factor of its frame, the most unusual first.
  func findings(
    _ thresholds: PlausibilityCalibration.Thresholds, allowing factors: [Float]
  ) -> [PlausibilityScore.Finding] {
    let joints = Skeleton.jointCount
    var found: [PlausibilityScore.Finding] = []
    let kinds: [(PlausibilityScore.Finding.Kind, [Float], [Float])] = [
      (.pose, pose, thresholds.pose), (.velocity, velocity, thresholds.velocity),
      (.acceleration, acceleration, thresholds.acceleration),
    ]
    for (kind, values, bounds) in kinds {
      for (index, value) in values.enumerated() {
        let (frame, joint) = (index / joints, index % joints)
        let bound = bounds[joint] * factors[frame]
        guard !(value <= bound) else { continue }
        found.append(
          .init(joint: joint, frame: frame, kind: kind, value: value, threshold: bound))
      }
    }
    return found.sorted { $0.value / $0.threshold > $1.value / $1.threshold }
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
