public import ArgumentParser
import Files
import Foundation
import Geometry
import Kinematics
import MotionData
import Motions
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
      motionc map uarm_swift --arm right

      Joints, axes, limits, shapes and symmetry decide; names only confirm. What is no person is \
      refused, and so is a robot whose front nothing shows: --front says it. The verdict is what \
      inverse kinematics reaches on 200 poses of a person; acceleration and jerk limits that the \
      files do not state are estimated from effort over inertia and listed with their figures. \
      --check judges a mapping that a person wrote or changed. A single arm follows a person's \
      hand, or hand and elbow where it is built like a person's: its workspace is sampled, and the \
      place and the scale found that keep the motions that ship, or --motions, inside of it; --arm, \
      --scale and --place state them.
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

  @Option(help: "The person's arm that a single arm follows: left or right.")
  var arm: HandPath.Side?

  @Option(help: "The factor on the hand's path of a single arm, above 0.")
  var scale: Double?

  @Option(
    parsing: .unconditional,
    help: "The place of the person's shoulder in a single arm's base frame: X,Y,Z [m].")
  var place: ArmPlace?

  @Option(
    parsing: .upToNextOption,
    help: "Motion files or folders that a single arm should keep inside its workspace.",
    completion: .file())
  var motions: [String] = []

  @Flag(help: "Prints one JSON object.")
  var json = false

  func validate() throws {
    guard scale.map({ $0 > 0 && $0 <= 100 }) ?? true else {
      throw ValidationError("--scale must be above 0 and at most 100.")
    }
    guard check == nil || output == nil else {
      throw ValidationError("--check judges a mapping and writes none: it excludes --output.")
    }
    guard check == nil || (arm == nil && scale == nil && place == nil && motions.isEmpty) else {
      throw ValidationError(
        "--check judges a mapping as it is: it excludes --arm, --scale, --place and --motions.")
    }
  }

  func run() throws {
    let robot = try Robot.chosen(robot)
    let captured = try MotionPaths.motions(motions)
    let inputs = InputFiles(robot.files + captured)
    if let output { try inputs.refuse(output) }
    if let check { return try judge(check, of: robot) }
    var map = RobotMap(of: robot, front: front)
    try fitArm(robot, captured, &map)
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
      throw MapRefusal(robot: robot, unwritten: error, map)
    }
    var files = OutputSet(sparing: inputs)
    try files.add(Array(text.utf8), to: output)
    try files.commit()
    Console.note("written to \(output.shownPath)")
  }
}

extension MapVerb {
  /// Finds how a single arm follows a person's, by the motions of files or by those that ship.
  private func fitArm(_ robot: Robot, _ files: [String], _ map: inout RobotMap) throws {
    guard map.isSingleArm else {
      guard arm == nil, scale == nil, place == nil, motions.isEmpty else {
        throw MapRefusal(
          description: "'\(robot.name.printable)' is not a single arm, and --arm, --scale, --place "
            + "and --motions are for these")
      }
      return
    }
    var options = ArmFit.Options()
    (options.side, options.scale, options.place, options.front) = (arm, scale, place?.vector, front)
    if !files.isEmpty {
      let clips = try files.map { try MotionFile.read($0).clip }
      options.path = { HandPath(of: clips, side: $0) }
    }
    do throws(NoMapping) { try map.fitArm(robot, options: options) } catch {
      map.refusal = error.description
    }
  }

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

  /// The refusal of a body that the format of mappings cannot state, or of an arm that cannot follow.
  init(robot: Robot, unwritten error: NoMapping, _ map: RobotMap) {
    description =
      map.isSingleArm
      ? "'\(robot.name.printable)' is not mapped: \(error.description.shownReason)"
      : "no mapping is written: \(error.description.shownReason)"
  }
}

extension BaseAxis: ExpressibleByArgument {}
extension HandPath.Side: ExpressibleByArgument {}

/// A place on the command line: three numbers with commas between [m].
struct ArmPlace: ExpressibleByArgument {
  let vector: Vector3

  init?(argument: String) {
    let numbers = argument.split(separator: ",", omittingEmptySubsequences: false).map {
      Double($0)
    }
    guard numbers.count == 3, let x = numbers[0], let y = numbers[1], let z = numbers[2],
      [x, y, z].allSatisfy({ abs($0) < 1000 })
    else { return nil }
    vector = [x, y, z]
  }
}
