import ArgumentParser
import Kinematics
import Streaming
import Trajectories

/// `motionc stream`: a trajectory to a robot, live.
struct Stream: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Streams a verified trajectory to a robot, or to a simulated one.",
    discussion: """
      motionc stream wave.trajectory.safetensors --robot uarm_swift_pro --go
      motionc stream wave.trajectory.safetensors --robot uarm_swift_pro --port /dev/ttyACM0 --go

      Checks the trajectory against the robot's limits and its wiring, identifies the device, \
      measures the robot's pose, plans a slow move from there to the first frame, and moves only \
      with --go. \(Keyboard.help.prefix(1).uppercased() + Keyboard.help.dropFirst()). At the \
      end the robot holds.

      \(ConnectionOptions.exitCodes)
      """)

  @Argument(help: "A native trajectory file.", completion: .file(extensions: ["safetensors"]))
  var trajectory: String

  @OptionGroup var robot: RobotOptions

  @OptionGroup var connection: ConnectionOptions

  @Option(help: "The speed along the trajectory, above 0, at most 1, the verified speed.")
  var speed: Double = 1

  @Option(help: "How many times the trajectory is played.")
  var loop: Int = 1

  @Flag(help: "Moves to the wiring's park pose at the end.")
  var park = false

  func validate() throws {
    guard speed > 0, speed <= 1 else {
      throw ValidationError("--speed must be above 0 and at most 1, found \(speed).")
    }
    guard loop >= 1 else { throw ValidationError("--loop must be at least 1, found \(loop).") }
  }

  func run() throws {
    let robot = try robot.load()
    try connection.refuseInputs(robot, trajectory)
    let wiring = try connection.wiring(of: robot)
    let played = try SafeTrajectory(contentsOf: trajectory)
    TrajectoryReport.noteOtherLimits(played, path: trajectory, robot: RobotIdentity(robot))
    var options = connection.sessionOptions
    options.speed = speed
    options.loops = loop
    options.park = park
    let session = try Session(
      .play(played), limits: try SafetyLimits(robot: robot),
      robot: RobotIdentity(robot), driver: Drivers.make(for: wiring), options: options)
    try LiveRun(
      "stream", session: session, of: robot, options: connection,
      open: connection.opening(wiring, of: robot)
    )
    .run()
  }
}
