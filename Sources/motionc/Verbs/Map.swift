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
      motionc map unitree_g1 --check my_mapping.yaml

      Joints, axes, limits, shapes and symmetry decide; names only confirm. What is no person is \
      refused, and so is a robot whose front nothing shows: --front says it. The verdict is what \
      inverse kinematics reaches on 200 poses of a person; acceleration and jerk limits that the \
      files do not state are estimated from effort over inertia and listed with their figures. \
      --check judges a mapping that a person wrote or changed.
      """)

  @Argument(help: RobotOptions.help, completion: .file())
  var robot: String

  @Option(
    name: [.short, .long], help: "A mapping to write, as 'train retargeter --mapping' reads it.",
    completion: .file(extensions: ["yaml"]))
  var output: String?

  @Option(
    help: "Judges a mapping: sides, signs, and how far its targets are out of reach.",
    completion: .file(extensions: ["yaml", "yml"]))
  var check: String?

  @Option(
    parsing: .unconditional,
    help: "The axis of the base along which it looks: +x, -x, +y, -y, +z, -z.")
  var front: BaseAxis?

  @Flag(help: "Prints one JSON object.")
  var json = false

  func validate() throws {
    guard check == nil || output == nil else {
      throw ValidationError("--check judges a mapping and writes none: it excludes --output.")
    }
  }

  func run() throws {
    let robot = try Robot.chosen(robot)
    let inputs = InputFiles(robot.files)
    if let output { try inputs.refuse(output) }
    if let check { return try judge(check, of: robot) }
    var map = RobotMap(of: robot, front: front)
    map.judge(robot)
    if json {
      Console.result(try map.json())
    } else if map.refusal == nil {
      Console.result(map.report(of: robot.name))
      for line in robot.limitLines { Console.result(line) }
    }
    if let refusal = map.refusal {
      throw MapRefusal(robot: robot, refusal: refusal)
    }
    guard let output else { return }
    let text: String
    do throws(NoMapping) { text = try map.mapping(robot: robot.name) } catch {
      throw MapRefusal(unwritten: error)
    }
    var files = OutputSet(sparing: inputs)
    try files.add(Array(text.utf8), to: output)
    try files.commit()
    Console.note("written to \(output.shownPath)")
  }
}

extension MapVerb {
  /// Prints what is wrong with a mapping, and fails where something is.
  private func judge(_ path: String, of robot: Robot) throws {
    let check = try MappingCheck(Mapping(contentsOf: path), of: robot, front: front)
    if json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      let fields = [
        "errors": check.errors, "notes": check.notes, "verdict": check.verdict.sentences,
      ]
      Console.result(String(decoding: try encoder.encode(fields), as: UTF8.self))
    } else {
      for sentence in check.errors { Console.result("error: \(sentence.printable)") }
      for sentence in check.notes { Console.result("note: \(sentence.printable)") }
      for sentence in check.verdict.sentences { Console.result("verdict: \(sentence.printable)") }
    }
    guard check.errors.isEmpty else {
      throw MapRefusal(
        description:
          "'\(path.shownPath)': \(Wording.count(check.errors.count, "error")) in the mapping"
      )
    }
  }
}

/// Why a robot is not mapped.
struct MapRefusal: CategorizedError {
  var description: String
  var category: ErrorCategory { .data }
}

extension MapRefusal {
  /// The refusal of a robot in which no body is found.
  init(robot: Robot, refusal: String) {
    description = "'\(robot.name.printable)' is not mapped: \(refusal.shownReason)"
  }

  /// The refusal of a body that the format of mappings cannot state.
  init(unwritten error: NoMapping) {
    description = "no mapping is written: \(error.description.shownReason)"
  }
}

extension BaseAxis: ExpressibleByArgument {}
