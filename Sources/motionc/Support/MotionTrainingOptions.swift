import ArgumentParser
import Files
import Foundation
import Learning

/// What the trainings of all motion models can be told.
struct MotionTrainingOptions: ParsableArguments {
  @Option(parsing: .upToNextOption, help: "Motion files or folders.", completion: .file())
  var motions: [String]

  @Option(name: [.short, .long], help: "The model's file.", completion: .file())
  var output: String

  @Option(help: "Steps to do.")
  var steps: Int?

  @Option(help: "Windows in a step.")
  var batch: Int = 64

  @Option(help: "What all random numbers depend on.")
  var seed: UInt64 = 1

  @Option(help: "Threads; all cores if not given. The bytes of the model do not depend on it.")
  var threads: Int?

  @Flag(help: "Goes on from the checkpoint of a training that was ended.")
  var resume = false

  @Option(help: "When to stop, with a checkpoint: 90s, 10m, 2h.")
  var timeLimit: TimeLimit?

  @Option(help: "Trains only on rows of index.csv whose licence begins with this.")
  var licence: String?

  @Option(help: "The learning rate after warming up.")
  var rate: Float?

  @Option(help: "The width of a token.")
  var width: Int = 256

  @Option(help: "The heads of each attention.")
  var heads: Int = 8

  @Option(help: "Encoder layers, and as many decoder layers.")
  var layers: Int = 4

  @Option(help: "Steps between checkpoints.")
  var checkpointEvery: Int = 500

  @Option(
    help: "The file of the packed motions, kept and used again; removed afterwards if not given.",
    completion: .file())
  var pack: String?

  @Flag(help: "Progress as JSON lines on standard output.")
  var json = false

  func validate() throws {
    guard (1...10_000_000).contains(steps ?? 1), (1...65_536).contains(batch) else {
      throw ValidationError("--steps must be within 1 and 10000000, --batch within 1 and 65536.")
    }
    guard (threads ?? 1) > 0, checkpointEvery > 0, (rate ?? 0.1) > 0, (rate ?? 0.1) < 1 else {
      throw ValidationError(
        "--threads and --checkpoint-every must be above 0, --rate between 0 and 1.")
    }
    guard (1...4096).contains(width), heads > 0, width % heads == 0, (1...64).contains(layers)
    else {
      throw ValidationError(
        "--width must be a multiple of --heads up to 4096, --layers within 1 and 64.")
    }
  }

  /// Where the state of an unfinished training is.
  var checkpoint: String { output + ".checkpoint" }

  /// The threads that work.
  var threadCount: Int { threads ?? ProcessInfo.processInfo.activeProcessorCount }

  /// Finds out now and not after the training whether the model can be written.
  func checkOutput() throws {
    if FileSystem.kind(of: output) == .folder {
      throw FileError.cannotCreate(path: output, reason: "it is a folder, the model is a file")
    }
    let probe = "\(output).\(UUID().uuidString).probe"
    try AtomicFile.write("", to: probe)
    FileSystem.remove(probe)
  }

  /// Says how a training ended; throws where it was interrupted.
  func conclude(_ ending: Trainer.Ending, write: () throws -> Void) throws {
    Console.endProgress()
    guard ending != .cancelled else {
      Console.note("ended by request; '\(checkpoint)' holds the state, --resume goes on from it")
      throw ExitStatus.interrupted
    }
    try write()
    Console.note(
      ending == .timeLimit
        ? "time is over before the last step: '\(output)' is written, --resume goes on"
        : "written to '\(output)'")
  }

  /// What the model's file says of its making.
  func history(clips: Int) -> [String: String] {
    [
      "tool": Motionc.nameAndVersion, "data": "\(clips) clips",
      "data_licence": licence ?? "not stated",
    ]
  }
}
