import Foundation
import HumanBody
import Learning
public import MotionMetrics
import Motions

/// How good a PoseGPT is: its codes, its likelihood, its samples by the length of what they continue,
/// and what is left of them after many re-conditionings.
public struct PoseGPTEvaluation: Sendable, Codable {
  /// Samples that continue an observed past.
  public struct Past: Sendable, Codable {
    /// The observed frames; 0 for none.
    public var frames: Int
    /// The Fréchet distance of the frames that were sampled to the real ones.
    public var frechet: Double
    /// R_T: the accuracy on samples of a classifier trained on real windows, a mean over labels.
    public var trainedOnReal: Double?
    /// R_S: the accuracy on real windows of a classifier trained on samples, a mean over labels.
    public var trainedOnSamples: Double?
  }

  /// The autoencoder on held-out windows; codes in use are those of training windows.
  public var reconstruction = MotionTokenizer.Reconstruction()
  /// The Fréchet distance of decoded held-out windows to what they were: what sampling can reach.
  public var reconstructionFrechet = 0.0
  /// The bits of a held-out frame given its action.
  public var bitsPerFrame = 0.0
  /// 2 to the power of the bits of a held-out code.
  public var perplexity = 0.0
  /// The same for training windows: far below where the GPT has learned by heart.
  public var trainingPerplexity = 0.0
  /// Samples by the length of the observed past.
  public var pasts: [Past] = []
  /// The same accuracies for real windows: R_T and R_S are to be divided by it.
  public var realAccuracy: Double?
  /// Fréchet distances of the windows of motions that are continued again and again, first to last.
  public var reconditioned: [Double] = []
  /// The largest of `reconditioned` after the first, divided by the first.
  public var drift: Double {
    guard let first = reconditioned.first, first > 0 else { return 0 }
    return (reconditioned.dropFirst().max() ?? first) / first
  }
  /// The time of one sample of a window's length [s].
  public var secondsPerMotion = 0.0

  /// The foot skate of samples that continue nothing, and of real windows [m/s].
  public var footSkate: [Double] = []
  /// The same of windows in which the person travels.
  public var travellingSkate: [Double] = []
  /// Samples of several windows.
  public var long: LongSamples?

  /// The frames of a window, as HPSTM-Gen's.
  public static let frames = 64
  /// The longest observed past.
  public static let longestPast = 64
  /// The observed pasts that are evaluated.
  public static let observed = [0, 8, 32, 64]
  /// How often motions are continued.
  public static let reconditionings = 10

  /// How samples are drawn.
  public struct Options: Sendable {
    /// Temperature, guidance, top-k and top-p.
    public var request = MotionRequest()
    /// How classifiers are trained.
    public var classifier = ActionClassifier.Options()
    /// The threads.
    public var threads = 1
    /// The most windows of a set.
    public var count = 256

    /// Usual options: a temperature of 1.
    public init() { (request.temperature, request.isLevel) = (1, false) }
  }

  /// Evaluates a model.
  ///
  /// - Parameters:
  ///   - model: The model.
  ///   - heldOut: Real windows of `longestPast` + `frames` frames that the model never saw.
  ///   - training: Such windows that it was trained on.
  ///   - options: How samples are drawn.
  public init(
    of model: PoseGPT, heldOut: EvaluationSet, training: EvaluationSet, options: Options
  ) throws {
    let (real, known) = (Self.lastFrames(heldOut), Self.lastFrames(training))
    let distance = FrechetComparison(real: real, training: known)
    let size = model.framesPerToken
    let whole = real.windows.map { $0.whole(tokens: size) }
    let decoded = model.tokenizer.reconstruct(whole)
    reconstruction = decoded.figures
    let use = model.tokenizer.reconstruct(
      known.windows.map { $0.whole(tokens: size) }
    ).figures
    (reconstruction.used, reconstruction.perplexity) = (use.used, use.perplexity)
    reconstructionFrechet = distance(EvaluationSet(decoded.decoded))
    try measureLikelihood(of: model, heldOut.windows, training.windows, threads: options.threads)
    try measureSamples(of: model, heldOut, real, known, distance, options)
    try measureDrift(of: model, real, distance, options)
    var request = options.request
    request.isLevel = true
    long = try LongSamples(
      of: model, actions: real.windows.map { $0.label.map { model.labels[$0] } }, request: request,
      threads: options.threads)
  }

  /// The last frames of windows, each with its first frame heading along x.
  public static func lastFrames(_ set: EvaluationSet) -> EvaluationSet {
    EvaluationSet(
      set.windows.map { window in
        var part = window.slice((window.frames - frames)..<window.frames)
        part.normalizeHeading()
        return part
      }, trials: set.trials)
  }

  private mutating func measureLikelihood(
    of model: PoseGPT, _ heldOut: [MotionWindow], _ training: [MotionWindow], threads: Int
  ) throws {
    func sum(_ windows: [MotionWindow]) throws -> PoseGPT.Likelihood {
      let all = try Concurrently.map(windows.count, threads: threads) { index in
        let window = windows[index]
        return model.likelihood(of: window, action: window.label ?? model.labels.count)
      }
      return PoseGPT.Likelihood(
        bits: all.reduce(0) { $0 + $1.bits }, frames: all.reduce(0) { $0 + $1.frames },
        codes: all.reduce(0) { $0 + $1.codes })
    }
    let found = try sum(heldOut)
    (bitsPerFrame, perplexity) = (found.bitsPerFrame, found.perplexity)
    let step = max(1, training.count / max(1, heldOut.count))
    trainingPerplexity =
      try sum(stride(from: 0, to: training.count, by: step).map { training[$0] }).perplexity
  }

  // MARK: - Samples

  private mutating func measureSamples(
    of model: PoseGPT, _ heldOut: EvaluationSet, _ real: EvaluationSet, _ training: EvaluationSet,
    _ distance: FrechetComparison, _ options: Options
  ) throws {
    let labels = Self.classified(real, training, labels: model.labels.count)
    let judge =
      labels.count > 1
      ? try ActionClassifier(training: training, labels: labels, options: options.classifier) : nil
    realAccuracy = judge?.accuracy(on: real).balanced
    for frames in Self.observed {
      let clock = ContinuousClock()
      let start = clock.now
      let samples = try Self.samples(of: model, after: frames, heldOut.windows, options)
      if frames == 0 {
        secondsPerMotion = (clock.now - start) / .seconds(1) / Double(max(1, samples.count))
        footSkate = [samples.footSkate, real.footSkate]
        travellingSkate = [samples.travelling.footSkate, real.travelling.footSkate]
      }
      let pupil =
        labels.count > 1
        ? try ActionClassifier(training: samples, labels: labels, options: options.classifier) : nil
      pasts.append(
        Past(
          frames: frames, frechet: distance(samples),
          trainedOnReal: judge?.accuracy(on: samples).balanced,
          trainedOnSamples: pupil?.accuracy(on: real).balanced))
    }
  }

  /// Labels with three trials in training and any held out.
  private static func classified(
    _ real: EvaluationSet, _ training: EvaluationSet, labels: Int
  ) -> [Int] {
    func trials(_ set: EvaluationSet, _ label: Int) -> Int {
      Set(set.windows.indices.filter { set.windows[$0].label == label }.map { set.trials[$0] })
        .count
    }
    return (0..<labels).filter { trials(training, $0) >= 3 && trials(real, $0) > 0 }
  }

  /// One sample for each window, of its label, in place of its last frames.
  static func samples(
    of model: PoseGPT, after past: Int, _ windows: [MotionWindow], _ options: Options
  ) throws -> EvaluationSet {
    guard past == 0 else {
      let pasts = windows.map { window in
        let end = window.frames - frames
        return window.slice((end - past)..<end)
      }
      return try continued(by: model, pasts, options)
    }
    var found: [MotionWindow] = []
    for (index, window) in windows.enumerated() where found.count == index {
      var request = options.request
      request.frames = frames
      request.action = window.label.map { model.labels[$0] }
      // as many of one label as follow each other are sampled together
      (request.first, request.count) = (
        index, windows[index...].prefix { $0.label == window.label }.count
      )
      for clip in try model.sample(request, threads: options.threads) {
        found.append(Self.window(clip, label: window.label))
      }
    }
    return EvaluationSet(found)
  }

  /// A sample that goes on from each of some windows, of its label.
  private static func continued(
    by model: PoseGPT, _ pasts: [MotionWindow], _ options: Options
  ) throws -> EvaluationSet {
    EvaluationSet(
      try Concurrently.map(pasts.count, threads: options.threads) { index throws(GenerationError) in
        let past = pasts[index]
        var request = options.request
        (request.frames, request.first) = (frames, index)
        request.action = past.label.map { model.labels[$0] }
        request.past = past.clip(name: "past", frameRate: MotionRequest.frameRate)
        return window(try model.sample(request)[0], label: past.label)
      })
  }

  private static func window(_ clip: MotionClip, label: Int?) -> MotionWindow {
    var window = MotionWindow(clip.headingNormalized(), frames: 0..<frames)
    window.label = label
    return window
  }

  private mutating func measureDrift(
    of model: PoseGPT, _ real: EvaluationSet, _ distance: FrechetComparison, _ options: Options
  ) throws {
    var motions = try Self.samples(of: model, after: 0, real.windows, options).windows
    reconditioned = [distance(EvaluationSet(motions))]
    for round in 1...Self.reconditionings {
      var options = options
      options.request.seed &+= UInt64(round)
      let next = try Self.continued(by: model, motions, options)
      reconditioned.append(distance(next))
      motions = next.windows
    }
  }
}
