import ArgumentParser
import Files
import Foundation
import Kinematics
import Learning
import Motions
import Retargeting

/// `motionc train`: models from data.
struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Trains a model.",
    subcommands: [TrainRetargeter.self, TrainGenerator.self, TrainSmoother.self])
}

/// `motionc train retargeter`: a network that maps human poses onto a robot.
struct TrainRetargeter: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retargeter",
    abstract: "Trains a retargeter for a robot, from motions or from random poses alone.",
    discussion: """
      motionc train retargeter --robot unitree_g1 --motions captures/ -o g1.safetensors
      motionc train retargeter --robot uarm_swift_pro -o uarm.safetensors --epochs 20
      motionc train retargeter --robot unitree_g1 --motions captures/ -o g1.safetensors --resume

      Ctrl-C ends training with a checkpoint beside the model (MODEL.checkpoint), from which \
      --resume goes on to the same bytes as training without the break. Losses: \
      \(LossWeights.names.map(\.name).joined(separator: ", ")).
      """)

  @OptionGroup var robot: RobotOptions

  @Option(
    help: "The mapping's file; Mappings/human-to-ROBOT.yaml if none is given.",
    completion: .file(extensions: ["yaml"]))
  var mapping: String?

  @Option(
    parsing: .upToNextOption, help: "Motion files or folders; random poses if none is given.",
    completion: .file())
  var motions: [String] = []

  @Option(name: [.short, .long], help: "The model's file.", completion: .file())
  var output: String

  @Option(help: "Passes over the poses (an epoch has at least 25,600).")
  var epochs: Int = 100

  @Option(help: "Poses in a step.")
  var batch: Int = 256

  @Option(help: "What all random numbers depend on.")
  var seed: UInt64 = 1

  @Option(help: "Threads; all cores if not given. The bytes of the model do not depend on it.")
  var threads: Int?

  @Flag(help: "Goes on from the checkpoint of a training that was ended.")
  var resume = false

  @Option(help: "When to stop, with a checkpoint: 90s, 10m, 2h.")
  var timeLimit: TimeLimit?

  @Option(help: "Trains only on rows of index.csv whose licence begins with this.")
  var licence: String?

  @Option(help: "The part of poses drawn from human joint ranges, 0...1, beside motions.")
  var randomShare: Double = 0.3

  @Option(
    help: "A generator's model, from which motion is sampled while training.", completion: .file())
  var generator: String?

  @Option(help: "The part of motions' poses that is sampled, 0...1, beside captured motion.")
  var generatorShare: Double = 0.5

  @Option(help: "The learning rate after warming up.")
  var rate: Float = 1e-3

  @Option(help: "The weight of a loss as NAME=NUMBER, 0 to switch it off; may be repeated.")
  var weight: [String] = []

  @Option(help: "The width of a token.")
  var width: Int = 64

  @Option(help: "Encoder layers.")
  var layers: Int = 3

  @Option(help: "Steps between checkpoints.")
  var checkpointEvery: Int = 1000

  @OptionGroup var reading: ReadingOptions

  @Flag(help: "Progress as JSON lines on standard output.")
  var json = false

  func validate() throws {
    guard 0 < epochs, epochs <= 1_000_000, batch >= 2, batch <= 65_536, batch.isMultiple(of: 2)
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
    guard (threads ?? 1) > 0, checkpointEvery > 0 else {
      throw ValidationError("--threads and --checkpoint-every must be above 0.")
    }
  }

  func run() throws {
    let robot = try robot.load()
    let mapping =
      try mapping.map { try Mapping(contentsOf: $0) }
      ?? Mapping.shipped(for: robot.folderName)
    let set = try MotionSet(paths: motions, licence: licence)
    guard motions.isEmpty || !set.training.isEmpty else {
      throw FileError.malformed(
        path: motions.joined(separator: " "),
        reason: "no clip to train on" + (licence.map { " whose licence begins with '\($0)'" } ?? "")
      )
    }
    var pool = PosePool()
    if !set.training.isEmpty {
      for clip in try MotionSet.read(set.training, options: reading.options) { pool.add(clip) }
    }
    let sampled = try generator.map {
      try SampledMotion(
        model: $0, seed: seed, threads: threads ?? ProcessInfo.processInfo.activeProcessorCount)
    }
    let options = try trainingOptions(pool: pool, clips: set.training.count, sampled: sampled)
    Console.note(
      "\(pool.count) poses of \(pool.clipNames.count) clips, \(set.validation.count) clips held "
        + "back; \(options.steps) steps of \(batch) poses on \(options.threads) threads")
    let training = try RetargeterTraining(
      robot: robot, mapping: mapping, poses: pool,
      generated: sampled?.poses(share: generatorShare), options: options)
    // A place that cannot be written to is found now and not after the training.
    if FileSystem.kind(of: output) == .folder {
      throw FileError.cannotCreate(path: output, reason: "it is a folder, the model is a file")
    }
    try AtomicFile.write("", to: output + ".probe")
    FileSystem.remove(output + ".probe")
    Interruption.catchSignals()
    var meter = TrainingMeter(json: json)
    let (retargeter, ending) = try training.run(
      resume: resume, isCancelled: { Interruption.isRequested }, progress: { meter.show($0) })
    Console.endProgress()
    guard ending != .cancelled else {
      Console.note("ended by request; '\(checkpoint)' holds the state, --resume goes on from it")
      throw ExitStatus.interrupted
    }
    try retargeter.write(to: output)
    Console.note(
      ending == .timeLimit
        ? "time is over before the last step: '\(output)' is written, --resume goes on"
        : "written to '\(output)'")
  }

  private var checkpoint: String { output + ".checkpoint" }

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
    options.batch = batch
    options.steps = epochs * max(1, max(pool.count, 25_600) / batch)
    options.seed = seed
    options.threads = threads ?? ProcessInfo.processInfo.activeProcessorCount
    options.randomShare = randomShare
    options.rate = rate
    options.checkpoint = checkpoint
    options.checkpointInterval = checkpointEvery
    options.timeLimit = timeLimit?.duration
    options.history = history(clips: clips, sampled: sampled)
    return options
  }

  /// What the model's file says of its making.
  private func history(clips: Int, sampled: SampledMotion?) -> [String: String] {
    let captured = clips == 0 ? nil : "\(clips) clips"
    let data = [captured, sampled?.name, "random poses"].compactMap { $0 }
    let terms = [clips == 0 ? nil : licence ?? "not stated", sampled?.licence]
    let known = Set(terms.compactMap { $0 }).sorted()
    var history = [
      "tool": "motionc \(Motionc.version)",
      "data": data.count < 3
        ? data.joined(separator: " and ") : "\(data[0]), \(data[1]) and \(data[2])",
      "data_licence": known.isEmpty ? "none" : known.joined(separator: "; "),
    ]
    history["generator"] = sampled?.fingerprint
    return history
  }
}

/// A duration on the command line: 90s, 10m, 2h.
struct TimeLimit: ExpressibleByArgument {
  let duration: Duration

  init?(argument: String) {
    let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600]
    guard let unit = argument.last.flatMap({ units[$0] }),
      let number = Double(argument.dropLast()), number > 0, number < 1e6
    else { return nil }
    duration = .seconds(number * unit)
  }
}
