import ArgumentParser
import Files
import Foundation
import Generation
import Learning

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
    let packs = try TrainingPack(
      motions: training.motions, licence: training.licence, labels: nil, embeddings: nil,
      reading: reading.options, file: training.pack, model: training.output)
    let source = try packs.source(frames: frames)
    let smootherTraining = try SmootherTraining(
      options: options(clips: packs.clipCount),
      sourceText: "\(packs.clipCount) clips (\(source.pack.fingerprint.prefix(16)))"
    ) { source.draw(using: &$0) }
    try training.checkOutput()
    Console.note(
      "\(packs.clipCount) clips, \(packs.frameCount) frames; "
        + "\(smootherTraining.options.steps) steps of \(smootherTraining.options.batch) windows on "
        + "\(smootherTraining.options.threads) threads")
    Interruption.catchSignals()
    var meter = TrainingMeter(json: training.json)
    let (smoother, ending) = try smootherTraining.run(
      resume: training.resume, isCancelled: { Interruption.isRequested },
      progress: { meter.show($0) })
    try training.conclude(ending) { try smoother.write(to: training.output) }
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
