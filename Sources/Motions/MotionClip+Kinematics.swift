public import Geometry

extension MotionClip {
  /// worldFromJoint of all 22 joints in one frame.
  public func jointPoses(frame: Int) -> [Pose] {
    var poses: [Pose] = []
    poses.reserveCapacity(Skeleton.jointCount)
    let base = frame * Skeleton.jointCount
    poses.append(Pose(rotation: rotations[base], translation: rootTranslations[frame]))
    for joint in 1..<Skeleton.jointCount {
      let parent = poses[Skeleton.parents[joint]]
      poses.append(
        Pose(
          rotation: parent.rotation * rotations[base + joint],
          translation: parent * skeleton.restOffsets[joint]))
    }
    return poses
  }

  /// The positions of all 22 joints in the world in one frame [m].
  public func jointPositions(frame: Int) -> [Vector3] {
    jointPoses(frame: frame).map(\.translation)
  }

  /// The positions of all joints in the world [m], 22 for each frame.
  public func jointPositions() -> [Vector3] { jointPositions(frames: 0..<frameCount) }

  /// The positions of some joints in the world [m], [joints][frames].
  func tracks(of joints: [Skeleton.Joint]) -> [[Vector3]] {
    let places = jointPositions()
    return joints.map { joint in
      stride(from: joint.rawValue, to: places.count, by: Skeleton.jointCount).map { places[$0] }
    }
  }

  /// The positions of all joints in the world in some frames [m], 22 for each.
  public func jointPositions(frames: Range<Int>) -> [Vector3] {
    var positions: [Vector3] = []
    positions.reserveCapacity(frames.count * Skeleton.jointCount)
    var world = [Quaternion](repeating: .identity, count: Skeleton.jointCount)
    for frame in frames {
      let base = frame * Skeleton.jointCount
      let first = positions.count
      world[0] = rotations[base]
      positions.append(rootTranslations[frame])
      for joint in 1..<Skeleton.jointCount {
        let parent = Skeleton.parents[joint]
        world[joint] = world[parent] * rotations[base + joint]
        positions.append(positions[first + parent] + world[parent] * skeleton.restOffsets[joint])
      }
    }
    return positions
  }

  /// The duration from the first to the last frame [s]; 0 for fewer than two frames.
  public var duration: Double { Double(max(frameCount - 1, 0)) / frameRate }

  /// The rotation of a joint in a frame: parentFromJoint, for the pelvis worldFromPelvis.
  public func rotation(of joint: Skeleton.Joint, frame: Int) -> Quaternion {
    rotations[frame * Skeleton.jointCount + joint.rawValue]
  }
}
