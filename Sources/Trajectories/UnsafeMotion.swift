public import Files

/// The reason why there is no safe trajectory; its description is one sentence.
public enum UnsafeMotion: CategorizedError, Equatable, Sendable {
  /// A required limit is missing.
  case limitMissing(joint: String, quantity: String)
  /// A limit is NaN, negative, or contradicts another.
  case limitInvalid(joint: String, reason: String)
  /// The motion's joints are not those of the limits.
  case jointsDiffer(found: [String], expected: [String])
  /// The motion is invalid: no frames, an invalid rate, or a value that is not finite.
  case motionInvalid(motion: String, reason: String)
  /// No configuration keeps all coupled limits and all position limits.
  case coupledLimitsContradict(limits: [String])
  /// Slowing down does not reduce the deviation below the tolerance.
  case toleranceUnreachable(
    tolerance: Double, reached: Deviation.OfJoint, factor: Double)
  /// The limit program was not solved: no proven optimum, or rounding violates a limit.
  case notSolved(joints: [String], gap: Double, share: Double)
  /// Rounding at this rate [Hz] is as large as the differences that a joint's limits allow.
  case rateTooHigh(joint: String, rate: Double)
  /// The trajectory is for another robot.
  case robotDiffers(found: String, expected: String)
  /// The curve violates a limit.
  case violation(TrajectoryVerifier.Violation)
  /// Two parts of the robot overlap, or one is in the ground (`second` is nil), by this depth [m].
  case touch(first: String, second: String?, time: Double, depth: Double)
  /// Whether two parts of the robot, or one and the ground (`second` is nil), touch could not be
  /// decided; `distance` is the least found [m].
  case clearanceUnproven(first: String, second: String?, time: Double, distance: Double)
  /// The file states more than is true: what it states, and what was found.
  case falseStatement(stated: String, found: String)
  /// The file is not a native trajectory file.
  case notATrajectory(path: String, reason: String)
  /// The file cannot be read or written.
  case file(FileError)

  /// The kind of failure.
  public var category: ErrorCategory {
    if case .file(let error) = self { error.category } else { .data }
  }

  /// The sentence for the user.
  public var description: String { sentence.shownReason }

  private var sentence: String {
    switch self {
    case .limitMissing(let joint, let quantity):
      "joint '\(joint)' has no \(quantity) limit, and one is needed: "
        + "give it in the robot's limits.yaml or with --limits"
    case .limitInvalid(let joint, let reason): "joint '\(joint)': \(reason)"
    case .jointsDiffer(let found, let expected):
      "the motion is of the joints \(found.joined(separator: ", ")), "
        + "the limits are of \(expected.joined(separator: ", "))"
    case .motionInvalid(let motion, let reason): "motion '\(motion)': \(reason)"
    case .coupledLimitsContradict(let limits):
      "no configuration lies inside the coupled limits \(limits.joined(separator: ", ")) "
        + "and inside the position limits of their joints"
    case .toleranceUnreachable(let tolerance, let reached, let factor):
      "the trajectory stays \(reached) away from the motion even \(factor) times slower, "
        + "more than the tolerated \(tolerance) \(reached.unit)"
    case .notSolved(let joints, let gap, let share):
      "the trajectory of \(joints.map { "'\($0)'" }.joined(separator: ", ")) was not found: "
        + "\(gap) of its deviation is not proven to be needed (at most "
        + "\(LimitProgram.acceptedGap) is accepted), or less than \(share) of it keeps its limits"
    case .rateTooHigh(let joint, let rate):
      "joint '\(joint)': at \(rate) Hz its limits allow changes from sample to sample that are lost "
        + "in the rounding of its positions; ask for a lower rate"
    case .robotDiffers(let found, let expected):
      "the trajectory is for the robot \(found), not for \(expected)"
    case .violation(let violation): violation.description
    case .touch(let first, let second, let time, let depth):
      second.map {
        "the robot touches itself: '\(first)' and '\($0)' overlap by \(Self.millimetres(depth)) mm at "
          + "\(Self.hundredths(time)) s"
      }
        ?? "the robot goes through the ground: '\(first)' is \(Self.millimetres(depth)) mm in it at "
        + "\(Self.hundredths(time)) s"
    case .clearanceUnproven(let first, let second, let time, let distance):
      "it is not proven that '\(first)' and \(second.map { "'\($0)'" } ?? "the ground") stay apart "
        + "around \(Self.hundredths(time)) s, where \(Self.millimetres(distance)) mm were found"
    case .falseStatement(let stated, let found):
      "the file states \(stated), but \(found)"
    case .notATrajectory(let path, let reason): "'\(path)' is no trajectory: \(reason)"
    case .file(let error): error.description
    }
  }

  private static func millimetres(_ metres: Double) -> String {
    "\((metres * 10_000).rounded() / 10)"
  }

  private static func hundredths(_ seconds: Double) -> String {
    "\((seconds * 100).rounded() / 100)"
  }
}
