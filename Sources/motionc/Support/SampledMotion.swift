import Learning
import MotionModels
import Motions
import Retargeting

/// Motion that a generator samples while a retargeter is trained.
struct SampledMotion {
  /// The poses of the steps that are trained on the same motions.
  private static let posesPerStretch = 25_600
  /// The actions of a stretch, and the motions of each: two thousand poses.
  private static let (actions, motions, frames) = (8, 8, 64)

  private let generator: Generator
  private let seed: UInt64
  private let threads: Int

  init(model: String, seed: UInt64, threads: Int) throws {
    generator = try Generator(contentsOf: model)
    self.seed = seed
    self.threads = threads
  }

  /// The SHA-256 of the generator's file.
  var fingerprint: String { generator.fingerprint }

  /// What a retargeter's file says of the data.
  var name: String { "motion of generator \(fingerprint.prefix(16))" }

  /// On what terms the generator's own data was had.
  var licence: String { generator.history["data_licence"] ?? "not stated" }

  /// The poses of motions that are sampled during a training in batches of `batch` poses.
  func poses(share: Double, batch: Int) -> GeneratedPoses {
    let (generator, seed, threads) = (generator, seed, threads)
    return GeneratedPoses(
      share: share, stepsPerStretch: max(1, Self.posesPerStretch / batch),
      description: "generator \(fingerprint.prefix(16))"
    ) { stretch in
      var random = RandomSource(seed: seed, stream: UInt64(stretch), 0x7361_6d70_6c65)
      let labels = generator.configuration.labels
      return (0..<Self.actions).flatMap { _ -> [MotionClip] in
        var request = MotionRequest()
        request.count = Self.motions
        request.frames = Self.frames
        request.seed = random.next()
        let action = Int(random.next() % UInt64(max(1, labels.count)))
        request.action = labels.isEmpty ? nil : labels[action]
        // The request is one that any generator answers.
        return (try? generator.sample(request, threads: threads)) ?? []
      }
    }
  }
}
