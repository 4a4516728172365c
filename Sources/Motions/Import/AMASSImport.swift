import Files
import Geometry

/// AMASS archives: body rotations of SMPL-H or SMPL-X straight onto the canonical skeleton.
///
/// SMPL's body joints 0 to 21 and their rest frames are those of the canonical skeleton. The shape
/// parameters need the licensed body model, so the skeleton has the canonical proportions.
enum AMASSImport {
  /// Widths of `poses`: SMPL body only, SMPL, SMPL-H, SMPL-X.
  private static let widths = [66: "SMPL", 72: "SMPL", 156: "SMPL-H", 165: "SMPL-X"]
  private static let rateNames = ["mocap_framerate", "mocap_frame_rate", "fps"]

  /// The arrays that are read; hands, shapes and markers are not unpacked.
  private static let wanted = Set(
    ["poses", "trans", "root_orient", "pose_body"] + rateNames)

  /// Reads a clip and reports what was found.
  static func read(_ bytes: [UInt8], path: String, options: ImportOptions) throws(MotionError)
    -> (clip: MotionClip, report: ImportReport)
  {
    let archive: NumpyArchive
    do throws(FileError) {
      archive = try NumpyArchive(decoding: bytes, path: path, wanting: Self.wanted)
    } catch {
      throw .malformed(path: path, reason: error.reason)
    }
    // All shapes before any number, so that nothing is made of what is refused.
    let poses = try rotations(archive, path)
    let places = try matrix(archive, "trans", path)
    let frameCount = poses.frameCount
    guard places.shape == [frameCount, 3] else {
      throw .malformed(
        path: path,
        reason: "'trans' has the shape \(places.shape), expected [\(frameCount), 3] as the poses")
    }
    let rate: Double
    if let given = options.frameRate { rate = given } else { rate = try frameRate(archive, path) }
    var clip = MotionClip(
      name: ClipName.of(path), skeleton: .canonical, frameRate: rate,
      rootTranslations: [], rotations: [])
    let scale = options.metresPerUnit ?? 1
    try fill(&clip, poses, places, scale, path)
    var report = ImportReport(
      path: path, format: "AMASS", skeleton: poses.model, sourceJointCount: Skeleton.jointCount,
      knownJointCount: Skeleton.jointCount, metresPerUnit: scale,
      unitReason: options.metresPerUnit == nil ? "AMASS is in metres" : "as you said",
      upAxis: "z", frameRate: rate, frameCount: frameCount, duration: clip.duration,
      stature: clip.skeleton.stature)
    report.findings.append(
      .init(.note, "the body's shape needs the licensed model: our own proportions are used"))
    MotionChecks.run(on: &clip, options: options, report: &report)
    return (clip, report)
  }

  /// Where the rotation vectors of a frame are: one matrix, or one for the pelvis and one for the
  /// rest of the body.
  private struct Poses {
    var model: String
    /// The matrices and how many of their columns, from the first, are read.
    var parts: [(name: String, matrix: StoredTensor, columns: Int)]

    var frameCount: Int { parts[0].matrix.shape[0] }
  }

  /// Frames that are converted at a time.
  private static let block = 1024

  private static func fill(
    _ clip: inout MotionClip, _ poses: Poses, _ places: StoredTensor, _ scale: Double,
    _ path: String
  ) throws(MotionError) {
    let count = poses.frameCount
    clip.rootTranslations.reserveCapacity(count)
    clip.rotations.reserveCapacity(count * Skeleton.jointCount)
    for start in stride(from: 0, to: count, by: block) {
      let frames = start..<min(start + block, count)
      let moves = places.doubles(ofRows: frames)
      try refuseNonFinite(moves, "'trans'", 3, start, path)
      var vectors: [[Double]] = []
      for part in poses.parts {
        let values = part.matrix.doubles(ofRows: frames)
        try refuseNonFinite(values, "'\(part.name)'", part.matrix.shape[1], start, path)
        vectors.append(values)
      }
      for frame in 0..<frames.count {
        append(frame, of: vectors, poses, to: &clip)
        clip.rootTranslations.append(
          Vector3(moves[3 * frame], moves[3 * frame + 1], moves[3 * frame + 2]) * scale)
      }
    }
  }

  /// Appends the rotations of a frame of a block.
  private static func append(
    _ frame: Int, of vectors: [[Double]], _ poses: Poses, to clip: inout MotionClip
  ) {
    for (values, part) in zip(vectors, poses.parts) {
      let first = frame * part.matrix.shape[1]
      for at in stride(from: first, to: first + part.columns, by: 3) {
        var turn = Quaternion(rotationVector: [values[at], values[at + 1], values[at + 2]])
        let before = clip.rotations.count - Skeleton.jointCount
        if before >= 0, clip.rotations[before].dot(turn) < 0 { turn = -turn }
        clip.rotations.append(turn)
      }
    }
  }

  /// Rotation vectors [rad], at least 66 numbers a frame: pelvis and 21 joints first.
  private static func rotations(_ archive: NumpyArchive, _ path: String) throws(MotionError)
    -> Poses
  {
    if archive.arrays["poses"] == nil, archive.arrays["pose_body"] != nil {
      let root = try matrix(archive, "root_orient", path)
      let body = try matrix(archive, "pose_body", path)
      guard root.shape[1] == 3, body.shape == [root.shape[0], 63] else {
        throw .malformed(
          path: path,
          reason: "'root_orient' and 'pose_body' have the shapes \(root.shape) and \(body.shape),"
            + " expected [frames, 3] and [frames, 63]")
      }
      return Poses(model: "SMPL-X", parts: [("root_orient", root, 3), ("pose_body", body, 63)])
    }
    let poses = try matrix(archive, "poses", path)
    guard let model = widths[poses.shape[1]] else {
      throw .malformed(
        path: path,
        reason: "'poses' has \(poses.shape[1]) columns, expected 156 (SMPL-H), 165 (SMPL-X), 72 or"
          + " 66")
    }
    return Poses(model: model, parts: [("poses", poses, 3 * Skeleton.jointCount)])
  }

  /// A matrix of floating-point numbers with at least one row, and no more rows than a clip has
  /// frames.
  private static func matrix(_ archive: NumpyArchive, _ name: String, _ path: String)
    throws(MotionError) -> StoredTensor
  {
    let array: StoredTensor
    do throws(FileError) { array = try archive.array(name, in: path) } catch {
      let hint =
        archive.names.contains("positions")
        ? "; positions of joints are read by 'motionc smooth'" : ""
      throw .malformed(path: path, reason: error.reason + hint)
    }
    guard array.shape.count == 2, array.shape[0] > 0, array.shape[1] > 0 else {
      throw .malformed(
        path: path, reason: "'\(name)' has the shape \(array.shape), expected frames by columns")
    }
    guard array.type.isFloatingPoint else {
      throw .malformed(
        path: path,
        reason: "'\(name)' holds \(array.type.rawValue), expected floating-point numbers")
    }
    try MotionClip.check(frameCount: array.shape[0], path: path)
    return array
  }

  private static func frameRate(_ archive: NumpyArchive, _ path: String) throws(MotionError)
    -> Double
  {
    guard let name = rateNames.first(where: { archive.arrays[$0] != nil }),
      let rate = archive.arrays[name]?.single
    else {
      throw .malformed(
        path: path,
        reason: "no frame rate, one number called \(rateNames.joined(separator: " or ")); the"
          + " arrays are \(archive.names.shownList)")
    }
    guard MotionClip.rates.contains(rate) else {
      throw .malformed(
        path: path, reason: "'\(name)' is \(rate) Hz, expected between 0.01 and 100000 Hz")
    }
    return rate
  }

  private static func refuseNonFinite(
    _ values: [Double], _ what: String, _ width: Int, _ firstFrame: Int, _ path: String
  ) throws(MotionError) {
    guard let index = values.firstIndex(where: { !(abs($0) < 1e5) }) else { return }
    throw .malformed(
      path: path,
      reason: "frame \(firstFrame + index / width), column \(index % width) of \(what) is"
        + " \(values[index]), expected a number below 100000")
  }
}
