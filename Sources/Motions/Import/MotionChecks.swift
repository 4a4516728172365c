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
    var fastest = (speed: 0.0, frame: 0, joint: 0)
    var glitches: [Int] = []
    var teleports: [Int] = []
    var fastestOfFrames: [Double] = []
    var positions: [Vector3] = []
    let block = 256
    for frame in 0..<max(clip.frameCount - 1, 0) {
      var fastestHere = 0.0
      // A block at a time, so that long clips need no memory for all their positions.
      if frame % block == 0 {
        positions = clip.jointPositions(frames: frame..<min(frame + block + 1, clip.frameCount))
      }
      let base = frame % block * Skeleton.jointCount
      for joint in 0..<Skeleton.jointCount {
        let step = positions[base + Skeleton.jointCount + joint] - positions[base + joint]
        let speed = step.length * clip.frameRate
        fastestHere = max(fastestHere, speed)
        if speed > fastest.speed { fastest = (speed, frame, joint) }
        if joint == 0, speed > glitchSpeed { teleports.append(frame) }
      }
      if fastestHere > glitchSpeed { glitches.append(frame) }
      fastestOfFrames.append(fastestHere)
    }
    reportRate(fastestOfFrames.sorted(), clip.frameRate, in: &report)
    report.fastestJointSpeed = fastest.speed
    report.glitchFrames = glitches
    if let frame = teleports.first {
      report.findings.append(
        .init(
          .teleport,
          "the whole body jumps behind frame \(frame)\(more(teleports)), faster than"
            + " \(ImportReport.short(glitchSpeed)) m/s"))
    }
    guard let first = glitches.first else { return }
    let name = Skeleton.Joint.names[fastest.joint]
    report.findings.append(
      .init(
        .glitch,
        "a joint is faster than \(ImportReport.short(glitchSpeed)) m/s behind frame"
          + " \(first)\(more(glitches)); the worst is \(name) at"
          + " \(ImportReport.short(fastest.speed)) m/s behind frame \(fastest.frame)"))
  }

  /// Warns about a frame rate at which the body is implausibly fast all the time.
  private static func reportRate(
    _ speeds: [Double], _ rate: Double, in report: inout ImportReport
  ) {
    guard speeds.count >= 10, speeds[speeds.count / 2] > implausibleMedianSpeed else { return }
    report.findings.append(
      .init(
        .doubtfulRate,
        "half of the time a joint is faster than \(ImportReport.short(speeds[speeds.count / 2]))"
          + " m/s, so the frame rate of \(ImportReport.short(rate)) Hz is probably too high"))
  }

  private static func more(_ frames: [Int]) -> String {
    frames.count > 1 ? " and \(frames.count - 1) more" : ""
  }
}
