import Files
import Geometry

/// Kimodo's and ARDY's archives: rotation matrices and places of every joint, y up, in metres.
///
/// At rest every joint's frame has the axes of the world and the body stands in a T-pose, as ours;
/// that it is so is checked on the bones. Joints: 77 or 30 of SOMA, 22 of SMPL-X. 34 joints are
/// Unitree's G1, which is no human.
enum KimodoImport {
  /// The arrays that are read.
  private static let wanted: Set<String> = [
    "global_rot_mats", "local_rot_mats", "posed_joints", "fps", "foot_contacts", "smooth_root_pos",
  ]

  /// Whether an archive with these names is one.
  static func isLikely(_ names: [String]) -> Bool {
    names.contains("global_rot_mats") || names.contains("local_rot_mats")
  }

  /// Reads a clip and reports what was found.
  static func read(_ bytes: [UInt8], path: String, options: ImportOptions) throws(MotionError)
    -> (clip: MotionClip, report: ImportReport)
  {
    let archive: NumpyArchive
    let turns: StoredTensor
    let places: StoredTensor
    do throws(FileError) {
      archive = try NumpyArchive(decoding: bytes, path: path, wanting: wanted)
      turns = try archive.array("global_rot_mats", in: path)
      places = try archive.array("posed_joints", in: path)
    } catch {
      throw .malformed(path: path, reason: error.reason)
    }
    let shape = try shape(turns, places, path)
    let skeleton = try skeleton(of: shape.joints, path)
    let (rate, rateNote) = try frameRate(archive, options, path)
    let scale = options.metresPerUnit ?? 1
    let assembled = try assemble(
      StoredTensor(type: turns.type, shape: [shape.frames, shape.joints * 9], bytes: turns.bytes),
      StoredTensor(
        type: places.type, shape: [shape.frames, shape.joints * 3], bytes: places.bytes),
      skeleton.columns, scale, CanonicalAssembly(name: ClipName.of(path), frameRate: rate), path)
    var clip = assembled.clip
    try CanonicalAssembly.refuseOtherRest(clip.skeleton, "the pose without rotations", path)
    var report = ImportReport(
      path: path, format: "Kimodo", skeleton: skeleton.name, sourceJointCount: shape.joints,
      knownJointCount: Skeleton.jointCount, metresPerUnit: scale,
      unitReason: options.metresPerUnit == nil ? "Kimodo is in metres" : "as you said",
      upAxis: "y", frameRate: rate, frameCount: clip.frameCount, duration: clip.duration,
      stature: clip.skeleton.stature)
    if let rateNote { report.findings.append(.init(.note, rateNote)) }
    CanonicalAssembly.note(assembled.loosest, deviation: assembled.deviation, in: &report)
    clip.stand(
      expecting: UpAxis(1, isPositive: true), given: options.up, format: "Kimodo", in: &report)
    MotionChecks.run(on: &clip, options: options, report: &report)
    return (clip, report)
  }

  /// Frames and joints; a first dimension of one, a batch, is left out.
  private static func shape(_ turns: StoredTensor, _ places: StoredTensor, _ path: String)
    throws(MotionError) -> (frames: Int, joints: Int)
  {
    func inner(_ tensor: StoredTensor, _ count: Int) -> [Int] {
      tensor.shape.count == count + 1 && tensor.shape[0] == 1
        ? Array(tensor.shape.dropFirst()) : tensor.shape
    }
    let (t, p) = (inner(turns, 4), inner(places, 3))
    guard t.count == 4, t.suffix(2) == [3, 3], p == [t[0], t[1], 3], t[0] > 0,
      turns.type.isFloatingPoint, places.type.isFloatingPoint
    else {
      throw .malformed(
        path: path,
        reason: "'global_rot_mats' and 'posed_joints' have the shapes \(turns.shape.prefix(8)) and"
          + " \(places.shape.prefix(8)), expected [frames, joints, 3, 3] and [frames, joints, 3]")
    }
    try MotionClip.check(frameCount: t[0], path: path)
    return (t[0], t[1])
  }

  /// The columns of our joints by the number of the file's.
  private static func skeleton(of count: Int, _ path: String) throws(MotionError)
    -> (name: String, columns: [Int])
  {
    switch count {
    case 22: return ("SMPL-X, 22 joints", Array(0..<22))
    case 30: return ("SOMA, 30 joints", soma30)
    case 77: return ("SOMA, 77 joints", soma77)
    case 34:
      throw .malformed(
        path: path,
        reason:
          "it is motion of the robot G1 (34 joints), expected human motion: 77 or 30 joints of"
          + " SOMA or 22 of SMPL-X")
    default:
      throw .malformed(
        path: path,
        reason: "it has \(count) joints, expected 77 or 30 (SOMA) or 22 (SMPL-X)")
    }
  }

  /// SOMA's joints in our order: Hips, legs, Spine1, Spine2, Chest, Neck1, Head and arms.
  private static let soma77 = [
    0, 67, 72, 1, 68, 73, 2, 69, 74, 3, 70, 75, 4, 11, 39, 6, 12, 40, 13, 41, 14, 42,
  ]
  private static let soma30 = [
    0, 22, 26, 1, 23, 27, 2, 24, 28, 3, 25, 29, 4, 10, 16, 6, 11, 17, 12, 18, 13, 19,
  ]

  /// The rate of the file, or Kimodo's own where the file is Kimodo's beyond doubt: ARDY writes the
  /// same arrays at 25 Hz.
  private static func frameRate(
    _ archive: NumpyArchive, _ options: ImportOptions, _ path: String
  ) throws(MotionError) -> (rate: Double, note: String?) {
    if let given = options.frameRate { return (given, nil) }
    if let rate = archive.arrays["fps"]?.single {
      try MotionClip.check(rate: rate)
      return (rate, nil)
    }
    let contacts = archive.arrays["foot_contacts"]?.shape.last
    if contacts == 4, archive.names.contains("smooth_root_pos") {
      return (
        30, "it states no frame rate: 30 Hz is taken, at which Kimodo's models generate"
      )
    }
    throw .malformed(
      path: path,
      reason: "no frame rate; Kimodo's models have 30 Hz, ARDY's 25: give it with --source-rate")
  }

  private static func assemble(
    _ turns: StoredTensor, _ places: StoredTensor, _ columns: [Int], _ scale: Double,
    _ start: CanonicalAssembly, _ path: String
  ) throws(MotionError) -> (clip: MotionClip, loosest: Skeleton.Joint, deviation: Double) {
    var assembly = start
    let joints = places.shape[1] / 3
    var world = [Quaternion](repeating: .identity, count: Skeleton.jointCount)
    var spots = [Vector3](repeating: .zero, count: Skeleton.jointCount)
    for frame in 0..<turns.shape[0] {
      let matrices = turns.doubles(ofRows: frame..<(frame + 1))
      let vectors = places.doubles(ofRows: frame..<(frame + 1))
      for (joint, column) in columns.enumerated() {
        guard let turn = Quaternion(matrix: matrices[(9 * column)..<(9 * column + 9)]) else {
          throw .malformed(
            path: path,
            reason: "frame \(frame), joint \(column) of \(joints): no rotation matrix")
        }
        let at = 3 * column
        let spot = Vector3(vectors[at], vectors[at + 1], vectors[at + 2])
        guard spot.isWithin(1e5) else {
          throw .malformed(
            path: path, reason: "frame \(frame), joint \(column) is at \(spot), which is no place")
        }
        world[joint] = turn
        spots[joint] = spot * scale
      }
      assembly.append(world, spots)
    }
    return assembly.finish()
  }
}
