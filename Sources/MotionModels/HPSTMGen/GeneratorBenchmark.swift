import Foundation
import Learning
import MotionData
import Motions

/// Benchmarks of the generator.
public enum GeneratorBenchmark {
  /// The median time of a training step at the published size, one token per frame, 64 frames [s].
  public static func secondsPerStep(batch: Int, threads: Int = 2) throws -> Double {
    let path = FileManager.default.temporaryDirectory
      .appending(path: "motionc-\(UUID().uuidString).pack").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    var options = GeneratorTraining.Options()
    options.run.batch = batch
    options.run.threads = threads
    let source = try WindowSource(shard: try randomPack(path), frames: options.backbone.frames)
    return try TrainingRun(GeneratorTraining(source: source, options: options)).secondsPerStep()
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

  /// Bodies in random poses within human joint ranges; the content does not affect the time.
  private static func randomPack(_ path: String) throws -> DatasetShard {
    var random = RandomSource(seed: 1)
    var writer = try DatasetShard.Writer(path: path)
    for index in 0..<4 {
      let clip = MotionClip(
        name: "random_\(index)", skeleton: .canonical, frameRate: 30,
        rootTranslations: (0..<100).map { [0.02 * Double($0), 0, 0.9] },
        rotations: (0..<100).flatMap { _ in RandomPose.sample(using: &random) })
      try writer.add(clip, label: nil, embedding: nil)
    }
    return try writer.finish()
  }
}
