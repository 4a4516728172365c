import ArgumentParser
import Files
import Learning

/// The options that the trainings of all motion models have.
struct MotionTrainingOptions: ParsableArguments {
  @OptionGroup var file: TrainingFileOptions

  @Option(parsing: .upToNextOption, help: "Motion files or folders.", completion: .file())
  var motions: [String]

  @Option(help: "The number of steps.")
  var steps: Int?

  @Option(help: "The batch size in windows.")
  var batch: Int = 64

  @Option(help: "The learning rate after warm-up.")
  var rate: Float?

  @Option(help: "Steps between checkpoints.")
  var checkpointEvery: Int = 500

  @Option(
    help: "A file for the dataset shard, kept for reuse; without it a temporary one is used.",
    completion: .file())
  var pack: String?

  func validate() throws {
    guard (1...10_000_000).contains(steps ?? 1), (1...65_536).contains(batch) else {
      throw ValidationError("--steps must be within 1 and 10000000, --batch within 1 and 65536.")
    }
    guard checkpointEvery > 0, (rate ?? 0.1) > 0, (rate ?? 0.1) < 1 else {
      throw ValidationError("--checkpoint-every must be above 0, --rate between 0 and 1.")
    }
  }

  /// The options of a run on so many clips; `usual` are those of the model.
  func run(usual: TrainingRunOptions, clips: Int) -> TrainingRunOptions {
    var run = file.run(
      batch: batch, steps: steps ?? usual.steps, rate: rate ?? usual.rate,
      checkpointEvery: checkpointEvery,
      history: [
        "tool": Motionc.nameAndVersion, "data": "\(clips) clips",
        "data_licence": file.licence ?? "not stated",
      ])
    run.stepsAreStated = steps != nil
    return run
  }
}

/// The sizes of a Transformer.
struct TransformerOptions: ParsableArguments {
  @Option(help: "The width of a token.")
  var width: Int = 256

  @Option(help: "The number of attention heads.")
  var heads: Int = 8

  @Option(help: "The number of layers; of an encoder and a decoder, of each.")
  var layers: Int = 4

  func validate() throws {
    guard (1...4096).contains(width), heads > 0, width % heads == 0, (1...64).contains(layers)
    else {
      throw ValidationError(
        "--width must be a multiple of --heads up to 4096, --layers within 1 and 64.")
    }
  }
}
