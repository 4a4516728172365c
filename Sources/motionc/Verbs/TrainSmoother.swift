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

      Noise is drawn anew for every window. Ctrl-C ends training with a checkpoint beside the \
      model (MODEL.checkpoint), from which --resume goes on to the same bytes as training without \
      the break.
      """)

  @OptionGroup var training: MotionTrainingOptions

  @Option(help: "The frames of a window, at 30 Hz.")
  var frames: Int = 31

  @Flag(help: "Predicts a covariance for each position.")
  var covariance = false

  @Flag(inversion: .prefixedNo, help: "Ends in the skeleton, so that bones keep their length.")
  var skeleton = true

  @OptionGroup var reading: ReadingOptions

  func validate() throws {
    guard (7...1024).contains(frames) else {
      throw ValidationError("--frames must be within 7 and 1024.")
    }
  }

  func run() throws {
    let data = try TrainingData(
      motions: training.motions, licence: training.licence, labels: nil, embeddings: nil,
      reading: reading.options, file: training.pack, model: training.output,
      tool: Motionc.nameAndVersion, skipping: SafeTrajectory.isHeld)
    for warning in data.warnings { Console.note(warning) }
    // Without covariances there is nothing to calibrate, and every clip is trained on.
    let (clips, rest) =
      covariance ? Self.divided(data.shard.training) : (data.shard.training, nil)
    let source = try WindowSource(shard: clips, frames: frames)
    let smootherTraining = try SmootherTraining(
      options: options(clips: data.clipCount),
      sourceText: "\(clips.clips.count) clips (\(source.shard.fingerprint.prefix(16)))"
    ) { source.draw(using: &$0) }
    try training.checkOutput()
    Console.note(
      "\(data.clipCount) clips, \(data.frameCount) frames; "
        + "\(smootherTraining.options.steps) steps of \(smootherTraining.options.batch) windows on "
        + "\(smootherTraining.options.threads) threads")
    Interruption.catchSignals()
    var meter = TrainingMeter(json: training.json)
    var (smoother, ending) = try smootherTraining.run(
      resume: training.resume, isCancelled: { Interruption.isRequested },
      progress: { meter.show($0) })
    if let rest, ending != .cancelled {
      let stretches = try WindowSource(
        shard: rest, frames: min(4 * frames, rest.clips.map(\.frames).max() ?? frames))
      smoother.calibrate(on: { stretches.draw(using: &$0) }, seed: training.seed)
      smoother.history["calibration"] = "\(rest.clips.count) clips kept from training"
    }
    try training.conclude(ending) { try smoother.write(to: training.output) }
  }

  private static func divided(_ pack: DatasetShard) -> (DatasetShard, DatasetShard?) {
    let parts = pack.dividedForCalibration
    return (parts.training, parts.calibration)
  }

  private func options(clips: Int) -> SmootherTraining.Options {
    var options = SmootherTraining.Options()
    options.network.backbone.width = training.width
    options.network.backbone.heads = training.heads
    options.network.backbone.encoderLayers = training.layers
    options.network.backbone.decoderLayers = training.layers
    options.network.backbone.feedForward = 4 * training.width
    options.network.backbone.frames = frames
    options.network.usesSkeleton = skeleton
    options.network.predictsCovariance = covariance
    options.batch = training.batch
    options.steps = training.steps ?? options.steps
    options.seed = training.seed
    options.threads = training.threadCount
    options.rate = training.rate ?? options.rate
    options.checkpoint = training.checkpoint
    options.checkpointInterval = training.checkpointEvery
    options.timeLimit = training.timeLimit?.duration
    options.history = training.history(clips: clips)
    return options
  }
}
