import Kinematics

@testable import Trajectories

/// A trajectory of a robot that does not matter here.
func compile(
  _ motion: JointMotion, within limits: SafetyLimits, timing: Timing = .keep,
  rate: Double? = nil, speed: Double = 1
) throws(UnsafeMotion) -> SafeTrajectory {
  try Trajectories.compile(
    motion, within: limits, timing: timing, rate: rate, speed: speed,
    robot: RobotIdentity(name: "made up", fingerprint: "abc"))
}
