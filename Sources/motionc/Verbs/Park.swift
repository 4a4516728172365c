import ArgumentParser
import Kinematics
import Streaming

/// `motionc park`: the pose in which a robot may be left.
struct Park: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Moves a robot slowly to the park pose of its wiring; it holds there, or is released.",
    discussion: """
      motionc park robotis_op3 --port /dev/ttyUSB0 --go --release

      \(ConnectionOptions.exitCodes)
      """)

  @Argument(help: RobotOptions.help, completion: .file())
  var robot: String

  @Option(
    help: "A file of limits whose values take precedence over the robot's own.",
    completion: .file(extensions: ["yaml", "yml"]))
  var limits: String?

  @OptionGroup var connection: ConnectionOptions

  func run() throws {
    let robot = try Robot.chosen(robot, limits: limits)
    try connection.refuseInputs(robot)
    guard let park = try connection.wiring(of: robot).park else {
      throw SessionRefusal.wiring("the wiring of '\(robot.name)' has no pose to park in")
    }
    try Jog.move(robot, to: park, "park", connection)
  }
}
