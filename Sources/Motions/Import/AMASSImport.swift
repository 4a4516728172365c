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
    let (vectors, width, model) = try rotations(archive, path)
    let frameCount = vectors.count / width
    try MotionClip.check(frameCount: frameCount, path: path)
    let translations = try matrix(archive, "trans", path)
    guard translations.width == 3, translations.values.count == 3 * frameCount else {
      throw .malformed(
        path: path,
        reason: "'trans' has \(translations.values.count / max(translations.width, 1)) rows of"
          + " \(translations.width), expected \(frameCount) rows of 3 as in the poses")
    }
    try refuseNonFinite(vectors, "the poses", width, path)
    try refuseNonFinite(translations.values, "'trans'", 3, path)
    let rate: Double
    if let given = options.frameRate { rate = given } else { rate = try frameRate(archive, path) }
    var clip = MotionClip(
      name: ClipName.of(path), skeleton: .canonical, frameRate: rate,
      rootTranslations: [], rotations: [])
    let scale = options.metresPerUnit ?? 1
    fill(&clip, vectors, width, translations.values, scale)
    var report = ImportReport(
      path: path, format: "AMASS", skeleton: model, sourceJointCount: Skeleton.jointCount,
      knownJointCount: Skeleton.jointCount, metresPerUnit: scale,
      unitReason: options.metresPerUnit == nil ? "AMASS is in metres" : "as you said",
      upAxis: "z", frameRate: rate, frameCount: frameCount, duration: clip.duration,
      stature: clip.skeleton.stature)
    report.findings.append(
      .init(.note, "the body's shape needs the licensed model: our own proportions are used"))
    MotionChecks.run(on: &clip, options: options, report: &report)
    return (clip, report)
  }

  private static func fill(
    _ clip: inout MotionClip, _ vectors: [Double], _ width: Int, _ places: [Double],
    _ scale: Double
  ) {
    for frame in 0..<vectors.count / width {
      clip.rootTranslations.append(
        Vector3(places[3 * frame], places[3 * frame + 1], places[3 * frame + 2]) * scale)
      for joint in 0..<Skeleton.jointCount {
        let at = frame * width + 3 * joint
        var turn = Quaternion(rotationVector: [vectors[at], vectors[at + 1], vectors[at + 2]])
        let before = clip.rotations.count - Skeleton.jointCount
        if before >= 0, clip.rotations[before].dot(turn) < 0 { turn = -turn }
        clip.rotations.append(turn)
      }
    }
  }

  /// Rotation vectors [rad], at least 66 numbers a frame: pelvis and 21 joints first.
  private static func rotations(_ archive: NumpyArchive, _ path: String) throws(MotionError)
    -> (vectors: [Double], width: Int, model: String)
  {
    if archive.arrays["poses"] == nil, archive.arrays["pose_body"] != nil {
      let root = try matrix(archive, "root_orient", path)
      let body = try matrix(archive, "pose_body", path)
      guard root.width == 3, body.width == 63, root.values.count / 3 == body.values.count / 63
      else {
        throw .malformed(
          path: path,
          reason: "'root_orient' and 'pose_body' have \(root.width) and \(body.width) columns,"
            + " expected 3 and 63 with equally many rows")
      }
      var joined: [Double] = []
      joined.reserveCapacity(root.values.count + body.values.count)
      for frame in 0..<root.values.count / 3 {
        joined += root.values[3 * frame..<3 * frame + 3]
        joined += body.values[63 * frame..<63 * frame + 63]
      }
      return (joined, 66, "SMPL-X")
    }
    let poses = try matrix(archive, "poses", path)
    guard let model = widths[poses.width] else {
      throw .malformed(
        path: path,
        reason: "'poses' has \(poses.width) columns, expected 156 (SMPL-H), 165 (SMPL-X), 72 or 66")
    }
    return (poses.values, poses.width, model)
  }

  /// A matrix with at least one row, in row-major order.
  private static func matrix(_ archive: NumpyArchive, _ name: String, _ path: String)
    throws(MotionError) -> (values: [Double], width: Int)
  {
    let array: StoredTensor
    do throws(FileError) { array = try archive.array(name, in: path) } catch {
      throw .malformed(path: path, reason: error.reason)
    }
    guard array.shape.count == 2, array.shape[0] > 0, array.shape[1] > 0 else {
      throw .malformed(
        path: path, reason: "'\(name)' has the shape \(array.shape), expected frames by columns")
    }
    return (array.doubles(), array.shape[1])
  }

  private static func frameRate(_ archive: NumpyArchive, _ path: String) throws(MotionError)
    -> Double
  {
    guard let name = rateNames.first(where: { archive.arrays[$0] != nil }),
      let rate = archive.arrays[name]?.doubles().first
    else {
      throw .malformed(
        path: path,
        reason: "no frame rate (\(rateNames.joined(separator: ", "))); the arrays are"
          + " \(archive.names.joined(separator: ", "))")
    }
    guard MotionClip.rates.contains(rate) else {
      throw .malformed(
        path: path, reason: "'\(name)' is \(rate) Hz, expected between 0.01 and 100000 Hz")
    }
    return rate
  }

  private static func refuseNonFinite(
    _ values: [Double], _ what: String, _ width: Int, _ path: String
  ) throws(MotionError) {
    guard let index = values.firstIndex(where: { !(abs($0) < 1e5) }) else { return }
    throw .malformed(
      path: path,
      reason: "frame \(index / width), column \(index % width) of \(what) is \(values[index]),"
        + " expected a number below 100000")
  }
}
