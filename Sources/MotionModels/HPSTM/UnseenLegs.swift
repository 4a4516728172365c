import Geometry
import Motions

extension JointTrack {
  private static let legs: [[Skeleton.Joint]] = [
    [.leftHip, .leftKnee, .leftAnkle, .leftFoot], [.rightHip, .rightKnee, .rightAnkle, .rightFoot],
  ]

  /// Gives the joints that are never seen the proportions of a body of the track's stature, and stands
  /// upright on legs that are never seen.
  ///
  /// Does nothing where the track has no stature.
  func standUpright(_ result: inout Smoother.Result) {
    guard let stature else { return }
    let confidences = Smoother.confidences(of: self)
    let isSeen = (0..<Skeleton.jointCount).map { joint in
      stride(from: joint, to: confidences.count, by: Skeleton.jointCount).contains {
        confidences[$0] > 0
      }
    }
    let before = result.clip
    let body = Skeleton.canonical(stature: stature)
    for joint in Skeleton.Joint.allCases where joint != .pelvis && !isSeen[joint.rawValue] {
      let offset = result.clip.skeleton.restOffset(of: joint)
      let direction = offset.normalized ?? body.restOffset(of: joint).normalized ?? .zero
      result.clip.skeleton.restOffsets[joint.rawValue] = direction * body.length(of: joint)
    }
    for leg in Self.legs {
      // From the last joint that is seen: those below are made up.
      let first = leg.lastIndex { isSeen[$0.rawValue] } ?? 0
      for frame in 0..<result.clip.frameCount {
        Self.straighten(leg[first...], frame, &result.clip)
      }
    }
    result.move(as: before, frames: 0..<result.clip.frameCount)
  }

  /// Turns the first joint of a leg upright below the body, and the others straight.
  private static func straighten(
    _ leg: ArraySlice<Skeleton.Joint>, _ frame: Int, _ clip: inout MotionClip
  ) {
    guard let first = leg.first, leg.count > 1 else { return }
    let poses = clip.jointPoses(frame: frame)
    let base = frame * Skeleton.jointCount
    let left = poses[0].rotation * [1, 0, 0]
    guard let level = Vector3(left.x, left.y, 0).normalized else { return }
    for joint in leg { clip.rotations[base + joint.rawValue] = .identity }
    let parent = poses[Skeleton.parents[first.rawValue]].rotation
    let upright = Quaternion(columns: level, .unitZ, level.cross(.unitZ))
    clip.rotations[base + first.rawValue] = (parent.inverse * upright).normalized
  }
}

extension Smoother.Result {
  /// Moves the positions as the clip's joints moved since it was another.
  mutating func move(as before: MotionClip, frames: some Sequence<Int>) {
    let joints = Skeleton.jointCount
    for frame in frames {
      let (old, new) = (before.jointPositions(frame: frame), clip.jointPositions(frame: frame))
      for joint in 0..<joints {
        for axis in 0..<3 {
          positions[3 * (frame * joints + joint) + axis] += Float(
            new[joint][axis] - old[joint][axis])
        }
      }
    }
  }
}
