public import ArgumentParser
import Files
import Foundation
import Learning
import MotionData
public import MotionModels
import Trajectories

/// `motionc train posegpt`: an autoencoder with discrete codes, and a GPT over them.
struct TrainPoseGPT: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "posegpt",
    abstract: "Trains PoseGPT: codes of motion, and a GPT that continues them.",
    discussion: """
      motionc train posegpt --motions captures/ -o posegpt.safetensors --width 160
      motionc train posegpt --motions captures/ -o mine.safetensors --books 4 --codes 256 --resume
      motionc train posegpt --motions captures/ --tokenizer mine.safetensors -o other.safetensors

      First the autoencoder is trained and written beside the model (MODEL.tokenizer), then the \
      GPT on its codes; --tokenizer takes the autoencoder of another training instead. \
      --steps, --rate, --width, --heads and --layers are those of the GPT, --time-limit is for each \
      of both. Ctrl-C ends training with a checkpoint, from which --resume continues to the same \
      bytes as uninterrupted training.
      """)

  @OptionGroup var training: MotionTrainingOptions

  @OptionGroup var sizes: TransformerOptions

  @Option(
    help: "A tokenizer or a PoseGPT whose autoencoder is taken as it is.", completion: .file())
  var tokenizer: String?

  @Option(help: "An index.csv with the columns 'file' and 'action'.", completion: .file())
  var labels: String?

  @Option(help: "The number of codebooks.")
  var books: Int = 16

  @Option(help: "The number of codes in all books together.")
  var codes: Int = 4096

  @Option(help: "The frames of a token, at 30 Hz.")
  var framesPerToken: Int = 4

  @Option(help: "How codes are made: vector (learned) or scalar (finite scalar quantisation).")
  var quantizer: QuantizerKind = .scalar

  @Option(help: "Which parts of the autoencoder see no later frame: none, encoder or both.")
  var causality: Causality = .encoder

  @Option(help: "The autoencoder's window in frames, at 30 Hz.")
  var frames: Int = 64

  @Option(help: "The autoencoder's number of steps, by default 16000.")
  var tokenizerSteps: Int?

  @Option(help: "The autoencoder's width of a token, a multiple of 4.")
  var tokenizerWidth: Int = 128

  @Option(help: "The autoencoder's layers, of the encoder and of the decoder.")
  var tokenizerLayers: Int = 4

  @Option(help: "The most tokens of a sequence of the GPT.")
  var context: Int = 64

  @Option(help: "How the codes of a token are predicted: independent, autoregressive or masked.")
  var head: CodeHeadKind = .autoregressive

  @Flag(help: "Trains the autoencoder alone; the model's file is its file.")
  var tokenizerOnly = false

  @OptionGroup var reading: ReadingOptions

  func validate() throws {
    guard network.isValid else {
      throw ValidationError(
        "--frames (2 to 1024) must be a multiple of --frames-per-token and hold at least two "
          + "tokens, --codes a multiple of --books with at least 2 codes a book, 128 a multiple of "
          + "--books, and the codes of a book 4 to 1024 and a power of two where --quantizer is "
          + "scalar; --tokenizer-width must be a multiple of 4 up to 4096.")
    }
    guard (2...4096).contains(context), (1...10_000_000).contains(tokenizerSteps ?? 1) else {
      throw ValidationError(
        "--context must be within 2 and 4096, --tokenizer-steps within 1 and 10000000.")
    }
    guard !tokenizerOnly || tokenizer == nil else {
      throw ValidationError("--tokenizer-only trains what --tokenizer takes as it is.")
    }
  }

  func run() throws {
    try refuseInputs()
    try refuseToResumeNothing()
    // The autoencoder's training comes first, and would be in vain.
    try training.file.begin()
    let given = try tokenizer.map { try MotionTokenizer(contentsOf: $0) }
    let data = try TrainingData(
      motions: training.motions, selection: training.file.selection, labels: labels,
      embeddings: nil,
      reading: reading.options, file: training.pack, model: training.file.output,
      tool: Motionc.nameAndVersion, skipping: SafeTrajectory.isHeld)
    for warning in data.warnings { Console.note(warning) }
    let before = try? MotionTokenizer(contentsOf: training.file.output + ".tokenizer")
    let codes = try given ?? trainedTokenizer(data)
    if tokenizerOnly { return }
    let hasChanged = given == nil && before.map { $0.fingerprint != codes.fingerprint } ?? false
    var options = CodeTransformerTraining.Options()
    options.network.context = context
    options.network.width = sizes.width
    options.network.heads = sizes.heads
    options.network.layers = sizes.layers
    options.network.feedForward = 4 * sizes.width
    options.network.head = head
    options.run = training.run(usual: options.run, clips: data.clipCount)
    // What was interrupted in its first part has no checkpoint of the second.
    var file = training.file
    if file.resume, tokenizer == nil {
      file.resume = FileSystem.exists(file.checkpoint) && !hasChanged
      if hasChanged {
        file.force = true
        Console.note("the autoencoder has changed since, so that the GPT begins anew")
      }
    }
    try file.train(
      CodeTransformerTraining(
        tokenizer: codes, shard: data.shard.training, options: options),
      announcement:
        "codes: \(data.clipCount) clips, \(data.frameCount) frames, \(data.shard.labels.count) "
        + "labels; \(options.run.steps) steps of \(options.run.batch) sequences on "
        + "\(options.run.threads) threads"
    ) { try $0.write(to: $1) }
  }

  /// Refuses to go on with a training of which nothing is there.
  private func refuseToResumeNothing() throws {
    guard training.file.resume, tokenizer == nil else { return }
    let output = training.file.output
    let parts =
      tokenizerOnly ? [".checkpoint"] : [".checkpoint", ".tokenizer", ".tokenizer.checkpoint"]
    guard !parts.contains(where: { FileSystem.exists(output + $0) }) else { return }
    throw FileError.malformed(
      path: output + parts[parts.count - 1],
      reason: "it is not there, and so there is no training that --resume could go on with")
  }

  /// Refuses what is written beside the model where it is something that is read.
  private func refuseInputs() throws {
    let output = training.file.output
    let motions = try MotionSplit(
      paths: training.motions, selection: training.file.selection, skipping: SafeTrajectory.isHeld)
    let inputs = InputFiles(motions.files + [tokenizer, labels])
    let own = tokenizer == nil ? [".tokenizer", ".tokenizer.checkpoint"] : []
    let written = (["", ".checkpoint"] + own).map { output + $0 }
    for path in written + [training.pack].compactMap({ $0 }) { try inputs.refuse(path) }
  }

  /// Trains the autoencoder, or reads it where a training that is resumed has it.
  private func trainedTokenizer(_ data: TrainingData) throws -> MotionTokenizer {
    var file = training.file
    if !tokenizerOnly { file.output += ".tokenizer" }
    let source = try data.source(frames: frames)
    if source.leftOut > 0 {
      Console.note(
        "\(source.leftOut) clips are shorter than three quarters of a window of \(frames) frames"
          + " and left out")
    }
    var options = TokenizerTraining.Options()
    options.network = network
    options.run = training.run(usual: options.run, clips: data.clipCount)
    options.run.steps = tokenizerSteps ?? Self.usualTokenizerSteps
    options.run.stepsAreStated = tokenizerSteps != nil
    options.run.checkpoint = file.checkpoint
    let autoencoder = try TokenizerTraining(source: source, options: options)
    let isBegun = FileSystem.exists(file.checkpoint)
    if file.resume, !isBegun, FileSystem.exists(file.output) {
      return try finished(file.output, autoencoder)
    }
    // One that has ended has nothing left to do, and is written anew as it was.
    file.resume = file.resume && isBegun
    try file.train(
      autoencoder,
      announcement:
        "autoencoder: \(data.clipCount) clips, \(data.frameCount) frames; \(options.run.steps) steps "
        + "of \(options.run.batch) windows on \(options.run.threads) threads"
    ) { try $0.write(to: $1) }
    return try MotionTokenizer(contentsOf: file.output)
  }

  /// An autoencoder that is there without the state of its training, of which this has to be the same.
  private func finished(
    _ path: String, _ autoencoder: TokenizerTraining
  ) throws -> MotionTokenizer {
    let found = try MotionTokenizer(contentsOf: path)
    let training = found.history["training"] ?? "not stated"
    // How many steps a time limit allowed is not known beforehand.
    func rest(_ text: String) -> String {
      tokenizerSteps == nil ? text.replacing(/steps \d+/, with: "") : text
    }
    guard rest(training) == rest(autoencoder.signature) else {
      throw FileError.malformed(
        path: path,
        reason: "it is the autoencoder of another training ('\(training.printable)'), this one is "
          + "'\(autoencoder.signature)'; without --resume it is trained anew, --tokenizer takes it as it is"
      )
    }
    return found
  }

  /// The autoencoder's number of steps, where none are stated.
  private static let usualTokenizerSteps = 16000

  private var network: MotionTokenizerNetwork.Configuration {
    var network = MotionTokenizerNetwork.Configuration()
    (network.frames, network.framesPerToken) = (frames, framesPerToken)
    (network.books, network.codes) = (books, codes)
    (network.quantizer, network.causality) = (quantizer, causality)
    network.width = tokenizerWidth
    // Of a width beyond all bounds, which is refused, as of a large one.
    network.feedForward = 4 * min(max(tokenizerWidth, 0), 1 << 20)
    network.layers = tokenizerLayers
    return network
  }
}

extension QuantizerKind: ExpressibleByArgument {}
extension Causality: ExpressibleByArgument {}
extension CodeHeadKind: ExpressibleByArgument {}
