public import ArgumentParser
import Files
import Foundation
import HumanBody
import Learning
import MotionMetrics
public import MotionModels
import Motions
import Trajectories

/// `motionc evaluate generator`: distances to real motion, labels, diversity, quality.
struct EvaluateGenerator: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generator",
    abstract: "Compares a generator's samples with held-out motion.",
    discussion: """
      motionc evaluate generator --model generator.safetensors --motions captures/

      Samples have the labels of held-out windows. Every distance is printed with its floor, the \
      same distance between real motion and real motion of other trials. Docs/motion-models.md \
      defines each figure.
      """)

  @Option(help: "The model's file; by default the shipped generator.", completion: .file())
  var model: String?

  @Option(parsing: .upToNextOption, help: "Motion files or folders.", completion: .file())
  var motions: [String]

  @Option(help: "An index.csv with the columns 'file' and 'action'.", completion: .file())
  var labels: String?

  @OptionGroup var rows: ReferenceRows

  @Option(help: "The largest number of samples; at most the number of held-out windows.")
  var count: Int = 512

  @Option(help: "The scale of classifier-free guidance; 0 for none; by default as 'sample' has it.")
  var guidance: Float?

  @Option(
    help: "The temperature: the standard deviation of the initial noise; above 1 samples vary more."
  )
  var temperature: Float = MotionRequest.usualTemperature

  @Option(help: "The number of integration steps from noise to motion.")
  var steps: Int = 10

  @Option(help: "The integration method: euler, midpoint or heun.")
  var solver: FlowSolver = .euler

  @Option(help: "The random seed.")
  var seed: UInt64 = 1

  @Flag(
    inversion: .prefixedNo, help: "Holds feet in place while they stand, as 'sample' does.")
  var lockFeet = true

  @Option(
    help: "What of the network is used: whole, lengths (bodies alone) or none (the prior).")
  var network: NetworkPart = .whole

  @Flag(help: "Compares with captured motion only, without its mirror images.")
  var asCaptured = false

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
    let path = try model ?? ShippedModel.path(of: "generator")
    let generator = try Generator(contentsOf: path)
    let real = try EvaluationClips(
      paths: motions, selection: rows.selection, labels: labels, skipping: SafeTrajectory.isHeld)
    for warning in real.warnings { Console.note(warning) }
    if let card { try InputFiles([path, labels] + real.files).refuse(card) }
    let training = try windows(real.training, "training", generator, limit: 4000)
    var heldOut = try windows(real.heldOut, "held-out", generator, limit: 1000)
    try refuse(training, withoutLabelsOf: heldOut, generator.labels)
    if heldOut.count > count {
      var random = RandomSource(seed: seed, stream: 0x6865_6c64)
      heldOut = heldOut.selecting(
        Array(heldOut.windows.indices.shuffled(using: &random).prefix(count)).sorted())
    }
    let clock = ContinuousClock()
    let start = clock.now
    let samples = try sample(generator, like: heldOut)
    let time = (clock.now - start).components
    var classifier = ActionClassifier.Options()
    (classifier.seed, classifier.threads) = (seed, workers)
    let evaluation = try GeneratorEvaluation(
      samples: samples, heldOut: heldOut, training: training,
      names: generator.configuration.labels, seed: seed, classifier: classifier)
    let report = GeneratorReport(
      figures: evaluation, continuations: try continuations(generator, heldOut),
      long: try long(generator, heldOut), guidance: guidance ?? generator.usualGuidance,
      temperature: temperature, steps: steps, solver: solver.rawValue, seed: seed, network: network,
      secondsOfSampling: Double(time.seconds) + Double(time.attoseconds) * 1e-18)
    if let card {
      try AtomicFile.write(ModelCard(generator, report, path: path).text, to: card)
    }
    try Console.report(report, lines: report.lines, asJSON: json)
  }

  /// Refuses training windows of which none has a label of the held-out ones: nothing could be compared.
  private func refuse(
    _ training: EvaluationSet, withoutLabelsOf heldOut: EvaluationSet, _ names: [String]
  ) throws {
    let wanted = Set(heldOut.windows.map(\.label))
    let found = training.windows.count { wanted.contains($0.label) }
    guard found < 16 else { return }
    let labels = wanted.compactMap { $0.map { names[$0] } }.sorted()
    throw FileError.malformed(
      path: motions.joined(separator: " "),
      reason: "\(found) windows of training motion have a label of the held-out motion"
        + " (\(labels.shownList)), at least 16 expected")
  }

  private var workers: Int { threads ?? ProcessInfo.processInfo.activeProcessorCount }

  private func windows(
    _ entries: [EvaluationClips.Entry], _ side: String, _ generator: Generator, limit: Int
  ) throws -> EvaluationSet {
    try EvaluationClips.reportedWindows(
      of: entries, side, frames: generator.configuration.backbone.frames,
      labels: generator.configuration.labels, mirroring: !asCaptured, limit: limit,
      options: reading.options, motions: motions)
  }

  /// Evaluates the continuation of some of the windows.
  private func continuations(_ generator: Generator, _ real: EvaluationSet) throws
    -> [Continuation]
  {
    var request = MotionRequest()
    (request.temperature, request.steps, request.solver) = (temperature, steps, solver)
    (request.seed, request.holdsFeet, request.network) = (seed, lockFeet, network)
    request.isLevel = false
    let step = max(1, real.count / 64)
    let windows = stride(from: 0, to: real.count, by: step).map { real.windows[$0] }
    return try Continuation.pasts.filter { $0 + Continuation.hidden <= real.windows[0].frames }
      .map { past in
        try Continuation(
          of: generator, past: past, windows: windows, request: request, threads: workers)
      }
  }

  /// Samples of several windows, with the labels of some held-out ones.
  private func long(_ generator: Generator, _ real: EvaluationSet) throws -> LongSamples {
    var request = MotionRequest()
    request.guidance = guidance ?? generator.usualGuidance
    (request.steps, request.solver) = (steps, solver)
    (request.seed, request.temperature, request.holdsFeet) = (seed, temperature, lockFeet)
    request.network = network
    return try LongSamples(
      of: generator,
      actions: real.windows.map { $0.label.map { generator.configuration.labels[$0] } },
      request: request, threads: workers)
  }

  /// Samples with the labels of some windows.
  private func sample(_ generator: Generator, like real: EvaluationSet) throws -> EvaluationSet {
    let frames = generator.configuration.backbone.frames
    let wanted = Dictionary(grouping: real.windows, by: \.label).mapValues(\.count)
    var windows: [MotionWindow] = []
    for (label, count) in wanted.sorted(by: { ($0.key ?? -1) < ($1.key ?? -1) }) {
      var request = MotionRequest()
      (request.first, request.count, request.frames) = (windows.count, count, frames)
      // As captured people are, with whom they are compared.
      request.isLevel = false
      request.action = label.map { generator.configuration.labels[$0] }
      request.guidance = guidance ?? generator.usualGuidance
      (request.steps, request.solver) = (steps, solver)
      (request.seed, request.temperature, request.holdsFeet) = (seed, temperature, lockFeet)
      request.network = network
      for clip in try generator.sample(request, threads: workers) {
        var window = MotionWindow(clip, frames: 0..<frames)
        window.label = label
        windows.append(window)
      }
      Console.progress("\(windows.count) of \(real.count) motions sampled")
    }
    Console.endProgress()
    return EvaluationSet(windows)
  }
}

/// The figures of a generator with how its samples were drawn.
struct GeneratorReport: Encodable {
  var figures: GeneratorEvaluation
  var continuations: [Continuation]
  var long: LongSamples
  var guidance: Float
  var temperature: Float
  var steps: Int
  var solver: String
  var seed: UInt64
  var network: NetworkPart
  var secondsOfSampling: Double

  /// The figures for people, one a line.
  var lines: [String] {
    var lines = [
      "\(figures.windows[0]) samples (\(steps) \(solver) steps, temperature \(temperature), guidance \(guidance), "
        + (network == .whole
          ? "" : network == .none ? "prior alone, " : "prior with bodies, ")
        + "seed \(seed)), \(figures.windows[1]) held-out windows of \(figures.trials[0]) trials, "
        + "\(figures.windows[2]) training windows of \(figures.trials[1]) trials",
      "                                samples        floor          x floor  other people   x people this split     x split",
    ]
    for (name, distances) in [("energy", figures.energy), ("Fréchet", figures.frechet)] {
      for features in MotionFeatures.allCases {
        guard let distance = distances[features.rawValue] else { continue }
        lines.append(
          "\(name) distance, \(features.rawValue)".padded(32)
            + text(distance.samples).padded(15) + text(distance.floor).padded(15)
            + text(distance.ratio).padded(9)
            + (distance.people.map(text) ?? "-").padded(15) + text(distance.peopleRatio).padded(9)
            + text(distance.split).padded(15)
            + text(distance.splitRatio))
      }
    }
    if let labels = figures.labels {
      lines += [
        "                                of windows     mean of labels",
        line("accuracy on held-out motion", labels.real),
        line("  on the motion it learned from", labels.learned),
        line("  on training trials it did not", labels.otherTrials),
        line("R_T (quality)", labels.trainedOnReal)
          + (labels.real.ofWindows > 0
            ? "\(Console.fixed(labels.trainedOnReal.ofWindows / labels.real.ofWindows, 2)) of held-out"
            : ""),
        line("R_S (diversity)", labels.trainedOnSamples),
        "labels told apart, on held-out motion and on samples: "
          + labels.names.map { name in
            let both = labels.each[name].map { [$0.real, $0.samples] } ?? []
            return "\(name.printable) "
              + both.map { Console.fixed($0, 2) }.joined(separator: " and ")
          }.joined(separator: ", "),
        "labels left out: \(labels.left.isEmpty ? "none" : labels.left.map(\.printable).joined(separator: ", "))",
      ]
    }
    lines += [
      "                                samples        real           ratio    training",
      line("distance of pairs", figures.diversity, digits: 2),
      line("distance to nearest training", figures.nearest, digits: 2),
      line("foot skate [m/s]", figures.footSkate, digits: 3),
      line("  of who travels [m/s]", figures.travellingSkate, digits: 3),
      long.line,
      line("mean jerk [m/s3]", figures.jerk, digits: 1),
      line("median jerk [m/s3]", figures.medianJerk, digits: 1),
      line("energy at 2 to 5 Hz [mm2]", figures.energyAt2To5.scaled(by: 1e6), digits: 3),
      line("energy at 5 to 8 Hz [mm2]", figures.energyAt5To8.scaled(by: 1e6), digits: 3),
      "bone-length error, relative: \(scientific(figures.fileBoneLengthError)) at most as written, "
        + "\(scientific(figures.boneLengthError[0])) on average and "
        + "\(scientific(figures.boneLengthError[1])) at most in single precision",
      "\(Console.fixed(Double(figures.windows[0]) / secondsOfSampling, 1)) motions sampled a second",
      "going on for \(Continuation.hidden) frames     error [mm]: sample, best and mean of"
        + " \(Continuation.samples), constant velocity   jump [mm]: mean, 95 %   of the truth",
    ]
    lines += continuations.map { found in
      let errors = [found.error, found.bestError, found.meanError, found.constantVelocityError]
      return "after \(found.past) observed frames".padded(32)
        + errors.map { Console.fixed(1000 * $0, 0) }.joined(separator: ", ").padded(40)
        + pair(found.jump).padded(24) + pair(found.trueJump)
    }
    return lines
  }

  private func pair(_ metres: [Double]) -> String {
    metres.map { Console.fixed(1000 * $0, 1) }.joined(separator: ", ")
  }

  private func text(_ estimate: Estimate) -> String {
    "\(Console.fixed(estimate.value, 3)) ±\(Console.fixed(estimate.standardError, 3))"
  }

  private func text(_ ratio: Double?) -> String { ratio.map { Console.fixed($0, 2) } ?? "-" }

  private func line(
    _ name: String, _ accuracy: GeneratorEvaluation.Labels.Accuracy
  ) -> String {
    name.padded(32) + Console.fixed(accuracy.ofWindows, 3).padded(15)
      + Console.fixed(accuracy.ofLabels, 3).padded(15)
  }

  private func line(_ name: String, _ pair: GeneratorEvaluation.Pair, digits: Int) -> String {
    name.padded(32) + Console.fixed(pair.samples, digits).padded(15)
      + Console.fixed(pair.real, digits).padded(15)
      + text(pair.ratio).padded(9)
      + (pair.training.map { Console.fixed($0, digits) } ?? "-")
  }

  private func scientific(_ value: Double) -> String { String(format: "%.1e", value) }
}

extension LongSamples {
  /// The figures in a line.
  var line: String {
    "\(count) motions of \(frames) frames: foot skate \(Console.fixed(footSkate, 3)) m/s, of who travels "
      + "\(Console.fixed(travellingSkate, 3)); a foot more than 3 cm below "
      + "the ground in \(Console.fixed(100 * sunken, 2)) % of the frames, lowest "
      + "\(Console.fixed(100 * lowest, 1)) cm"
  }
}

extension ModelCard {
  /// The card of a generator.
  init(_ generator: Generator, _ report: GeneratorReport, path: String) {
    let sizes = generator.configuration.backbone
    let labels = generator.configuration.labels
    self.init(
      of: path,
      what: "A generator of human motion (HPSTM-Gen): flow matching whose clean prediction ends in "
        + "the skeleton.",
      facts: [
        "Network: \(sizes.encoderLayers) + \(sizes.decoderLayers) layers, width \(sizes.width), "
          + "\(sizes.heads) heads, feed-forward \(sizes.feedForward); windows of \(sizes.frames) "
          + "frames at 30 Hz, \(sizes.framesPerToken) a token.",
        "Actions: \(labels.isEmpty ? "none" : labels.joined(separator: ", "))",
      ],
      fingerprint: generator.fingerprint, history: generator.history,
      measured: "Measured beside clips that training never saw", lines: report.lines)
  }
}

extension NetworkPart: ExpressibleByArgument, Encodable {}
