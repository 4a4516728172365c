import ArgumentParser
import Files
import Foundation
import Kinematics
import Streaming
import Trajectories

/// The options of all verbs that speak to a robot.
struct ConnectionOptions: ParsableArguments {
  /// What the exit codes of these verbs mean.
  static let exitCodes = """
    Exit codes: 0 done, 64 wrong usage, 65 wrong input or a first pose that is too far away, 66 no such port or file, 69 another device \
    than expected or motors missing, 70 the robot had to be stopped (alarm, voltage, temperature, \
    not where it was told to be, a stall, a refused set-point), 74 the link was lost or fell silent, \
    75 the port is in use, 76 answers that make no sense, 77 no permission, 130 ended by the \
    operator.
    """

  @Option(
    help: "The serial port; without it a simulated device of the robot's kind is used.",
    completion: .file())
  var port: String?

  @Option(
    help: "The calibration of this individual robot, written by 'motionc calibrate'.",
    completion: .file(extensions: ["yaml"]))
  var calibration: String?

  @Flag(help: "Allows the robot to move; without it everything is checked and nothing moves.")
  var go = false

  @Option(help: "The frame rate [Hz]; by default that of the wiring or the device.")
  var rate: Double?

  @Option(help: "The share of the limits for moves to a start or park pose, above 0, at most 1.")
  var softStart: Double = 0.25

  @Option(help: "The largest following error before the robot is stopped [degrees].")
  var followingLimit: Double = 10

  @Flag(
    help:
      "Allows a longer first move of a joint than wire.yaml does (90° by default).")
  var far = false

  @Option(
    help: "Lowers the motors' torque after this time at rest, paused or at the end [s].")
  var restAfter: Double?

  @Flag(help: "Releases the motors at the end: the robot may fall. Without it the robot holds.")
  var release = false

  @Option(
    help: "Writes commands, times and feedback of each frame as CSV.",
    completion: .file(extensions: ["csv"]))
  var log: String?

  @Option(
    help: "Writes all bytes with their times as CSV.", completion: .file(extensions: ["csv"]))
  var record: String?

  @Flag(help: "Shows the robot in a browser of this machine; the address is printed.")
  var view = false

  @Option(help: "Without --port: a fault, NAME@SECONDS after the first byte (repeatable).")
  var fault: [FaultArgument] = []

  @Flag(help: "Does not request real-time priority.")
  var noPriority = false

  @Flag(help: "Prints the report as one JSON line.")
  var json = false

  func validate() throws {
    guard fault.isEmpty || port == nil else {
      throw ValidationError("--fault goes with a simulated device, not with --port.")
    }
    guard softStart > 0, softStart <= 1 else {
      throw ValidationError("--soft-start must be above 0 and at most 1, found \(softStart).")
    }
    guard followingLimit > 0, followingLimit <= 360 else {
      throw ValidationError("--following-limit must be above 0 and at most 360°.")
    }
    guard restAfter.map({ 1 <= $0 && $0 <= 86_400 }) ?? true else {
      throw ValidationError("--rest-after must be within 1 s and a day (86400 s).")
    }
    guard log == nil || log != record else {
      throw ValidationError("--log and --record cannot be the same file, '\(log ?? "")'.")
    }
    guard rate.map({ 1 <= $0 && $0 <= 1000 }) ?? true else {
      throw ValidationError("--rate must be within 1 and 1000 Hz.")
    }
  }

  /// What the session may do.
  var sessionOptions: SessionOptions {
    var options = SessionOptions()
    options.go = go
    options.rate = rate
    options.softStart = softStart
    options.followingLimit = followingLimit * .pi / 180
    options.release = release
    options.far = far
    options.restAfter = restAfter
    return options
  }

  /// Refuses a log or a record that would be written over a file that is read.
  func refuseInputs(_ robot: Robot, _ further: String? = nil) throws(FileError) {
    let inputs = InputFiles(robot.allFiles + [calibration, further])
    for path in [log, record].compactMap({ $0 }) { try inputs.refuse(path) }
  }

  /// The robot's wiring.
  func wiring(of robot: Robot) throws -> Wiring {
    try Wiring(of: robot, calibration: calibration)
  }

  /// Opens the port, or makes a simulated device.
  func opening(
    _ wiring: Wiring, of robot: Robot
  ) -> @Sendable () throws(TransportError) -> any Transport & Sendable {
    guard let port else {
      // Without --go no switch is touched.
      let device = SimulatedTransport(
        of: wiring, isSupplied: !go, faults: fault.map(\.entry))
      Console.note("no --port: a \(device.name) stands for \(robot.folderName)")
      return { () throws(TransportError) -> any Transport & Sendable in device }
    }
    let baud = wiring.baud
    return { () throws(TransportError) -> any Transport & Sendable in
      try Ports.open(port, baud: baud)
    }
  }
}

/// NAME@SECONDS.
struct FaultArgument: ExpressibleByArgument {
  /// The fault and its time.
  let entry: FaultSchedule.Entry

  init?(argument: String) {
    let parts = argument.split(separator: "@", omittingEmptySubsequences: false)
    guard parts.count == 2, let fault = Fault(rawValue: String(parts[0])),
      let time = Double(parts[1]), 0 <= time, time <= 1e6
    else { return nil }
    entry = FaultSchedule.Entry(fault, at: time)
  }

  var defaultValueDescription: String { "\(entry.fault.rawValue)@\(entry.time)" }

  static var allValueStrings: [String] { Fault.allCases.map { "\($0.rawValue)@SECONDS" } }
}
