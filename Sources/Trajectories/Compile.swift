import Geometry
public import Kinematics

/// The treatment of the motion's timing.
public enum Timing: Sendable, Hashable {
  /// The timing is kept; the trajectory deviates from the motion as far as the limits require.
  case keep
  /// The whole motion is slowed down until it is nowhere further than `tolerance` [rad or m] from
  /// the trajectory: at no sample and at none of the motion's own frames.
  case stretch(tolerance: Double)
}

/// The identity of the robot that a trajectory is compiled for.
public struct RobotIdentity: Sendable, Hashable {
  /// The robot's name.
  public var name: String
  /// The SHA-256 of the robot's description in hexadecimal.
  public var fingerprint: String
  /// The SHA-256 of its effective limits (`SafetyLimits.fingerprint`); empty where it is not known.
  public var limitsFingerprint: String

  /// A robot with this name, description and limits.
  public init(name: String, fingerprint: String, limitsFingerprint: String = "") {
    self.name = name
    self.fingerprint = fingerprint
    self.limitsFingerprint = limitsFingerprint
  }
}

/// The largest factor by which `Timing.stretch` slows a motion down.
public let greatestStretch = 64.0

/// Computes the trajectory nearest to a motion that keeps all limits.
///
/// - Parameters:
///   - motion: The motion. The path of a floating base keeps limits of its own (`SafetyLimits.base`).
///   - limits: The limits that the trajectory must keep.
///   - timing: Whether the motion's timing is kept or stretched.
///   - rate: The rate of the trajectory's samples [Hz], to which the motion is resampled first; nil
///     for the motion's own, times `speed`.
///   - speed: How many times faster the motion is played than it was recorded; it is kept in the
///     trajectory, and `timing` counts from there.
///   - atRest: Whether it begins and ends at rest. Otherwise it begins and ends at the motion's own
///     speed, as far as the limits allow, and no robot is moved by it.
///   - robot: The robot that the trajectory is for.
///   - ground: The robot's bodies: where the limits put one of a motion that stands on the ground into
///     it, the base is raised. Nil to leave it.
public func compile(
  _ motion: JointMotion, within limits: SafetyLimits, timing: Timing = .keep,
  rate: Double? = nil, speed: Double = 1, atRest: Bool = true, robot: RobotIdentity,
  ground: ClearanceProver? = nil
) throws(UnsafeMotion) -> SafeTrajectory {
  try CompiledMotion(motion, limits, timing, rate: rate, speed: speed, atRest: atRest)
    .trajectory(for: robot, ground: ground)
}

extension JointMotion {
  /// The motion played faster by a factor.
  func played(at speed: Double) -> JointMotion {
    var motion = self
    motion.frameRate *= speed
    motion.footholds = footholds.map { $0.slowed(by: 1 / speed) }
    return motion
  }
}

/// A motion and the control points computed for it.
struct CompiledMotion {
  /// The motion at the speed that was asked for.
  let motion: JointMotion
  /// Times faster than it was recorded.
  let speed: Double
  let limits: SafetyLimits
  let period: Double
  var resampled: ResampledMotion
  var controlPoints: [Double]
  var deviation: Deviation
  private let baseProgram: BaseProgram?
  private let atRest: Bool

  init(
    _ motion: JointMotion, _ limits: SafetyLimits, _ timing: Timing, rate: Double?, speed: Double,
    atRest: Bool = true
  ) throws(UnsafeMotion) {
    guard speed > 0, speed < .infinity else {
      throw .motionInvalid(
        motion: motion.name, reason: "the speed of \(speed) is not a number above zero")
    }
    let motion = motion.played(at: speed)
    try Self.check(motion, limits, rate: rate)
    (self.motion, self.limits, self.speed, self.atRest) = (motion, limits, speed, atRest)
    period = 1 / (rate ?? motion.frameRate)
    baseProgram = try BaseProgram(motion, limits: limits.base)
    (resampled, controlPoints, deviation) = try Self.solve(
      motion, limits, period, factor: 1, atRest)
    guard case .stretch(let tolerance) = timing else { return }
    guard tolerance > 0 else {
      throw .motionInvalid(
        motion: motion.name, reason: "the tolerance of \(tolerance) is not above zero")
    }
    try stretch(until: tolerance)
  }

  func trajectory(
    for robot: RobotIdentity?, ground: ClearanceProver? = nil
  ) throws(UnsafeMotion) -> SafeTrajectory {
    let base = try base(raisedBy: ground)
    return try SafeTrajectory(
      verifying: controlPoints, name: motion.name, period: period, limits: limits, base: base,
      atRest: atRest, robot: robot, speed: speed, stretch: deviation.factor,
      provenance: motion.provenance, deviation: deviation.adding(base, from: motion),
      footholds: motion.footholds.map { $0.slowed(by: deviation.factor) })
  }

  /// The base's path, raised where the joints put the robot into the ground.
  private func base(raisedBy prover: ClearanceProver?) throws(UnsafeMotion) -> BaseCurve? {
    guard let baseProgram else { return nil }
    func solve(raised: [Double] = []) throws(UnsafeMotion) -> BaseCurve {
      try baseProgram.solve(
        period: period, factor: deviation.factor, atRest: atRest, raised: raised)
    }
    var base = try solve()
    guard let prover, let ground = motion.ground else { return base }
    let lift = GroundLift(
      prover, ground, controlPoints: controlPoints, joints: limits.coordinates.count,
      period: period, framesPerSample: period * motion.frameRate / deviation.factor)
    var raised: [Double] = []
    for _ in 0..<GroundLift.rounds {
      guard let more = lift.lift(base) else { break }
      raised = raised.isEmpty ? more : zip(raised, more).map(+)
      base = try solve(raised: raised)
    }
    return base
  }

  private static func check(
    _ motion: JointMotion, _ limits: SafetyLimits, rate: Double?
  ) throws(UnsafeMotion) {
    guard motion.jointNames == limits.jointNames, !motion.jointNames.isEmpty else {
      throw .jointsDiffer(found: motion.jointNames, expected: limits.jointNames)
    }
    guard motion.frameCount > 0 else {
      throw .motionInvalid(motion: motion.name, reason: "it has no frames")
    }
    for value in [motion.frameRate, rate ?? motion.frameRate] {
      guard 1e-3 <= value, value <= 1e5 else {
        throw .motionInvalid(
          motion: motion.name, reason: "its rate of \(value) Hz is not within 0.001 to 100000 Hz")
      }
    }
    let joints = motion.jointNames.count
    for (index, value) in motion.positions.enumerated() {
      // Squares of these must stay finite.
      guard -1e12 <= value, value <= 1e12 else {
        throw .motionInvalid(
          motion: motion.name,
          reason: "joint '\(motion.jointNames[index % joints])', frame \(index / joints): "
            + "\(value) is not a position")
      }
    }
    if let root = motion.root {
      guard root.translations.count == motion.frameCount else {
        throw .motionInvalid(
          motion: motion.name,
          reason: "its root has \(root.translations.count) frames, "
            + "its joints have \(motion.frameCount)")
      }
      for frame in root.translations.indices
      where !root.translations[frame].isFinite || !root.rotations[frame].isFinite {
        throw .motionInvalid(
          motion: motion.name, reason: "the root's pose in frame \(frame) is not a number")
      }
    }
  }

  private static func solve(
    _ motion: JointMotion, _ limits: SafetyLimits, _ period: Double, factor: Double,
    _ atRest: Bool
  ) throws(UnsafeMotion) -> (ResampledMotion, [Double], Deviation) {
    let resampled = try ResampledMotion(
      motion, period: period, factor: factor, goesOn: !atRest)
    let program = LimitProgram(
      reference: resampled.positions, limits: limits, period: period)
    let points = try atRest ? program.solve() : program.solveMovingEnds()
    let deviation = Deviation(
      of: points, from: motion, resampled: resampled, limits: limits, period: period,
      factor: factor)
    return (resampled, points, deviation)
  }

  private mutating func stretch(until tolerance: Double) throws(UnsafeMotion) {
    func isKept(_ deviation: Deviation) -> Bool {
      deviation.joints.allSatisfy { $0.greatest <= tolerance }
    }
    var (low, high) = (1.0, 1.0)
    while !isKept(deviation), let reached = deviation.greatest {
      low = high
      high *= 2
      guard high <= greatestStretch else {
        throw .toleranceUnreachable(tolerance: tolerance, reached: reached, factor: low)
      }
      (resampled, controlPoints, deviation) = try Self.solve(
        motion, limits, period, factor: high, atRest)
    }
    // The deviation need not fall evenly, but what is kept was found to be within tolerance.
    while high > low * 1.01 {
      let factor = (low + high) / 2
      let found = try Self.solve(motion, limits, period, factor: factor, atRest)
      if isKept(found.2) {
        (resampled, controlPoints, deviation) = found
        high = factor
      } else {
        low = factor
      }
    }
  }
}
