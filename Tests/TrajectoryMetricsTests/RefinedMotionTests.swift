import Foundation
import Geometry
import Kinematics
import Motions
import Retargeting
import TestSupport
import Testing
import Trajectories

@testable import TrajectoryMetrics

/// Refined motions, judged by the report's own measures after the limit program.
@Suite("Refined motions, measured")
struct RefinedMotionTests {
  private struct Figures {
    var slip: Double, slipMax: Double, depth: Double, floating: Double, touching: Double
    var distance: Double, acceleration: Double, least: Double, held: Double, heldMax: Double

    init(_ report: MotionReport) throws {
      func value(_ name: String) throws -> Double {
        try #require(report.figure(name)?.value, "\(name)")
      }
      slip = try value("stance.slip_mean")
      slipMax = try value("stance.slip_max")
      depth = try value("stance.penetration_max")
      floating = try value("stance.floating_share_30mm")
      touching = try value("collision.touching_share")
      least = try value("collision.distance_min")
      distance = try value("likeness.link_mean_without_feet")
      acceleration = try value("smoothness.acceleration_rms")
      held = try value("stance.held_share")
      heldMax = report.figure("stance.held_slip_max")?.value ?? 0
    }
  }

  private func figures(
    _ robot: Robot, _ clip: MotionClip, _ effort: RefinementEffort
  ) throws -> Figures {
    let retargeter = try InverseKinematicsRetargeter(
      robot: robot, mapping: Mapping.shipped(for: robot.folderName))
    let trajectory = try compile(
      retargeter.retarget(clip, refining: effort), within: SafetyLimits(robot: robot),
      robot: RobotIdentity(robot)
    ).keepingFootholds(of: robot)
    return try Figures(
      ReportSubject(trajectory, robot: robot, person: Person(clip)).measured())
  }

  @Test(
    "Feet stand still on the ground, the robot does not touch itself, and it moves more calmly",
    arguments: ["unitree_g1", "robotis_op3"], ["walk", "squat", "wave"])
  func laws(name: String, motion: String) throws {
    let robot = try Robot.named(name)
    let path = SharedData.checkout.appending(path: "Examples/Motions/\(motion).bvh").path
    let clip = try MotionFile.read(path).clip
    let plain = try figures(robot, clip, .off)
    #expect(plain.held == 0)
    for effort in [RefinementEffort.fast, .full] {
      let refined = try figures(robot, clip, effort)
      #expect(refined.slip <= 0.01, "\(effort)")
      #expect(refined.slipMax <= max(0.2, 0.1 * plain.slipMax), "\(effort)")
      #expect(refined.depth <= 3, "\(effort)")
      #expect(refined.floating == 0, "\(effort)")
      #expect(refined.held >= 0.9 && refined.heldMax <= 0.06, "\(effort)")
      #expect(refined.distance <= plain.distance + 5, "\(effort)")
      #expect(refined.acceleration <= 1.05 * plain.acceleration, "\(effort)")
      if effort == .full { #expect(refined.touching == 0) }
    }
  }

  @Test("Limits that a curve was not compiled for are measured as those that it was")
  func shares() throws {
    let robot = try Robot.named("unitree_g1")
    let path = SharedData.checkout.appending(path: "Examples/Motions/walk.bvh").path
    let retargeter = try InverseKinematicsRetargeter(
      robot: robot, mapping: Mapping.shipped(for: robot.folderName))
    let limits = try SafetyLimits(robot: robot)
    let trajectory = try compile(
      retargeter.retarget(MotionFile.read(path).clip, refining: .fast), within: limits,
      robot: RobotIdentity(robot))
    let own = ReportSubject(trajectory, robot: robot).measured()
    let against = ReportSubject(trajectory, robot: robot, limits: limits).measured()
    for quantity in TrajectoryVerifier.Quantity.allCases where quantity != .coupled {
      let name = "limits.\(quantity.rawValue)"
      let (proven, measured) = (
        try #require(own.figure(name)?.value), try #require(against.figure(name)?.value)
      )
      // Of the angular acceleration the proof has a bound, and accelerations peak between instants.
      let least = quantity == .baseTurningAcceleration ? 0.5 : 0.96
      #expect(measured <= proven * 1.001 && measured >= least * proven, "\(name): \(measured)")
    }
  }

  /// A shipped motion with limbs turned inward about the body's forward axis.
  private func clip(
    _ motion: String, inward angle: Double, _ left: Skeleton.Joint, _ right: Skeleton.Joint
  ) throws -> MotionClip {
    let path = SharedData.checkout.appending(path: "Examples/Motions/\(motion).bvh").path
    var clip = try MotionFile.read(path).clip
    for frame in 0..<clip.frameCount {
      for (joint, turn) in [(left, -angle), (right, angle)] {
        let index = frame * Skeleton.jointCount + joint.rawValue
        clip.rotations[index] = Quaternion(angle: turn, axis: .unitZ) * clip.rotations[index]
      }
    }
    return clip
  }

  // Of these hands nearest points and shortest ways lead nowhere: they go back to their own side.
  @Test(
    "Hands that swing through the hips go beside them, and feet still stand",
    arguments: [0.2, 0.35])
  func hands(angle: Double) throws {
    let robot = try Robot.named("unitree_g1")
    let clip = try clip("walk", inward: angle, .leftShoulder, .rightShoulder)
    let plain = try figures(robot, clip, .off)
    #expect(plain.touching > 0.1)
    #expect(plain.least < -30)
    let refined = try figures(robot, clip, .full)
    #expect(refined.touching == 0)
    #expect(refined.least > 0)
    #expect(refined.held > 0.95)
  }

  // Thin soles that overlap have crossing capsules, whose nearest points do not tell a way out.
  @Test("Soles that are in each other stand beside each other", arguments: [0.1, 0.15])
  func soles(angle: Double) throws {
    let robot = try Robot.named("robotis_op3")
    let clip = try clip("wave", inward: angle, .leftHip, .rightHip)
    #expect(try figures(robot, clip, .off).touching > 0.5)
    let refined = try figures(robot, clip, .full)
    #expect(refined.touching == 0)
    #expect(refined.least > 0)
  }
}
