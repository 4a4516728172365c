public import Geometry
public import Kinematics

/// A robot trajectory verified to keep every limit: a uniform cubic B-spline for each joint.
///
/// Only the verifier makes them: `compile` from motions, `SafeTrajectory(contentsOf:)` from files.
/// Sample i, at `i · period`, is `(c[i] + 4 c[i+1] + c[i+2]) / 6` of the control points c; unless
/// `mayMoveAtEnds`, the trajectory is at rest at both ends.
public struct SafeTrajectory: Sendable {
  /// The trajectory's name.
  public let name: String
  /// Control points [sample + 2, joint], radians or metres.
  public let controlPoints: [Double]
  /// The time between samples [s].
  public let period: Double
  /// The limits that it was verified to keep.
  public let limits: SafetyLimits
  /// The path of a floating base, verified like the joints; nil where there is none, or in an older
  /// file, which has only `root`.
  public let base: BaseCurve?
  /// Whether it was compiled to begin and end at the motion's own speed.
  ///
  /// Such a trajectory moves robots only where it is at rest at both ends all the same
  /// (`isAtRestAtEnds`).
  public let mayMoveAtEnds: Bool
  /// The pose of a floating base at each sample.
  public let root: JointMotion.Root?
  /// The robot's name, where it is known.
  public let robotName: String?
  /// The SHA-256 of the robot's description in hexadecimal, where it is known.
  public let robotFingerprint: String?
  /// The SHA-256 of the limits of the robot that it was compiled for (`SafetyLimits.fingerprint`),
  /// where it is known; `limits` may be others by now.
  public let robotLimitsFingerprint: String?
  /// How many times faster than it was recorded the motion was asked for; nil where an older file
  /// does not say.
  public let speed: Double?
  /// How many times slower than that the trajectory is, for `Timing.stretch`; nil where an older
  /// file does not say.
  public let stretch: Double?
  /// The provenance of the motion (source file, model, seed, tool version …).
  public let provenance: [String: String]
  /// The verifier's report.
  public let verification: TrajectoryVerifier.Report
  /// The deviation of the trajectory from the motion, as compile measured it; nil for one read from
  /// an older file, which does not say.
  public let deviation: Deviation?
  /// When and where feet are held on the ground [s, m].
  ///
  /// The refinement chose them before the limits were kept: `keepingFootholds` leaves those out
  /// that the trajectory does not keep.
  public internal(set) var footholds: [Foothold]
  /// What was checked when it was compiled, beside the limits; nil where nothing is known of that.
  public internal(set) var checks: TrajectoryChecks?

  /// Verifies control points and makes a trajectory of them.
  ///
  /// `root` is that of a file whose base has no curve; otherwise it is the curve's.
  init(
    verifying controlPoints: [Double], name: String, period: Double, limits: SafetyLimits,
    base: BaseCurve?, root: JointMotion.Root? = nil, atRest: Bool = true, robot: RobotIdentity?,
    speed: Double?,
    stretch: Double?,
    provenance: [String: String], deviation: Deviation?, footholds: [Foothold] = [],
    checks: TrajectoryChecks? = nil
  ) throws(UnsafeMotion) {
    do {
      verification = try TrajectoryVerifier.verify(
        controlPoints: controlPoints, base: base, period: period, limits: limits, atRest: atRest)
    } catch {
      throw .violation(error)
    }
    self.name = name
    self.controlPoints = controlPoints
    self.period = period
    self.limits = limits
    self.base = base
    mayMoveAtEnds = !atRest
    self.root =
      base.map {
        let samples = $0.samples
        return JointMotion.Root(translations: samples.translations, rotations: samples.rotations)
      } ?? root
    robotName = robot?.name
    robotFingerprint = robot?.fingerprint
    robotLimitsFingerprint = robot.flatMap {
      $0.limitsFingerprint.isEmpty ? nil : $0.limitsFingerprint
    }
    (self.speed, self.stretch) = (speed, stretch)
    self.provenance = provenance
    self.deviation = deviation
    (self.footholds, self.checks) = (footholds, checks)
  }

  /// Whether it was compiled for other limits than these, as far as its file says.
  public func wasCompiled(forLimitsOtherThan robot: RobotIdentity) -> Bool {
    (robotLimitsFingerprint ?? limits.fingerprint) != robot.limitsFingerprint
  }

  /// The names of the joints, in the order of the robot's configuration.
  public var jointNames: [String] { limits.jointNames }

  /// The number of samples, one more than there are periods.
  public var sampleCount: Int { controlPoints.count / limits.coordinates.count - 2 }

  /// The duration from the first sample to the last [s].
  public var duration: Double { Double(sampleCount - 1) * period }

  /// Whether joints and base are at rest at both ends.
  public var isAtRestAtEnds: Bool {
    let (joints, last) = (limits.coordinates.count, sampleCount - 1)
    return [0, last].allSatisfy { end in
      [end, end + 1].allSatisfy { point in
        controlPoints[(point * joints)..<((point + 1) * joints)]
          .elementsEqual(controlPoints[((point + 1) * joints)..<((point + 2) * joints)])
          && base.map {
            $0.places[point] == $0.places[point + 1]
              && $0.rotations[point] == $0.rotations[point + 1]
          } ?? true
      }
    }
  }
}

extension SafeTrajectory {
  /// The state of all joints at an instant.
  public struct State: Sendable, Hashable {
    /// Positions [rad or m].
    public var positions: [Double]
    /// Velocities [rad/s or m/s].
    public var velocities: [Double]
    /// Accelerations [rad/s² or m/s²].
    public var accelerations: [Double]
    /// Jerks [rad/s³ or m/s³], constant in each period.
    public var jerks: [Double]
  }

  /// The state at a time [s]; before the start and after the end that of the nearer end.
  public func state(at time: Double) -> State {
    let joints = limits.coordinates.count
    let (place, pieces) = (time / period, sampleCount - 1)
    let resting = !(place > 0) || place >= Double(pieces)
    let piece = resting ? (place > 0 ? max(0, pieces - 1) : 0) : Int(place)
    let u = resting ? (place > 0 && pieces > 0 ? 1.0 : 0) : place - Double(piece)
    var state = State(positions: [], velocities: [], accelerations: [], jerks: [])
    let v = 1 - u
    for j in 0..<joints {
      func c(_ i: Int) -> Double { controlPoints[min(piece + i, sampleCount + 1) * joints + j] }
      let (d0, d1, d2) = (c(1) - c(0), c(2) - c(1), c(3) - c(2))
      // The weights sum to one, so that a constant stays exactly what it is.
      let offset =
        (v * v * v * (c(0) - c(1)) + (4 + v * v * (3 * v - 6)) * (c(2) - c(1))
          + u * u * u * (c(3) - c(1))) / 6
      state.positions.append(c(1) + offset)
      state.velocities.append((v * v * d0 + (1 + 2 * u * v) * d1 + u * u * d2) / (2 * period))
      state.accelerations.append((v * (d1 - d0) + u * (d2 - d1)) / (period * period))
      state.jerks.append(
        resting ? 0 : ((d2 - d1) - (d1 - d0)) / (period * period * period))
    }
    return state
  }

  /// The floating base's pose at a time [s], if any: on its curve, or in an older file between samples
  /// in straight lines.
  public func rootPose(at time: Double) -> Pose? {
    if let base { return base.pose(at: time) }
    guard let root, let last = root.translations.indices.last else { return nil }
    let place = min(max(0, time / period), Double(last))
    let from = Int(place)
    let to = min(from + 1, last)
    let share = place - Double(from)
    return Pose(
      rotation: root.rotations[from].interpolated(to: root.rotations[to], fraction: share),
      translation: root.translations[from]
        + share * (root.translations[to] - root.translations[from]))
  }
}

extension SafeTrajectory {
  /// What is under no limit, for the user to know: "jerk of 'left', 'right'" or, where it is of
  /// more than three joints, "acceleration of 29 joints".
  public var unlimitedQuantities: [String] {
    typealias Coordinate = SafetyLimits.Coordinate
    let quantities: [(String, (Coordinate) -> Bool)] = [
      ("position", { $0.lower.value == -.infinity || $0.upper.value == .infinity }),
      ("acceleration", { $0.acceleration.value == .infinity }),
      ("jerk", { $0.jerk.value == .infinity }),
    ]
    return quantities.compactMap { quantity, isUnlimited in
      let names = limits.coordinates.filter(isUnlimited).map(\.name)
      guard !names.isEmpty else { return nil }
      let joints =
        names.count > 3
        ? "\(names.count) joints" : names.map { "'\($0)'" }.joined(separator: ", ")
      return "\(quantity) of \(joints)"
    }
  }
}
