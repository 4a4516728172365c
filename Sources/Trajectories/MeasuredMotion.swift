import Geometry
public import Kinematics

extension SafeTrajectory {
  /// The curve through a motion's frames under no limit, for measuring what another program made.
  ///
  /// Joints and base follow natural cubic B-splines through the frames, at the motion's own rate and
  /// speed; a base that turns by more than 1 rad from one control point to the next goes from frame to
  /// frame in straight lines. There are no limits that bind: whoever streams verifies again within the robot's, and refuses what is
  /// not at rest at both ends.
  ///
  /// - Throws: `UnsafeMotion` where the motion has no frames or no numbers.
  public static func unlimited(
    through motion: JointMotion, robot: RobotIdentity, isAngular: [Bool]
  ) throws(UnsafeMotion) -> SafeTrajectory {
    let joints = motion.jointNames.count
    precondition(isAngular.count == joints, "\(isAngular.count) kinds of \(joints) joints")
    guard joints > 0, motion.frameCount > 0, motion.frameRate > 0, motion.frameRate < .infinity,
      motion.positions.allSatisfy(\.isFinite),
      motion.root?.translations.count ?? motion.frameCount == motion.frameCount
    else {
      throw .motionInvalid(
        motion: motion.name, reason: "its frames, its rate or its numbers are none")
    }
    let endless = SourcedLimit(.infinity, source: SafetyLimits.notGiven)
    // Velocities must be limited somewhere.
    let fastest = SourcedLimit(1e12, source: SafetyLimits.notGiven)
    let limits = try SafetyLimits(
      coordinates: zip(motion.jointNames, isAngular).map { name, isAngular in
        SafetyLimits.Coordinate(
          name: name, isAngular: isAngular,
          lower: SourcedLimit(-.infinity, source: SafetyLimits.notGiven), upper: endless,
          velocity: fastest, acceleration: endless, jerk: endless)
      },
      base: BaseLimits(
        speed: endless, acceleration: endless, turningRate: endless, turningAcceleration: endless))
    let points = NaturalSpline.controlPoints(through: motion.positions, columns: joints)
    func trajectory(_ base: BaseCurve?) throws(UnsafeMotion) -> SafeTrajectory {
      try SafeTrajectory(
        verifying: points, name: motion.name, period: 1 / motion.frameRate, limits: limits,
        base: base, root: motion.root, atRest: false, robot: robot, speed: 1, stretch: 1,
        provenance: motion.provenance, deviation: nil)
    }
    guard let root = motion.root else { return try trajectory(nil) }
    do { return try trajectory(BaseCurve(through: root, period: 1 / motion.frameRate)) } catch {
      guard case .violation = error else { throw error }
      return try trajectory(nil)
    }
  }
}

extension BaseCurve {
  /// The curve through the poses of frames.
  init(through root: JointMotion.Root, period: Double) {
    let places = NaturalSpline.controlPoints(
      through: root.translations.flatMap { [$0.x, $0.y, $0.z] }, columns: 3)
    self.init(
      places: stride(from: 0, to: places.count, by: 3).map {
        [places[$0], places[$0 + 1], places[$0 + 2]]
      },
      rotations: NaturalSpline.controlPoints(through: root.rotations), period: period)
  }
}

/// Uniform cubic B-splines through samples, without acceleration at both ends.
enum NaturalSpline {
  /// Control points [sample + 2, column] through samples [sample, column]; at least one.
  static func controlPoints(through samples: [Double], columns: Int) -> [Double] {
    let count = samples.count / columns
    var points = [Double](repeating: 0, count: (count + 2) * columns)
    // Gauss elimination of c[i − 1] + 4 c[i] + c[i + 1] = 6 p[i]; c = p at both ends.
    var factors = [Double](repeating: 0, count: count)
    for column in 0..<columns {
      func sample(_ index: Int) -> Double { samples[index * columns + column] }
      var values = (0..<count).map(sample)
      for index in 1..<max(1, count - 1) {
        let pivot = 4 - factors[index - 1]
        factors[index] = 1 / pivot
        values[index] = (6 * sample(index) - values[index - 1]) / pivot
      }
      for index in (1..<max(1, count - 1)).reversed() {
        values[index] -= factors[index] * values[index + 1]
      }
      for index in 0..<count { points[(index + 1) * columns + column] = values[index] }
      let (next, last) = (min(1, count - 1), max(0, count - 2))
      points[column] = 2 * values[0] - values[next]
      points[(count + 1) * columns + column] = 2 * values[count - 1] - values[last]
    }
    return points
  }

  /// Control points of a cumulative spline of rotations through samples; at least one.
  ///
  /// What the curve misses is added until it misses nothing: each round leaves less than 2/3 of it.
  static func controlPoints(through samples: [Quaternion]) -> [Quaternion] {
    var inner = samples
    for _ in 0..<rounds {
      let curve = BaseCurve(
        places: [Vector3](repeating: .zero, count: samples.count + 2), rotations: extended(inner),
        period: 1)
      var missed = 0.0
      for index in samples.indices {
        let found = curve.pose(at: Double(index)).rotation
        let step = BaseCurve.step(found, samples[index])
        missed = max(missed, step.length)
        inner[index] = (inner[index] * Quaternion(rotationVector: step)).normalized
      }
      guard missed > 1e-9 else { break }
    }
    return extended(inner)
  }

  private static let rounds = 80

  private static func extended(_ inner: [Quaternion]) -> [Quaternion] {
    let last = inner.count - 1
    let before = BaseCurve.step(inner[min(1, last)], inner[0])
    let after = BaseCurve.step(inner[max(0, last - 1)], inner[last])
    return [(inner[0] * Quaternion(rotationVector: before)).normalized] + inner
      + [(inner[last] * Quaternion(rotationVector: after)).normalized]
  }
}
