import ArgumentParser
import Files
import Foundation
import Learning
import MotionData
import MotionModels
import Trajectories

/// `motionc train hgvae`: a model that scores and completes motion.
struct TrainHGVAE: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hgvae",
    abstract: "Trains an HG-VAE that scores how plausible motion is and fills in joints.",
    discussion: """
      motionc train hgvae --motions captures/ -o hgvae.safetensors --width 128
      motionc train hgvae --motions captures/ --levels 8 --blocks 1 -o deep.safetensors
      motionc train hgvae --motions captures/ -o hgvae.safetensors --resume
      motionc train hgvae --motions captures/ -o mine.safetensors --weights hgvae.safetensors

      Labels come from the column 'action' of an index.csv beside the motions. One recording in \
      twelve is kept from training: thresholds of plausibility are measured on it. --weights trains \
      nothing and measures the thresholds of a model anew, on your motions but held-out ones. Ctrl-C ends \
      training with a checkpoint beside the model (MODEL.checkpoint), from which --resume \
      continues to the same bytes as uninterrupted training.
      """)

  @OptionGroup var training: MotionTrainingOptions

  @Option(
    help: "An HG-VAE whose weights are taken as they are: only thresholds are measured anew.",
    completion: .file())
  var weights: String?

  @Option(help: "The numbers of a node.")
  var width: Int = 256

  @Option(help: "The window length in frames, at 30 Hz.")
  var frames: Int = 50

  @Option(help: "The stochastic levels, from one global node to every coordinate.")
  var levels: Int = 4

  @Option(help: "The residual blocks of each level.")
  var blocks: Int = 2

  @Option(help: "The latent numbers of a node; the top level has four times as many.")
  var latents: Int = 32

  @OptionGroup var reading: ReadingOptions

  func validate() throws {
    let file = training.file
    guard weights == nil || (!file.resume && training.steps == nil && file.timeLimit == nil) else {
      throw ValidationError(
        "--weights trains nothing: --steps, --time-limit and --resume mean nothing with it.")
    }
    guard (8...512).contains(frames) else {
      throw ValidationError("--frames must be within 8 and 512.")
    }
    guard (1...16).contains(levels), (1...16).contains(blocks), (1...256).contains(latents),
      (4...1024).contains(width)
    else {
      throw ValidationError(
        "--levels and --blocks must be within 1 and 16, --latents within 1 and 256, --width within "
          + "4 and 1024.")
    }
  }

  func run() throws {
    try training.file.begin()
    let given = try weights.map { try HGVAE(contentsOf: $0) }
    if let weights { try InputFiles([weights]).refuse(training.file.output) }
    let data = try TrainingData(
      motions: training.motions, selection: training.file.selection, labels: nil, embeddings: nil,
      reading: reading.options, file: training.pack, model: training.file.output,
      tool: Motionc.nameAndVersion, skipping: SafeTrajectory.isHeld)
    for warning in data.warnings { Console.note(warning) }
    if let given {
      try calibrate(given, on: data.shard.training)
      return
    }
    let (clips, rest) = data.shard.training.dividedForCalibration
    if data.shard.training.isOneRecording {
      Console.note(
        "all clips are of one recording: thresholds are measured on what is trained on, and too strict for others"
      )
    }
    let source = try WindowSource(shard: clips, frames: frames, labelPower: 0.5)
    if source.leftOut > 0 {
      Console.note(
        "\(source.leftOut) clips are shorter than three quarters of a window of \(frames) frames"
          + " and left out")
    }
    let options = options(clips: data.clipCount)
    try training.file.train(
      HGVAETraining(source: source, options: options),
      announcement:
        "\(data.clipCount) clips, \(data.frameCount) frames, \(source.shard.labels.count) labels; "
        + "\(options.run.steps) steps of \(options.run.batch) windows on \(options.run.threads) "
        + "threads",
      finish: { try $0.calibrate(on: rest) },
      write: { try $0.write(to: $1) })
  }

  /// Writes a model with thresholds of other motion.
  private func calibrate(_ model: HGVAE, on clips: DatasetShard) throws {
    var model = model
    try model.calibrate(on: clips)
    try model.write(to: training.file.output)
    Console.note(
      "thresholds measured on \(clips.clips.count) clips; written to "
        + "'\(training.file.output.shownPath)'")
  }

  private func options(clips: Int) -> HGVAETraining.Options {
    var options = HGVAETraining.Options()
    options.network.width = width
    options.network.levels = levels
    options.network.blocks = blocks
    options.network.latents = latents
    options.network.frames = frames
    options.run = training.run(usual: options.run, clips: clips)
    return options
  }
}
