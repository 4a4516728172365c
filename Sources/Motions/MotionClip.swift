public import Geometry

/// A human motion on the canonical skeleton.
///
/// World frame: z up. `rotations[frame * 22 + joint]` is parentFromJoint (for the pelvis
/// worldFromPelvis); frames at rest are those of `Skeleton`.
public struct MotionClip: Sendable {
  /// The clip's name; for files the file name without its extension.
  public var name: String
  /// The skeleton, with this person's proportions.
  public var skeleton: Skeleton
  /// The frame rate [Hz].
  public var frameRate: Double
  /// The position of the pelvis in the world, one for each frame [m].
  public var rootTranslations: [Vector3]
  /// Rotations, 22 for each frame: worldFromPelvis, then parentFromJoint.
  public var rotations: [Quaternion]
  /// The action ("walk"); nil if unknown.
  public var label: String?

  /// Creates a clip.
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

  /// The number of frames.
  public var frameCount: Int { rootTranslations.count }
}
