import Foundation
import Kinematics
import Testing
import Trajectories

@testable import Streaming

/// A robot that ships, a trajectory for it, and a simulated device of its kind.
struct ShippedRobot {
  let robot: Robot
  let wiring: Wiring
  let limits: SafetyLimits

  init(_ name: String) throws {
    robot = try Robot.named(name)
    wiring = try Wiring(of: robot)
    limits = try SafetyLimits(robot: robot)
  }

  /// Slow waves of each joint around its park pose, or around the middle.
  func waves(seconds: Double, reach: Double = 0.3) throws -> SafeTrajectory {
    let middle = SimulatedDevices.standingPose(of: wiring)
    var positions: [Double] = []
    for frame in 0..<Int(seconds * 50) {
      for (joint, limit) in limits.coordinates.enumerated() {
        let wave = reach * sin(2 * .pi * (0.2 + 0.02 * Double(joint)) * Double(frame) / 50)
        positions.append(
          min(max(middle[joint] + wave, limit.lower.value), limit.upper.value))
      }
    }
    return try compile(
      JointMotion(
        name: "waves", jointNames: limits.jointNames, frameRate: 50, positions: positions),
      within: limits, robot: RobotIdentity(robot))
  }

  func line(_ options: SessionOptions, seconds: Double, kind: SimulatedKind? = nil) throws
    -> VirtualLine
  {
    let session = try Session(
      .play(try waves(seconds: seconds)), limits: limits, robot: RobotIdentity(robot),
      driver: try Drivers.make(for: wiring), options: options)
    let device = try SimulatedDevices.make(
      kind ?? SimulatedKind(for: wiring.device), wiring: wiring,
      pose: SimulatedDevices.standingPose(of: wiring))
    return VirtualLine(session: session, device: device, link: FaultyLink())
  }
}

@Suite("Whole sessions with the robots that ship")
struct SessionRobotTests {
  @Test("Each of them is streamed to, follows, and holds at the end", arguments: ["robotis_op3"])
  func streams(name: String) throws {
    var line = try ShippedRobot(name).line(.going, seconds: 10)
    line.run(until: 120)
    let report = line.session.report
    #expect(report.ending == .completed)
    #expect(report.robot == .holding)
    let error = try #require(report.followingError) * 180 / .pi
    #expect(error <= 0.5, "\(error)°")
    #expect(report.framesSkipped == 0)
  }
}
