import ArgumentParser
import Foundation
import Kinematics
import Streaming
import Trajectories

/// `motionc jog`: single joints to positions.
struct Jog: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Moves joints to positions, slowly and within limits; the others hold.",
    discussion: """
      motionc jog uarm_swift_pro base=20 left=60 --port /dev/ttyACM0 --go

      Angles are degrees of the robot's description, lengths metres.

      \(ConnectionOptions.exitCodes)
      """)

  @Argument(help: RobotOptions.help, completion: .file())
  var robot: String

  @Argument(help: "JOINT=DEGREES, or JOINT=METRES for a prismatic joint.")
  var positions: [String]

  @Option(
    help: "A file of limits whose values take precedence over the robot's own.",
    completion: .file(extensions: ["yaml", "yml"]))
  var limits: String?

  @OptionGroup var connection: ConnectionOptions

  func run() throws {
    let robot = try Robot.chosen(robot, limits: limits)
    let pose = try pose(of: robot)
    try Self.move(robot, to: pose, "jog", connection)
  }

  private func pose(of robot: Robot) throws -> [Double?] {
    var pose = [Double?](repeating: nil, count: robot.coordinateCount)
    for text in positions {
      let parts = text.split(separator: "=", omittingEmptySubsequences: false)
      guard parts.count == 2, let number = Double(parts[1]), number.isFinite else {
        throw ValidationError(
          "'\(text)' is not JOINT=POSITION with a number of degrees (metres for a sliding joint).")
      }
      let index = try robot.coordinateIndex(named: String(parts[0]))
      guard pose[index] == nil else {
        throw ValidationError("joint '\(parts[0])' is given twice.")
      }
      let joint = robot.joints[robot.configurationJoints[index]]
      pose[index] = joint.isAngular ? number * .pi / 180 : number
    }
    return pose
  }

  /// Runs a session that goes to a pose.
  static func move(
    _ robot: Robot, to pose: [Double?], _ what: String, _ connection: ConnectionOptions
  ) throws {
    try connection.refuseInputs(robot)
    let wiring = try connection.wiring(of: robot)
    let session = try Session(
      .move(pose), limits: try SafetyLimits(robot: robot), robot: RobotIdentity(robot),
      driver: Drivers.make(for: wiring), options: connection.sessionOptions)
    try LiveRun(
      what, session: session, of: robot, options: connection,
      open: connection.opening(wiring, of: robot)
    )
    .run()
  }
}
