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
}

extension Quaternion {
  fileprivate init(_ components: SIMD4<Double>) {
    self.init(w: components.x, x: components.y, y: components.z, z: components.w)
  }

  fileprivate var components: SIMD4<Double> { [w, x, y, z] }
}

extension MotionClip {
  /// parentFromJoint of the joint's counterpart in a mirror image.
  public static func mirroredJoint(_ q: Quaternion) -> Quaternion {
    Quaternion(SkeletonMirror.joint(q.components))
  }

  /// worldFromPelvis in a mirror image.
  public static func mirroredRoot(_ q: Quaternion) -> Quaternion {
    Quaternion(SkeletonMirror.root(q.components))
  }
}

/// What a mirror in the plane y = 0 of the world does to the rotations of a body, as quaternions
/// w x y z of any precision.
public enum SkeletonMirror {
  /// parentFromJoint of the counterpart, in the mirror x = 0 of the body: the axis keeps x and loses
  /// y and z.
  @inlinable
  public static func joint<Scalar: SIMDScalar & BinaryFloatingPoint>(
    _ q: SIMD4<Scalar>
  ) -> SIMD4<Scalar> {
    SIMD4(q.x, q.y, -q.z, -q.w)
  }

  /// worldFromPelvis, in the mirrors y = 0 of the world and x = 0 of the body.
  ///
  /// With q = s * worldFromBodyAtRest, s mirrored is (w, -x, y, -z); written out for q this is an
  /// exchange of components.
  @inlinable
  public static func root<Scalar: SIMDScalar>(_ q: SIMD4<Scalar>) -> SIMD4<Scalar> {
    SIMD4(q.w, q.z, q.y, q.x)
  }
}

/// Which way a body faces.
public enum SkeletonHeading {
  /// The horizontal direction that a pelvis faces, not normalised, from where its axes point.
  ///
  /// Someone who lies on the back faces up; then the left side still tells the heading.
  @inlinable
  public static func direction<Scalar: SIMDScalar & BinaryFloatingPoint>(
    forward: SIMD3<Scalar>, left: SIMD3<Scalar>
  ) -> SIMD2<Scalar> {
    forward.x * forward.x + forward.y * forward.y > 0.25
      ? SIMD2(forward.x, forward.y) : SIMD2(left.y, -left.x)
  }
}
