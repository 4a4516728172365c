import ArgumentParser
import Files
import Foundation
import Learning
import MotionData
import MotionModels
import Trajectories

/// `motionc train smoother`: a model that takes noise away from tracked joints.
struct TrainSmoother: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "smoother",
    abstract: "Trains a smoother (HPSTM) that turns tracked joints into smooth motion.",
    discussion: """
      motionc train smoother --motions captures/ -o smoother.safetensors
      motionc train smoother --motions captures/ --covariance --width 128 --layers 2 -o s.safetensors
      motionc train smoother --motions captures/ -o smoother.safetensors --resume

      The noise is random for every window. Ctrl-C ends training with a checkpoint beside the \
      model (MODEL.checkpoint), from which --resume continues to the same bytes as \
      uninterrupted training.
      """)

  @OptionGroup var training: MotionTrainingOptions

  @OptionGroup var sizes: TransformerOptions

  @Option(help: "The window length in frames, at 30 Hz.")
  var frames: Int = 31

  @Flag(help: "Predicts a covariance for each position.")
  var covariance = false

  @Flag(
    name: .customLong("no-skeleton"),
    help: "Predicts positions alone, so that bones may change their length.")
  var withoutSkeleton = false

  @OptionGroup var reading: ReadingOptions

  func validate() throws {
    guard (7...1024).contains(frames) else {
      throw ValidationError("--frames must be within 7 and 1024.")
    }
  }

  func run() throws {
    try training.file.begin()
    let data = try TrainingData(
      motions: training.motions, selection: training.file.selection, labels: nil, embeddings: nil,
      reading: reading.options, file: training.pack, model: training.file.output,
      tool: Motionc.nameAndVersion, skipping: SafeTrajectory.isHeld)
    for warning in data.warnings { Console.note(warning) }
    // Without covariances there is nothing to calibrate, and every clip is trained on.
    let (clips, rest) =
      covariance ? Self.divided(data.shard.training) : (data.shard.training, nil)
    let source = try WindowSource(shard: clips, frames: frames)
    let options = options(clips: data.clipCount)
    let subject = try SmootherTraining(
      options: options,
      sourceText: "\(clips.clips.count) clips (\(source.shard.fingerprint.prefix(16)))"
    ) { source.draw(using: &$0) }
    try training.file.train(
      subject,
      announcement:
        "\(data.clipCount) clips, \(data.frameCount) frames; \(options.run.steps) steps of "
        + "\(options.run.batch) windows on \(options.run.threads) threads",
      finish: { if let rest { try calibrate(&$0, on: rest) } },
      write: { try $0.write(to: $1) })
  }

  private func calibrate(_ smoother: inout Smoother, on clips: DatasetShard) throws {
    let stretches = try WindowSource(
      shard: clips, frames: min(4 * frames, clips.clips.map(\.frames).max() ?? frames))
    smoother.calibrate(on: { stretches.draw(using: &$0) }, seed: training.file.seed)
    smoother.history["calibration"] = "\(clips.clips.count) clips kept from training"
  }

  private static func divided(_ pack: DatasetShard) -> (DatasetShard, DatasetShard?) {
    let parts = pack.dividedForCalibration
    return (parts.training, parts.calibration)
  }

  private func options(clips: Int) -> SmootherTraining.Options {
    var options = SmootherTraining.Options()
    options.network.backbone.width = sizes.width
    options.network.backbone.heads = sizes.heads
    options.network.backbone.encoderLayers = sizes.layers
    options.network.backbone.decoderLayers = sizes.layers
    options.network.backbone.feedForward = 4 * sizes.width
    options.network.backbone.frames = frames
    options.network.usesSkeleton = !withoutSkeleton
    if withoutSkeleton { options.network.passes = 1 }
    options.network.predictsCovariance = covariance
    options.run = training.run(usual: options.run, clips: clips)
    return options
  }
}
