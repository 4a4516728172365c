import Files

/// Options for reading a motion file.
public struct ImportOptions: Sendable {
  /// One unit of the file [m]; nil to detect it from the size of the body.
  public var metresPerUnit: Double?
  /// The true frame rate [Hz]; nil to use the file's.
  public var frameRate: Double?
  /// The skeleton table to use, by its name or its file; nil to find the joints.
  public var skeleton: String?
  /// The axis of the file that points up; nil to find it.
  public var up: UpAxis?
  /// Where the ground of the clip is.
  public enum Ground: String, Sendable, CaseIterable {
    /// Under the feet that stand: the clip is moved so that it lies at z = 0.
    case stance
    /// Where the file has it: the clip is not moved.
    case keep
  }

  /// Where the ground of the clip is.
  public var ground = Ground.stance
  /// Whether a T-pose before the motion is kept.
  public var keepsTPose = false
  /// The person to read of pickles and archives that hold several; nil for files of one.
  public var person: String?
  /// The tables of source skeletons; nil for the ones that ship.
  public var tables: [SkeletonTable]?

  /// Creates options.
  public init(
    metresPerUnit: Double? = nil, frameRate: Double? = nil, skeleton: String? = nil,
    ground: Ground = .stance
  ) {
    self.metresPerUnit = metresPerUnit
    self.frameRate = frameRate
    self.skeleton = skeleton
    self.ground = ground
  }

  /// Throws if a number is invalid.
  func check() throws(MotionError) {
    if let metresPerUnit {
      guard metresPerUnit > 0, metresPerUnit.isFinite else {
        throw .invalidRequest(reason: "the scale \(metresPerUnit) is not a positive number")
      }
    }
    if let frameRate { try MotionClip.check(rate: frameRate) }
  }

  /// The tables to choose from.
  func allTables() throws(MotionError) -> [SkeletonTable] {
    if let tables { tables } else { try SkeletonTable.shipped() }
  }

  /// The table that the user names, by its file or its name; nil to find the skeleton.
  func chosenTable() throws(MotionError) -> SkeletonTable? {
    guard let skeleton else { return nil }
    if skeleton.contains("/") || skeleton.hasSuffix(".yaml") {
      return try SkeletonTable(contentsOf: skeleton)
    }
    let all = try allTables()
    guard let named = all.first(where: { $0.name == skeleton }) else {
      throw .invalidRequest(
        reason: "there is no skeleton table '\(skeleton.printable)'; the tables are "
          + all.map(\.name).joined(separator: ", ") + ", and any file that ends in .yaml")
    }
    return named
  }
}

/// Reads motion files of all supported formats.
public enum MotionFile {
  /// Reads a clip and reports what was found.
  public static func read(_ path: String, options: ImportOptions = ImportOptions())
    throws(MotionError) -> (clip: MotionClip, report: ImportReport)
  {
    try read(bytes(of: path), path: path, options: options)
  }

  /// A file's bytes.
  static func bytes(of path: String) throws(MotionError) -> [UInt8] {
    do throws(FileError) { return try InputFile.bytes(of: path) } catch {
      throw .unreadable(path: path, reason: error.reason)
    }
  }

  /// Reads a clip of a file's bytes.
  static func read(_ bytes: [UInt8], path: String, options: ImportOptions)
    throws(MotionError) -> (clip: MotionClip, report: ImportReport)
  {
    try options.check()
    let format = MotionFormats.format(of: bytes, path: path)
    if !(format is PickleFormat || format is SMPLFormat) {
      try PersonChoice.refuse(options.person, path: path)
    }
    return try format.read(bytes, path: path, options: options)
  }

  /// A clip of one of our own files, checked.
  static func own(_ own: MotionClip, path: String, options: ImportOptions)
    throws(MotionError) -> (clip: MotionClip, report: ImportReport)
  {
    var clip = own
    var findings: [ImportReport.Finding] = []
    if !ClipName.isPlain(clip.name) {
      let name = ClipName.of(path)
      findings.append(
        .init(
          .note,
          "the name '\(clip.name.printable(limit: 80))' in it is no plain name of a"
            + " file: '\(name)' is used"))
      clip.name = name
    }
    clip.frameRate = options.frameRate ?? clip.frameRate
    let unused = [
      options.metresPerUnit == nil ? nil : "the unit",
      options.up == nil ? nil : "the axis that points up",
      options.skeleton == nil ? nil : "the table of joints",
    ].compactMap(\.self)
    if !unused.isEmpty {
      findings.append(
        .init(
          .note,
          "\(unused.joined(separator: " and ")) that you gave \(unused.count > 1 ? "are" : "is") not used: "
            + "motionc's own file states it"))
    }
    var report = ImportReport(
      path: path, format: "motionc", skeleton: "canonical", sourceJointCount: Skeleton.jointCount,
      knownJointCount: Skeleton.jointCount, metresPerUnit: 1, unitReason: "motionc's own file",
      upAxis: "z", frameRate: clip.frameRate, frameCount: clip.frameCount,
      duration: clip.duration, stature: clip.skeleton.stature)
    report.findings = findings
    // A T-pose was already removed when the clip was imported, and the feet put on the ground.
    var options = options
    options.keepsTPose = true
    MotionChecks.run(on: &clip, options: options, isOwn: true, report: &report)
    return (clip, report)
  }
}
