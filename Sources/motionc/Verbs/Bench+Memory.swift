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
    let bytes = try Self.peakOfChild([
      "--train-on-pack", pack.path, "--steps", "\(Self.largeSteps)",
    ])
    let gigabytes = Double(bytes) / 1e9
    return [
      line(
        "train_rss_gb", gigabytes, "GB", target: "<= 1", met: gigabytes <= 1,
        also: ", \"frames\": \(size), \"steps\": \(Self.largeSteps), \"batch\": 64")
    ]
  }

  /// The most memory that a child ever held [bytes], which is this verb with other options.
  ///
  /// The child reads its own high-water mark: that of this process holds all earlier measures, and
  /// what the system accounts to a child begins with it.
  static func peakOfChild(_ options: [String]) throws -> Int {
    let output = Pipe()
    let process = try child(["bench"] + options, output: output)
    let text = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    let answer = String(decoding: text, as: UTF8.self).split(separator: "\n").last ?? ""
    guard process.terminationStatus == 0, let bytes = Int(answer) else {
      throw FileError.malformed(
        path: "bench \(options.joined(separator: " "))",
        reason: "it ended with exit code \(process.terminationStatus)")
    }
    return bytes
  }
}
