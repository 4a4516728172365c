public import ArgumentParser
import Files
import Foundation
import Kinematics
public import Retargeting

/// `motionc map`: which joints of a robot are the parts of a human body.
struct MapVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "map",
    abstract: "Finds a robot's legs, arms, waist and head from its URDF, and which way it faces.",
    discussion: """
      motionc map unitree_g1
      motionc map my_robot.urdf --json
      motionc map unitree_g1 -o my_mapping.yaml
      motionc map my_robot.urdf --front=-x

      Joints, axes, limits, shapes and symmetry decide; names only confirm. What is no person is \
      refused, and so is a robot whose front nothing shows: --front says it.
      """)

  @Argument(help: RobotOptions.help, completion: .file())
  var robot: String

  @Option(
    name: [.short, .long], help: "A mapping to write, as 'train retargeter --mapping' reads it.",
    completion: .file(extensions: ["yaml"]))
  var output: String?

  @Option(
    parsing: .unconditional,
    help: "The axis of the base along which it looks: +x, -x, +y, -y, +z, -z.")
  var front: BaseAxis?

  @Flag(help: "Prints one JSON object.")
  var json = false

  func run() throws {
    let robot = try Robot.chosen(robot)
    let inputs = InputFiles(robot.files)
    if let output { try inputs.refuse(output) }
    let map = RobotMap(of: robot, front: front)
    if json {
      Console.result(try map.json())
    } else if map.refusal == nil {
      Console.result(map.report(of: robot.name))
    }
    if let refusal = map.refusal {
      throw MapRefusal(
        description: "'\(robot.name.printable)' is not mapped: \(refusal.shownReason)")
    }
    guard let output else { return }
    let text: String
    do throws(NoMapping) { text = try map.mapping(robot: robot.name) } catch {
      throw MapRefusal(description: "no mapping is written: \(error.description.shownReason)")
    }
    var files = OutputSet(sparing: inputs)
    try files.add(Array(text.utf8), to: output)
    try files.commit()
    Console.note("written to \(output.shownPath)")
  }
}

/// Why a robot is not mapped.
struct MapRefusal: CategorizedError {
  var description: String
  var category: ErrorCategory { .data }
}

extension BaseAxis: ExpressibleByArgument {}
