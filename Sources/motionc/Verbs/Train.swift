import ArgumentParser
import Files
import Foundation
import Kinematics
import Learning
import MotionData
import Motions
import Retargeting

/// `motionc train`: models from data.
struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Trains a model.",
    subcommands: [
      TrainRetargeter.self, TrainGenerator.self, TrainSmoother.self, TrainHGVAE.self,
      TrainPoseGPT.self,
    ])
}

/// `motionc train retargeter`: a network that maps human poses onto a robot.
struct TrainRetargeter: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retargeter",
    abstract: "Trains a retargeter for a robot, on motions or on random poses alone.",
    discussion: """
      motionc train retargeter --robot unitree_g1 --motions captures/ -o g1.safetensors
      motionc train retargeter --robot uarm_swift_pro -o uarm.safetensors --epochs 20
      motionc train retargeter --robot unitree_g1 --motions captures/ -o g1.safetensors --resume
      motionc train retargeter --robot uarm_swift_pro -o uarm.safetensors --time-limit 6m

      Ctrl-C ends training with a checkpoint beside the model (MODEL.checkpoint), from which \
      --resume continues to the same bytes as uninterrupted training. Losses: \
      \(LossWeights.names.map(\.name).joined(separator: ", ")).
      """)

  @OptionGroup var robot: RobotOptions

  @OptionGroup var file: TrainingFileOptions

  @Option(
    help: "The mapping's file; by default the shipped one or what 'map' finds.",
    completion: .file(extensions: ["yaml"]))
  var mapping: String?

  @Option(
    parsing: .upToNextOption, help: "Motion files or folders; random poses by default.",
    completion: .file())
  var motions: [String] = []

  @Option(
    help: """
      The number of passes over the poses (an epoch has at least 25,600); 100 by default, or what \
      --time-limit has room for.
      """)
  var epochs: Int?

  @Option(help: "The batch size in poses.")
  var batch: Int = 64

  @Option(help: "The fraction of poses drawn from human joint ranges instead of motions, 0...1.")
  var randomShare: Double = 0.3

  @Option(
    help: "A generator's model, from which motion is sampled during training.", completion: .file())
  var generator: String?

  @Option(help: "The fraction of sampled poses among the motions' poses, 0...1.")
  var generatorShare: Double = 0.5

  @Option(
    help: "A model whose weights are taken at the start, of this robot or of another.",
    completion: .file(extensions: ["safetensors"]))
  var from: String?

  @Option(help: "The learning rate after warm-up.")
  var rate: Float = 2e-3

  @Option(help: "The weight of a loss as NAME=NUMBER, 0 to switch it off; may be repeated.")
  var weight: [String] = []

  @Option(help: "The width of a token.")
  var width: Int = 64

  @Option(help: "Encoder layers.")
  var layers: Int = 3

  @Option(help: "Steps between checkpoints.")
  var checkpointEvery: Int = 1000

  @OptionGroup var reading: ReadingOptions

  func validate() throws {
    guard (1...1_000_000).contains(epochs ?? 1), batch >= 2, batch <= 65_536,
      batch.isMultiple(of: 2)
    else {
      throw ValidationError(
        "--epochs must be within 1 and 1000000, --batch an even number of 2 to 65536.")
    }
    guard 0 <= randomShare, randomShare <= 1, 0 < rate, rate < 1 else {
      throw ValidationError("--random-share must be within 0 and 1, --rate between 0 and 1.")
    }
    guard 0 <= generatorShare, generatorShare <= 1 else {
      throw ValidationError("--generator-share must be within 0 and 1.")
    }
    guard checkpointEvery > 0 else {
      throw ValidationError("--checkpoint-every must be above 0.")
    }
  }

  func run() throws {
    try file.begin()
    let robot = try robot.load()
    let mapping = try InverseKinematicsRetargeter.chosen(for: robot, mapping: mapping, front: nil)
      .retargeter.targets.mapping
    // One that was found is no file.
    let mappingFile = mapping.path == Mapping.foundPath ? nil : mapping.path
    let set = try MotionSplit(motions, selection: file.selection)
    if let note = set.heldOutByName { Console.note(note) }
    guard motions.isEmpty || !set.training.isEmpty else {
      throw FileError.malformed(
        path: motions.joined(separator: " "), reason: set.nothingToTrainOn(file.selection))
    }
    let inputs = InputFiles(set.files + [generator, from, mappingFile] + robot.allFiles)
    for path in [file.output, file.checkpoint] { try inputs.refuse(path) }
    var pool = PosePool()
    if !set.training.isEmpty {
      let read = try MotionSplit.read(set.training, options: reading.options)
      for warning in read.warnings { Console.note(warning) }
      for clip in read.clips { pool.add(clip) }
    }
    let sampled = try generator.map {
      try SampledMotion(model: $0, seed: file.seed, threads: file.threadCount)
    }
    let options = try trainingOptions(pool: pool, clips: set.training.count, sampled: sampled)
    let subject = try RetargeterTraining(
      robot: robot, mapping: mapping, poses: pool,
      generated: sampled?.poses(share: generatorShare, batch: batch), options: options)
    try file.train(
      subject,
      announcement:
        "\(pool.count) poses of \(pool.clipNames.count) clips, \(set.validation.count) clips held "
        + "back; \(options.run.steps) steps of \(batch) poses on \(options.run.threads) threads"
    ) { try $0.write(to: $1) }
  }

  private func trainingOptions(
    pool: PosePool, clips: Int, sampled: SampledMotion?
  ) throws -> RetargeterTraining.Options {
    var options = RetargeterTraining.Options()
    options.network = PoseTransformer.Configuration(
      width: width, heads: 4, layers: layers, feedForward: 4 * width)
    guard options.network.isValid else {
      throw ValidationError("--width must be a multiple of 4 up to 4096, --layers 1 to 64.")
    }
    for text in weight {
      let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2, let value = Double(parts[1]), value >= 0, value.isFinite,
        options.weights[parts[0]] != nil
      else {
        let names = LossWeights.names.map(\.name).joined(separator: ", ")
        throw ValidationError(
          "--weight '\(text.printable)': NAME=NUMBER expected, NAME one of \(names).")
      }
      options.weights[parts[0]] = value
    }
    options.start = try from.map { try RetargeterStart(contentsOf: $0) }
    options.randomShare = randomShare
    options.run = file.run(
      batch: batch, steps: (epochs ?? 100) * max(1, max(pool.count, 25_600) / batch), rate: rate,
      checkpointEvery: checkpointEvery, history: history(clips: clips, sampled: sampled))
    options.run.stepsAreStated = epochs != nil
    return options
  }

  /// What the model's file says of its making.
  private func history(clips: Int, sampled: SampledMotion?) -> [String: String] {
    let captured = clips == 0 ? nil : "\(clips) clips"
    let data = [captured, sampled?.name, "random poses"].compactMap { $0 }
    let terms = [clips == 0 ? nil : file.licence ?? "not stated", sampled?.licence]
    let known = Set(terms.compactMap { $0 }).sorted()
    var history = [
      "tool": Motionc.nameAndVersion,
      "data": data.count < 3
        ? data.joined(separator: " and ") : "\(data[0]), \(data[1]) and \(data[2])",
      "data_licence": known.isEmpty ? "none" : known.joined(separator: "; "),
    ]
    history["generator"] = sampled?.fingerprint
    history["started_from"] = from.map { String($0.split(separator: "/").last ?? "") }
    return history
  }
}
