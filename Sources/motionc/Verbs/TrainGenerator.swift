import ArgumentParser
import Files
import Foundation
import Learning
import MotionData
import MotionModels
import Trajectories

/// `motionc train generator`: a model that samples human motion.
struct TrainGenerator: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generator",
    abstract: "Trains a generator (HPSTM-Gen) that samples human motion from noise.",
    discussion: """
      motionc train generator --motions captures/ -o generator.safetensors
      motionc train generator --motions captures/ --labels labels.csv -o mine.safetensors --resume
      motionc train generator --motions captures/ --labels labels.csv --text -o mine.safetensors
      motionc train generator --motions captures/ --embeddings captions/ -o mine.safetensors

      Labels come from the column 'action' of an index.csv beside the motions, or of --labels. \
      The embedding of a clip is a file with the clip's name (.npy or .safetensors) and one array. Ctrl-C ends \
      training with a checkpoint beside the model (MODEL.checkpoint), from which --resume \
      continues to the same bytes as uninterrupted training.
      """)

  @OptionGroup var training: MotionTrainingOptions

  @OptionGroup var sizes: TransformerOptions

  @Option(
    help: "An index.csv with the columns 'file' and 'action' (and 'description').",
    completion: .file())
  var labels: String?

  @Option(help: "A folder with an embedding for each clip.", completion: .directory)
  var embeddings: String?

  @Flag(
    help:
      "Conditions on the descriptions of the clips (the column 'description'), for sample --text.")
  var text = false

  @Option(help: "The window length in frames, at 30 Hz.")
  var frames: Int = 64

  @Option(help: "The number of frames per token; it must divide the window length.")
  var framesPerToken: Int = 2

  @Option(
    help: "The number of mixture components of the prior: 64 for minutes of motion, 512 for hours.")
  var components: Int = 64

  @OptionGroup var reading: ReadingOptions

  func validate() throws {
    guard !text || embeddings == nil else {
      throw ValidationError("--text and --embeddings exclude each other.")
    }
    guard (1...4096).contains(components) else {
      throw ValidationError("--components must be within 1 and 4096.")
    }
    guard (8...1024).contains(frames), framesPerToken > 0, frames % framesPerToken == 0 else {
      throw ValidationError(
        "--frames must be within 8 and 1024, and a multiple of --frames-per-token.")
    }
  }

  func run() throws {
    try training.file.begin()
    let data = try TrainingData(
      motions: training.motions, selection: training.file.selection, labels: labels,
      embeddings: embeddings, readsTexts: text, reading: reading.options, file: training.pack,
      model: training.file.output, tool: Motionc.nameAndVersion, skipping: SafeTrajectory.isHeld)
    for warning in data.warnings { Console.note(warning) }
    let source = try data.source(frames: frames)
    if source.leftOut > 0 {
      Console.note(
        "\(source.leftOut) clips are shorter than three quarters of a window of \(frames) frames"
          + " and left out")
    }
    var options = options(clips: data.clipCount)
    options.vocabulary = data.vocabulary
    try training.file.train(
      GeneratorTraining(source: source, options: options),
      announcement:
        "\(data.clipCount) clips, \(data.frameCount) frames, \(source.shard.labels.count) labels; "
        + "\(options.run.steps) steps of \(options.run.batch) windows on \(options.run.threads) "
        + "threads"
    ) { try $0.write(to: $1) }
  }

  private func options(clips: Int) -> GeneratorTraining.Options {
    var options = GeneratorTraining.Options()
    options.components = components
    options.backbone.width = sizes.width
    options.backbone.heads = sizes.heads
    options.backbone.encoderLayers = sizes.layers
    options.backbone.decoderLayers = sizes.layers
    options.backbone.feedForward = 4 * sizes.width
    options.backbone.frames = frames
    options.backbone.framesPerToken = framesPerToken
    options.run = training.run(usual: options.run, clips: clips)
    return options
  }
}
