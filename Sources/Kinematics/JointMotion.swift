public import Geometry

/// A desired robot motion: one configuration for each frame, with no limit guaranteed.
public struct JointMotion: Sendable {
  /// The pose of a floating base, one for each frame.
  public struct Root: Sendable {
    /// The position of the root link in the world [m].
    public var translations: [Vector3]
    /// worldFromRoot for each frame.
    public var rotations: [Quaternion]

    /// Creates a root motion.
    public init(translations: [Vector3], rotations: [Quaternion]) {
      precondition(translations.count == rotations.count)
      self.translations = translations
      self.rotations = rotations
    }
  }

  /// The motion's name.
  public var name: String
  /// The names of the joints, in the order of the robot's configuration.
  public var jointNames: [String]
  /// The frame rate [Hz].
  public var frameRate: Double
  /// Positions [frame, joint], row-major, radians or metres.
  public var positions: [Double]
  /// The floating base's motion, if the robot has one.
  public var root: Root?
  /// Where the motion is from (source file, model, seed …), written into the trajectory's file.
  public var provenance: [String: String]
  /// When and where feet are held on the ground, on the clock of `frameRate`.
  public var footholds: [Foothold] = []
  /// The ground that it was made to stand on; nil where it was not.
  public var ground: MotionGround?

  /// Creates a motion.
  public init(
    name: String, jointNames: [String], frameRate: Double, positions: [Double],
    root: Root? = nil, provenance: [String: String] = [:]
  ) {
    precondition(
      jointNames.isEmpty ? positions.isEmpty : positions.count.isMultiple(of: jointNames.count),
      "\(positions.count) positions do not divide into frames of \(jointNames.count) joints")
    self.name = name
    self.jointNames = jointNames
    self.frameRate = frameRate
    self.positions = positions
    self.root = root
    self.provenance = provenance
  }

  /// The number of frames.
  public var frameCount: Int { jointNames.isEmpty ? 0 : positions.count / jointNames.count }
}
