import Foundation
import Kinematics
import MotionModels
import Motions
import Retargeting
import Testing
import Trajectories

@testable import Streaming

/// From noise to a humanoid's motors: motion is sampled, retargeted by the mapping that ships, compiled
/// and streamed to 20 simulated Dynamixel motors, and every byte on the wire is judged.
@Suite("Sampled motion on the OP3's motors")
struct SampledMotionTests {
  /// The greatest root mean square of what the motors lag behind, at the lag that fits best [degrees].
  private static let following = 0.5

  /// Trajectories of sampled walks.
  private func trajectories(_ robot: Robot) throws -> [SafeTrajectory] {
    var request = MotionRequest()
    request.action = "walk"
    request.frames = 90
    request.count = 2
    let retargeter = try InverseKinematicsRetargeter(
      robot: robot, mapping: .shipped(for: robot.folderName))
    return try Generator.shipped().sample(request, threads: 1).map { clip in
      try compile(
        try retargeter.retarget(clip), within: SafetyLimits(robot: robot),
        robot: RobotIdentity(robot))
    }
  }

  @Test(
    "They follow within half a degree, no limit is broken, and the observer of the bytes is silent")
  func streams() throws {
    let robot = try Robot.named("robotis_op3")
    let op3 = try ShippedRobot("robotis_op3")
    for trajectory in try trajectories(robot) {
      #expect(trajectory.verification.uses.allSatisfy { $0.share <= 1 + 1e-9 })
      let pose = SimulatedDevices.standingPose(of: op3.wiring)
      var line = VirtualSession(
        session: try Session(
          .play(trajectory), limits: op3.limits, robot: op3.robot,
          driver: Drivers.make(for: op3.wiring), options: .going),
        device: SimulatedDevices.make(.dynamixel2, wiring: op3.wiring, pose: pose),
        link: FaultyLink())
      line.run(until: 120)
      let report = line.session.report
      #expect(report.ending == .completed && report.robot == .holding)
      #expect(report.framesSkipped == 0 && report.framesSent > 300)
      let error = try #require(report.followingError) * 180 / .pi
      #expect(error <= Self.following, "\(error)°")
      let observer = judge(line, op3.wiring, pose)
      #expect(observer.violations.isEmpty, "\(observer.violations.prefix(5))")
      #expect(observer.goalCount > 20 * 300)
    }
  }

  /// What the observer makes of every byte that was sent to the motors.
  private func judge(_ line: VirtualSession, _ wiring: Wiring, _ pose: [Double]) -> WireJudge {
    var circumstances = WireJudge.Circumstances(
      rest: zip(wiring.motors, pose).map { $0.raw($1) }, slack: 1.5 / 100, rounding: 0.5)
    circumstances.torqueLimit = 885
    circumstances.mustCap = true
    return WireJudge.judge(
      line.recorded.filter(\.isToDevice).map { ($0.time, $0.bytes) }, wiring: wiring,
      circumstances: circumstances)
  }
}
