import ArgumentParser
import Files
import Foundation
import Kinematics
import MotionData
import Motions
import Retargeting

/// `motionc evaluate`: how good a model is.
struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Evaluates a model on motions.",
    subcommands: [
      EvaluateRetargeter.self, EvaluateFooting.self, EvaluateBody.self, EvaluateSmoother.self,
      EvaluateGenerator.self,
      EvaluateHGVAE.self,
      EvaluatePoseGPT.self,
    ])
}

/// `motionc evaluate retargeter`: distances, optimum, symmetry.
struct EvaluateRetargeter: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retargeter",
    abstract: "Compares a retargeter with the optimum of inverse kinematics.",
    discussion: """
      motionc evaluate retargeter --robot unitree_g1 --motions captures/
      motionc evaluate retargeter --robot unitree_g1 --model g1.safetensors --motions captures/
      motionc evaluate retargeter --robot unitree_g1 --ik --motions captures/

      In a folder with an index.csv only the rows of the split 'val' are evaluated, in other \
      folders the clips that training holds out; --all evaluates every clip. With --ik what \
      'compile' does without a model is evaluated: inverse kinematics frame by frame.
      """)

  @OptionGroup var robot: RobotOptions

  @Option(
    help: "The model's file; by default the one that ships for the robot.",
    completion: .file())
  var model: String?

  @Flag(help: "Evaluates inverse kinematics instead of a model.")
  var ik = false

  @Option(
    help: "A mapping's file for --ik; by default the shipped one or what 'map' finds.",
    completion: .file(extensions: ["yaml", "yml"]))
  var mapping: String?

  @Option(parsing: .upToNextOption, help: "Motion files or folders.", completion: .file())
  var motions: [String]

  @Flag(help: "Evaluates every clip, not only held-out ones.")
  var all = false

  @Option(help: "The number of poses for which the optimum is computed.")
  var optimumPoses: Int = 400

  @Option(
    help: "Writes targets and configurations for checks by other programs.", completion: .file())
  var dump: String?

  @Option(help: "Writes a model card (Markdown).", completion: .file())
  var card: String?

  @OptionGroup var reading: ReadingOptions

  @Flag(help: "Prints one JSON object.")
  var json = false

  func validate() throws {
    guard !ik || (model == nil && card == nil) else {
      throw ValidationError("--ik needs no model: --model and --card exclude it.")
    }
    guard ik || mapping == nil else { throw ValidationError("--mapping goes with --ik.") }
  }

  func run() throws {
    let robot = try robot.load()
    let set = try MotionSplit(motions)
    if ik { return try evaluateInverseKinematics(robot, set) }
    let model = try model ?? robot.shippedModel
    let retargeter = try Retargeter(contentsOf: model, robot: robot)
    let inputs = InputFiles([model] + set.files + robot.allFiles)
    for path in [self.dump, card].compactMap({ $0 }) { try inputs.refuse(path) }
    let clips = try clips(of: set)
    let (evaluation, dump) = retargeter.evaluate(clips, optimumPoses: max(0, optimumPoses))
    var outputs = OutputSet(sparing: inputs)
    if let path = self.dump { try outputs.add(retargeter.dumpFile(dump).encoded(), to: path) }
    if let card {
      let solver = try InverseKinematicsRetargeter(
        robot: robot, mapping: retargeter.targets.mapping)
      let solved = try solver.evaluate(clips, optimumPoses: 0).evaluation
      let text = ModelCard(
        retargeter, evaluation, solved: solved, freeBase: solver.hasFreeBase, path: model
      ).text
      try outputs.add(text, to: card)
    }
    try outputs.commit()
    try Console.report(evaluation, lines: evaluation.lines, asJSON: json)
  }

  private func evaluateInverseKinematics(_ robot: Robot, _ set: MotionSplit) throws {
    let (retargeter, mapping) = try InverseKinematicsRetargeter.chosen(
      for: robot, mapping: mapping, front: nil)
    let inputs = InputFiles([mapping] + set.files + robot.allFiles)
    if let dump { try inputs.refuse(dump) }
    let (evaluation, dump) = try retargeter.evaluate(
      clips(of: set), optimumPoses: max(0, optimumPoses))
    var outputs = OutputSet(sparing: inputs)
    if let path = self.dump { try outputs.add(retargeter.dumpFile(dump).encoded(), to: path) }
    try outputs.commit()
    try Console.report(evaluation, lines: evaluation.lines, asJSON: json)
  }

  private func clips(of set: MotionSplit) throws -> [MotionClip] {
    let files = try set.evaluated(all: all, of: motions)
    let (clips, warnings) = try MotionSplit.read(files, options: reading.options)
    for warning in warnings { Console.note(warning) }
    return clips
  }
}

extension RetargeterEvaluation {
  /// The figures for people, one a line.
  var lines: [String] {
    func millimetres(_ metres: Double) -> String { "\(Console.fixed(1000 * metres, 2)) mm" }
    let excess = meanDistanceOfOptimumPoses - optimumDistance
    // A share of nothing says nothing.
    let share =
      optimumDistance > 1e-4 ? " (\(Console.fixed(100 * excess / optimumDistance, 1)) %)" : ""
    var lines = [
      "\(poses) poses of \(clips) clips",
      "mean distance of links from targets: \(millimetres(meanDistance)) "
        + "(95 of 100 poses below \(millimetres(distance95)))",
      "on \(optimumPoses) poses: \(millimetres(meanDistanceOfOptimumPoses)), optimum of inverse "
        + "kinematics \(millimetres(optimumDistance)), above it \(millimetres(excess))\(share)",
      "poses outside of position limits: \(posesOutsideLimits)",
    ]
    if let symmetryError {
      lines.append(
        "mirrored poses answered differently by \(Console.fixed(symmetryError * 180 / .pi, 3))° on average"
      )
    }
    if let directError {
      lines.append(
        "directly mapped joints off by \(Console.fixed(directError * 180 / .pi, 2))° on average")
    }
    for (link, distance) in linkDistances.sorted(by: { $0.key < $1.key }) {
      lines.append("  \(link.printable.padded(28))\(millimetres(distance))")
    }
    lines.append("\(Int(posesPerSecond)) poses a second on one core")
    return lines
  }
}

extension ModelCard {
  /// The card of a retargeter.
  ///
  /// - Parameters:
  ///   - retargeter: The retargeter.
  ///   - evaluation: Its figures.
  ///   - solved: The figures of inverse kinematics, frame by frame, on the same clips.
  ///   - freeBase: Whether inverse kinematics solved for the base's pose too.
  ///   - path: The model's file.
  init(
    _ retargeter: Retargeter, _ evaluation: RetargeterEvaluation, solved: RetargeterEvaluation,
    freeBase: Bool, path: String
  ) {
    let sizes = retargeter.network.configuration
    let operations = retargeter.network.operations(joints: retargeter.robot.coordinateCount)
    self.init(
      of: path,
      what: "A retargeter for the robot `\(retargeter.robot.name)` (URDF "
        + "\(retargeter.robot.fingerprint)).",
      facts: [
        "Network: \(sizes.layers) layers, width \(sizes.width), \(sizes.heads) heads, "
          + "feed-forward \(sizes.feedForward), one token for each of 21 joints; "
          + "\(operations / 1000) kFLOP a pose."
      ],
      fingerprint: retargeter.fingerprint, history: retargeter.history,
      measured: "Measured on clips that training never saw",
      lines: evaluation.lines + [
        "inverse kinematics frame by frame (--ik) on the same clips: "
          + "\(Console.fixed(1000 * solved.meanDistance, 2)) mm"
          + (freeBase ? ", the base solved for too" : "")
          + ", \(Int(solved.posesPerSecond)) poses a second"
      ])
  }
}
