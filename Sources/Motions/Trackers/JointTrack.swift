public import Geometry

/// Positions of the canonical skeleton's joints over time, as a tracker saw them.
///
/// World frame: z up. Nothing here says that bones keep their length or that joints were seen.
public struct JointTrack: Sendable {
  /// What the track is called; for files the file's name without its extension.
  public var name: String
  /// Frames a second [Hz].
  public var frameRate: Double
  /// The positions of the joints in the world [m], 22 for each frame; NaN where one is missing.
  public var positions: [Vector3]
  /// The confidence of each position, 0...1, 22 for each frame; 0 where one is missing.
  public var confidences: [Float]

  /// A track of these positions.
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
