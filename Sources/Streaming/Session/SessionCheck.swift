import Kinematics
public import Trajectories

/// The task of a session.
public enum SessionTask: Sendable {
  /// Move to the first frame and follow the trajectory.
  case play(SafeTrajectory)
  /// Move to a pose [rad or m]; a joint with nil stays where it is.
  case move([Double?])
}

/// The reason why a session cannot be created; nothing was sent.
public enum SessionRefusal: Error, Sendable, Equatable, CustomStringConvertible {
  /// The motion is not safe for this robot.
  case unsafe(UnsafeMotion)
  /// The trajectory does not name the robot for which it was compiled.
  case noFingerprint(trajectory: String, robot: RobotIdentity)
  /// The trajectory begins or ends in motion, which a robot at rest cannot.
  case notAtRest(trajectory: String)
  /// The motors or the wiring cannot carry out the task.
  case wiring(String)
  /// An option is invalid.
  case option(String)

  /// The sentence for the user.
  public var description: String {
    switch self {
    case .unsafe(let error): error.description
    case .notAtRest(let trajectory):
      "trajectory '\(trajectory)' begins or ends in motion: no robot can follow it from rest; "
        + "compile it with --start-at-rest on"
    case .noFingerprint(let trajectory, let robot):
      "trajectory '\(trajectory)' does not say which robot's description it was compiled for: found "
        + "no 'robot_sha256', expected that of '\(robot.name)' (SHA-256 "
        + "\(robot.fingerprint.prefix(12))…), which 'motionc compile MOTION --robot ROBOT' writes"
    case .wiring(let text), .option(let text): text
    }
  }
}

/// Checks everything that can be checked before anything is sent.
struct SessionCheck {
  let limits: SafetyLimits
  let robot: RobotIdentity
  let wiring: Wiring
  let options: SessionOptions

  /// Returns the task with its trajectory verified again within this robot's limits.
  ///
  /// A target pose passes the gate, which clamps a position that is slightly outside its limit.
  func checked(
    _ task: SessionTask, _ gate: inout CommandGate
  ) throws(SessionRefusal) -> SessionTask {
    try checkOptions()
    try checkJoints()
    let expected = limits.jointNames
    if options.park {
      guard let park = wiring.park, park.count == expected.count else {
        throw .wiring("the wiring of '\(wiring.robot)' has no pose to park in")
      }
      try checkPose(park.map { $0 }, "the park pose")
    }
    switch task {
    case .play(let trajectory): return .play(try checked(trajectory))
    case .move(let pose):
      guard pose.count == expected.count else {
        throw .wiring("the pose has \(pose.count) joints, the robot has \(expected.count)")
      }
      let isRejected = pose.enumerated().contains { index, position in
        position.map { gate.band(of: $0, joint: index) == .reject } ?? false
      }
      let admitted = gate.admit(pose)
      try checkPose(isRejected ? pose : admitted, "the pose asked for")
      return .move(admitted)
    }
  }

  /// Returns the robot's limits, narrowed to the range of its motors.
  ///
  /// A calibration can reduce the range of a motor. Planned moves then stay within both; the
  /// trajectory itself was already checked against the motors.
  func narrowed() throws(SessionRefusal) -> SafetyLimits {
    try checkJoints()
    let coordinates = zip(limits.coordinates, wiring.motors).map { limit, motor in
      var limit = limit
      if motor.limits.lowerBound > limit.lower.value {
        limit.lower = SourcedLimit(motor.limits.lowerBound, source: "wiring")
      }
      if motor.limits.upperBound < limit.upper.value {
        limit.upper = SourcedLimit(motor.limits.upperBound, source: "wiring")
      }
      if motor.velocityLimit < limit.velocity.value {
        limit.velocity = SourcedLimit(motor.velocityLimit, source: "wiring")
      }
      return limit
    }
    do { return try SafetyLimits(coordinates: coordinates, coupled: limits.coupled) } catch {
      throw .unsafe(error)
    }
  }

  private func checkJoints() throws(SessionRefusal) {
    let (found, expected) = (wiring.motors.map(\.joint), limits.jointNames)
    guard found == expected else {
      throw .wiring(
        "the wiring is of the joints \(found.joined(separator: ", ")), "
          + "the robot '\(robot.name)' has \(expected.joined(separator: ", "))")
    }
  }

  private func checkOptions() throws(SessionRefusal) {
    let rate = options.rate ?? 1
    guard 0 < options.speed, options.speed <= 1 else {
      throw .option(
        "the speed of \(options.speed) is not above 0 and at most 1, what the limits were proven for"
      )
    }
    guard 0 < options.softStart, options.softStart <= 1 else {
      throw .option("the soft start's share of \(options.softStart) is not above 0 and at most 1")
    }
    guard 1 <= rate, rate <= 1000 else {
      throw .option("the rate of \(rate) Hz is not within 1 to 1000 Hz")
    }
    if let after = options.restAfter {
      guard wiring.device.canLowerTorque else {
        throw .option(
          "the motors of driver '\(wiring.device.rawValue)' cannot lower their torque at rest")
      }
      guard 1 <= after, after <= 86_400 else {
        throw .option("the rest after \(after) s is not within 1 s and a day")
      }
    }
    guard 1 <= options.loops else {
      throw .option("\(options.loops) loops cannot be played, expected at least 1")
    }
    guard 0 < options.followingLimit, options.followingLimit <= 2 * .pi else {
      throw .option("the following limit of \(options.followingLimit) rad is not within 0 to 2π")
    }
    guard 1 <= options.followingReadBacks, 0 <= options.leastMove, options.leastMove <= 60,
      0 <= options.measuredTolerance, options.measuredTolerance <= 0.1
    else {
      throw .option(
        "the session needs at least one read-back, moves of 0 to 60 s, and a tolerance of 0 to 0.1")
    }
  }

  private func checkPose(_ pose: [Double?], _ what: String) throws(SessionRefusal) {
    for (index, limit) in limits.coordinates.enumerated() {
      guard let position = pose[index] else { continue }
      let (lower, upper) = (limit.lower.value, limit.upper.value)
      guard lower <= position, position <= upper, position.isFinite else {
        throw .wiring(
          "\(what) has joint '\(limit.name)' at \(limit.text(position)), "
            + "expected \(limit.text(lower)) to \(limit.text(upper))")
      }
      try checkMotor(index, position, what)
    }
  }

  /// Checks the control points: the curve lies in their convex hull, and its derivative in that of
  /// their differences.
  private func checked(_ trajectory: SafeTrajectory) throws(SessionRefusal) -> SafeTrajectory {
    // Two robots may have the same limits; only the fingerprint identifies the robot.
    guard trajectory.robotFingerprint?.isEmpty == false else {
      throw .noFingerprint(trajectory: trajectory.name, robot: robot)
    }
    guard trajectory.isAtRestAtEnds else { throw .notAtRest(trajectory: trajectory.name) }
    let verified: SafeTrajectory
    do { verified = try trajectory.verified(within: limits, robot: robot) } catch {
      throw .unsafe(error)
    }
    let joints = wiring.motors.count
    for (index, point) in verified.controlPoints.enumerated() {
      try checkMotor(index % joints, point, "trajectory '\(verified.name)'")
      guard index >= joints else { continue }
      let motor = wiring.motors[index % joints]
      let speed = abs(point - verified.controlPoints[index - joints]) / verified.period
      guard speed * options.speed <= motor.velocityLimit * (1 + 1e-9) else {
        throw .wiring(
          "trajectory '\(verified.name)': joint '\(motor.joint)' moves with up to "
            + "\(speed * options.speed) rad/s, its motor with at most \(motor.velocityLimit)")
      }
    }
    return verified
  }

  private func checkMotor(_ index: Int, _ position: Double, _ what: String) throws(SessionRefusal) {
    let motor = wiring.motors[index]
    let raw = motor.raw(position)
    guard motor.holds(position) else {
      throw .wiring(
        "\(what): joint '\(motor.joint)' at \(limits.coordinates[index].text(position)) is register "
          + "value \(raw) of motor \(motor.id), expected \(motor.range.lowerBound) to "
          + "\(motor.range.upperBound) and \(motor.limits.lowerBound) to "
          + "\(motor.limits.upperBound) of the joint")
    }
  }
}

extension Wiring.Motor {
  /// Whether a position is within the joint's limits and, rounded, within the register's range.
  func holds(_ position: Double) -> Bool {
    let (value, slack) = (raw(position), 1e-9)
    return limits.lowerBound - slack <= position && position <= limits.upperBound + slack
      && range.lowerBound - 0.5 <= value && value <= range.upperBound + 0.5
  }
}

extension SafetyLimits.Coordinate {
  /// A position in degrees or metres, for messages.
  func text(_ position: Double) -> String {
    guard isAngular else { return "\((position * 1e5).rounded() / 1e5) m" }
    return "\((position * 180 / .pi * 100).rounded() / 100)°"
  }
}
