import ArgumentParser
import Files
import Foundation
import MotionData
import MotionModels
import Motions

/// `motionc evaluate smoother`: errors beside those of filters.
struct EvaluateSmoother: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "smoother",
    abstract: "Compares a smoother with filters on motions with added noise.",
    discussion: """
      motionc evaluate smoother --model smoother.safetensors --motions captures/

      In a folder with an index.csv only the rows of the split 'val' are evaluated, in other \
      folders the clips that training holds out; --all evaluates every clip. The noise is \
      normal with 30 mm, plus 30 mm after a moving average of 7 frames, 8 % of bone lengths, and \
      one outlier of up to 0.25 m in 400. The One-Euro filter is tuned on the tracks that are evaluated. \
      Further lines: an arm hidden for a time, beside straight lines between its true ends, and left \
      and right of parts of the body exchanged for six frames.
      """)

  @Option(help: "The model's file; by default the shipped smoother.", completion: .file())
  var model: String?

  @Option(
    help: "An HG-VAE that fills gaps first, as 'smooth' does; by default the shipped one.",
    completion: .file())
  var filling: String?

  @Option(parsing: .upToNextOption, help: "Motion files or folders.", completion: .file())
  var motions: [String]

  @Flag(help: "Evaluates every clip, not only held-out ones.")
  var all = false

  @Option(help: "The random seed.")
  var seed: UInt64 = 1

  @Option(help: "Writes a model card (Markdown).", completion: .file())
  var card: String?

  @OptionGroup var reading: ReadingOptions

  @Flag(help: "Prints one JSON object.")
  var json = false

  func run() throws {
    let model = try model ?? ShippedModel.path(of: "smoother")
    let smoother = try Smoother(contentsOf: model)
    let set = try MotionSplit(motions)
    if let card { try InputFiles([model, filling].compactMap { $0 } + set.files).refuse(card) }
    let files = try set.evaluated(all: all, of: motions)
    let (clips, warnings) = try MotionSplit.read(files, options: reading.options)
    for warning in warnings { Console.note(warning) }
    let evaluation = try smoother.evaluate(
      clips, seed: seed,
      filledBy: try HGVAE(contentsOf: try filling ?? ShippedModel.path(of: "hgvae")))
    if let card {
      try AtomicFile.write(ModelCard(smoother, evaluation, path: model).text, to: card)
    }
    try Console.report(evaluation, lines: evaluation.lines, asJSON: json)
  }
}

extension SmootherEvaluation {
  /// The figures for people, one a line.
  var lines: [String] {
    func row(_ name: String, _ f: Metrics) -> String {
      let cells = [
        1000 * f.position, 1000 * f.aligned, 1000 * f.rootRelative, f.acceleration, f.jerk,
        1000 * f.boneDeviation, 1000 * f.stanceSlip,
      ].map { value in
        let text = Console.fixed(value, 2)
        return String(repeating: " ", count: max(1, 11 - text.count)) + text
      }
      return name.padded(26) + cells.joined()
    }
    var lines = [
      "\(frames) frames of \(clips) clips; complex noise, seed \(seed)",
      "".padded(26)
        + "      MPJPE   PA-MPJPE   relative    accel.       jerk    bone dev. stance slip",
      "".padded(26)
        + "         mm         mm         mm      m/s²       m/s³           mm        mm/s",
      row("input", noisy), row("smoothed", smoothed), row("smoothed, feet held", held),
      row("Savitzky-Golay 15/3", savitzkyGolay),
      row("One-Euro, tuned", oneEuro), row("figure without network", fitted),
      row("smoothed, a tenth missing", gaps), row("smoothed, no noise", noiseless),
      row("truth", truth),
    ]
    lines += gapLines + swapLines
    if let covarianceShare {
      lines.append(
        "90 % ellipsoids hold \(Console.fixed(100 * covarianceShare, 1)) % of the truth")
    }
    lines.append("\(Console.fixed(1000 * secondsPerFrame, 3)) ms a frame on one core")
    return lines
  }

  /// The errors in gaps of an arm.
  private var gapLines: [String] {
    let title = "one arm hidden: elbow and wrist relative to the pelvis, mm".padded(60)
    var lines = ["", title + "smoothed   filled first   straight line   between true ends"]
    for gap in armGaps {
      let name = "  \(Console.fixed(gap.seconds, 1)) s, \(gap.count) gaps".padded(60)
      guard gap.count > 0 else {
        lines.append(name + "-")
        continue
      }
      let error = Console.fixed(1000 * gap.error, 1).padded(11)
      lines.append(
        name + error
          + (gap.filled.map { Console.fixed(1000 * $0, 1) } ?? "-").padded(15)
          + Console.fixed(1000 * gap.straightLine, 1).padded(16)
          + Console.fixed(1000 * gap.straightLineOfTruth, 1))
    }
    return lines
  }

  /// The errors in swaps, and the swaps that are none.
  private var swapLines: [String] {
    let title = "left and right exchanged for 6 frames: joints there, mm".padded(60)
    var lines = ["", title + "mended   not      found, %"]
    for swap in swaps {
      let name = "  \(swap.part.name), \(swap.count) swaps".padded(60)
      guard swap.count > 0 else {
        lines.append(name + "-")
        continue
      }
      let error = Console.fixed(1000 * swap.error, 1).padded(9)
      let unmended = Console.fixed(1000 * swap.unmended, 1).padded(9)
      lines.append(name + error + unmended + Console.fixed(100 * swap.found, 1))
    }
    lines.append(
      "  frames exchanged in tracks without swaps: \(falselyExchanged), in the true motion:"
        + " \(falselyExchangedTruth)")
    return lines + [""]
  }
}

extension ModelCard {
  /// The card of a smoother.
  init(_ smoother: Smoother, _ evaluation: SmootherEvaluation, path: String) {
    let sizes = smoother.network.configuration.backbone
    self.init(
      of: path,
      what: "A smoother (HPSTM) that turns tracked joints into motion of a figure whose bones keep "
        + "their length.",
      facts: [
        "Network: \(sizes.encoderLayers) + \(sizes.decoderLayers) layers, width \(sizes.width), "
          + "\(sizes.heads) heads, feed-forward \(sizes.feedForward), windows of \(sizes.frames) "
          + "frames at \(Console.fixed(smoother.frameRate, 0)) Hz, passes: "
          + "\(smoother.network.configuration.passes); weights in half precision."
      ],
      fingerprint: smoother.fingerprint, history: smoother.history,
      measured: "Measured on clips that training never saw", lines: evaluation.lines)
  }
}
