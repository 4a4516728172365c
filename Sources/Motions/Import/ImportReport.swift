import Files

/// The report of importing a motion file.
public struct ImportReport: Codable, Sendable, Hashable {
  /// A finding about one clip.
  public struct Finding: Codable, Sendable, Hashable {
    /// The kinds of findings.
    public enum Kind: String, Codable, Sendable {
      /// A joint that the file does not have and that was filled in.
      case filledJoint
      /// A T-pose before the motion, which was left out.
      case droppedTPose
      /// Frames in which a joint is faster than 25 m/s.
      case glitch
      /// The whole body jumps from one frame to the next.
      case teleport
      /// The frame rate does not fit the motion.
      case doubtfulRate
      /// The size of the body is a guess.
      case guessedScale
      /// Bones change their length, or turning joints were left out.
      case inexactPositions
      /// Which joint is which is not certain.
      case doubtfulJoints
      /// Which side is left is not certain.
      case doubtfulSides
      /// Which way is up is a guess.
      case doubtfulUp
      /// How limbs are turned about their own length is a guess.
      case guessedTwist
      /// The file's times leave frames out.
      case gap
      /// The tilt of a camera was removed.
      case levelled
      /// The clip was moved up or down so that its ground is at z = 0.
      case movedGround
      /// Nothing stands, so that the height of the ground is not known.
      case unknownGround
      /// The frames of the feet were turned so that those that stand are level.
      case levelledSoles
      /// The frames of the feet were left as they are.
      case unlevelledSoles
      /// Left and right were exchanged for some frames, and are exchanged back.
      case exchangedSides
      /// A part of the body is not seen for long, and its motion there is interpolated.
      case bridgedGap
      /// Anything else.
      case note

      /// Whether the clip may be wrong in a way that nothing later notices.
      public var isDoubt: Bool {
        switch self {
        case .doubtfulJoints, .doubtfulSides, .doubtfulUp, .doubtfulRate: true
        default: false
        }
      }
    }
    /// The kind.
    public var kind: Kind
    /// One sentence.
    public var message: String

    /// A finding.
    public init(_ kind: Kind, _ message: String) {
      self.kind = kind
      self.message = message
    }
  }

  /// The file.
  public var path: String
  /// The format: `BVH`, `AMASS`, `motionc`.
  public var format: String
  /// The skeleton table that fits, `found` where the joints were found by geometry, or what the format
  /// prescribes.
  public var skeleton: String
  /// The number of joints of the file.
  public var sourceJointCount: Int
  /// The number of our joints that the file has.
  public var knownJointCount: Int
  /// One unit of the file [m].
  public var metresPerUnit: Double
  /// How the unit is known.
  public var unitReason: String
  /// The axis of the file that points up.
  public var upAxis: String
  /// The frame rate [Hz].
  public var frameRate: Double
  /// The number of frames of the clip.
  public var frameCount: Int
  /// The duration [s].
  public var duration: Double
  /// The stature estimated from the legs [m].
  public var stature: Double
  /// The number of frames of the file that were left out.
  public var droppedFrameCount = 0
  /// The fastest joint speed [m/s].
  public var fastestJointSpeed = 0.0
  /// The frames after which a joint is faster than 25 m/s.
  public var glitchFrames: [Int] = []
  /// Findings for the user.
  public var findings: [Finding] = []

  /// Whether a finding says that the clip may be wrong.
  public var isDoubted: Bool { findings.contains { $0.kind.isDoubt } }

  /// The report as text, one fact per line.
  public var lines: [String] {
    [
      "\(path.shownPath): \(format), skeleton '\(skeleton.printable)' (\(knownJointCount) of our"
        + " \(Skeleton.jointCount) joints among \(sourceJointCount)), \(upAxis) up",
      "  \(Wording.count(frameCount, "frame")) at \(Self.short(frameRate)) Hz, \(Self.short(duration)) s,"
        + " fastest joint \(Self.short(fastestJointSpeed)) m/s",
      "  1 unit = \(Self.short(metresPerUnit)) m (\(unitReason)); stature about"
        + " \(Self.short(stature)) m",
    ] + findings.map { "  \($0.message.shownReason)" }
  }

  /// A number with four significant digits at most.
  static func short(_ value: Double) -> String {
    guard value.isFinite, value != 0 else { return "\(value)" }
    var scale = 1.0
    while abs(value) * scale < 1000 { scale *= 10 }
    let text = "\((value * scale).rounded() / scale)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}
