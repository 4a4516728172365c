import Files

/// Reads files of tracked joints.
public enum TrackFile {
  /// Reads a track and reports what was found.
  ///
  /// The format is detected by the contents: JSON of MediaPipe or of named keypoints, tables, NumPy
  /// arrays and archives of positions; motion capture (BVH, AMASS, our own clips) is read as a
  /// track in which every joint is seen.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - joints: The joint set of the file; nil to detect it by names or format.
  ///   - frameRate: The true frame rate [Hz]; nil to use the file's.
  ///   - person: The person to read, as the file labels people or, where it only lists them, counted
  ///     from 1; nil for files of one.
  ///   - metresPerUnit: One unit of the file [m]; nil to use the file's or to detect it.
  ///   - up: The axis that points up; nil to find it.
  ///   - stature: The stature for legs that are never seen [m]; nil to guess it by the upper body.
  public static func read(
    _ path: String, joints: JointSet? = nil, frameRate: Double? = nil, person: String? = nil,
    metresPerUnit: Double? = nil, up: UpAxis? = nil, stature: Double? = nil
  ) throws(MotionError) -> (track: JointTrack, report: TrackReport) {
    try read(
      MotionFile.bytes(of: path), path: path, joints: joints, frameRate: frameRate, person: person,
      metresPerUnit: metresPerUnit, up: up, stature: stature)
  }

  /// Whether a file's bytes hold tracked joints that no format of motion capture reads.
  static func holdsTrack(_ bytes: [UInt8], path: String) -> Bool {
    let format = MotionFormats.format(of: bytes, path: path)
    if format is RefusedFormat { return TrackFormat.all.contains { $0.matches(bytes, path: path) } }
    guard FileSignature.isArchive(bytes) else { return false }
    let names = (try? NumpyArchive(decoding: bytes, path: path, wanting: []))?.names ?? []
    return names.contains("positions") && !names.contains("rotations") && !names.contains("poses")
  }

  /// Reads a track from a file's bytes.
  static func read(
    _ bytes: [UInt8], path: String, joints: JointSet?, frameRate: Double?, person: String? = nil,
    metresPerUnit: Double? = nil, up: UpAxis? = nil, stature: Double? = nil
  ) throws(MotionError) -> (track: JointTrack, report: TrackReport) {
    try ImportOptions(metresPerUnit: metresPerUnit, frameRate: frameRate).check()
    try TrackAssembly.check(stature: stature)
    guard !bytes.isEmpty else { throw .malformed(path: path, reason: "it is empty") }
    guard let format = TrackFormat.all.first(where: { $0.matches(bytes, path: path) }) else {
      var options = ImportOptions(metresPerUnit: metresPerUnit, frameRate: frameRate)
      (options.up, options.person) = (up, person)
      let (track, read) = try capture(bytes, path: path, options)
      var report = read
      if let joints {
        report.findings.append(
          .init(
            .note,
            "its skeleton says which joint is which: the set '\(joints.name)' (--joints) is for tables of joints"
          ))
      }
      return (track, report)
    }
    var source = try format.read(bytes, path, person)
    if let metresPerUnit {
      source.metresPerUnit = metresPerUnit
      source.unitReason = "as you said"
    }
    source.givenUp = up
    return try TrackAssembly.track(
      of: source, joints: joints, frameRate: frameRate, stature: stature)
  }

  /// Motion capture as a track in which every joint is seen.
  private static func capture(
    _ bytes: [UInt8], path: String, _ options: ImportOptions
  ) throws(MotionError) -> (track: JointTrack, report: TrackReport) {
    let format = MotionFormats.format(of: bytes, path: path)
    guard format.matches(bytes, path: path) else {
      throw .malformed(
        path: path,
        reason: "it is no file of tracked joints; known are JSON (MediaPipe, named keypoints), CSV,"
          + " .npy and .npz of positions, and motion capture (BVH, AMASS, motionc's clips)")
    }
    let (clip, read) = try MotionFile.read(bytes, path: path, options: options)
    var report = TrackReport(read)
    if options.up != nil { report.upReason = "as you said" }
    if options.frameRate != nil { report.rateReason = "as you said" }
    return (JointTrack(clip), report)
  }
}

/// A format of tracked joints.
private struct TrackFormat: FileFormat {
  let name: String
  let endings: [String]
  let isSigned: @Sendable ([UInt8]) -> Bool
  let read: @Sendable ([UInt8], String, String?) throws(MotionError) -> SourceTrack

  /// The largest JSON or table that is read [bytes]; an hour of 33 joints at 30 Hz is a sixth.
  private static let textLimit = 512 << 20

  /// All formats, in the order in which files are tried; what none of them recognises may be motion
  /// capture.
  static let all: [TrackFormat] = [
    TrackFormat(
      name: "npy", endings: [".npy"], isSigned: FileSignature.isNumpyArray,
      read: TrackArrays.readArray),
    TrackFormat(
      name: "npz", endings: [".npz"], isSigned: FileSignature.isArchive,
      read: TrackArrays.readArchive),
    TrackFormat(
      name: "trc", endings: [".trc"], isSigned: TrackTRC.isSigned, read: markers),
    TrackFormat(
      name: "json", endings: [".json"], isSigned: FileSignature.isJSON, read: json),
    TrackFormat(
      name: "table", endings: [".csv", ".tsv"], isSigned: { _ in false }, read: table),
  ]

  func matches(_ bytes: [UInt8], path: String) -> Bool {
    if FileSignature.isArchive(bytes), isSigned(bytes) {
      return !ArchiveNames.isNoTrack(ArchiveNames.of(bytes)) && !FileSignature.isTorch(bytes)
    }
    if FileSignature.isArchive(bytes) || FileSignature.isSafetensors(bytes) { return false }
    let isOther = Self.all.contains { $0.name != name && $0.isSigned(bytes) }
    guard isSigned(bytes) || hasEnding(path) && !isOther else { return false }
    return RobotMotion(bytes, path: path) == nil && NumpyArray.objects(in: bytes) == nil
  }

  @Sendable
  private static func json(
    _ bytes: [UInt8], _ path: String, _ person: String?
  ) throws(MotionError) -> SourceTrack {
    try refuseText(bytes, path)
    return try TrackJSON.read(bytes, path: path, person: person)
  }

  @Sendable
  private static func table(
    _ bytes: [UInt8], _ path: String, _ person: String?
  ) throws(MotionError) -> SourceTrack {
    try refuseText(bytes, path)
    return try TrackCSV.read(bytes, path: path, person: person)
  }

  @Sendable
  private static func markers(
    _ bytes: [UInt8], _ path: String, _ person: String?
  ) throws(MotionError) -> SourceTrack {
    try refuseText(bytes, path)
    try PersonChoice.refuse(person, path: path)
    return try TrackTRC.read(bytes, path: path)
  }

  private static func refuseText(_ bytes: [UInt8], _ path: String) throws(MotionError) {
    guard bytes.count <= textLimit else {
      throw .malformed(
        path: path, reason: "it has \(bytes.count) bytes, more than the \(textLimit) allowed")
    }
  }
}

extension JointTrack {
  /// The joints of a clip, all with full confidence.
  public init(_ clip: MotionClip) {
    self.init(
      name: clip.name, frameRate: clip.frameRate, positions: clip.jointPositions(),
      confidences: Array(repeating: 1, count: clip.frameCount * Skeleton.jointCount))
  }
}
