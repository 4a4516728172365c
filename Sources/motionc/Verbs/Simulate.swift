import ArgumentParser
import Files
import Foundation
import Kinematics
import Streaming

/// `motionc simulate`: a device that is not there, behind a pseudo-terminal.
struct Simulate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Simulates a device behind a pseudo-terminal.",
    discussion: """
      motionc simulate uarm-v4 --link ./arm &
      motionc stream wave.trajectory.safetensors --robot uarm_swift_pro --port ./arm --go

      Runs until Ctrl-C, or until a fault pulls the cable; the link is removed then. Faults begin \
      so many seconds after the host's first byte: \
      \(Fault.allCases.map(\.rawValue).joined(separator: ", ")).
      """)

  @Argument(
    help: "\(Self.devices).", completion: .list(SimulatedKind.allCases.map(\.rawValue)),
    transform: Self.kind)
  var device: SimulatedKind

  @Option(
    help: ArgumentHelp(
      "Which firmware a uarm-v4 has: \(Self.versions); 4.10.0 if not given.",
      valueName: "version"),
    completion: .list(SimulatedUArm.Version.allCases.map(\.rawValue)),
    transform: Self.version)
  var firmware: SimulatedUArm.Version?

  @Option(help: "The path under which other programs open it.", completion: .file())
  var link: String

  @Option(
    help:
      "The robot whose motors it has: a folder name of Robots/ or a URDF; a typical one by default."
  )
  var robot: String?

  @Option(help: "A fault, NAME@SECONDS (repeatable).")
  var fault: [FaultArgument] = []

  @Option(
    help: "Writes all bytes with their times as CSV.", completion: .file(extensions: ["csv"]))
  var record: String?

  @Option(help: "The random seed of faults.")
  var seed: UInt64 = 0

  func validate() throws {
    guard firmware == nil || device == .uarmV4 else {
      throw ValidationError(
        "--firmware is for uarm-v4; there is one firmware of a \(device.rawValue).")
    }
  }

  func run() throws {
    let wiring = try wiring()
    let standing = SimulatedDevices.standingPose(of: wiring)
    let terminal = try PseudoTerminal(link: link)
    var loop = DeviceLoop(
      device: SimulatedDevices.make(
        device, wiring: wiring, pose: standing, version: firmware ?? .v4100),
      link: FaultyLink(seed: seed), terminal: terminal, faults: fault.map(\.entry))
    var file = try record.map { path throws(FileError) in
      try LiveFile(path, header: RecordedBytes.header)
    }
    OperatorSignals.catchSignals()
    Console.note("simulated \(device.rawValue) at '\(link)' (\(terminal.device)); Ctrl-C ends it")
    try loop.run(
      isOver: { OperatorSignals.received > 0 },
      record: { file?.append($0.line) },
      tell: { Console.note("fault: \($0.rawValue)") })
    if let failure = file.take()?.close() { throw failure }
  }

  private static let devices = SimulatedKind.allCases.map(\.rawValue).joined(separator: ", ")

  private static let versions = SimulatedUArm.Version.allCases.map(\.rawValue)
    .joined(separator: ", ")

  private static func version(_ name: String) throws -> SimulatedUArm.Version {
    guard let version = SimulatedUArm.Version(rawValue: name) else {
      throw ValidationError("there is no firmware '\(name)' to simulate; there are \(versions).")
    }
    return version
  }

  private static func kind(_ name: String) throws -> SimulatedKind {
    guard let kind = SimulatedKind(rawValue: name) else {
      throw ValidationError("there is no device '\(name)'; there are \(devices).")
    }
    return kind
  }

  private func wiring() throws -> Wiring {
    guard let name = robot ?? device.usualRobot else {
      guard let example = device.exampleWiring else {
        throw ValidationError("--robot is needed for \(device.rawValue).")
      }
      return example
    }
    let robot = try Robot.chosen(name)
    if let record { try InputFiles(robot.allFiles).refuse(record) }
    let wiring = try Wiring(of: robot)
    guard device.simulates(wiring.device) else {
      throw SessionRefusal.wiring(
        "the wiring of '\(name)' speaks to \(wiring.device.rawValue), not to a simulated "
          + "\(device.rawValue)")
    }
    return wiring
  }
}
