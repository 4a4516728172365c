import Files
public import Geometry

/// A robot's motion as another program wrote it: positions of joints, and the pose of a floating base.
///
/// Read from GMR's and PHC's pickles, BeyondMimic's, Isaac Lab's, PyRoki's and MuJoCo's archives,
/// the tables of Unitree, Kimodo, hhtools and SOMA, and our own `.csv` and `.npz`. Which robot it is,
/// few of these files state: whoever uses it says so.
public struct RobotMotionSource: Sendable {
  /// What the user may say about the file.
  public struct Options: Sendable {
    /// The true frame rate [Hz]; nil to use the file's.
    public var frameRate: Double?
    /// The order of the base's quaternions; nil to find it.
    public var rootOrder: QuaternionOrder?

    /// Options for reading.
    public init(frameRate: Double? = nil, rootOrder: QuaternionOrder? = nil) {
      self.frameRate = frameRate
      self.rootOrder = rootOrder
    }
  }

  /// The base's pose at each frame.
  public struct Root: Sendable {
    /// Its places [m].
    public var positions: [Vector3]
    /// Its rotations, of length one.
    public var rotations: [Quaternion]
  }

  /// Where bodies of the robot are at one frame, without their names.
  public struct BodyPlaces: Sendable {
    /// The frame.
    public var frame: Int
    /// The places of the bodies in the world [m].
    public var places: [Vector3]
  }

  /// The file.
  public var path: String
  /// The program or layout that wrote it.
  public var kind: String
  /// The number of joints.
  public var jointCount: Int
  /// The names of the joints; nil where the file has none.
  public var jointNames: [String]?
  /// Positions [frame, joint], radians or metres.
  public var positions: [Double]
  /// The frame rate [Hz].
  public var frameRate: Double
  /// The base's pose at each frame; nil where the file has none.
  public var root: Root?
  /// Places of bodies at some frames, by which the order of nameless joints can be checked.
  public var bodies: [BodyPlaces] = []
  /// The robot that the file was written for, where it states one.
  public var robot: (name: String, fingerprint: String)?
  /// What there is to say about the file.
  public var findings: [ImportReport.Finding] = []

  /// The number of frames.
  public var frameCount: Int { positions.count / max(1, jointCount) }

  /// The most numbers of a file: four hours of 29 joints at 50 Hz.
  static let mostNumbers = 20_000_000

  /// Reads a robot's motion; nil where the file holds something else.
  ///
  /// - Throws: `MotionError` where the file is a robot's motion that cannot be used: numbers that are
  ///   none, quaternions of another length than one, times that do not go forward, no frame rate.
  public static func read(_ path: String, options: Options = Options())
    throws(MotionError) -> RobotMotionSource?
  {
    try read(MotionFile.bytes(of: path), path: path, options: options)
  }

  /// Reads a robot's motion of a file's bytes; nil where they hold something else.
  static func read(_ bytes: [UInt8], path: String, options: Options = Options())
    throws(MotionError) -> RobotMotionSource?
  {
    if let rate = options.frameRate { try MotionClip.check(rate: rate) }
    if let archive = try archive(bytes, path) {
      return try RobotMotionArrays(archive, path: path)?.source(options)
    }
    return try RobotMotionTable(bytes, path: path)?.source(options)
  }

  /// The arrays of a file that holds arrays of a robot's motion, else nil.
  private static func archive(_ bytes: [UInt8], _ path: String)
    throws(MotionError) -> NumpyArchive?
  {
    if FileSignature.isArchive(bytes) {
      guard let wanted = RobotMotionLayout.wanted(of: ArchiveNames.of(bytes)) else { return nil }
      do throws(FileError) {
        return try NumpyArchive(decoding: bytes, path: path, wanting: wanted)
      } catch {
        throw .malformed(path: path, reason: error.reason)
      }
    }
    guard PickleFormat().matches(bytes, path: path) else { return nil }
    // What is wrong with a pickle of something else, its own reader says.
    return try? PickleFormat.archive(bytes, path: path)
  }
}

extension RobotMotionSource {
  /// A source of numbers that are checked here: each joint's position, the base and the rate.
  ///
  /// - Parameters:
  ///   - positions: Positions [frame, joint].
  ///   - base: Places [frame, 3] and quaternions [frame, 4] of the base.
  init(
    path: String, kind: String, names: [String]?, jointCount: Int, positions: [Double],
    rate: Double, base: (places: [Double], quaternions: [Double], order: RootOrder)?
  ) throws(MotionError) {
    (self.path, self.kind, self.jointCount) = (path, kind, jointCount)
    (self.positions, frameRate, jointNames) = (positions, rate, names)
    for (index, value) in positions.enumerated() where !value.isFinite {
      let joint = index % jointCount
      throw .malformed(
        path: path,
        reason: "\(names?[joint].printable ?? "joint \(joint)"), frame \(index / jointCount): "
          + "\(value) is no position, expected a number")
    }
    guard let base else { return }
    for (index, value) in base.places.enumerated() where !(abs(value) < 1e6) {
      throw .malformed(
        path: path, reason: "the base, frame \(index / 3): \(value) is no place in metres")
    }
    var rotations: [Quaternion] = []
    rotations.reserveCapacity(base.quaternions.count / 4)
    for at in stride(from: 0, to: base.quaternions.count, by: 4) {
      let rotation = base.order.order.rotation(base.quaternions[at..<(at + 4)])
      let length = rotation.dot(rotation).squareRoot()
      guard abs(length - 1) < 0.02 else {
        throw .malformed(
          path: path,
          reason: "the base, frame \(at / 4): a quaternion of length \(ImportReport.short(length)),"
            + " expected 1")
      }
      rotations.append(rotation.normalized)
    }
    root = Root(
      positions: stride(from: 0, to: base.places.count, by: 3).map {
        [base.places[$0], base.places[$0 + 1], base.places[$0 + 2]]
      }, rotations: rotations)
    if let finding = base.order.finding {
      findings.append(finding)
    } else if base.order.order.standingShare(of: base.quaternions) < 0.3 {
      findings.append(
        .init(
          .doubtfulUp,
          "the base stands in less than 30 % of the frames: it lies, or the file's z is not up"))
    }
  }

  /// The frame rate: what the user says, else that of the times, else what the file states.
  static func rate(
    stated: Double?, times: [Double], options: Options, path: String, kind: String
  ) throws(MotionError) -> (rate: Double, finding: ImportReport.Finding?) {
    let measured = try rate(of: times, path: path)
    guard let rate = options.frameRate ?? measured ?? stated else {
      throw .malformed(
        path: path,
        reason: "the motion of a robot (\(kind)) without a frame rate: give it with --source-rate"
          + " (LAFAN1's retargeted tables have 30)")
    }
    guard MotionClip.rates.contains(rate) else {
      throw .malformed(
        path: path, reason: "its frame rate is \(rate) Hz, expected between 0.01 and 100000 Hz")
    }
    if options.frameRate == nil, let stated, let measured, abs(stated / measured - 1) > 0.01 {
      return (
        rate,
        .init(
          .note,
          "it states \(ImportReport.short(stated)) Hz and its times are at"
            + " \(ImportReport.short(measured)) Hz: the times are used")
      )
    }
    guard rate < 1 || rate > 1000 else { return (rate, nil) }
    return (
      rate,
      .init(
        .doubtfulRate,
        "\(ImportReport.short(rate)) Hz is an unusual frame rate: --source-rate says otherwise")
    )
  }

  /// The rate of times [s]; nil for fewer than two.
  private static func rate(of times: [Double], path: String) throws(MotionError) -> Double? {
    guard let first = times.first, let last = times.last, times.count > 1 else { return nil }
    let step = (last - first) / Double(times.count - 1)
    let pairs = Array(zip(times, times.dropFirst()))
    if let frame = pairs.firstIndex(where: { !($0.1 > $0.0) }) {
      throw .malformed(
        path: path,
        reason: "frame \(frame + 1) is at \(pairs[frame].1) s, expected later than"
          + " \(pairs[frame].0) s")
    }
    for (frame, pair) in pairs.enumerated() {
      guard abs(pair.1 - pair.0 - step) <= 0.2 * step else {
        throw .malformed(
          path: path,
          reason: "from frame \(frame) to the next are \(ImportReport.short(pair.1 - pair.0)) s,"
            + " expected \(ImportReport.short(step)) s as on average: frames at even times")
      }
    }
    return 1 / step
  }
}
