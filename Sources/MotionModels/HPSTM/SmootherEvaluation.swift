import Foundation
import Learning
import MotionMetrics
public import Motions

/// The accuracy of a smoother on clips with known joints, compared with filters.
public struct SmootherEvaluation: Codable, Sendable {
  /// The errors of one method, means over all joints and frames.
  public struct Metrics: Codable, Sendable {
    /// The mean distance of joints from the truth [m] (MPJPE).
    public var position = 0.0
    /// The same after the best rigid alignment of each frame [m] (PA-MPJPE).
    public var aligned = 0.0
    /// The same relative to the pelvis [m].
    public var rootRelative = 0.0
    /// The mean error of accelerations [m/s²].
    public var acceleration = 0.0
    /// The mean jerk [m/s³].
    public var jerk = 0.0
    /// The standard deviation of bone lengths over time [m].
    public var boneDeviation = 0.0
    /// The mean horizontal speed of the balls of feet that stand in the truth, by `Contact` [m/s].
    public var stanceSlip = 0.0
  }

  /// The number of clips.
  public var clips = 0
  /// The number of their frames at the model's rate.
  public var frames = 0
  /// The seed of the noise.
  public var seed: UInt64 = 0
  /// The errors of the noisy tracks themselves.
  public var noisy = Metrics()
  /// The errors of the smoother's output.
  public var smoothed = Metrics()
  /// The errors of the smoother's output with its feet held in place.
  public var held = Metrics()
  /// Savitzky and Golay's filter (window 15, order 3).
  public var savitzkyGolay = Metrics()
  /// The One-Euro filter, tuned on the same tracks.
  public var oneEuro = Metrics()
  /// The smoother's local polynomial filter, and the skeleton fitted to its result.
  public var fitted = Metrics()
  /// The true motion.
  public var truth = Metrics()
  /// The errors of the smoother on tracks without noise.
  public var noiseless = Metrics()
  /// The same with every tenth joint missing, complex noise on the others.
  public var gaps = Metrics()
  /// The errors in gaps of one arm of 0.5, 1, 1.5 and 3 s.
  public var armGaps: [ArmGaps] = []
  /// The errors where left and right of a part are exchanged.
  public var swaps: [Swaps] = []
  /// The frames taken for exchanged in noisy tracks whose sides are right.
  public var falselyExchanged = 0
  /// The frames taken for exchanged in the true motion.
  public var falselyExchangedTruth = 0
  /// The fraction of true positions within the predicted 90 % ellipsoids; nil without covariances.
  public var covarianceShare: Double?
  /// The time to smooth a frame of these clips on one core [s].
  public var secondsPerFrame = 0.0
}

extension Smoother {
  /// Evaluates a smoother on clips, which are resampled to the model's frame rate.
  ///
  /// - Parameters:
  ///   - clips: The clips.
  ///   - noise: The noise that is added.
  ///   - seed: The seed of the noise.
  ///   - model: What fills the gaps of an arm first, in a column of its own; nil for none.
  public func evaluate(
    _ clips: [MotionClip], noise: TrackNoise = .complex, seed: UInt64 = 1,
    filledBy model: HGVAE? = nil
  ) throws -> SmootherEvaluation {
    var result = SmootherEvaluation()
    result.seed = seed
    let clips = try clips.map { try $0.resampled(to: frameRate) }
    let truths = clips.map { clip in
      clip.jointPositions().flatMap { [Float($0.x), Float($0.y), Float($0.z)] }
    }
    let stances = clips.map(StancesOfTruth.init)
    let noisy = truths.enumerated().map { index, truth in
      var random = RandomSource(seed: seed, stream: 0x6576_616c, UInt64(index))
      return noise.applied(to: truth, using: &random)
    }
    let width = 3 * Skeleton.jointCount
    var random = RandomSource(seed: seed, stream: 0x7475_6e65)
    let euro = OneEuroFilter.tuned(
      on: zip(noisy, truths).map { ($0, $1) }, channels: width, frameRate: frameRate,
      using: &random)
    let polynomial = SavitzkyGolay()
    var (inside, counted) = (0.0, 0.0)
    var time = Duration.zero
    var sums: [String: MetricSums] = [:]
    for (index, truth) in truths.enumerated() {
      func add(_ name: String, _ track: [Float], _ truth: [Float]) {
        sums[name, default: MetricSums()].add(
          track, truth, stances[index], frameRate: frameRate)
      }
      let frames = truth.count / width
      result.clips += 1
      result.frames += frames
      let seen = [Float](repeating: 1, count: frames * Skeleton.jointCount)
      let clock = ContinuousClock()
      let start = clock.now
      let smooth = self.smooth(
        noisy[index], confidences: seen, name: "", frameRate: frameRate)
      time += clock.now - start
      add("noisy", noisy[index], truth)
      add("smoothed", smooth.positions, truth)
      var held = smooth
      _ = held.holdFeet()
      add("held", held.positions, truth)
      add("savitzkyGolay", polynomial.filtered(noisy[index], channels: width), truth)
      add(
        "oneEuro", euro.filtered(noisy[index], channels: width, frameRate: frameRate), truth)
      add("fitted", fitted(noisy[index], seen), truth)
      add("truth", truth, truth)
      let clean = self.smooth(truth, confidences: seen, name: "", frameRate: frameRate)
      add("noiseless", clean.positions, truth)
      let confidence = seen.map { _ in random.uniform() < 0.1 ? Float(0) : 1 }
      let partial = self.smooth(
        noisy[index], confidences: confidence, name: "", frameRate: frameRate)
      add("gaps", partial.positions, truth)
      if let covariances = smooth.covariances {
        let share = CovarianceCalibration.share(
          smooth.positions, truth, factors: CovarianceHead.factors(of: covariances))
        inside += share * Double(frames)
        counted += Double(frames)
      }
    }
    func mean(_ name: String) -> SmootherEvaluation.Metrics { sums[name]?.means ?? .init() }
    result.noisy = mean("noisy")
    result.smoothed = mean("smoothed")
    result.held = mean("held")
    result.savitzkyGolay = mean("savitzkyGolay")
    result.oneEuro = mean("oneEuro")
    result.fitted = mean("fitted")
    result.truth = mean("truth")
    result.noiseless = mean("noiseless")
    result.gaps = mean("gaps")
    result.armGaps = [0.5, 1, 1.5, 3].map {
      evaluateArmGaps(seconds: $0, noisy, truths, filledBy: model)
    }
    result.swaps = evaluateSwaps(noisy, truths)
    result.falselyExchanged = falseExchanges(in: noisy)
    result.falselyExchangedTruth = falseExchanges(in: truths)
    result.covarianceShare = counted > 0 ? inside / counted : nil
    let seconds = Double(time.components.seconds) + Double(time.components.attoseconds) * 1e-18
    result.secondsPerFrame = seconds / Double(max(1, result.frames))
    return result
  }

  /// The skeleton fitted to the filtered track, window by window: the network's starting point.
  private func fitted(_ positions: [Float], _ confidences: [Float]) -> [Float] {
    var copy = self
    copy.isIdle = true
    return copy.smooth(positions, confidences: confidences, name: "", frameRate: frameRate)
      .positions
  }
}

/// Means of errors over tracks, weighted by their frames.
private struct MetricSums {
  private var sum = SmootherEvaluation.Metrics()
  private var frames = 0.0
  private var standing = 0.0

  mutating func add(
    _ track: [Float], _ truth: [Float], _ stances: StancesOfTruth, frameRate: Double
  ) {
    let slips = stances.steps(of: track)
    sum.stanceSlip += frameRate * slips.reduce(0, +)
    standing += Double(slips.count)
    let weight = Double(track.count) / Double(3 * Skeleton.jointCount)
    frames += weight
    sum.position += weight * TrackErrors.position(track, truth)
    sum.aligned += weight * TrackErrors.alignedPosition(track, truth)
    sum.rootRelative += weight * TrackErrors.rootRelativePosition(track, truth)
    sum.acceleration += weight * TrackErrors.acceleration(track, truth, frameRate: frameRate)
    sum.jerk += weight * TrackErrors.jerk(track, frameRate: frameRate)
    sum.boneDeviation += weight * TrackErrors.boneLengthDeviation(track)
  }

  var means: SmootherEvaluation.Metrics {
    let factor = 1 / max(1, frames)
    return SmootherEvaluation.Metrics(
      position: factor * sum.position, aligned: factor * sum.aligned,
      rootRelative: factor * sum.rootRelative, acceleration: factor * sum.acceleration,
      jerk: factor * sum.jerk, boneDeviation: factor * sum.boneDeviation,
      stanceSlip: sum.stanceSlip / max(1, standing))
  }
}

/// The frames in which the balls of the feet stand in a true motion.
private struct StancesOfTruth {
  /// For each foot whether it stands in a frame and in the next.
  private let stands: [(joint: Int, isStanding: [Bool])]

  init(_ clip: MotionClip) {
    let contact = Contact(clip)
    stands = [Contact.Part.leftBall, .rightBall].map {
      ($0.joint.rawValue, contact.isStanding($0))
    }
  }

  /// The horizontal steps of standing feet in positions [frames, 22, 3] [m].
  func steps(of track: [Float]) -> [Double] {
    let width = 3 * Skeleton.jointCount
    return stands.flatMap { joint, isStanding in
      (1..<max(1, isStanding.count)).compactMap { frame in
        guard isStanding[frame - 1], isStanding[frame] else { return nil }
        let (a, b) = (width * (frame - 1) + 3 * joint, width * frame + 3 * joint)
        let (dx, dy) = (track[b] - track[a], track[b + 1] - track[a + 1])
        return Double((dx * dx + dy * dy).squareRoot())
      }
    }
  }
}

extension CovarianceHead {
  /// Cholesky factors 11 21 22 31 32 33 of covariances xx xy xz yy yz zz.
  static func factors(of covariances: [Float]) -> [Float] {
    var result: [Float] = []
    result.reserveCapacity(covariances.count)
    for at in stride(from: 0, to: covariances.count, by: 6) {
      let s = covariances[at..<(at + 6)].map(Double.init)
      let a = max(s[0], 1e-14).squareRoot()
      let (b, d) = (s[1] / a, s[2] / a)
      let c = max(s[3] - b * b, 1e-14).squareRoot()
      let e = (s[4] - b * d) / c
      let f = max(s[5] - d * d - e * e, 1e-14).squareRoot()
      result += [Float(a), Float(b), Float(c), Float(d), Float(e), Float(f)]
    }
    return result
  }
}
