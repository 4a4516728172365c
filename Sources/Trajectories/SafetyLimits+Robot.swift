import Files
public import Kinematics

extension SafetyLimits {
  /// The limits of a robot's configuration, those of its mimic joints folded in.
  public init(robot: Robot) throws(UnsafeMotion) {
    let joints = robot.configurationJoints.map { robot.joints[$0] }
    try self.init(
      names: joints.map(\.name), limits: robot.foldedLimits,
      continuous: joints.map { $0.kind == .continuous }, angular: joints.map(\.isAngular),
      coupled: robot.coupledLimits, base: robot.baseLimits)
  }
}

extension SafetyLimits {
  /// The SHA-256 of all bounds, in hexadecimal: the same for the same limits, wherever they are from.
  public var fingerprint: String {
    let names = jointNames
    var lines = coordinates.map { limit in
      let bounds = [limit.lower, limit.upper, limit.velocity, limit.acceleration, limit.jerk]
      return "\(JSONText.quoted(limit.name)) \(limit.isAngular ? "rad" : "m") "
        + bounds.map { "\($0.value)" }.joined(separator: " ")
    }
    lines += coupled.map { limit in
      let terms = limit.terms.map { "\($0.factor) \(JSONText.quoted(names[$0.coordinate]))" }
      return "\(limit.lower) \(terms.joined(separator: " + ")) \(limit.upper)"
    }.sorted()
    // Robots that state none keep the fingerprint that they had.
    if base.values != BaseLimits.usual.values {
      lines.append("base " + base.values.map { "\($0)" }.joined(separator: " "))
    }
    return Fingerprint.sha256(Array(lines.joined(separator: "\n").utf8))
  }
}

extension RobotIdentity {
  /// What a trajectory's file says about this robot, with its effective limits as they are now.
  ///
  /// Limits that no trajectory can be proven to keep have no fingerprint.
  public init(_ robot: Robot) {
    self.init(
      name: robot.name, fingerprint: robot.fingerprint,
      limitsFingerprint: (try? SafetyLimits(robot: robot))?.fingerprint ?? "")
  }
}
