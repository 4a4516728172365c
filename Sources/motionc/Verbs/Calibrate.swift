import ArgumentParser
import Files
import Foundation
import Kinematics
import Streaming

/// `motionc calibrate`: measures zeros, directions and ranges of one physical robot by hand.
struct Calibrate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes the calibration of one physical robot, moved by hand.",
    discussion: """
      motionc calibrate uarm_swift_pro --port /dev/ttyACM0 -o mine.yaml

      Guides you from joint to joint: move each by hand to a reference position and to both ends, \
      where it is measured; a joint without a sensor (a uArm's wrist) is left out. The motors \
      have no torque meanwhile, so support the robot: whatever is not held may fall. The program \
      moves nothing.
      """)

  @Argument(help: RobotOptions.help, completion: .file())
  var robot: String

  @Option(help: "The robot's port ('motionc ports' shows them).", completion: .file())
  var port: String

  @Option(
    name: .shortAndLong, help: "The calibration file to write.",
    completion: .file(extensions: ["yaml"]))
  var output: String

  @Option(help: "The wiring file; by default the wire.yaml beside the robot's URDF.")
  var wire: String?

  @Option(help: "Your name, for the file.")
  var by: String?

  func run() throws {
    let robot = try Robot.chosen(robot)
    try InputFiles(robot.allFiles + [wire]).refuse(output)
    guard isatty(STDIN_FILENO) == 1 else {
      throw SessionRefusal.option(
        "'calibrate' leads a person from joint to joint and needs a terminal to read answers from")
    }
    let wiring = try wire.map { try Wiring(contentsOf: $0, for: robot) } ?? Wiring(of: robot)
    let guide = CalibrationGuide(wiring)
    // Not only at the end is found out that the work cannot be kept.
    _ = try AtomicStream(path: output)
    let port = try Ports.open(port, baud: wiring.baud)
    var client = DriverClient(
      port: port, driver: Drivers.make(for: guide.measuringWiring))
    defer { client.close() }
    let found = try client.measure(mayPower: try mayPower(wiring))
    if let device = found.device {
      Console.note("\(device.device), firmware \(device.firmware)")
    }
    try release(&client)
    var joints: [Calibration.Joint] = []
    for index in wiring.motors.indices {
      guard !client.jointsWithoutSensor.contains(index) else {
        Console.note("")
        Console.note(
          "Joint '\(wiring.motors[index].joint)' has no sensor: what the firmware answers is what it "
            + "told the servo last. It is left as the wiring has it.")
        continue
      }
      joints.append(try measure(index, guide, &client, of: robot))
    }
    let formatter = ISO8601DateFormatter()
    let calibration = Calibration(
      robot: wiring.robot, device: wiring.device, by: by, made: formatter.string(from: Date()),
      joints: joints)
    try calibration.write(to: output)
    // Read again as every later use will.
    _ =
      try wire.map { try Wiring(contentsOf: $0, for: robot, calibration: output) }
      ?? Wiring(of: robot, calibration: output)
    Console.result(
      "\(output.shownPath): \(Wording.count(joints.count, "joint")) of "
        + "'\(wiring.robot.printable)' calibrated")
    Console.note("the motors are still without torque")
  }

  /// So is the supply of motors that has a switch on the bus.
  private func mayPower(_ wiring: Wiring) throws -> Bool {
    guard wiring.powerSwitch != nil else { return false }
    Console.note(
      "Type 'power' and Enter to switch the motors' supply on if it is off; Enter leaves it as it is."
    )
    return readLine(strippingNewline: true) == "power"
  }

  /// Torque off is the operator's decision.
  private func release(_ client: inout DriverClient) throws {
    Console.note(
      """
      The motors must let go now, so that you can move the joints.
      Support the robot: whatever is not held MAY FALL.
      Type 'release' and Enter to switch all motors off; anything else ends here.
      """)
    guard readLine(strippingNewline: true) == "release" else {
      throw CleanExit.message("nothing was changed")
    }
    try client.release()
    for warning in client.warnings { Console.note(warning) }
  }

  private func measure(
    _ index: Int, _ guide: CalibrationGuide, _ client: inout DriverClient, of robot: Robot
  ) throws -> Calibration.Joint {
    let motor = guide.wiring.motors[index]
    let isAngular = robot.joints[robot.configurationJoints[index]].isAngular
    func shown(_ position: Double) -> String {
      isAngular
        ? "\(Console.fixed(position * 180 / .pi, 1)) degrees" : "\(Console.fixed(position, 4)) m"
    }
    while true {
      Console.note("")
      Console.note("Joint '\(motor.joint)' (motor \(motor.id)), by hand, then Enter:")
      let reference = try read(
        index, guide, &client, "to \(shown(guide.reference(ofMotor: index))), its reference")
      let lower = try read(
        index, guide, &client, "to its lower end, towards \(shown(motor.limits.lowerBound))")
      let upper = try read(
        index, guide, &client, "to its upper end, towards \(shown(motor.limits.upperBound))")
      do throws(CalibrationGuide.Refusal) {
        let joint = try guide.joint(
          index, .init(reference: reference, lower: lower, upper: upper))
        if joint.direction != motor.direction {
          Console.note("  it turns the other way than the wiring says; the calibration notes it")
        }
        return joint
      } catch {
        Console.note("  \(error.description); once more")
      }
    }
  }

  /// Where a joint is when the operator says that it is there [units of the register].
  private func read(
    _ index: Int, _ guide: CalibrationGuide, _ client: inout DriverClient, _ place: String
  ) throws -> Double {
    Console.note("  \(place) ")
    guard readLine() != nil else {
      throw SessionRefusal.option("the answers ended before all joints were measured")
    }
    let raw = guide.raw(try client.measureAgain(index), ofMotor: index)
    Console.note("    read at \(Console.fixed(raw, 1))")
    return raw
  }
}
