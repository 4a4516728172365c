import HumanBody
import Learning
import MotionData

/// Benchmarks of PoseGPT and HG-VAE at the sizes that ship, in processor time of one thread.
public enum ModelBenchmark {
  /// The time of a training step of an autoencoder of this one's sizes, 16 windows [s].
  public static func autoencoderStep(like tokenizer: MotionTokenizer) throws -> Double {
    var options = TokenizerTraining.Options()
    options.network = tokenizer.configuration
    (options.run.batch, options.run.threads) = (16, 1)
    let pack = try BenchmarkPack()
    defer { pack.remove() }
    let source = try WindowSource(shard: pack.shard, frames: options.network.frames)
    return try TrainingRun(TokenizerTraining(source: source, options: options))
      .processorSecondsPerStep(steps: 40)
  }

  /// The time of a training step of a GPT of this one's sizes, 16 sequences of a whole context, and the
  /// part of it in which these are encoded [s].
  public static func gptStep(like model: PoseGPT) throws -> (step: Double, encoding: Double) {
    let tokenizer = model.tokenizer
    var options = CodeTransformerTraining.Options()
    options.network = model.configuration
    (options.run.batch, options.run.threads) = (16, 1)
    // So long that nearly all stretches fill the context.
    let pack = try BenchmarkPack(frames: 4000, isLabelled: true)
    defer { pack.remove() }
    let training = try CodeTransformerTraining(
      tokenizer: tokenizer, shard: pack.shard, options: options)
    let frames = options.network.context * tokenizer.configuration.framesPerToken
    let windows = try SequenceSource(shard: pack.shard, frames: frames, shortest: frames)
    var random = RandomSource(seed: 1)
    let drawn = (0..<options.run.batch).map { _ in windows.draw(using: &random) }
    let clips = ClipCodes(windows, tokenizer: tokenizer, precision: options.precision)
    let encoding = ProcessorTime.least(of: 20) { _ = clips(drawn) }
    return (try TrainingRun(training).processorSecondsPerStep(), encoding)
  }

  /// The time of a training step of an HG-VAE of this one's sizes, 32 windows, and the part of it in
  /// which these are drawn [s].
  public static func hgvaeStep(like model: HGVAE) throws -> (step: Double, drawing: Double) {
    var options = HGVAETraining.Options()
    options.network = model.configuration
    (options.run.batch, options.run.threads) = (32, 1)
    let pack = try BenchmarkPack(isLabelled: true)
    defer { pack.remove() }
    let source = try WindowSource(shard: pack.shard, frames: options.network.frames)
    let training = try HGVAETraining(source: source, options: options)
    var random = RandomSource(seed: 1)
    let drawing = ProcessorTime.least(of: 20) {
      training.draw(options.run.batch, using: &random)
    }
    return (try TrainingRun(training).processorSecondsPerStep(steps: 25), drawing)
  }

  /// The time to draw the codes of a whole context, for each of `together` sequences [s].
  public static func sequence(_ model: PoseGPT, together: Int) -> Double {
    let begin = [[Int]](repeating: [], count: together)
    var randoms = (0..<together).map { RandomSource(seed: 1, stream: UInt64($0)) }
    var request = MotionRequest()
    request.temperature = 1
    let time = ProcessorTime.least(of: together > 4 ? 8 : 20) {
      _ = model.continued(
        begin, to: model.configuration.context, action: 0, request, using: &randoms)
    }
    return time / Double(together)
  }

  /// The time to find an arm that is hidden for a second in a window [s].
  public static func imputation(_ model: HGVAE) throws -> Double {
    let pack = try BenchmarkPack()
    defer { pack.remove() }
    let source = try WindowSource(shard: pack.shard, frames: model.frames)
    var random = RandomSource(seed: 1)
    let body = HGVAETraining.draw(source, using: &random).window
    var occlusion = Occlusion(frames: model.frames)
    for joint in [17, 19, 21] { occlusion.hide(joint: joint, frames: 10..<40) }
    let window = SeenWindow(body, occlusion)
    return ProcessorTime.least(of: 20) { _ = model.impute(window) }
  }
}
