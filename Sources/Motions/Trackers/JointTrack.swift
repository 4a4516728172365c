public import Geometry

/// Positions of the canonical skeleton's joints over time, as measured by a tracker.
///
/// World frame: z up. Bone lengths may vary and joints may be missing.
public struct JointTrack: Sendable {
  /// The track's name; for files the file name without its extension.
  public var name: String
  /// The frame rate [Hz].
  public var frameRate: Double
  /// The positions of the joints in the world [m], 22 for each frame; NaN where one is missing.
  public var positions: [Vector3]
  /// The confidence of each position, 0...1, 22 for each frame; 0 where one is missing.
  public var confidences: [Float]
  /// The stature of the body whose unseen legs are made up [m]; nil where legs are seen.
  public var stature: Double?
  /// The joints that are missing since no part of that body could be where the file has them.
  public var farJoints: [FarJoint] = []

  /// A joint that a file has farther from the middle of the body than its stature.
  public struct FarJoint: Sendable, Hashable {
    /// The frame.
    public var frame: Int
    /// The joint's number.
    public var joint: Int
    /// The distance from the middle of the body [m].
    public var distance: Double
    /// The body's stature [m].
    public var stature: Double
  }

  /// Creates a track.
  public init(name: String, frameRate: Double, positions: [Vector3], confidences: [Float]) {
    precondition(
      positions.count == confidences.count && positions.count % Skeleton.jointCount == 0,
      "\(positions.count) positions and \(confidences.count) confidences")
    self.name = name
    self.frameRate = frameRate
    self.positions = positions
    self.confidences = confidences
  }

  /// The number of frames.
  public var frameCount: Int { positions.count / Skeleton.jointCount }
}
