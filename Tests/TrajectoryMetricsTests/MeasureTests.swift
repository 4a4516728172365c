import Foundation
import Geometry
import Kinematics
import Motions
import Retargeting
import Testing
import Trajectories

@testable import TrajectoryMetrics

@Suite("What a report measures, on motions of which it is known")
struct MeasureTests {
  private func value(_ report: MotionReport, _ name: String) throws -> Double {
    try #require(report.figure(name), "\(name)").value
  }

  @Test("A robot that stands still: nothing slips, sinks, floats or moves")
  func still() throws {
    let robot = try Standing.robot()
    let height = try Standing.height(robot)
    let trajectory = try Standing.trajectory(robot) { _ in [0, 0, height] }
    let report = ReportSubject(trajectory, robot: robot, person: Person(Standing.person()))
      .measured()
    for name in [
      "stance.slip_mean", "stance.slip_max", "stance.slip_frame_max", "stance.penetration_max",
      "stance.penetration_share_0mm", "stance.floating_share_10mm", "base.speed_max",
      "base.acceleration_max", "base.turning_max", "joints.step_max", "joints.jumps",
      "smoothness.acceleration_rms", "smoothness.link_acceleration_mean",
    ] {
      let found = try value(report, name)
      #expect(abs(found) < 1e-6, "\(name): \(found)")
    }
    #expect(report.standing.map { $0.count { $0 } } == [61, 61])
    // It holds itself: the centre of mass lies over the soles, and so does the zero-moment point.
    #expect(try value(report, "balance.com_margin_min") > 10)
    let difference =
      try value(report, "balance.com_margin_min") - value(report, "balance.zmp_margin_min")
    #expect(abs(difference) < 1e-3)
    #expect(try value(report, "torque.share_max") < 1)
  }

  @Test("Sunk by 7 mm and lifted by 20 mm, it is so found", arguments: [-0.007, 0.020])
  func height(_ offset: Double) throws {
    let robot = try Standing.robot()
    let height = try Standing.height(robot) + offset
    let trajectory = try Standing.trajectory(robot) { _ in [0, 0, height] }
    let report = ReportSubject(trajectory, robot: robot, person: Person(Standing.person()))
      .measured()
    let depth = try value(report, "stance.penetration_max")
    #expect(abs(depth - max(0, -1000 * offset)) < 1e-3, "\(depth)")
    #expect(try value(report, "stance.penetration_share_5mm") == (offset < 0 ? 1 : 0))
    #expect(try value(report, "stance.penetration_share_10mm") == 0)
    let floating = try value(report, "stance.floating_max")
    #expect(abs(floating - max(0, 1000 * offset)) < 1e-3, "\(floating)")
    #expect(try value(report, "stance.floating_share_10mm") == (offset > 0 ? 1 : 0))
    #expect(try value(report, "stance.floating_share_30mm") == 0)
  }

  @Test("Feet that are dragged slip as fast as the base moves, in a second and in a frame")
  func slip() throws {
    let robot = try Standing.robot()
    let height = try Standing.height(robot)
    let trajectory = try Standing.trajectory(robot) { frame in
      [0.1 * (1 - cos(Double(frame) / 60 * .pi)), 0, height]
    }
    let report = ReportSubject(trajectory, robot: robot, person: Person(Standing.person()))
      .measured()
    let steps = 240
    let places = (0...steps).compactMap {
      trajectory.rootPose(at: trajectory.duration * Double($0) / Double(steps))?.translation.x
    }
    let speeds = zip(places, places.dropFirst()).map {
      abs($1 - $0) * Double(steps) / trajectory.duration
    }
    let mean = speeds.reduce(0, +) / Double(steps)
    #expect(mean > 0.09)
    #expect(abs(try value(report, "stance.slip_mean") - mean) < 1e-6)
    #expect(abs(try value(report, "stance.slip_max") - (speeds.max() ?? 0)) < 1e-6)
    #expect(abs(try value(report, "stance.slip_frame_mean") - 1000 * mean / 30) < 1e-3)
    #expect(try value(report, "stance.field_sliding_share") == 0)
    #expect(try value(report, "base.speed_max") > 0.15)
  }

  @Test("Soles that are held are measured apart, for as long as they are, one foot and both")
  func held() throws {
    let robot = try Standing.robot()
    let height = try Standing.height(robot)
    func report(_ footholds: [Foothold]) throws -> MotionReport {
      let trajectory = try Standing.trajectory(robot, footholds: footholds) { frame in
        [0.1 * (1 - cos(Double(frame) / 60 * .pi)), 0, height]
      }
      return ReportSubject(trajectory, robot: robot, person: Person(Standing.person())).measured()
    }
    func foothold(_ side: String, _ start: Double, _ end: Double) -> Foothold {
      Foothold(
        link: "\(side)_ankle_roll_link", start: start, end: end,
        points: [Foothold.Point(inLink: .zero, inWorld: .zero)])
    }
    let none = try report([])
    #expect(try value(none, "stance.held_share") == 0)
    #expect(none.figure("stance.held_slip_mean") == nil)
    let all = try report([foothold("left", 0, 2), foothold("right", 0, 2)])
    #expect(try value(all, "stance.held_share") == 1)
    for name in ["mean", "p95", "max"] {
      #expect(try value(all, "stance.held_slip_\(name)") == value(all, "stance.slip_\(name)"))
    }
    // At the start nothing moves; two that meet and a third of another foot do not add up to more.
    let start = try report([
      foothold("left", 0, 0.25), foothold("left", 0.25, 0.5), foothold("left", 0, 0.5),
      foothold("other", 0, 2),
    ])
    #expect(abs(try value(start, "stance.held_share") - 0.125) < 1e-6)
    #expect(
      try value(start, "stance.held_slip_max") < 0.8 * value(start, "stance.slip_max"))
  }

  @Test("An arm that goes through the trunk is found, and when")
  func collision() throws {
    let robot = try Standing.robot()
    let height = try Standing.height(robot)
    let trajectory = try Standing.trajectory(
      robot, base: { _ in [0, 0, height] },
      joints: { frame in ["left_shoulder_roll_joint": -1.2 * sin(Double(frame) / 60 * .pi)] })
    let report = ReportSubject(trajectory, robot: robot).measured()
    let distance = try #require(report.figure("collision.distance_min"))
    #expect(distance.value < -10)
    #expect(abs((distance.time ?? 0) - 1) < 0.6, "\(distance)")
    #expect(distance.place?.contains("left_") == true, "\(distance)")
    let touching = try value(report, "collision.touching_share")
    #expect(touching > 0.2 && touching < 0.95, "\(touching)")
    #expect(report.clearance.count == 61 && report.clearance[0] > 0 && report.clearance[30] < 0)
  }

  @Test("Leaning beyond the toes puts the centre of mass outside of the soles")
  func balance() throws {
    let robot = try Standing.robot()
    let height = try Standing.height(robot)
    let pose = [
      "waist_pitch_joint": 0.5, "left_shoulder_pitch_joint": -1.5,
      "right_shoulder_pitch_joint": -1.5,
    ]
    let trajectory = try Standing.trajectory(
      robot, base: { _ in [0, 0, height] }, joints: { _ in pose })
    let upright = try Standing.trajectory(robot) { _ in [0, 0, height] }
    let leaning = ReportSubject(trajectory, robot: robot).measured()
    let still = ReportSubject(upright, robot: robot).measured()
    #expect(
      try value(leaning, "balance.com_margin_min") < value(still, "balance.com_margin_min") - 10)
    #expect(try value(leaning, "torque.hold_start") > value(still, "torque.hold_start"))
  }

  @Test("Links at their targets are at no distance; the person's turn and place change nothing")
  func likeness() throws {
    let robot = try Standing.robot()
    let height = try Standing.height(robot)
    let trajectory = try Standing.trajectory(robot) { _ in [0, 0, height] }
    var clip = Standing.person()
    let report = ReportSubject(trajectory, robot: robot, person: Person(clip)).measured()
    let subject = ReportSubject(trajectory, robot: robot, person: Person(clip))
    let targets = try #require(subject.targets)
    let wanted = targets.targets(of: Array(clip.rotations.prefix(Skeleton.jointCount)))
    let poses = robot.worldFromLinks([Double](repeating: 0, count: robot.coordinateCount))
    var (sum, weights) = (0.0, 0.0)
    for (row, point) in targets.weightedPoints.map({ targets.mapping.points[$0] }).enumerated() {
      let link = try robot.linkIndex(named: point.link)
      sum += point.weight * (poses[link].translation - wanted.positions[row]).length
      weights += point.weight
    }
    #expect(abs(try value(report, "likeness.link_mean") - 1000 * sum / weights) < 1e-3)
    #expect(try value(report, "likeness.trunk_max") < 1e-6)
    // A trunk that leans by 20 degrees is found to.
    let lean = Quaternion(angle: 20 * .pi / 180, axis: .unitX)
    for frame in 0..<clip.frameCount {
      clip.rotations[frame * Skeleton.jointCount + Skeleton.Joint.spine1.rawValue] = lean
    }
    let leaning = ReportSubject(trajectory, robot: robot, person: Person(clip)).measured()
    #expect(abs(try value(leaning, "likeness.trunk_mean") - 20) < 1e-6)
  }

  @Test("Where inverse kinematics leans the base, links are seen from the person's pelvis")
  func likenessOfFreeBase() throws {
    let robot = try Standing.robot()
    let solver = ["retargeting": "inverse kinematics"]
    func mean(_ lean: Double, _ place: Double, _ provenance: [String: String]) throws -> Double {
      let trajectory = try Standing.trajectory(
        robot, turned: Quaternion(angle: lean, axis: .unitY), provenance: provenance
      ) { _ in [place, 0, place] }
      return try value(
        ReportSubject(trajectory, robot: robot, person: Person(Standing.person())).measured(),
        "likeness.link_mean")
    }
    // The base's place never counts; its lean counts where it is the solver's.
    #expect(abs(try mean(0.35, 1, [:]) - mean(0, 0, [:])) < 1e-6)
    #expect(abs(try mean(0, 1, solver) - mean(0, 0, solver)) < 1e-6)
    #expect(try mean(0.35, 1, solver) > mean(0, 1, solver) + 50)
    // The solver's own answers for a person who bows are where it was to bring them.
    var clip = Standing.person()
    let lean = Quaternion(angle: 0.35, axis: .unitX)
    for frame in 0..<clip.frameCount {
      clip.rotations[frame * Skeleton.jointCount + Skeleton.Joint.spine1.rawValue] = lean
    }
    let mapping = try #require(
      try ReportSubject(Standing.trajectory(robot) { _ in .zero }, robot: robot).targets?.mapping)
    let motion = try InverseKinematicsRetargeter(robot: robot, mapping: mapping).retarget(clip)
    let bowing = try compile(
      motion, within: SafetyLimits(robot: robot), robot: RobotIdentity(robot))
    let report = ReportSubject(bowing, robot: robot, person: Person(clip)).measured()
    #expect(try value(report, "likeness.link_mean") < 3)
    #expect(try value(report, "likeness.trunk_mean") < 4)
  }

  @Test("A bolted arm: no stance, no base, no balance, each in one sentence; the rest is measured")
  func bolted() throws {
    let robot = try Robot.named("uarm_swift_pro")
    let middles = robot.foldedLimits.map { limit in
      ((limit.lower?.value ?? 0) + (limit.upper?.value ?? 0)) / 2
    }
    let motion = JointMotion(
      name: "held", jointNames: robot.coordinateNames, frameRate: 30,
      positions: (0..<30).flatMap { _ in middles })
    let trajectory = try Trajectories.compile(
      motion, within: SafetyLimits(robot: robot), robot: RobotIdentity(robot))
    let report = ReportSubject(trajectory, robot: robot).measured()
    for name in ["stance", "base", "balance", "likeness"] {
      #expect(report.absence(of: "\(name).x")?.isEmpty == false, "\(name)")
    }
    #expect(report.figure("collision.distance_min") != nil)
    #expect(report.figure("limits.position") != nil)
    #expect(report.figure("torque.hold_start") != nil || report.absence(of: "torque.x") != nil)
  }

  @Test("Trajectories of one and of two samples are reported on")
  func short() throws {
    let robot = try Standing.robot()
    for frames in [1, 2] {
      let trajectory = try Standing.trajectory(robot, frames: frames) { _ in [0, 0, 1] }
      let person = Person(Standing.person(frames: frames))
      let report = ReportSubject(trajectory, robot: robot, person: person).measured()
      #expect(report.figure("limits.position") != nil)
      #expect(report.figure("collision.distance_min") != nil)
      #expect(MotionReport(of: Standing.person(frames: frames)).samples == frames)
    }
  }

  @Test("A person alone, by the same definitions")
  func person() throws {
    let still = MotionReport(of: Standing.person())
    #expect(try value(still, "stance.slip_max") == 0)
    var clip = Standing.person()
    for frame in 0..<clip.frameCount { clip.rootTranslations[frame].x = 0.002 * Double(frame) }
    let sliding = MotionReport(of: clip)
    #expect(abs(try value(sliding, "stance.slip_mean") - 0.06) < 1e-9)
    #expect(abs(try value(sliding, "stance.slip_frame_mean") - 2) < 1e-9)
  }
}
