import Files
import Foundation
import HumanBody
import MotionMetrics
import MotionModels
import Motions

/// The figures of HPSTM-Gen on the windows that a PoseGPT is evaluated on.
struct GeneratorBeside: Encodable {
  /// The Fréchet distance of its samples.
  var frechet: Double
  /// The time of one sample [s].
  var secondsPerMotion: Double
  /// How well it continues.
  var continuations: [Continuation]
  /// The actions that it does not know, whose samples are of any.
  var unknown: [String]

  init(
    _ generator: Generator, names: [String], heldOut: EvaluationSet, training: EvaluationSet,
    seed: UInt64, threads: Int, continuations: [Continuation]
  ) throws {
    let frames = PoseGPTEvaluation.frames
    func ends(_ set: EvaluationSet) -> EvaluationSet {
      PoseGPTEvaluation.lastFrames(set)
    }
    let clock = ContinuousClock()
    let start = clock.now
    var samples: [MotionWindow] = []
    var unknown: Set<String> = []
    let counts = Dictionary(grouping: heldOut.windows, by: \.label).mapValues(\.count)
    for (label, count) in counts.sorted(by: { ($0.key ?? -1) < ($1.key ?? -1) }) {
      var request = MotionRequest()
      (request.first, request.count, request.frames) = (samples.count, count, frames)
      request.isLevel = false
      (request.seed, request.temperature) = (seed, generator.usualTemperature)
      request.guidance = generator.usualGuidance
      let name = label.map { names[$0] }
      if let name, generator.labels.contains(name) { request.action = name }
      if let name, request.action == nil { unknown.insert(name) }
      samples += try generator.sample(request, threads: threads).map {
        MotionWindow($0.headingNormalized(), frames: 0..<frames)
      }
    }
    secondsPerMotion = (clock.now - start) / .seconds(1) / Double(max(1, samples.count))
    frechet = FrechetComparison(real: ends(heldOut), training: ends(training))(
      EvaluationSet(samples))
    self.continuations = continuations
    self.unknown = unknown.sorted()
  }
}

/// The figures of a PoseGPT with how its samples were drawn.
struct PoseGPTReport: Encodable {
  var figures: PoseGPTEvaluation
  /// Held-out and training windows.
  var windows: [Int]
  var seed: UInt64
  var temperature: Float
  var topK: Int?
  var topP: Float?
  var guidance: Float
  var continuations: [Continuation] = []
  var beside: GeneratorBeside?

  /// The figures for people, one a line.
  var lines: [String] {
    var lines =
      [
        "\(windows[0]) held-out windows, \(windows[1]) of training; temperature \(temperature), "
          + "top-k \(topK.map(String.init) ?? "all"), top-p \(topP.map { "\($0)" } ?? "1"), guidance "
          + "\(guidance), seed \(seed)"
      ] + Self.lines(of: figures.reconstruction)
    lines += [
      "Fréchet distance of decoded motion: \(Console.fixed(figures.reconstructionFrechet, 2))",
      "likelihood: \(Console.fixed(figures.bitsPerFrame, 2)) bits a frame; perplexity of a code "
        + "\(Console.fixed(figures.perplexity, 2)), in training "
        + "\(Console.fixed(figures.trainingPerplexity, 2))",
      "observed frames    Fréchet distance    R_T      R_S      (real: \(share(figures.realAccuracy)))",
    ]
    lines += figures.pasts.map {
      "\($0.frames)".padded(19) + Console.fixed($0.frechet, 2).padded(20)
        + share($0.trainedOnReal).padded(9) + share($0.trainedOnSamples)
    }
    lines += [
      "continued again and again, Fréchet distance: "
        + figures.reconditioned.map { Console.fixed($0, 1) }.joined(separator: ", "),
      "the worst after the first is \(Console.fixed(figures.drift, 2)) times the first",
      "\(Console.fixed(1000 * figures.secondsPerMotion, 1)) ms for a motion of "
        + "\(PoseGPTEvaluation.frames) frames",
      "foot skate of samples and of real motion [m/s]: \(Self.pair(figures.footSkate)); of who travels "
        + Self.pair(figures.travellingSkate),
    ]
    if let long = figures.long { lines.append(long.line) }
    lines += continuationLines("PoseGPT", continuations)
    guard let beside else { return lines }
    lines += [
      "HPSTM-Gen on the same windows: Fréchet distance \(Console.fixed(beside.frechet, 2)), "
        + "\(Console.fixed(1000 * beside.secondsPerMotion, 1)) ms for a motion"
    ]
    if !beside.unknown.isEmpty {
      lines.append(
        "  sampled of any action, since it does not know: "
          + beside.unknown.map(\.printable).joined(separator: ", "))
    }
    return lines + continuationLines("HPSTM-Gen", beside.continuations)
  }

  /// The figures of an autoencoder.
  static func lines(of found: MotionTokenizer.Reconstruction) -> [String] {
    [
      "reconstruction: \(millimetres(found.error)) of joints in the world, "
        + "\(millimetres(found.poseError)) about the pelvis",
      "codes used: \(Console.fixed(100 * found.used, 1)) %, as even as "
        + "\(Console.fixed(found.perplexity, 1)) codes a book",
    ]
  }

  private func continuationLines(_ name: String, _ found: [Continuation]) -> [String] {
    [
      "\(name) going on for \(Continuation.hidden) frames: "
        + found.map {
          "\(Self.millimetres($0.error)) (best of \(Continuation.samples)"
            + " \(Self.millimetres($0.bestError)), their mean \(Self.millimetres($0.meanError)),"
            + " constant velocity \(Self.millimetres($0.constantVelocityError))) after \($0.past)"
        }.joined(separator: ", ")
    ]
  }

  private static func pair(_ values: [Double]) -> String {
    values.map { Console.fixed($0, 3) }.joined(separator: " and ")
  }

  private static func millimetres(_ metres: Double) -> String {
    "\(Console.fixed(1000 * metres, 1)) mm"
  }

  private func share(_ value: Double?) -> String { value.map { Console.fixed($0, 2) } ?? "-" }
}

extension ModelCard {
  /// The card of a PoseGPT.
  init(_ model: PoseGPT, _ report: PoseGPTReport, path: String) {
    let (codes, sizes) = (model.tokenizer.configuration, model.configuration)
    self.init(
      of: path,
      what:
        "A generator of human motion (PoseGPT): an autoencoder whose latents are codes, and a GPT "
        + "that continues codes.",
      facts: [
        "Autoencoder: \(codes.layers) + \(codes.layers) layers, width \(codes.width); "
          + "\(codes.framesPerToken) frames a token at 30 Hz; \(codes.books) books of "
          + "\(codes.codesPerBook) codes (\(codes.quantizer.rawValue)); causal: "
          + "\(codes.causality.rawValue).",
        "GPT: \(sizes.layers) layers, width \(sizes.width), \(sizes.heads) heads, "
          + "\(sizes.context) tokens (\(model.longestWindow) frames); head: \(sizes.head.rawValue).",
        "Actions: \(sizes.labels.isEmpty ? "none" : sizes.labels.joined(separator: ", "))",
      ],
      fingerprint: model.fingerprint, history: model.history,
      measured: "Measured beside clips that training never saw", lines: report.lines)
  }
}
