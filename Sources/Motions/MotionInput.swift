import Files

/// A file of motion that was read once, and what its contents are.
public struct MotionInput: Sendable {
  /// What a file holds, by its contents.
  public enum Contents: Sendable, CaseIterable {
    /// Motion capture, which `MotionFile` reads.
    case capture
    /// Tracked joints, which `TrackFile` reads.
    case track
    /// A robot's motion, which `RobotMotionSource` reads.
    case robot
  }

  /// The file.
  public let path: String
  /// What it holds; what nothing recognises counts as motion capture, whose reader refuses it.
  public let contents: Contents
  private let bytes: [UInt8]

  /// Reads a file.
  public init(contentsOf path: String) throws(MotionError) {
    try self.init(MotionFile.bytes(of: path), path: path)
  }

  /// The contents of bytes; the path is for endings and errors.
  init(_ bytes: [UInt8], path: String) {
    (self.path, self.bytes) = (path, bytes)
    if RobotMotion(bytes, path: path) != nil || Self.pickled(bytes, path, RobotMotion.isLikely) {
      contents = .robot
    } else {
      contents = !bytes.isEmpty && TrackFile.holdsTrack(bytes, path: path) ? .track : .capture
    }
  }

  /// The SHA-256 of its bytes in hexadecimal.
  public var fingerprint: String { Fingerprint.sha256(bytes) }

  /// The clip of motion capture, and what was found.
  public func clip(options: ImportOptions = ImportOptions()) throws(MotionError)
    -> (clip: MotionClip, report: ImportReport)
  {
    try MotionFile.read(bytes, path: path, options: options)
  }

  /// The track of tracked joints, and what was found; see `TrackFile.read`.
  public func track(
    joints: JointSet? = nil, person: String? = nil, options: ImportOptions
  ) throws(MotionError) -> (track: JointTrack, report: TrackReport) {
    try TrackFile.read(
      bytes, path: path, joints: joints, frameRate: options.frameRate, person: person,
      metresPerUnit: options.metresPerUnit, up: options.up)
  }

  /// The robot's motion; nil where the file holds something else.
  public func robotMotion(
    options: RobotMotionSource.Options = RobotMotionSource.Options()
  ) throws(MotionError) -> RobotMotionSource? {
    try RobotMotionSource.read(bytes, path: path, options: options)
  }

  /// The refusal of a robot's motion by whoever expects something else; nil for other contents.
  public var refusalOfRobot: MotionError? {
    let archive = contents == .robot ? try? PickleFormat.archive(bytes, path: path) : nil
    return (RobotMotion(bytes, path: path) ?? archive.flatMap { RobotMotion($0) })?.refusal(path)
  }

  /// Whether it is an export of a trajectory of ours.
  public var isOwnTrajectory: Bool { RobotMotion(bytes, path: path)?.isOwn == true }

  /// Whether it is a pickle that needs PyTorch, joblib or another program to be read.
  public var isUnreadablePickle: Bool {
    PickleFormat().matches(bytes, path: path)
      && (try? PickleFormat.archive(bytes, path: path)) == nil
  }

  /// Whether the contents are recognised as motion, however badly formed: what in a folder is none
  /// (an index, a report, a card of a model) is left alone.
  public var isMotion: Bool {
    guard contents == .capture else { return contents == .robot || holdsJoints }
    if PickleFormat().matches(bytes, path: path) {
      return Self.pickled(bytes, path, SMPLLayout.isLikely)
    }
    guard FileSignature.isArchive(bytes) else { return true }
    let names = ArchiveNames.of(bytes)
    return names.isEmpty || ArchiveNames.isNoTrack(names) || names.contains("rotations")
      || names.contains("poses")
  }

  private static func pickled(
    _ bytes: [UInt8], _ path: String, _ isLikely: ([String]) -> Bool
  ) -> Bool {
    guard PickleFormat().matches(bytes, path: path),
      let archive = try? PickleFormat.archive(bytes, path: path)
    else { return false }
    return isLikely(archive.names)
  }

  /// Whether tracked joints are there: a table with columns of axes, frames with keypoints, an array
  /// whose last dimension is that of places.
  private var holdsJoints: Bool {
    if FileSignature.isArchive(bytes) || TrackTRC.isSigned(bytes) { return true }
    if FileSignature.isNumpyArray(bytes) {
      guard case .numbers(let tensor)? = try? NumpyArray(decoding: bytes, path: path) else {
        return false
      }
      let last = tensor.shape.last ?? 0
      return tensor.shape.count >= 3 && (last == 3 || last == 4)
        || HumanML3D.frames(of: tensor.shape) != nil
    }
    return FileSignature.isJSON(bytes)
      ? TrackPoses.isLikely(bytes) : TrackColumns.isLikely(bytes)
  }
}
