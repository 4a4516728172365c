import Files
import Geometry

/// Imports Xsens MVN's segments onto the canonical skeleton.
///
/// The file's own T-pose says what the segments' frames are at rest, so no axes are assumed: a
/// joint's rotation is that of its segment since the T-pose, applied to the body's frame in the
/// T-pose.
struct MVNXImport {
  /// The segments whose frames and places our joints take, by their names.
  private static let sources: [(joint: Skeleton.Joint, segment: String)] = [
    (.pelvis, "Pelvis"), (.leftHip, "LeftUpperLeg"), (.rightHip, "RightUpperLeg"),
    (.spine1, "L5"), (.leftKnee, "LeftLowerLeg"), (.rightKnee, "RightLowerLeg"), (.spine2, "L3"),
    (.leftAnkle, "LeftFoot"), (.rightAnkle, "RightFoot"), (.spine3, "T8"), (.leftFoot, "LeftToe"),
    (.rightFoot, "RightToe"), (.neck, "Neck"), (.leftCollar, "LeftShoulder"),
    (.rightCollar, "RightShoulder"), (.head, "Head"), (.leftShoulder, "LeftUpperArm"),
    (.rightShoulder, "RightUpperArm"), (.leftElbow, "LeftForeArm"), (.rightElbow, "RightForeArm"),
    (.leftWrist, "LeftHand"), (.rightWrist, "RightHand"),
  ]

  /// The columns of our joints' segments.
  private let columns: [Int]
  /// The column of T12, the vertebra between our spine2 and spine3; nil where there is none.
  private let between: Int?
  /// segmentFromJoint of our joints, and of `between` behind them.
  private let alignments: [Quaternion]
  private var assembly: CanonicalAssembly

  /// How far from the hips towards L5 our pelvis lies, as a fraction: it lies above the hips.
  private static let pelvisTowardsL5 = 0.48

  /// Reads a clip and reports what was found.
  static func read(_ bytes: [UInt8], path: String, options: ImportOptions) throws(MotionError)
    -> (clip: MotionClip, report: ImportReport)
  {
    var reader = MVNXReader(bytes, path: path)
    var poses: [String: MVNXReader.Frame] = [:]
    var first: MVNXReader.Frame?
    while first == nil, let frame = try reader.nextFrame() {
      if isMotion(frame) { first = frame } else { poses[frame.kind.lowercased()] = frame }
      guard poses.count < 20 else {
        throw .malformed(
          path: path, reason: "it has more than 20 kinds of frames before its motion")
      }
    }
    guard let first else {
      throw .malformed(path: path, reason: "it has no frame of type 'normal'")
    }
    guard let rate = options.frameRate ?? reader.frameRate else {
      throw .malformed(path: path, reason: "it states no frameRate; give it with --source-rate")
    }
    let rest = try rest(of: poses, reader, path)
    var source = try MVNXImport(
      reader.segments, rest.frame, CanonicalAssembly(name: ClipName.of(path), frameRate: rate), path
    )
    try source.append(first, path)
    let gaps = try source.appendAll(&reader, after: first, path)
    return try source.finish(reader, rest.name, gaps, path: path, options: options)
  }

  private static func isMotion(_ frame: MVNXReader.Frame) -> Bool {
    frame.kind.isEmpty || frame.kind.lowercased() == "normal"
  }

  /// The T-pose of the file.
  private static func rest(
    of poses: [String: MVNXReader.Frame], _ reader: MVNXReader, _ path: String
  ) throws(MotionError) -> (frame: MVNXReader.Frame, name: String) {
    for name in ["tpose", "identity"] {
      if let pose = poses[name], !pose.turns.isEmpty { return (pose, name) }
    }
    throw .malformed(
      path: path,
      reason:
        "it has no frame of type 'tpose' with orientations, which say what the segments' frames"
        + " are; export it from MVN with the T-pose")
  }

  private init(
    _ segments: [String], _ rest: MVNXReader.Frame, _ assembly: CanonicalAssembly, _ path: String
  ) throws(MotionError) {
    let keys = segments.map(JointName.key)
    var columns: [Int] = []
    for (joint, name) in Self.sources {
      guard let column = keys.firstIndex(of: JointName.key(name)) else {
        throw .unknownSkeleton(
          path: path,
          reason: "it has no segment '\(name)' for \(joint); its segments are \(segments.shownList)"
        )
      }
      columns.append(column)
    }
    self.columns = columns
    between = keys.firstIndex(of: JointName.key("T12"))
    self.assembly = assembly
    // Left by the hips or, without positions, by MVN's own axes of the pelvis: y is left.
    let left =
      rest.places.isEmpty
      ? rest.turns[columns[0]] * .unitY : rest.places[columns[1]] - rest.places[columns[2]]
    let flat = Vector3(left.x, left.y, 0)
    guard let x = flat.normalized, flat.length > 0.7 * left.length else {
      throw .malformed(
        path: path, reason: "the hips of its T-pose are not level, so where it faces is not known")
    }
    let worldFromBody = Quaternion(columns: x, .unitZ, x.cross(.unitZ))
    let aligned = columns + [between].compactMap(\.self)
    alignments = aligned.map { rest.turns[$0].inverse * worldFromBody }
  }

  /// worldFromJoint of our joints.
  private func world(_ frame: MVNXReader.Frame) -> [Quaternion] {
    var world = columns.indices.map { frame.turns[columns[$0]] * alignments[$0] }
    if let between {
      // L3 and T12 turn between spine2 and spine3: the bone between follows the middle of both.
      let other = frame.turns[between] * alignments[columns.count]
      let spine2 = Skeleton.Joint.spine2.rawValue
      world[spine2] = world[spine2].interpolated(to: other, fraction: 0.5)
    }
    return world
  }

  /// The places of our joints: the segments' origins, and the pelvis above the hips.
  private func places(_ frame: MVNXReader.Frame) -> [Vector3] {
    var places = columns.map { frame.places[$0] }
    let spine1 = places[Skeleton.Joint.spine1.rawValue]
    places[0] += (spine1 - places[0]) * Self.pelvisTowardsL5
    return places
  }

  private mutating func append(_ frame: MVNXReader.Frame, _ path: String) throws(MotionError) {
    guard !frame.turns.isEmpty, !frame.places.isEmpty else {
      throw .malformed(
        path: path,
        reason:
          "frame \(assembly.clip.frameCount) has no \(frame.turns.isEmpty ? "orientation" : "position")"
          + ", expected both; export them from MVN")
    }
    assembly.append(world(frame), places(frame))
  }

  /// Appends all further frames; returns how many are missing between them by their numbers.
  private mutating func appendAll(
    _ reader: inout MVNXReader, after first: MVNXReader.Frame, _ path: String
  ) throws(MotionError) -> Int {
    var last = first.index
    var missing = 0
    while let frame = try reader.nextFrame() {
      guard Self.isMotion(frame) else { continue }
      try MotionClip.check(frameCount: assembly.clip.frameCount + 1, path: path)
      if let index = frame.index, let before = last, index > before {
        missing += index - before - 1
      }
      last = frame.index ?? last
      try append(frame, path)
    }
    return missing
  }

  private consuming func finish(
    _ reader: MVNXReader, _ restName: String, _ missing: Int, path: String, options: ImportOptions
  ) throws(MotionError) -> (clip: MotionClip, report: ImportReport) {
    var (clip, loosest, deviation) = assembly.finish()
    // By the bones in the frames that the T-pose gave: where it is none, they point elsewhere.
    try CanonicalAssembly.refuseOtherRest(clip.skeleton, "its frame of type '\(restName)'", path)
    let scale = options.metresPerUnit ?? 1
    clip.skeleton.restOffsets = clip.skeleton.restOffsets.map { $0 * scale }
    clip.rootTranslations = clip.rootTranslations.map { $0 * scale }
    var report = ImportReport(
      path: path, format: "MVNX", skeleton: "Xsens", sourceJointCount: reader.segments.count,
      knownJointCount: Skeleton.jointCount, metresPerUnit: scale,
      unitReason: options.metresPerUnit == nil ? "MVNX is in metres" : "as you said", upAxis: "z",
      frameRate: clip.frameRate, frameCount: clip.frameCount, duration: clip.duration,
      stature: clip.skeleton.stature)
    if restName != "tpose" {
      report.findings.append(.init(.note, "the frame '\(restName)' is taken for the T-pose"))
    }
    if missing > 0 {
      report.findings.append(
        .init(
          .doubtfulRate,
          "by their numbers \(Wording.count(missing, "frame")) between the others are missing: the"
            + " frames are taken at an even rate"))
    }
    CanonicalAssembly.note(loosest, deviation: deviation, in: &report)
    clip.stand(
      expecting: UpAxis(2, isPositive: true), given: options.up, format: "MVNX", in: &report)
    MotionChecks.run(on: &clip, options: options, report: &report)
    return (clip, report)
  }
}
