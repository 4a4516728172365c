import ArgumentParser
import Files
import Foundation
import MotionData

extension Bench {
  /// Frames of the large pack: forty hours at 30 Hz.
  private static let largeFrames = 4_320_000
  /// Steps that are trained on it.
  private static let largeSteps = 100

  /// The peak of a child's memory that trains on a pack of forty hours.
  func trainingMemory() throws -> [String] {
    let pack = try LargePack(frames: Self.largeFrames)
    defer { pack.remove() }
    let size = try DatasetShard(path: pack.path).frameCount
    let bytes = try Self.peakOfChild(pack: pack.path)
    let gigabytes = Double(bytes) / 1e9
    return [
      line(
        "train_rss_gb", gigabytes, "GB", target: "<= 1", met: gigabytes <= 1,
        also: ", \"frames\": \(size), \"steps\": \(Self.largeSteps), \"batch\": 64")
    ]
  }

  private static func peakOfChild(pack: String) throws -> Int {
    let process = Process()
    process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments = ["bench", "--train-on-pack", pack, "--steps", "\(largeSteps)"]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    let answer = String(decoding: text, as: UTF8.self).trimmingCharacters(
      in: .whitespacesAndNewlines)
    guard process.terminationStatus == 0, let bytes = Int(answer) else {
      throw FileError.malformed(
        path: pack, reason: "training on it ended with exit code \(process.terminationStatus)")
    }
    return bytes
  }
}
