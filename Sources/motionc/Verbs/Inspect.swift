import ArgumentParser
import Files
import Foundation
import Kinematics
import Motions
import Trajectories

/// `motionc inspect`: what a robot's files say.
struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows a robot's joints, limits and their source, tree and symmetry pairs.",
    discussion: """
      motionc inspect unitree_g1
      motionc inspect my_robot.urdf --limits my_limits.yaml --json
      motionc inspect ./my_robot/

      A plain name is a folder of Robots/; a path has a slash or ends in .urdf.
      """)

  @Argument(help: RobotOptions.help, completion: .file())
  var robot: String

  @Option(help: "A further file of limits.", completion: .file(extensions: ["yaml", "yml"]))
  var limits: String?

  @Flag(help: "Prints one JSON object.")
  var json = false

  func run() throws {
    if FileSystem.kind(of: robot) == .file, !robot.lowercased().hasSuffix(".urdf"),
      let refusal = try MotionInput(contentsOf: robot).refusalOfRobot
    {
      throw refusal
    }
    let robot = try Robot.chosen(robot, limits: limits)
    let report = RobotReport(robot)
    if json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      Console.result(String(decoding: try encoder.encode(report), as: UTF8.self))
    } else {
      report.print()
    }
  }
}

/// What `inspect` tells of a robot.
private struct RobotReport: Encodable {
  struct Bound: Encodable {
    let value: Double
    let source: String

    init?(_ limit: SourcedLimit?) {
      guard let limit else { return nil }
      value = limit.value
      source = limit.source
    }
  }

  struct Coordinate: Encodable {
    let name: String
    let kind: String
    let unit: String
    let lower: Bound?
    let upper: Bound?
    let velocity: Bound?
    let acceleration: Bound?
    let jerk: Bound?
    let mirror: String?
    let mirrorSign: Double
  }

  struct Coupled: Encodable {
    let name: String
    let terms: [String: Double]
    let lower: Double
    let upper: Double
    let source: String
  }

  let name: String
  let path: String
  let fingerprint: String
  let limitsFingerprint: String
  let floatingBase: Bool
  /// The limits of a floating base: m/s, m/s², rad/s, rad/s².
  let baseLimits: [String: Bound]?
  let links: Int
  let joints: [Coordinate]
  let dependentJoints: [String: String]
  let coupledLimits: [Coupled]
  let tree: [String]
  let warnings: [String]

  init(_ robot: Robot) {
    name = robot.name
    path = robot.path
    fingerprint = robot.fingerprint
    limitsFingerprint = RobotIdentity(robot).limitsFingerprint
    floatingBase = robot.hasFloatingBase
    let base = robot.baseLimits
    baseLimits =
      robot.hasFloatingBase
      ? [
        "speed": Bound(base.speed), "acceleration": Bound(base.acceleration),
        "turning_rate": Bound(base.turningRate),
        "turning_acceleration": Bound(base.turningAcceleration),
      ].compactMapValues { $0 } : nil
    links = robot.links.count
    let symmetry = robot.symmetry()
    let names = robot.coordinateNames
    joints = robot.foldedLimits.enumerated().map { index, limits in
      let joint = robot.joints[robot.configurationJoints[index]]
      return Coordinate(
        name: joint.name, kind: joint.kind.rawValue, unit: joint.isAngular ? "rad" : "m",
        lower: Bound(limits.lower), upper: Bound(limits.upper), velocity: Bound(limits.velocity),
        acceleration: Bound(limits.acceleration), jerk: Bound(limits.jerk),
        mirror: symmetry.partners[index].map { names[$0] }, mirrorSign: symmetry.signs[index])
    }
    dependentJoints = Dictionary(
      uniqueKeysWithValues: robot.joints.compactMap { joint in
        joint.mimic.map {
          (joint.name, "\($0.multiplier) * \(robot.joints[$0.leader].name) + \($0.offset)")
        }
      })
    coupledLimits = robot.coupledLimits.map { limit in
      Coupled(
        name: limit.name,
        terms: Dictionary(
          limit.terms.map { (names[$0.coordinate], $0.factor) }, uniquingKeysWith: +),
        lower: limit.lower, upper: limit.upper, source: limit.source)
    }
    tree = Self.tree(of: robot)
    warnings = robot.warnings
  }

  /// One line for each link, indented by its depth.
  private static func tree(of robot: Robot) -> [String] {
    var children = [[Int]](repeating: [], count: robot.links.count)
    for (index, joint) in robot.joints.enumerated() { children[joint.parentLink].append(index) }
    var lines = [robot.links[0].name.printable]
    var open = children[0].reversed().map { (joint: $0, depth: 1) }
    while let (index, depth) = open.popLast() {
      let joint = robot.joints[index]
      let indent = String(repeating: "  ", count: min(depth, 40))
      lines.append(
        "\(indent)\(robot.links[joint.childLink].name.printable)  [\(joint.kind.rawValue) "
          + "\(joint.name.printable)]")
      open += children[joint.childLink].reversed().map { ($0, depth + 1) }
    }
    return lines
  }

  func print() {
    Console.result(
      "\(name.printable): \(links) links, \(joints.count) independent joints, "
        + "\(dependentJoints.count) dependent, \(floatingBase ? "floating" : "fixed") base")
    let limits = limitsFingerprint.isEmpty ? "incomplete" : "\(limitsFingerprint.prefix(12))…"
    Console.result(
      "from \(path.shownPath) (SHA-256 \(fingerprint.prefix(12))…; of the limits \(limits))\n")
    let width = (joints.map(\.name.printable.count).max() ?? 0) + 2
    Console.result(
      "joint".padded(width) + "lower      upper      velocity   accel.     jerk       mirror")
    for joint in joints {
      let bounds = [joint.lower, joint.upper, joint.velocity, joint.acceleration, joint.jerk]
        .map { ($0.map { Console.fixed($0.value, 3) } ?? "not given").padded(11) }.joined()
      let sign = joint.mirrorSign < 0 ? "-" : ""
      Console.result(
        joint.name.printable.padded(width) + bounds
          + (joint.mirror.map { sign + $0.printable } ?? "none"))
    }
    let sources = Set(
      joints.flatMap { [$0.lower, $0.upper, $0.velocity, $0.acceleration, $0.jerk] }
        .compactMap { $0?.source }
        .map { $0.hasPrefix("estimated") ? "estimates (effort over inertia, see --json)" : $0 })
    Console.result(
      "\nlimits from \(sources.sorted().map(\.shownPath).joined(separator: ", ")); rad, rad/s, rad/s², rad/s³ (m for sliding joints)"
    )
    if let baseLimits {
      let units = [
        ("speed", "m/s"), ("acceleration", "m/s²"), ("turning_rate", "rad/s"),
        ("turning_acceleration", "rad/s²"),
      ]
      let texts = units.compactMap { name, unit in
        baseLimits[name].map { "\(Console.fixed($0.value, 1)) \(unit) (\($0.source.shownPath))" }
      }
      Console.result("base: at most \(texts.joined(separator: ", "))")
    }
    for limit in coupledLimits {
      let sum = limit.terms.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key.printable)" }
      Console.result(
        "coupled '\(limit.name.printable)': \(Console.fixed(limit.lower, 4)) <= \(sum.joined(separator: " + "))"
          + " <= \(Console.fixed(limit.upper, 4)) (\(limit.source.shownPath))")
    }
    for (name, rule) in dependentJoints.sorted(by: { $0.key < $1.key }) {
      Console.result("dependent \(name.printable) = \(rule.printable)")
    }
    Console.result("\n" + tree.joined(separator: "\n"))
    for warning in warnings { Console.note("note: \(warning)") }
  }
}

extension String {
  /// The text with spaces after it up to a width.
  func padded(_ width: Int) -> String {
    count >= width ? self + " " : self + String(repeating: " ", count: width - count)
  }
}
