import Geometry

/// Detects and reports typical errors of capture and conversion.
enum MotionChecks {
  /// The joint speed above which a frame counts as a glitch [m/s].
  static let glitchSpeed = 25.0

  /// The implausible median over the frames of the fastest joint's speed [m/s]; runners reach 7.
  static let implausibleMedianSpeed = 10.0

  /// Drops a T-pose before the motion, puts the feet on the ground, counts glitches and checks the
  /// frame rate.
  ///
  /// - Parameter isOwn: Whether the clip is one of our own files, whose feet are on the ground; they come back
  ///   bit for bit unless they are clearly elsewhere.
  static func run(
    on clip: inout MotionClip, options: ImportOptions, isOwn: Bool = false,
    report: inout ImportReport
  ) {
    if !options.keepsTPose, startsWithTPose(clip) {
      clip.rootTranslations.removeFirst()
      clip.rotations.removeFirst(Skeleton.jointCount)
      report.droppedFrameCount = 1
      report.frameCount = clip.frameCount
      report.duration = clip.duration
      report.findings.append(
        .init(.droppedTPose, "frame 0 is a T-pose that does not belong to the motion: left out"))
    }
    standOnGround(&clip, options: options, isOwn: isOwn, report: &report)
    reportSpeeds(of: clip, in: &report)
  }

  /// Our own files stand on the ground to this height [m].
  private static let ownGround = 0.03

  /// Moves the ground to z = 0 and corrects the frames of the feet, and reports both.
  private static func standOnGround(
    _ clip: inout MotionClip, options: ImportOptions, isOwn: Bool, report: inout ImportReport
  ) {
    guard !isOwn || options.ground == .stance else { return }
    let contact = Contact(clip)
    // Soles first: they depend on contact only, which a shift would leave behind.
    if !isOwn { report.findings += clip.levelSoles(by: contact).findings }
    guard options.ground == .stance else { return }
    let alignment = clip.moveToGround(by: contact, unlessBelow: isOwn ? ownGround : nil)
    if !isOwn || (alignment.shift ?? 0) != 0 { report.findings += alignment.findings }
  }

  /// Whether frame 0 is a T-pose and the body jumps from it into the motion.
  private static func startsWithTPose(_ clip: MotionClip) -> Bool {
    guard clip.frameCount > 2 else { return false }
    let first = bodyPositions(clip, frame: 0)
    guard isTPose(first) else { return false }
    let second = bodyPositions(clip, frame: 1)
    let third = bodyPositions(clip, frame: 2)
    let jump = largestDistance(first, second)
    // Nobody leaves a T-pose at 10 m/s and continues at a quarter of that.
    return jump * clip.frameRate > 10 && jump > 4 * largestDistance(second, third)
  }

  /// Arms level to the sides, legs down.
  private static func isTPose(_ positions: [Vector3]) -> Bool {
    func points(_ from: Skeleton.Joint, _ to: Skeleton.Joint, along axis: Vector3) -> Bool {
      let bone = positions[to.rawValue] - positions[from.rawValue]
      return bone.normalized.map { $0.dot(axis) > 0.94 } ?? false
    }
    return points(.leftShoulder, .leftWrist, along: .unitX)
      && points(.rightShoulder, .rightWrist, along: -.unitX)
      && points(.leftHip, .leftAnkle, along: -.unitY)
      && points(.rightHip, .rightAnkle, along: -.unitY)
  }

  /// Joint positions in the pelvis's frame [m].
  private static func bodyPositions(_ clip: MotionClip, frame: Int) -> [Vector3] {
    let poses = clip.jointPoses(frame: frame)
    let inverse = poses[0].rotation.inverse
    return poses.map { inverse * ($0.translation - poses[0].translation) }
  }

  private static func largestDistance(_ a: [Vector3], _ b: [Vector3]) -> Double {
    zip(a, b).reduce(0) { max($0, ($1.0 - $1.1).length) }
  }

  private static func reportSpeeds(of clip: MotionClip, in report: inout ImportReport) {
    let speeds = ClipSpeeds(clip)
    if let median = speeds.median, median > implausibleMedianSpeed {
      report.findings.append(
        .init(
          .doubtfulRate,
          "half of the time a joint is faster than \(ImportReport.short(median)) m/s, so the frame"
            + " rate of \(ImportReport.short(clip.frameRate)) Hz is probably too high"))
    }
    report.fastestJointSpeed = speeds.fastest.speed
    report.glitchFrames = speeds.glitches
    report.findings += speeds.findings
  }
}
