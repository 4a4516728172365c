import Foundation
import Kinematics
import Testing
import Trajectories

@testable import Streaming

/// A robot that ships, a trajectory for it, and a simulated device of its kind.
struct ShippedRobot {
  let robot: RobotIdentity
  let wiring: Wiring
  let limits: SafetyLimits

  init(_ name: String) throws {
    let robot = try Robot.named(name)
    self.robot = RobotIdentity(robot)
    wiring = try Wiring(of: robot)
    limits = try SafetyLimits(robot: robot)
  }

  /// A robot that is nothing but its motors.
  init(example: Wiring) throws {
    robot = RobotIdentity(name: example.robot, fingerprint: "example")
    wiring = example
    limits = try SafetyLimits(
      coordinates: example.motors.map { motor in
        func limit(_ value: Double) -> SourcedLimit { SourcedLimit(value, source: "test") }
        return SafetyLimits.Coordinate(
          name: motor.joint, lower: limit(motor.limits.lowerBound),
          upper: limit(motor.limits.upperBound), velocity: limit(motor.velocityLimit),
          acceleration: limit(5), jerk: limit(50))
      })
  }

  /// Slow waves of each joint around its park pose, or around the middle.
  func waves(seconds: Double, reach: Double = 0.2) throws -> SafeTrajectory {
    // Away from the limits, where the firmwares of one robot differ.
    let middle = zip(SimulatedDevices.standingPose(of: wiring), limits.coordinates).map {
      min(max($0, $1.lower.value + 2 * reach), $1.upper.value - 2 * reach)
    }
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
      within: limits, robot: robot)
  }

  func line(_ options: SessionOptions, seconds: Double, kind: SimulatedKind? = nil) throws
    -> VirtualSession
  {
    let session = try Session(
      .play(try waves(seconds: seconds)), limits: limits, robot: robot,
      driver: Drivers.make(for: wiring), options: options)
    let device = SimulatedDevices.make(
      kind ?? SimulatedKind(for: wiring.device), wiring: wiring,
      pose: SimulatedDevices.standingPose(of: wiring))
    return VirtualSession(session: session, device: device, link: FaultyLink())
  }
}

@Suite("Whole sessions with the robots that ship")
struct SessionRobotTests {
  @Test(
    "Each of them is streamed to, follows, and holds at the end",
    arguments: [
      ("robotis_op3", SimulatedKind.dynamixel2), ("uarm_swift_pro", .uarmV4),
      ("uarm_swift_pro", .uarmV3),
    ])
  func streams(name: String, kind: SimulatedKind) throws {
    var line = try ShippedRobot(name).line(.going, seconds: 10, kind: kind)
    line.run(until: 120)
    let report = line.session.report
    #expect(report.ending == .completed)
    #expect(report.robot == .holding)
    let error = try #require(report.followingError) * 180 / .pi
    #expect(error <= 0.5, "\(error)°")
    #expect(report.framesSkipped == 0)
  }

  /// These wait for one move before they take the next, so that they may be too slow; then they are
  /// stopped, and not led further astray.
  @Test(
    "Arms that take one move at a time arrive, or are stopped with a reason",
    arguments: [
      ("uarm_swift", SimulatedKind.uarmSwift), ("uarm_metal", .uarmMetal),
    ])
  func turns(name: String, kind: SimulatedKind) throws {
    var line = try ShippedRobot(name).line(.going, seconds: 10, kind: kind)
    line.run(until: 120)
    switch line.session.report.ending {
    case .completed: #expect(line.session.report.robot == .holding)
    case .fault: #expect(line.session.report.robot == .stopped)
    case let other: Issue.record("\(String(describing: other))")
    }
    #expect(line.session.report.framesSent > 0)
  }

  @Test(
    "Buses that no robot that ships has",
    arguments: [SimulatedKind.dynamixel1, .feetech, .lx16a])
  func examples(kind: SimulatedKind) throws {
    let wiring = try #require(kind.exampleWiring)
    let robot = try ShippedRobot(example: wiring)
    var line = try robot.line(.going, seconds: 10, kind: kind)
    line.run(until: 120)
    let report = line.session.report
    #expect(report.ending == .completed)
    let error = try #require(report.followingError) * 180 / .pi
    #expect(error <= 0.5, "\(error)°")
  }
}
