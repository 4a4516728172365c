import ArgumentParser
import Files
import Foundation
import Learning
import MotionData

/// The options that all trainings have.
struct TrainingFileOptions: ParsableArguments {
  @Option(name: [.short, .long], help: "The model's file.", completion: .file())
  var output: String

  @Option(help: "The random seed.")
  var seed: UInt64 = 1

  @Option(
    help: "The number of threads, by default all cores; the model's bytes do not depend on it.")
  var threads: Int?

  @Flag(help: "Resumes a training that was interrupted, from its checkpoint.")
  var resume = false

  @Option(
    help: """
      The time for the whole training: 90s, 10m, 2h. From 10s on the first steps are measured and the \
      learning rate's schedule is planned to end with it, over fewer steps than stated or, where none \
      are stated, over as many as fit.
      """)
  var timeLimit: TimeLimit?

  @Flag(help: "Writes over a model that is there already.")
  var force = false

  @Option(help: "Trains only on rows of index.csv whose licence begins with this text.")
  var licence: String?

  @OptionGroup var tags: LeftOutTags

  @Flag(help: "Progress as JSON lines on standard output.")
  var json = false

  /// The rows of an index that are trained on.
  var selection: IndexSelection {
    var selection = tags.selection
    selection.licence = licence
    return selection
  }

  func validate() throws {
    guard (threads ?? 1) > 0 else { throw ValidationError("--threads must be above 0.") }
  }

  /// Where the state of an unfinished training is.
  var checkpoint: String { output + ".checkpoint" }

  /// The threads that work.
  var threadCount: Int { threads ?? ProcessInfo.processInfo.activeProcessorCount }

  /// The options of a run.
  func run(
    batch: Int, steps: Int, rate: Float, checkpointEvery: Int, history: [String: String]
  ) -> TrainingRunOptions {
    var run = TrainingRunOptions(
      batch: batch, steps: steps, rate: rate, checkpointInterval: checkpointEvery)
    run.seed = seed
    run.threads = threadCount
    run.checkpoint = checkpoint
    run.timeLimit = timeLimit?.duration
    run.history = history
    return run
  }

  /// Refuses to write over a file that is there, a finished model perhaps, or over the state of an unfinished
  /// training.
  ///
  /// From here on Ctrl-C is a wish to end: reading a large folder takes longer than many a training step.
  func begin() throws {
    Interruption.catchSignals()
    // A place that cannot be written to is found now and not after the training.
    try AtomicFile.requireWritable(output)
    guard !resume, !force else { return }
    guard try InputFile.isAbsent(output) else {
      throw FileError.cannotCreate(
        path: output,
        reason:
          "there is a file already: --force writes over it, --resume goes on with an unfinished "
          + "training")
    }
    guard !FileSystem.exists(checkpoint) else {
      throw FileError.cannotCreate(
        path: checkpoint,
        reason:
          "it holds the state of an unfinished training: --resume goes on with it, --force begins anew"
      )
    }
  }

  /// Trains and writes the model.
  ///
  /// - Parameters:
  ///   - subject: What is trained.
  ///   - announcement: What is said before the first step.
  ///   - finish: Changes the model before it is written.
  ///   - write: Writes the model to a path.
  func train<Subject: TrainableModel>(
    _ subject: Subject, announcement: String,
    finish: (inout Subject.Model) throws -> Void = { _ in },
    write: (Subject.Model, String) throws -> Void
  ) throws {
    try begin()
    Console.note(announcement)
    var meter = TrainingMeter(json: json)
    var (done, asked) = (0, 0)
    var (model, ending) = try TrainingRun(subject).run(
      resume: resume, isCancelled: { Interruption.isRequested },
      planned: {
        Console.note(
          resume
            ? "goes on with the schedule that was planned for a time limit: \($0) steps"
            : "the schedule is planned for the time limit: \($0) steps")
      },
      metrics: {
        (done, asked) = ($0.step, $0.steps)
        meter.show($0)
      })
    Console.endProgress()
    guard ending != .cancelled else {
      Console.note(
        "ended by request; '\(checkpoint.shownPath)' holds the state, --resume goes on from it")
      throw ExitStatus.interrupted
    }
    try finish(&model)
    try write(model, output)
    guard ending == .timeLimit else {
      Console.note("written to '\(output.shownPath)'")
      return
    }
    let when = done == 0 ? "the first step was done" : "the last step, after \(done) of \(asked)"
    let quality = 10 * done < asked || done == 0 ? "hardly trained; " : ""
    Console.note(
      "the time limit came before \(when): '\(output.shownPath)' is written, \(quality)--resume goes on"
    )
  }
}

/// A duration on the command line: 90s, 10m, 2h.
struct TimeLimit: ExpressibleByArgument {
  let duration: Duration

  init?(argument: String) {
    let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600]
    guard let unit = argument.last.flatMap({ units[$0] }),
      let number = Double(argument.dropLast()), number > 0, number < 1e6
    else { return nil }
    duration = .seconds(number * unit)
  }
}
