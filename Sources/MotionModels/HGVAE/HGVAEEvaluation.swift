import HumanBody
import Learning
public import Motions

/// How good an HG-VAE is on clips that training never saw, each figure beside its floor.
public struct HGVAEEvaluation: Codable, Sendable {
  /// Imputation of single samples at one share of missing ones.
  public struct Imputation: Codable, Sendable {
    /// The share of samples that are missing.
    public var missing = 0.0
    /// The root mean square of the error of the training's mean [m].
    public var mean = 0.0
    /// The same by linear interpolation in time [m].
    public var linear = 0.0
    /// The same by the model [m].
    public var model = 0.0

    /// How much the model's mean square is below that of the mean, 0 to 1.
    public var reduction: Double { 1 - model * model / max(1e-12, mean * mean) }
  }

  /// Imputation of joints over a gap in time.
  public struct Gap: Codable, Sendable {
    /// What is missing.
    public var what = ""
    /// The length [s].
    public var seconds = 0.0
    /// The mean distance from the truth by linear interpolation [m].
    public var linear = 0.0
    /// The same by the model, without ascent: the decoder's answer to what was seen [m].
    public var decoder = 0.0
    /// The same by the model [m].
    public var model = 0.0
  }

  /// How well damage is told from real motion: areas under the ROC curve, 0.5 for chance.
  public struct Detection: Codable, Sendable {
    /// The damage.
    public var damage = MotionCorruption.jitter
    /// The windows that were damaged.
    public var windows = 0
    /// By the anomaly that `score` prints.
    public var anomaly = 0.0
    /// By the evidence lower bound.
    public var evidence = 0.0
    /// By the log-density of the posterior means.
    public var logDensity = 0.0
    /// By the greatest deviation of a bone's length, which is no model: the floor.
    public var bones = 0.0
  }

  /// Repair of one class of damage.
  public struct Repair: Codable, Sendable {
    /// The damage.
    public var damage = MotionCorruption.pop
    /// The tracks.
    public var tracks = 0
    /// The mean error of the touched joints in the damaged track, gaps interpolated linearly [m].
    public var before = 0.0
    /// The same after the repair [m].
    public var after = 0.0
    /// The mean error over all joints and frames before [m].
    public var beforeAll = 0.0
    /// The same after [m].
    public var afterAll = 0.0
    /// The joints and frames that nothing had touched and that were changed, as a share.
    public var harmed = 0.0
    /// The frames in which nothing was touched and something was changed.
    public var harmedFrames = 0
    /// The frames in which nothing was touched.
    public var goodFrames = 0
    /// The tracks whose error rose.
    public var worse = 0
  }

  /// The clips that were read.
  public var clips = 0
  /// The windows of real motion.
  public var windows = 0
  /// The frames of a window.
  public var frames = 0
  /// The seed.
  public var seed: UInt64 = 0
  /// The evidence lower bound of real windows, one sample of the posterior [nats a number].
  public var evidence = 0.0
  /// The same for a Gaussian with the training's means and deviations: the floor [nats a number].
  public var evidenceOfStatistics = 0.0
  /// KL(q ‖ p) of all levels [nats a number].
  public var divergence = 0.0
  /// The root mean square of the reconstruction's error at the posterior means [m].
  public var reconstruction = 0.0
  /// The share of real windows below the least of the calibration.
  public var unusual = 0.0
  /// The share of real windows with a plausibility below 0.01, where one in a hundred is to be expected.
  public var refused = 0.0
  /// The same of the liveliest twentieth.
  public var refusedLively = 0.0
  /// Single samples missing.
  public var imputations: [Imputation] = []
  /// Gaps in time.
  public var gaps: [Gap] = []
  /// Damage told from real motion.
  public var detections: [Detection] = []
  /// Damage repaired.
  public var repairs: [Repair] = []
  /// The clean tracks that came back bit for bit, of those that were repaired.
  public var untouched = 0
  /// The clean tracks that were repaired.
  public var clean = 0
  /// The mean error that repairs bring into clean tracks [m].
  public var harm = 0.0
  /// The median processor time to impute one window with a gap, on one core [s].
  public var secondsPerWindow = 0.0
}

/// What an evaluation takes, and how much of it.
public struct HGVAEEvaluationOptions: Sendable, Hashable {
  /// The seed of everything that is drawn.
  public var seed: UInt64 = 1
  /// Windows of real motion.
  public var windows = 600
  /// Windows whose samples are imputed, at each share and each gap.
  public var imputed = 100
  /// Tracks of each class of damage.
  public var tracks = 60

  /// Usual amounts.
  public init() {}
}

extension HGVAE {
  /// Evaluates the model on clips, which are resampled to its frame rate.
  ///
  /// - Throws: `GenerationError.request` where no clip is long enough or the model has no thresholds.
  public func evaluate(
    _ clips: [MotionClip], _ options: HGVAEEvaluationOptions = .init()
  ) throws -> HGVAEEvaluation {
    guard let calibration else {
      throw GenerationError.request("the model has no thresholds: it was never calibrated")
    }
    let material = try EvaluationMaterial(clips, frames: frames, frameRate: frameRate, options)
    guard material.windows.count >= 16 else {
      throw GenerationError.request(
        "\(material.windows.count) windows of \(frames) frames of real motion, at least 16 expected: more clips,"
          + " or --all of them"
      )
    }
    var result = HGVAEEvaluation()
    result.frames = frames
    (result.clips, result.windows, result.seed) = (
      clips.count, material.windows.count, options.seed
    )
    measureLikelihood(material, calibration, &result)
    measureImputation(material, options, &result)
    measureDetection(material, calibration, options, &result)
    try measureRepair(material, options, &result)
    return result
  }

  private func measureLikelihood(
    _ material: EvaluationMaterial, _ calibration: PlausibilityCalibration,
    _ result: inout HGVAEEvaluation
  ) {
    let windows = material.windows.map { SeenWindow(BodyWindow($0)) }
    let readings = read(windows)
    let count = Double(windows.count)
    result.evidence = readings.reduce(0) { $0 + Double($1.evidence) } / count
    result.divergence = readings.reduce(0) { $0 + Double($1.divergence) } / count
    var squares = 0.0
    var floor = 0.0
    var plausibilities: [(Float, Double)] = []
    for (window, reading) in zip(windows, readings) {
      for (a, b) in zip(window.body.signals, reading.expected) {
        squares += Double(a - b) * Double(a - b)
      }
      for value in statistics.standardized(window.body.signals) {
        floor -= 0.5 * (1.837_877_066_409_345 + Double(value) * Double(value))
      }
      let plausibility = calibration.plausibility(
        ofAnomaly: anomaly(residuals(window, reading), reading, calibration))
      if plausibility == 0 { result.unusual += 1 / count }
      plausibilities.append((liveliness(reading), plausibility))
    }
    func refused(_ part: some Collection<(Float, Double)>) -> Double {
      Double(part.count { $0.1 < 0.01 }) / Double(max(1, part.count))
    }
    plausibilities.sort { $0.0 < $1.0 }
    result.refused = refused(plausibilities)
    result.refusedLively = refused(plausibilities.suffix((plausibilities.count + 19) / 20))
    let numbers = count * Double(BodyWindow.nodes * frames)
    result.reconstruction = (squares / numbers).squareRoot()
    result.evidenceOfStatistics = floor / numbers
  }
}

/// Windows and tracks of real motion at a model's rate.
struct EvaluationMaterial {
  /// Windows of positions [frames, 22, 3] in metres.
  var windows: [[Float]] = []
  /// The labels of the windows' clips.
  var labels: [String?] = []
  /// Tracks of up to `longest` frames.
  var tracks: [[Float]] = []

  /// The most frames of a track.
  private static let longest = 240

  init(
    _ clips: [MotionClip], frames: Int, frameRate: Double, _ options: HGVAEEvaluationOptions
  ) throws {
    let width = 3 * Skeleton.jointCount
    var all: [(places: [Float], label: String?)] = []
    for clip in clips {
      let places = try clip.resampled(to: frameRate).jointPositions().flatMap {
        [Float($0.x), Float($0.y), Float($0.z)]
      }
      let count = places.count / width
      for start in stride(from: 0, through: count - frames, by: frames) {
        all.append((Array(places[(start * width)..<((start + frames) * width)]), clip.label))
      }
      if count >= 2 * frames { tracks.append(Array(places.prefix(Self.longest * width))) }
    }
    let count = min(options.windows, all.count)
    let chosen = (0..<count).map { all[$0 * all.count / count] }
    windows = chosen.map(\.places)
    labels = chosen.map(\.label)
    let kept = min(options.tracks, tracks.count)
    tracks = (0..<kept).map { tracks[$0 * tracks.count / kept] }
  }
}
