import ArgumentParser
import Files
import Foundation
import HumanBody
import Learning
import MotionMetrics
import MotionModels
import Trajectories

/// `motionc evaluate posegpt`: codes, likelihood, samples by observed past, drift.
struct EvaluatePoseGPT: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "posegpt",
    abstract: "Evaluates PoseGPT on held-out motion, with HPSTM-Gen beside it.",
    discussion: """
      motionc evaluate posegpt --model posegpt.safetensors --motions captures/
      motionc evaluate posegpt --model posegpt.safetensors --motions captures/ --beside generator.safetensors

      Windows have 64 frames, as those of HPSTM-Gen; samples have the labels of held-out windows \
      and continue what was observed before them. Of an autoencoder alone (MODEL.tokenizer) only \
      the reconstruction is measured. Docs/posegpt.md defines each figure.
      """)

  @Option(help: "The model's file; by default the shipped PoseGPT.", completion: .file())
  var model: String?

  @Option(parsing: .upToNextOption, help: "Motion files or folders.", completion: .file())
  var motions: [String]

  @Option(help: "An index.csv with the columns 'file' and 'action'.", completion: .file())
  var labels: String?

  @OptionGroup var rows: ReferenceRows

  @Option(
    help: "A generator (HPSTM-Gen) that is measured on the same windows.", completion: .file())
  var beside: String?

  @Option(help: "The largest number of held-out windows.")
  var count: Int = 256

  @Option(help: "The scale of classifier-free guidance; 0 for none; by default as 'sample' has it.")
  var guidance: Float?

  @Option(help: "The temperature; above 1 samples vary more.")
  var temperature: Float = 1

  @Option(help: "Draws only from so many of the likeliest codes.")
  var topK: Int?

  @Option(help: "Draws only from the likeliest codes of this probability together.")
  var topP: Float?

  @Option(help: "The random seed.")
  var seed: UInt64 = 1

  @Option(help: "The number of threads, by default all cores; the result does not depend on it.")
  var threads: Int?

  @Option(help: "Writes a model card (Markdown).", completion: .file())
  var card: String?

  @OptionGroup var reading: ReadingOptions

  @Flag(help: "Prints one JSON object.")
  var json = false

  func validate() throws {
    guard (16...100_000).contains(count), (threads ?? 1) > 0 else {
      throw ValidationError("--count must be within 16 and 100000, --threads above 0.")
    }
  }

  func run() throws {
    let path = try model ?? ShippedModel.path(of: "posegpt")
    guard try MotionModelKind(path: path) == .poseGPT else {
      try evaluateTokenizer(path)
      return
    }
    let model = try PoseGPT(contentsOf: path)
    let other = try beside.map { try Generator(contentsOf: $0) }
    let real = try EvaluationClips(
      paths: motions, selection: rows.selection, labels: labels, skipping: SafeTrajectory.isHeld)
    for warning in real.warnings { Console.note(warning) }
    if let card { try InputFiles([path, labels, beside] + real.files).refuse(card) }
    let training = try windows(real.training, "training", labels: model.labels, limit: 1000)
    let heldOut = try windows(real.heldOut, "held-out", labels: model.labels, limit: 500)
    let options = options(model)
    var report = PoseGPTReport(
      figures: try PoseGPTEvaluation(
        of: model, heldOut: some(heldOut, count), training: some(training, 4 * count),
        options: options),
      windows: [min(count, heldOut.count), min(4 * count, training.count)], seed: seed,
      temperature: temperature, topK: topK, topP: topP, guidance: options.request.guidance)
    let ends = PoseGPTEvaluation.lastFrames(some(heldOut, 64)).windows
    report.continuations = try continuations(model, ends, temperature)
    if let other {
      report.beside = try GeneratorBeside(
        other, names: model.labels, heldOut: some(heldOut, count),
        training: some(training, 4 * count),
        seed: seed, threads: workers,
        continuations: continuations(other, ends, other.usualTemperature))
    }
    if let card {
      try AtomicFile.write(ModelCard(model, report, path: path).text, to: card)
    }
    try Console.report(report, lines: report.lines, asJSON: json)
  }

  /// The reconstruction by an autoencoder alone.
  private func evaluateTokenizer(_ path: String) throws {
    guard card == nil, beside == nil else {
      throw FileError.malformed(
        path: path, reason: "it is no PoseGPT, of which --card and --beside are")
    }
    let tokenizer = try MotionTokenizer(contentsOf: path)
    let real = try EvaluationClips(
      paths: motions, selection: rows.selection, labels: labels, skipping: SafeTrajectory.isHeld)
    for warning in real.warnings { Console.note(warning) }
    let heldOut = try windows(real.heldOut, "held-out", labels: [], limit: 500)
    let found = tokenizer.reconstruct(
      PoseGPTEvaluation.lastFrames(some(heldOut, count)).windows.map {
        $0.whole(tokens: tokenizer.configuration.framesPerToken)
      }
    ).figures
    try Console.report(found, lines: PoseGPTReport.lines(of: found), asJSON: json)
  }

  private var workers: Int { threads ?? ProcessInfo.processInfo.activeProcessorCount }

  private func options(_ model: PoseGPT) -> PoseGPTEvaluation.Options {
    var options = PoseGPTEvaluation.Options()
    options.request.temperature = temperature
    options.request.guidance = guidance ?? model.usualGuidance
    (options.request.topK, options.request.topP) = (topK, topP)
    options.request.seed = seed
    options.threads = workers
    (options.classifier.seed, options.classifier.threads) = (seed, workers)
    return options
  }

  private func windows(
    _ entries: [EvaluationClips.Entry], _ side: String, labels: [String], limit: Int
  ) throws -> EvaluationSet {
    try EvaluationClips.reportedWindows(
      of: entries, side, frames: PoseGPTEvaluation.longestPast + PoseGPTEvaluation.frames,
      labels: labels, mirroring: true, limit: limit,
      options: reading.options, motions: motions)
  }

  /// Some windows of a set, evenly spread.
  private func some(_ set: EvaluationSet, _ count: Int) -> EvaluationSet {
    guard set.count > count else { return set }
    return set.selecting((0..<count).map { $0 * set.count / count })
  }

  private func continuations(
    _ generator: some MotionGenerator, _ windows: [MotionWindow], _ temperature: Float
  ) throws -> [Continuation] {
    var request = MotionRequest()
    (request.temperature, request.seed, request.isLevel) = (temperature, seed, false)
    if generator is PoseGPT { (request.topK, request.topP) = (topK, topP) }
    return try Continuation.pasts.filter { $0 + Continuation.hidden <= PoseGPTEvaluation.frames }
      .map { past in
        try Continuation(
          of: generator, past: past, windows: windows, request: request, threads: workers)
      }
  }
}
