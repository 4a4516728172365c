import Files
import Foundation
import Geometry
import Kinematics
import MotionCompiler
import MotionModels
import Motions
import Retargeting
import Streaming
import TestSupport
import Testing
import Trajectories

// The examples of the documentation, as code that is compiled and run. What lies between "// example"
// and "// end" stands word for word in a code block of a documentation page (`ExampleBlockTests`).
@Suite("Examples of the documentation run")
struct ExampleTests {
  @Test("Reading a motion")
  func motions() throws {
    // example
    let (clip, report) = try MotionFile.read("Examples/Motions/walk.bvh")
    let doubts = report.findings  // what was repaired or doubted
    let wrist = Skeleton.Joint.rightWrist.rawValue
    let heights = (0..<clip.frameCount).map { frame in
      clip.jointPositions(frame: frame)[wrist].z  // [m]
    }
    // end
    #expect(doubts.count == report.findings.count)
    #expect(heights.count == 181 && heights.allSatisfy { 0.6 < $0 && $0 < 1.2 })
  }

  @Test("Forward kinematics")
  func kinematics() throws {
    // example
    let robot = try Robot.named("unitree_g1")
    let configuration = [Double](repeating: 0, count: robot.coordinateCount)  // [rad]
    let hand = try robot.linkIndex(named: "right_wrist_yaw_link")
    let pose = robot.worldFromLinks(configuration)[hand]
    let jacobian = robot.jacobian(ofLink: hand, at: configuration)  // 6 × coordinateCount
    // end
    #expect(pose.translation.y < -0.1)
    #expect(jacobian.count == 6 * 29)
  }

  @Test("Retargeting a motion")
  func retargeting() throws {
    // example
    let robot = try Robot.named("unitree_g1")
    let retargeter = try Retargeter(
      contentsOf: "Examples/Models/unitree_g1.safetensors", robot: robot)
    let clip = try MotionFile.read("Examples/Motions/walk.bvh").clip
    let motion = try retargeter.retarget(clip)  // one configuration for each frame
    // end
    #expect(motion.frameCount == clip.frameCount && motion.jointNames.count == 29)
  }

  @Test("Compiling a motion, writing and reading the trajectory")
  func trajectories() throws {
    let path = try Self.temporary("swing.trajectory.safetensors")
    // example
    let robot = try Robot.named("uarm_swift_pro")
    let limits = try SafetyLimits(robot: robot)
    let wanted = JointMotion(
      name: "swing", jointNames: limits.jointNames, frameRate: 20,
      positions: (0..<100).flatMap { [0.5 * sin(0.1 * Double($0)), 0.6, 0.6, 0] })
    let trajectory = try compile(wanted, within: limits, robot: RobotIdentity(robot))
    try trajectory.write(to: path)
    let again = try SafeTrajectory(contentsOf: path)  // verified again
    let state = again.state(at: 1.25)  // positions, velocities, accelerations, jerks
    // end
    #expect(abs(state.positions[0] - 0.5 * sin(2.5)) < 0.01)
  }

  @Test("Sampling motion")
  func sampling() throws {
    // example
    let generator = try Generator(contentsOf: "Examples/Models/generator.safetensors")
    var request = MotionRequest()
    request.action = "walk"
    request.frames = 90
    request.count = 2
    request.seed = 1
    let clips = try generator.sample(request, threads: 2)
    // end
    #expect(clips.map(\.frameCount) == [90, 90])
  }

  @Test("Streaming to a simulated arm: without leave to move it checks, plans and ends")
  func streaming() async throws {
    let trajectory = try Self.still()
    // example
    let robot = try Robot.named("uarm_swift_pro")
    let wiring = try Wiring(of: robot)
    let session = try Session(
      .play(trajectory), limits: SafetyLimits(robot: robot), robot: RobotIdentity(robot),
      driver: Drivers.make(for: wiring), options: SessionOptions())
    let port = SimulatedTransport(of: wiring, isSupplied: true)
    let stream = LiveStream(session, LiveStream.Settings(open: { port }))
    let report = await stream.end().report
    // end
    #expect(report.ending == .planned && report.framesSent == 0)
  }

  @Test("From a motion file to a trajectory file")
  func pipeline() throws {
    let path = try Self.temporary("walk.trajectory.safetensors")
    // example
    let robot = try Robot.named("unitree_g1")
    let clip = try MotionFile.read("Examples/Motions/walk.bvh").clip
    let motion = try retarget(clip, with: Retargeter.shipped(for: robot))
    let trajectory = try compile(motion, for: robot)
    try trajectory.write(to: path)  // or write(trajectory, as: .csv, to: path)
    // end
    #expect(try SafeTrajectory(contentsOf: path).sampleCount == 181)
  }

  private static func temporary(_ name: String) throws -> String {
    let folder = FileManager.default.temporaryDirectory.appending(path: "examples-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder.appending(path: name).path
  }

  private static func still() throws -> SafeTrajectory {
    let robot = try Robot.named("uarm_swift_pro")
    let limits = try SafetyLimits(robot: robot)
    let motion = JointMotion(
      name: "still", jointNames: limits.jointNames, frameRate: 20,
      positions: (0..<20).flatMap { _ in [0, 0.6, 0.6, 0] })
    return try compile(motion, within: limits, robot: RobotIdentity(robot))
  }
}
