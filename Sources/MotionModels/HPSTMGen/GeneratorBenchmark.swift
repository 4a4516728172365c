import Learning
import MotionData

/// Benchmarks of the generator.
public enum GeneratorBenchmark {
  /// The median time of a training step at the published size, one token per frame, 64 frames [s].
  public static func secondsPerStep(batch: Int, threads: Int = 2) throws -> Double {
    try measure(batch: batch, threads: threads) { try $0.secondsPerStep() }
  }

  /// The processor time of the same step on one thread, the least of several [s].
  public static func processorSecondsPerStep(batch: Int) throws -> Double {
    try measure(batch: batch, threads: 1) { try $0.processorSecondsPerStep(steps: 7) }
  }

  private static func measure(
    batch: Int, threads: Int, _ time: (TrainingRun<GeneratorTraining>) throws -> Double
  ) throws -> Double {
    let pack = try BenchmarkPack()
    defer { pack.remove() }
    var options = GeneratorTraining.Options()
    options.run.batch = batch
    options.run.threads = threads
    let source = try WindowSource(shard: pack.shard, frames: options.backbone.frames)
    return try time(TrainingRun(GeneratorTraining(source: source, options: options)))
  }

  /// The median time per motion of one window in ten steps [s], when `count` are sampled at once.
  public static func secondsPerMotion(
    _ generator: Generator, together: Int, threads: Int = 2
  ) throws -> Double {
    var request = MotionRequest()
    request.count = together
    request.frames = generator.configuration.backbone.frames
    var times: [Double] = []
    for round in 0..<(together > 1 ? 4 : 12) {
      request.seed = UInt64(round)
      let clock = ContinuousClock()
      let start = clock.now
      _ = try generator.sample(request, threads: threads)
      let time = (clock.now - start).components
      times.append(Double(time.seconds) + Double(time.attoseconds) * 1e-18)
    }
    return times.dropFirst().sorted()[(times.count - 1) / 2] / Double(together)
  }
}
