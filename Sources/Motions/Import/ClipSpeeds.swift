import Geometry

/// How fast the joints of a clip are, and where they are faster than people move.
struct ClipSpeeds {
  /// The fastest joint of all [m/s], and the frame before its step.
  private(set) var fastest = (speed: 0.0, frame: 0, joint: 0)
  /// The frames behind which a joint is too fast.
  private(set) var glitches: [Int] = []
  /// The frames behind which the pelvis is, and with it the whole body.
  private(set) var teleports: [Int] = []
  /// The median over frames of the fastest joint's speed [m/s]; nil for less than ten steps.
  let median: Double?

  init(_ clip: MotionClip) {
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
        if joint == 0, speed > MotionChecks.glitchSpeed { teleports.append(frame) }
      }
      if fastestHere > MotionChecks.glitchSpeed { glitches.append(frame) }
      fastestOfFrames.append(fastestHere)
    }
    fastestOfFrames.sort()
    median = fastestOfFrames.count < 10 ? nil : fastestOfFrames[fastestOfFrames.count / 2]
  }

  /// Jumps of the body and of joints.
  var findings: [ImportReport.Finding] {
    var findings: [ImportReport.Finding] = []
    let limit = ImportReport.short(MotionChecks.glitchSpeed)
    if let frame = teleports.first {
      findings.append(
        .init(
          .teleport,
          "the whole body jumps behind frame \(frame)\(Self.more(teleports)), faster than"
            + " \(limit) m/s"))
    }
    if let first = glitches.first {
      let name = Skeleton.Joint.names[fastest.joint]
      findings.append(
        .init(
          .glitch,
          "a joint is faster than \(limit) m/s behind frame \(first)\(Self.more(glitches)); the"
            + " worst is \(name) at \(ImportReport.short(fastest.speed)) m/s behind frame"
            + " \(fastest.frame)"))
    }
    return findings
  }

  private static func more(_ frames: [Int]) -> String {
    frames.count > 1 ? " and \(frames.count - 1) more" : ""
  }
}

extension MotionClip {
  /// Where the whole body or a joint jumps, faster than people move; as the import of a file says it.
  public var jumps: [ImportReport.Finding] { ClipSpeeds(self).findings }
}
