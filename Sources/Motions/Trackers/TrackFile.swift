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
  public static func read(_ path: String, joints: JointSet? = nil, frameRate: Double? = nil)
    throws(MotionError) -> (track: JointTrack, report: TrackReport)
  {
    if let frameRate { try MotionClip.check(rate: frameRate) }
    let bytes: [UInt8]
    do throws(FileError) { bytes = try InputFile.bytes(of: path) } catch {
      throw .unreadable(path: path, reason: error.reason)
    }
    return try read(bytes, path: path, joints: joints, frameRate: frameRate)
  }

  /// Reads a track from a file's bytes.
  static func read(_ bytes: [UInt8], path: String, joints: JointSet?, frameRate: Double?)
    throws(MotionError) -> (track: JointTrack, report: TrackReport)
  {
    let source: SourceTrack
    switch try kind(of: bytes, path) {
    case .json:
      try refuseText(bytes, path)
      source = try TrackJSON.read(bytes, path: path)
    case .table:
      try refuseText(bytes, path)
      source = try TrackCSV.read(bytes, path: path)
    case .array: source = try TrackArrays.readArray(bytes, path: path)
    case .archive: source = try TrackArrays.readArchive(bytes, path: path)
    case .capture: return try capture(path, frameRate: frameRate)
    }
    return try TrackAssembly.track(of: source, joints: joints, frameRate: frameRate)
  }

  /// The kinds of files.
  private enum Kind {
    case json
    case table
    case array
    case archive
    /// The formats that `MotionFile` reads.
    case capture
  }

  /// The largest JSON or table that is read [bytes]; an hour of 33 joints at 30 Hz is a sixth.
  private static let textLimit = 512 << 20

  private static func refuseText(_ bytes: [UInt8], _ path: String) throws(MotionError) {
    guard bytes.count <= textLimit else {
      throw .malformed(
        path: path, reason: "it has \(bytes.count) bytes, more than the \(textLimit) allowed")
    }
  }

  private static func kind(of bytes: [UInt8], _ path: String) throws(MotionError) -> Kind {
    guard !bytes.isEmpty else { throw .malformed(path: path, reason: "it is empty") }
    if bytes.starts(with: [0x93, 0x4E, 0x55, 0x4D]) { return .array }
    if bytes.starts(with: [0x50, 0x4B]) {
      // AMASS has rotations only; what has positions is a track.
      let names = (try? NumpyArchive(decoding: bytes, path: path, wanting: []))?.names ?? []
      return names.contains("poses") || names.contains("pose_body") ? .capture : .archive
    }
    if bytes.count > 8, bytes[7] == 0, bytes[8] == 0x7B { return .capture }
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let body = bytes.starts(with: mark) ? bytes[3...] : bytes[...]
    let first = body.first { $0 > 0x20 }
    if first == UInt8(ascii: "{") || first == UInt8(ascii: "[") { return .json }
    let lower = path.lowercased()
    if lower.hasSuffix(".json") { return .json }
    if lower.hasSuffix(".csv") || lower.hasSuffix(".tsv") { return .table }
    if lower.hasSuffix(".npz") { return .archive }
    if lower.hasSuffix(".npy") { return .array }
    let start = String(decoding: body.prefix(64), as: UTF8.self).uppercased()
    if start.contains("HIERARCHY") || lower.hasSuffix(".bvh") { return .capture }
    throw .malformed(
      path: path,
      reason: "it is no file of tracked joints; known are JSON (MediaPipe, named keypoints), CSV,"
        + " .npy and .npz of positions, and motion capture (BVH, AMASS, motionc's clips)")
  }

  private static func capture(_ path: String, frameRate: Double?) throws(MotionError) -> (
    track: JointTrack, report: TrackReport
  ) {
    let (clip, report) = try MotionFile.read(path, options: ImportOptions(frameRate: frameRate))
    return (JointTrack(clip), TrackReport(report))
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
