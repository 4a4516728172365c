/// A rigid pose: `aFromB` maps coordinates in B to coordinates in A by `rotation * p + translation`.
public struct Pose: Sendable, Hashable {
  /// The rotation of B's axes as seen from A.
  public var rotation: Quaternion
  /// The origin of B in A [m].
  public var translation: Vector3

  /// The pose of a frame in itself.
  public static let identity = Pose(rotation: .identity, translation: .zero)

  /// A pose with this rotation and translation [m].
  @inlinable
  public init(rotation: Quaternion = .identity, translation: Vector3 = .zero) {
    self.rotation = rotation
    self.translation = translation
  }

  /// `aFromB * bFromC` is `aFromC`.
  @inlinable
  public static func * (a: Pose, b: Pose) -> Pose {
    Pose(
      rotation: a.rotation * b.rotation, translation: a.rotation * b.translation + a.translation)
  }

  /// The coordinates in A of a point given in B [m].
  @inlinable
  public static func * (pose: Pose, point: Vector3) -> Vector3 {
    pose.rotation * point + pose.translation
  }

  /// `bFromA` of an `aFromB`.
  public var inverse: Pose {
    Pose(rotation: rotation.inverse, translation: -(rotation.inverse * translation))
  }
}
