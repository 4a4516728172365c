import ArgumentParser
import Files
import Foundation
import MotionData
import MotionModels
import Motions

/// `motionc evaluate hgvae`: likelihood, imputation, detection and repair beside their floors.
struct EvaluateHGVAE: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hgvae",
    abstract:
      "Measures an HG-VAE's likelihood, imputation, detection and repair on held-out motion.",
    discussion: """
      motionc evaluate hgvae --model hgvae.safetensors --motions captures/

      In a folder with an index.csv only the rows of the split 'val' are evaluated, in other \
      folders the clips that training holds out; --all evaluates every clip. Every figure is \
      printed beside its floor: mean and linear interpolation for imputation, lengths of bones for \
      detection, doing nothing for repair. Damage is drawn from --seed.
      """)

  @Option(help: "The model's file; by default the shipped HG-VAE.", completion: .file())
  var model: String?

  @Option(parsing: .upToNextOption, help: "Motion files or folders.", completion: .file())
  var motions: [String]

  @Flag(help: "Evaluates every clip, not only held-out ones.")
  var all = false

  @Option(help: "The random seed.")
  var seed: UInt64 = 1

  @Option(help: "The most windows of real motion.")
  var windows: Int = 600

  @Option(help: "The most windows that are imputed, for each figure.")
  var imputed: Int = 100

  @Option(help: "The most tracks that are repaired, for each kind of damage.")
  var tracks: Int = 60

  @Option(help: "Writes a model card (Markdown).", completion: .file())
  var card: String?

  @OptionGroup var tags: LeftOutTags

  @OptionGroup var reading: ReadingOptions

  @Flag(help: "Prints one JSON object.")
  var json = false

  func validate() throws {
    guard (16...100_000).contains(windows), (1...100_000).contains(imputed),
      (1...100_000).contains(tracks)
    else {
      throw ValidationError(
        "--windows must be within 16 and 100000, --imputed and --tracks within 1 and 100000.")
    }
  }

  func run() throws {
    let path = try model ?? ShippedModel.path(of: "hgvae")
    let hgvae = try HGVAE(contentsOf: path)
    guard hgvae.frames >= HGVAE.leastEvaluatedFrames else {
      throw FileError.malformed(
        path: path,
        reason:
          "its windows have \(hgvae.frames) frames, at least \(HGVAE.leastEvaluatedFrames) expected: what is "
          + "measured is hidden for a second")
    }
    let set = try MotionSplit(motions, selection: tags.selection)
    if let card { try InputFiles([path] + set.files).refuse(card) }
    let files = try set.evaluated(all: all, of: motions)
    let labels = try ClipColumn("action", of: nil, motions: motions)
    var clips: [MotionClip] = []
    for file in files {
      let (read, warnings) = try MotionSplit.read([file], options: reading.options)
      for warning in warnings { Console.note(warning) }
      for var clip in read {
        clip.label = labels[file] ?? clip.label
        clips.append(clip)
      }
    }
    var options = HGVAEEvaluationOptions()
    (options.seed, options.windows) = (seed, windows)
    (options.imputed, options.tracks) = (imputed, tracks)
    let evaluation = try hgvae.evaluate(clips, options)
    if let card {
      try AtomicFile.write(ModelCard(hgvae, evaluation, path: path).text, to: card)
    }
    try Console.report(evaluation, lines: evaluation.lines, asJSON: json)
  }
}

extension HGVAEEvaluation {
  /// The figures for people, one a line.
  var lines: [String] {
    func number(_ value: Double, _ digits: Int = 2) -> String {
      let text = Console.fixed(value, digits)
      return String(repeating: " ", count: max(1, 11 - text.count)) + text
    }
    func row(_ name: String, _ cells: [String]) -> String { name.padded(30) + cells.joined() }
    func head(_ name: String, _ cells: String...) -> String {
      row(name, cells.map { String(repeating: " ", count: max(1, 11 - $0.count)) + $0 })
    }
    var lines = [
      "\(windows) windows of \(clips) clips, seed \(seed)",
      "evidence lower bound \(Console.fixed(evidence, 3)) nats a number, of it divergence "
        + "\(Console.fixed(divergence, 3)) (floor, independent Gaussians: "
        + "\(Console.fixed(evidenceOfStatistics, 3)))",
      "reconstruction \(Console.fixed(1000 * reconstruction, 1)) mm a coordinate; "
        + "\(Console.fixed(100 * unusual, 1)) % of real windows are below all that was calibrated on",
      "plausibility below 0.01: \(Console.fixed(100 * refused, 1)) % of real windows, "
        + "\(Console.fixed(100 * refusedLively, 1)) % of the liveliest twentieth",
      head("samples missing, RMSE mm", "mean", "linear", "model", "below mean"),
    ]
    for part in imputations {
      lines.append(
        row(
          "\(Console.fixed(100 * part.missing, 0)) %",
          [
            number(1000 * part.mean, 1), number(1000 * part.linear, 1),
            number(1000 * part.model, 1), number(100 * part.reduction, 1) + " %",
          ]))
    }
    lines.append(head("gap, mean error mm", "linear", "decoder", "model"))
    for gap in gaps {
      lines.append(
        row(
          "\(gap.what), \(Console.fixed(gap.seconds, 1)) s",
          [
            number(1000 * gap.linear, 1), number(1000 * gap.decoder, 1),
            number(1000 * gap.model, 1),
          ]))
    }
    lines.append(head("detection, AUROC", "windows", "anomaly", "ELBO", "density", "bones"))
    for part in detections {
      lines.append(
        row(
          part.damage.rawValue,
          [
            number(Double(part.windows), 0), number(part.anomaly, 3), number(part.evidence, 3),
            number(part.logDensity, 3), number(part.bones, 3),
          ]))
    }
    lines.append(
      head(
        "repair, mean error mm", "tracks", "as it is", "repaired", "all, as is", "all, rep.",
        "worse"))
    for part in repairs {
      lines.append(
        row(
          part.damage.rawValue,
          [
            number(Double(part.tracks), 0), number(1000 * part.before, 1),
            number(1000 * part.after, 1), number(1000 * part.beforeAll, 2),
            number(1000 * part.afterAll, 2), number(Double(part.worse), 0),
          ]))
    }
    let harmed = repairs.map(\.harmed).max() ?? 0
    lines.append(
      "clean tracks: \(untouched) of \(clean) came back bit for bit, the others moved by "
        + "\(Console.fixed(1000 * harm, 3)) mm on average over all; of what damage had not touched at "
        + "most \(Console.fixed(100 * harmed, 2)) % was changed, and of \(repairs.reduce(0) { $0 + $1.goodFrames }) "
        + "frames without damage \(repairs.reduce(0) { $0 + $1.harmedFrames })")
    lines.append(
      "\(Console.fixed(1000 * secondsPerWindow, 1)) ms of processor time to impute a window of \(frames) frames"
    )
    return lines
  }
}

extension ModelCard {
  /// The card of an HG-VAE.
  init(_ model: HGVAE, _ evaluation: HGVAEEvaluation, path: String) {
    let sizes = model.configuration
    self.init(
      of: path,
      what: "An HG-VAE (hierarchical graph-convolutional variational autoencoder) that scores how "
        + "plausible motion is and finds joints that were not seen.",
      facts: [
        "Network: \(sizes.levels) stochastic levels from one global node to all coordinates, "
          + "\(sizes.blocks) residual blocks each, width \(sizes.width), windows of "
          + "\(sizes.frames) frames at \(Console.fixed(sizes.frameRate, 0)) Hz, "
          + "\(sizes.labels.count) labels; \(model.parameterCount) weights in half precision."
      ],
      fingerprint: model.fingerprint, history: model.history,
      measured: "Measured on clips that training never saw", lines: evaluation.lines)
  }
}
