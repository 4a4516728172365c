import Files
import Foundation
import Geometry
import Learning
import MotionData
import MotionModels
import Motions

/// A pack as large as forty hours of motion, made of the shipped motions, to measure memory with.
struct LargePack {
  private let folder: String
  /// The file.
  var path: String { "\(folder)/large.pack" }

  /// A pack of so many frames in a folder of its own: copies of the shipped motions, there and
  /// back again, each turned and cut in a way of its own.
  init(frames: Int) throws {
    guard let examples = ProjectFolder.locate("Examples") else {
      throw FileError.unreadable(path: "Examples", reason: "the folder was not found")
    }
    let clips = try MotionPaths.motions(["\(examples)/Motions"]).map {
      try MotionFile.read($0).clip
    }
    folder = FileManager.default.temporaryDirectory.appending(path: "motionc-\(UUID())").path
    try AtomicFile.makeFolder(folder)
    do { try write(frames, of: clips) } catch {
      remove()
      throw error
    }
  }

  func remove() { try? FileManager.default.removeItem(atPath: folder) }

  private func write(_ frames: Int, of clips: [MotionClip]) throws {
    var random = RandomSource(seed: 1)
    var writer = try DatasetShard.Writer(path: path)
    var left = frames
    while left > 0 {
      let clip = clips[writer.clipCount % clips.count]
      var copy = Self.long(clip, frames: min(left, 300 + Int(random.next() % 200)))
      copy.frameRate = DatasetShard.frameRate
      let turn = Quaternion(angle: Double(random.uniform(from: 0, to: 6)), axis: .unitZ)
      for frame in 0..<copy.frameCount {
        copy.rootTranslations[frame] = turn * copy.rootTranslations[frame]
        let root = frame * Skeleton.jointCount
        copy.rotations[root] = (turn * copy.rotations[root]).normalized
      }
      try writer.add(copy, label: clip.name)
      left -= copy.frameCount
    }
    _ = try writer.finish()
  }

  private static func long(_ clip: MotionClip, frames: Int) -> MotionClip {
    // There and back again, so that no frame jumps.
    let last = max(1, clip.frameCount - 1)
    let order = (0..<frames).map { frame in
      let place = frame % (2 * last)
      return place <= last ? place : 2 * last - place
    }
    let count = Skeleton.jointCount
    return MotionClip(
      name: clip.name, skeleton: clip.skeleton, frameRate: clip.frameRate,
      rootTranslations: order.map { clip.rootTranslations[$0] },
      rotations: order.flatMap { clip.rotations[($0 * count)..<(($0 + 1) * count)] })
  }
}

/// A training of a generator at its default size on a pack, for a process of its own.
enum LargeTraining {
  /// Windows that are drawn beside the training, so that all of the file is touched.
  private static let drawn = 100_000

  /// Trains some steps; returns the most memory that the process ever held [bytes].
  static func peakMemory(pack path: String, steps: Int) throws -> Int {
    let source = try WindowSource(shard: DatasetShard(path: path), frames: 64)
    var options = GeneratorTraining.Options()
    options.run.batch = 64
    options.run.steps = steps
    // As a user's training, whose memory is at its peak while it writes a checkpoint.
    options.run.checkpoint = "\(path).checkpoint"
    options.run.checkpointInterval = max(1, steps / 2)
    options.run.threads = ProcessInfo.processInfo.activeProcessorCount
    _ = try TrainingRun(GeneratorTraining(source: source, options: options)).run()
    var random = RandomSource(seed: 2)
    for _ in 0..<drawn { _ = source.draw(using: &random) }
    return try ProcessMemory.peak()
  }
}

/// The memory of processes, as Linux counts it.
enum ProcessMemory {
  /// The most memory that this process ever held [bytes]: its own high-water mark, which unlike
  /// `getrusage` does not begin with that of the process that started it.
  static func peak() throws -> Int {
    let path = "/proc/self/status"
    let text = try String(contentsOf: URL(filePath: path), encoding: .utf8)
    let line = text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    guard let words = line?.split(whereSeparator: \.isWhitespace), words.count == 3,
      let kilobytes = Int(words[1])
    else { throw FileError.malformed(path: path, reason: "it has no line 'VmHWM: ... kB'") }
    return kilobytes * 1024
  }
}
