public import Geometry

/// A human motion on the canonical skeleton.
///
/// World frame: z up. `rotations[frame * 22 + joint]` is parentFromJoint (for the pelvis
/// worldFromPelvis); frames at rest are those of `Skeleton`.
public struct MotionClip: Sendable {
  /// What the clip is called; for files the file's name without its extension.
  public var name: String
  /// The skeleton that moves, with this person's own proportions.
  public var skeleton: Skeleton
  /// Frames a second [Hz].
  public var frameRate: Double
  /// The position of the pelvis in the world, one for each frame [m].
  public var rootTranslations: [Vector3]
  /// Rotations, 22 for each frame: worldFromPelvis, then parentFromJoint.
  public var rotations: [Quaternion]
  /// What the motion shows ("walk"), where it is known.
  public var label: String?

  /// A clip of these frames.
  public init(
    name: String, skeleton: Skeleton, frameRate: Double, rootTranslations: [Vector3],
    rotations: [Quaternion], label: String? = nil
  ) {
    precondition(
      rotations.count == rootTranslations.count * Skeleton.jointCount,
      "\(rootTranslations.count) frames need \(rootTranslations.count * Skeleton.jointCount) rotations, not \(rotations.count)"
    )
    self.name = name
    self.skeleton = skeleton
    self.frameRate = frameRate
    self.rootTranslations = rootTranslations
    self.rotations = rotations
    self.label = label
  }

  /// How many frames the clip has.
  public var frameCount: Int { rootTranslations.count }
}
