public import Geometry

extension Skeleton {
  /// The mirror image: left and right exchanged.
  public var mirrored: Skeleton {
    Skeleton(
      restOffsets: Joint.allCases.map { joint in
        let offset = restOffset(of: joint.mirrored)
        return [-offset.x, offset.y, offset.z]
      })
  }
}

extension MotionClip {
  /// The mirror image in the plane y = 0: left and right exchanged, in the body and in the world.
  ///
  /// Mirroring twice gives the same clip bit for bit.
  public var mirrored: MotionClip {
    var copy = self
    copy.skeleton = skeleton.mirrored
    for frame in 0..<frameCount {
      let root = rootTranslations[frame]
      copy.rootTranslations[frame] = [root.x, -root.y, root.z]
      let base = frame * Skeleton.jointCount
      copy.rotations[base] = Self.mirroredRoot(rotations[base])
      for joint in Skeleton.Joint.allCases.dropFirst() {
        copy.rotations[base + joint.rawValue] =
          Self.mirroredJoint(rotations[base + joint.mirrored.rawValue])
      }
    }
    return copy
  }

  /// parentFromJoint mirrored in the body's plane x = 0: y and z of the vector part change sign.
  public static func mirroredJoint(_ q: Quaternion) -> Quaternion {
    Quaternion(w: q.w, x: q.x, y: -q.y, z: -q.z)
  }

  /// worldFromPelvis mirrored in the world's plane y = 0 and the body's plane x = 0.
  ///
  /// With q = s * worldFromBodyAtRest, s mirrored is (w, -x, y, -z); written out for q this is an
  /// exchange of components.
  public static func mirroredRoot(_ q: Quaternion) -> Quaternion {
    Quaternion(w: q.z, x: q.y, y: q.x, z: q.w)
  }
}
