public import Kinematics

extension SafetyLimits {
  /// The limits of a robot's configuration, those of its mimic joints folded in.
  public init(robot: Robot) throws(UnsafeMotion) {
    let joints = robot.configurationJoints.map { robot.joints[$0] }
    try self.init(
      names: joints.map(\.name), limits: robot.foldedLimits,
      continuous: joints.map { $0.kind == .continuous }, angular: joints.map(\.isAngular),
      coupled: robot.coupledLimits)
  }
}

extension RobotIdentity {
  /// What a trajectory's file says about this robot.
  public init(_ robot: Robot) {
    self.init(name: robot.name, fingerprint: robot.fingerprint)
  }
}
