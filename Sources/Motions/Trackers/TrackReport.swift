import Files

/// The report of reading a tracker's file.
public struct TrackReport: Codable, Sendable, Hashable {
  /// The file.
  public var path: String
  /// The format: `MediaPipe JSON`, `CSV`, `NumPy array` and so on.
  public var format: String
  /// The joint set, and how it is known.
  public var joints: String
  /// How it is known.
  public var jointsReason: String
  /// The number of joints of the file.
  public var sourceJointCount: Int
  /// The number of our joints that are seen in some frame.
  public var knownJointCount = Skeleton.jointCount
  /// The axis of the file that points up: `y down`, `z up`.
  public var upAxis: String
  /// How it is known.
  public var upReason: String
  /// One unit of the file [m].
  public var metresPerUnit: Double
  /// How it is known.
  public var unitReason: String
  /// Frames a second [Hz].
  public var frameRate: Double
  /// How it is known.
  public var rateReason: String
  /// The number of frames of the track.
  public var frameCount: Int
  /// The stature that goes with the median leg [m].
  public var stature: Double
  /// The number of frames without a person, those that the file's times leave out included.
  public var emptyFrameCount = 0
  /// The number of frames that the file's times leave out.
  public var gapFrameCount = 0
  /// The number of missing joints in all frames, empty frames included.
  public var missingJointCount = 0
  /// Further warnings for the user.
  public var findings: [ImportReport.Finding] = []

  /// The report as text, one fact per line.
  public var lines: [String] {
    [
      "\(path.shownPath): \(format), \(Wording.count(sourceJointCount, "joint")), set"
        + " '\(joints.printable)' (\(jointsReason.printable))",
      "  \(Wording.count(frameCount, "frame")) at \(ImportReport.short(frameRate)) Hz"
        + " (\(rateReason)); \(upAxis) (\(upReason))",
      "  1 unit = \(ImportReport.short(metresPerUnit)) m (\(unitReason)); stature about"
        + " \(ImportReport.short(stature)) m",
    ] + findings.map { "  \($0.message.shownReason)" }
  }

  /// A report on a clip of motion capture that is taken as a track.
  init(_ report: ImportReport) {
    path = report.path
    format = report.format
    joints = "canonical"
    jointsReason = "from the skeleton '\(report.skeleton)'"
    sourceJointCount = report.sourceJointCount
    upAxis = report.upAxis.hasSuffix("up") ? report.upAxis : "\(report.upAxis) up"
    upReason = "from the skeleton"
    metresPerUnit = report.metresPerUnit
    unitReason = report.unitReason
    frameRate = report.frameRate
    rateReason = "stated"
    frameCount = report.frameCount
    stature = report.stature
    findings = report.findings
  }

  /// A report of these facts.
  init(
    path: String, format: String, joints: String, jointsReason: String, sourceJointCount: Int,
    upAxis: String, upReason: String, metresPerUnit: Double, unitReason: String,
    frameRate: Double, rateReason: String, frameCount: Int, stature: Double
  ) {
    self.path = path
    self.format = format
    self.joints = joints
    self.jointsReason = jointsReason
    self.sourceJointCount = sourceJointCount
    self.upAxis = upAxis
    self.upReason = upReason
    self.metresPerUnit = metresPerUnit
    self.unitReason = unitReason
    self.frameRate = frameRate
    self.rateReason = rateReason
    self.frameCount = frameCount
    self.stature = stature
  }
}
