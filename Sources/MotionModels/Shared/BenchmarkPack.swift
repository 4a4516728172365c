import Foundation
import Learning
import MotionData
import Motions

/// Bodies in random poses within human joint ranges, for benchmarks: the content does not affect the
/// time.
struct BenchmarkPack {
  let shard: DatasetShard
  private let path: String

  /// A pack of four clips of so many frames, in a file of its own.
  init(frames: Int = 100, isLabelled: Bool = false) throws {
    path =
      FileManager.default.temporaryDirectory
      .appending(path: "motionc-\(UUID().uuidString).pack").path
    do {
      shard = try Self.write(to: path, frames: frames, isLabelled: isLabelled)
    } catch {
      try? FileManager.default.removeItem(atPath: path)
      throw error
    }
  }

  private static func write(to path: String, frames: Int, isLabelled: Bool) throws -> DatasetShard {
    var random = RandomSource(seed: 1)
    var writer = try DatasetShard.Writer(path: path)
    for index in 0..<4 {
      let clip = MotionClip(
        name: "random_\(index)", skeleton: .canonical, frameRate: 30,
        rootTranslations: (0..<frames).map { [0.02 * Double($0), 0, 0.9] },
        rotations: (0..<frames).flatMap { _ in RandomPose.sample(using: &random) })
      try writer.add(clip, label: isLabelled ? "label_\(index)" : nil, embedding: nil)
    }
    return try writer.finish()
  }

  /// Removes the file.
  func remove() { try? FileManager.default.removeItem(atPath: path) }
}
