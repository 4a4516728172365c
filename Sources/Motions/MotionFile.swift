import Files

/// What the user may say about a motion file that it does not say itself.
public struct ImportOptions: Sendable {
  /// One unit of the file [m]; nil to find it from the size of the body.
  public var metresPerUnit: Double?
  /// The true frame rate [Hz]; nil to believe the file.
  public var frameRate: Double?
  /// The skeleton table to use; nil to find it from the names of the joints.
  public var skeleton: String?
  /// Whether a T-pose before the motion is kept.
  public var keepsTPose = false
  /// The tables of source skeletons; nil for the ones that ship.
  public var tables: [SkeletonTable]?

  /// Options that leave everything to the file.
  public init(metresPerUnit: Double? = nil, frameRate: Double? = nil, skeleton: String? = nil) {
    self.metresPerUnit = metresPerUnit
    self.frameRate = frameRate
    self.skeleton = skeleton
  }

  /// Refuses numbers that cannot be used.
  func check() throws(MotionError) {
    if let metresPerUnit {
      guard metresPerUnit > 0, metresPerUnit.isFinite else {
        throw .invalidRequest(reason: "the scale \(metresPerUnit) is not a positive number")
      }
    }
    if let frameRate { try MotionClip.check(rate: frameRate) }
  }

  /// The tables to choose from.
  func candidateTables() throws(MotionError) -> [SkeletonTable] {
    let all: [SkeletonTable]
    if let tables { all = tables } else { all = try SkeletonTable.shipped() }
    guard let skeleton else { return all }
    let named = all.filter { $0.name == skeleton }
    guard !named.isEmpty else {
      throw .invalidRequest(
        reason: "there is no skeleton table '\(skeleton)'; the tables are "
          + all.map(\.name).joined(separator: ", "))
    }
    return named
  }
}

/// Motion files of every kind that we read.
public enum MotionFile {
  /// Reads a clip and says what was found.
  public static func read(_ path: String, options: ImportOptions = ImportOptions())
    throws(MotionError) -> (clip: MotionClip, report: ImportReport)
  {
    try options.check()
    let bytes: [UInt8]
    do throws(FileError) { bytes = try InputFile.bytes(of: path) } catch {
      throw .unreadable(path: path, reason: error.reason)
    }
    return try read(bytes, path: path, options: options)
  }

  /// Reads a clip of a file's bytes.
  static func read(_ bytes: [UInt8], path: String, options: ImportOptions)
    throws(MotionError) -> (clip: MotionClip, report: ImportReport)
  {
    switch kind(of: path, bytes) {
    case .bvh: return try BVHImport.read(bytes, path: path, options: options)
    case .amass:
      if let clip = try MotionArchive.decode(bytes, path: path) {
        return try native(clip, path: path, options: options)
      }
      return try AMASSImport.read(bytes, path: path, options: options)
    case .native:
      return try native(try NativeClip.decode(bytes, path: path), path: path, options: options)
    case .array:
      throw .malformed(
        path: path,
        reason: "a .npy file holds one array, expected an .npz with poses and trans; tracked joints"
          + " are read by 'motionc smooth'")
    case .tracker:
      throw .malformed(
        path: path,
        reason: "it looks like tracked joints (JSON or a table), expected motion capture (BVH,"
          + " AMASS, motionc's clips); 'motionc smooth' makes motion of tracked joints")
    }
  }

  /// The kinds of files.
  private enum Kind {
    case bvh
    case amass
    case native
    case array
    /// Joints of a tracker, which `TrackFile` reads.
    case tracker
  }

  /// The kind by the first bytes, then by the file's extension.
  private static func kind(of path: String, _ bytes: [UInt8]) -> Kind {
    let lower = path.lowercased()
    if bytes.starts(with: [0x93, 0x4E, 0x55, 0x4D]) || lower.hasSuffix(".npy") { return .array }
    if bytes.starts(with: [0x50, 0x4B]) || lower.hasSuffix(".npz") { return .amass }
    if lower.hasSuffix(".safetensors") || (bytes.count > 8 && bytes[7] == 0 && bytes[8] == 0x7B) {
      return .native
    }
    let first = bytes.first { $0 > 0x20 }
    let isJSON = first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
    if isJSON || [".json", ".csv", ".tsv"].contains(where: lower.hasSuffix) {
      return .tracker
    }
    return .bvh
  }

  private static func native(_ own: MotionClip, path: String, options: ImportOptions)
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
    var report = ImportReport(
      path: path, format: "motionc", skeleton: "canonical", sourceJointCount: Skeleton.jointCount,
      knownJointCount: Skeleton.jointCount, metresPerUnit: 1, unitReason: "motionc's own file",
      upAxis: "z", frameRate: clip.frameRate, frameCount: clip.frameCount,
      duration: clip.duration, stature: clip.skeleton.stature)
    report.findings = findings
    // What was left out was left out when the clip was imported.
    var options = options
    options.keepsTPose = true
    MotionChecks.run(on: &clip, options: options, report: &report)
    return (clip, report)
  }
}
